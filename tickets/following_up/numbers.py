"""How many callers can be called about an answer now: the number beside the door of the follow-up desk."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.numbers import counted, number
from tickets.following_up import queue


@number("follow-ups", "due", _("waiting for a follow-up call"), P.FOLLOW_UP)
def follow_ups(user: User) -> int:
    """Whom somebody is calling just now counts still; who is to be tried later does not yet."""
    return counted(queue.due(user, timezone.now()))
