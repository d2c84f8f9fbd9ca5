"""How much waits for a manager's word, on the spot, and among the messages: the numbers beside these doors."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.numbers import counted, number
from supervision.ladder import messages
from supervision.models import CoordinationTask, Extension
from tickets.choices import Status
from tickets.models import Ticket


@number("rulings", "disputes", _("disputes to be ruled on"), P.RULE)
def disputes(user: User) -> int:
    return counted(Ticket.objects.visible_to(user).filter(status=Status.RULING))


@number("rulings", "extensions", _("extensions asked for"), P.RULE)
def extensions(user: User) -> int:
    return counted(Extension.objects.filter(ruling=Extension.Ruling.PENDING))


@number("coordinations", "called", _("meetings on the spot ahead"), P.SUPERVISE)
def meetings(user: User) -> int:
    return counted(CoordinationTask.objects.filter(state=CoordinationTask.State.CALLED))


@number("messages", "unread", _("unread"), P.SEE_MESSAGES)
def unread(user: User) -> int:
    return messages.unread(user)
