"""Machines that send what nobody would: `make fuzz`. Not a part of the suite; what they find becomes a test there."""
