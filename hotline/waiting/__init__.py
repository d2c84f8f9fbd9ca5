"""What is done while the database or the broker makes people wait: how long, who may, and what they are told."""
