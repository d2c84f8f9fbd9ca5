"""What keeps administrators from acting alone and unseen: a colleague's word, sessions with reasons (decision 0093)."""
