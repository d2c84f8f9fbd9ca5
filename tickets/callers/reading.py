"""What of a caller a reader may see, on a ticket that they see."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission
from tickets.models import Ticket


def may_see_caller(ticket: Ticket, user: User | AnonymousUser) -> bool:
    """Whether `user`, who sees the ticket, may also see who called."""
    if not isinstance(user, User):
        return False
    return not ticket.is_secret or user.may(Permission.SEE_PROTECTED_CALLERS)


def caller_of(ticket: Ticket, user: User | AnonymousUser) -> tuple[str, str]:
    """Name and telephone of a ticket's caller as far as `user` may see them."""
    if may_see_caller(ticket, user):
        return ticket.caller_name, ticket.caller_phone
    return "", ""
