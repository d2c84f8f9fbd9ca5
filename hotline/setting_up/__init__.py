"""The home of whoever sets a city up: what is still missing, people, and the tables that a city fills itself."""
