"""Files that come with a ticket: what they may be, what is taken out of them, how they are kept whole or not at all."""
