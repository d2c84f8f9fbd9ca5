"""How much waits for a department: the numbers beside its inbox.

A department's tickets are counted by who holds them: all of these are among those that its people see.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.numbers import counted, number
from tickets.choices import IN_WORK_STATUSES, Status
from tickets.models import Contribution, Ticket


def _held(user: User, *statuses: str) -> int:
    return counted(Ticket.objects.filter(department__in=user.department_ids, status__in=statuses))


@number("inbox", "dispatched", _("to be accepted"), P.HANDLE)
def to_be_accepted(user: User) -> int:
    return _held(user, Status.DISPATCHED)


@number("inbox", "working", _("in work"), P.HANDLE)
def in_work(user: User) -> int:
    return _held(user, *IN_WORK_STATUSES)


@number("inbox", "owed", _("to assist or to be heard"), P.HANDLE)
def owed(user: User) -> int:
    return counted(Contribution.objects.owed_by(user.department_ids))
