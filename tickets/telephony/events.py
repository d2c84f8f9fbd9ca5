"""What the telephone system tells of calls: taken in once, in any order, with whatever it does not know left empty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline import telephone
from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.waiting import busy
from tickets.models import Call
from tickets.telephony import missed

OLDEST = timedelta(days=7)  # an event told later than this is of no use to anybody: its instant is a slip
FAST_CLOCK = timedelta(minutes=2)  # by which the telephone system's clock may be ahead of ours


@dataclass(frozen=True)
class Event:
    """One event as it was sent: who is meant by `operator` (a user name) and `extension` is found out here."""

    call_id: str
    kind: str
    at: datetime
    phone: str = ""
    operator: str = ""
    extension: str = ""


@dataclass(frozen=True)
class Taken:
    """The call as it stands after an event; `is_new` is False where it was known, `remarks` are for who sent it."""

    call: Call
    is_new: bool
    remarks: tuple[str, ...] = ()


def take(event: Event, *, now: datetime | None = None) -> Taken:
    """Takes an event in. One that is known already changes nothing, whatever else it says.

    1. An instant ahead of our clock becomes that of its receipt: a call is not lost by a clock that is wrong.
    2. A number that cannot be read, or is withheld, is left empty; an operator whom nobody knows too.
    3. What an earlier event of the call left empty is filled in; what it said stands.

    Raises ValidationError where the instant lies more than OLDEST back, and Busy.
    """
    now = now or timezone.now()
    if event.at < now - OLDEST:
        raise ValidationError(_t("This lies more than %(days)d days back.") % {"days": OLDEST.days})
    remarks = []
    at = event.at
    if at > now + FAST_CLOCK:
        at = now
        remarks.append(_t("The instant lies ahead of our clock: that of the receipt is kept."))
    number = telephone.read_or_none(event.phone)
    if event.phone.strip() and not number:
        remarks.append(_t("The number cannot be read: the call is kept without one."))
    operator = operator_of(event)
    if operator is None and (event.operator or event.extension):
        remarks.append(_t("Nobody who records calls is known by this name or extension."))
    with busy.told(), transaction.atomic():
        locked = Call.objects.select_for_update(no_key=True)
        call, _made = locked.get_or_create(call_id=event.call_id, defaults={"began_at": at})
        if event.kind in call.told:
            return Taken(call, is_new=False)
        call.began_at = min(at, *call.told.values()) if call.told else at
        setattr(call, f"{event.kind}_at", at)
        call.phone = call.phone or (number.kept if number else "")
        _note_operator(call, event, operator)
        call.save()
        missed.look_at(call)
    return Taken(call, is_new=True, remarks=tuple(remarks))


def _note_operator(call: Call, event: Event, operator: User | None) -> None:
    """Whoever picked up took the call; until then it is whoever it rang at."""
    has_one = bool(call.operator_id or call.extension)
    is_named = bool(operator or event.extension)
    if is_named and (event.kind == Call.Event.ANSWERED or not has_one):
        call.operator = operator
        call.extension = "" if operator else event.extension


def operator_of(event: Event) -> User | None:
    """Whom a telephone system means: by the user name, else by the extension; only people who record calls."""
    for name, known in ((event.operator, Q(username=event.operator)), (event.extension, Q(extension=event.extension))):
        person = User.objects.filter(known, is_active=True).first() if name else None
        if person and person.may(P.REGISTER):
            return person
    return None


def call_named(call_id: str, *, at: datetime) -> Call:
    """The call that a ticket is recorded from, made where no event of it has come yet."""
    call, _made = Call.objects.get_or_create(call_id=call_id, defaults={"began_at": at})
    return call
