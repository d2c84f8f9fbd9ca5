"""How much waits for the dispatchers: the numbers beside their door."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.numbers import counted, number
from tickets.choices import Status
from tickets.models import Ticket


@number("dispatch-queue", Status.REGISTERED, _("to be dispatched"), P.DISPATCH)
def to_be_dispatched(user: User) -> int:
    return counted(Ticket.objects.visible_to(user).filter(status=Status.REGISTERED))


@number("dispatch-queue", Status.RETURN_ASKED, _("returns under review"), P.DISPATCH)
def returns(user: User) -> int:
    return counted(Ticket.objects.visible_to(user).filter(status=Status.RETURN_ASKED))
