"""What keeps an administrator from acting alone and unseen: a colleague's word for a role (decision 0093)."""
