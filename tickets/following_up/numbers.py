"""How many callers wait for a call about an answer: the number beside the door of the follow-up desk."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.numbers import counted, number
from tickets.following_up import queue


@number("follow-ups", "waiting", _("waiting for a follow-up call"), P.FOLLOW_UP)
def follow_ups(user: User) -> int:
    """All that the list of the desk holds. Who is to be tried later is among them: to take them out costs too much."""
    return counted(queue.waiting(user))
