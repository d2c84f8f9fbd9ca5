"""How many callers wait to be called back: the number beside the door of missed calls."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.numbers import number
from tickets.telephony import missed


@number("missed-calls", "open", _("to be called back"), P.SEE_MISSED_CALLS)
def missed_calls(user: User) -> int:
    """People whom nobody has called back yet; whoever was tried once waits in the list, and is counted no more."""
    return missed.counts()[0]
