"""What an answer to a caller is worth: marked while it is written, kept with it, never a reason to refuse it."""
