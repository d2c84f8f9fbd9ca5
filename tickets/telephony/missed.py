"""Missed calls (漏接): who has to be called back until when, who is doing it, and how it ended.

Several missed calls of one number are one person: they are taken, tried and settled together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import User
from hotline.waiting import busy
from tickets import limits
from tickets.choices import RuleKey, Stage
from tickets.models import Call, Caller, MissedCall, Ticket
from tickets.models.calls import HOLD

Outcome = MissedCall.Outcome
LONGEST_NOTE = 200  # characters
MOST_SHOWN = 200  # open missed calls that the list looks at, the soonest due first


class Objection(Exception):
    """Why a missed call cannot be taken or settled now, for the person who tried."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


# -- from the events of calls -------------------------------------------------------------------------------


def look_at(call: Call) -> None:
    """Keeps what is missed as the events of a call say it, in whichever order they came. Call in their transaction."""
    if call.phone:
        _one_number_at_a_time(call.phone)
    if call.state == Call.State.MISSED:
        _missed(call)
    elif call.answered_at:
        lapsed = models.Q(outcome=Outcome.LAPSED)  # a late word of the telephone system puts it right
        found = MissedCall.objects.filter(lapsed | models.Q(settled_at__isnull=True), call=call)
        found.update(settled_at=call.answered_at, outcome=Outcome.PICKED_UP, note="")
        if call.phone:
            _got_through(call.phone, call.answered_at)


def _one_number_at_a_time(phone: str) -> None:
    """Two calls of one number are looked at one after the other: each looks whether the other got through."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"missed-call:{phone}"])


def _missed(call: Call) -> None:
    at = min(at for at in (call.missed_at, call.hung_up_at) if at)
    held = MissedCall.objects.select_for_update(no_key=True).filter(call=call)
    missed = held.first() or MissedCall(call=call)
    is_known = missed.pk is not None and missed.phone == call.phone
    if is_known and missed.missed_at == at:
        return
    missed.phone, missed.missed_at = call.phone, at
    missed.due_at = limits.due(Stage.CALL_BACK, Ticket(), at) if call.phone else None
    if not call.phone:
        missed.settled_at, missed.outcome = at, Outcome.NO_NUMBER
    elif missed.outcome in ("", Outcome.NO_NUMBER):
        through = Call.objects.filter(phone=call.phone, answered_at__gte=at).order_by("answered_at", "pk").first()
        missed.settled_at = through.answered_at if through else None
        missed.outcome = Outcome.CALLED_AGAIN if through else ""
    missed.save()


def _got_through(phone: str, at: datetime) -> None:
    """Whoever was missed before is on the line now: nobody need call them back."""
    found = [row.pk for row in _open_of(phone) if row.missed_at <= at]
    MissedCall.objects.filter(pk__in=found).update(settled_at=at, outcome=Outcome.CALLED_AGAIN)


# -- calling back -------------------------------------------------------------------------------------------


def _open_of(phone: str) -> list[MissedCall]:
    """Open missed calls of one number, locked in the one order that everybody locks them in.

    Who has one is not joined: of a joined row PostgreSQL gives what stood there before it waited for the lock.
    """
    rows = MissedCall.objects.open().filter(phone=phone).order_by("pk")
    return list(rows.select_for_update(no_key=True, of=("self",)))


def take(missed: MissedCall, *, by: User, now: datetime | None = None) -> None:
    """Notes that `by` calls back now. Raises Objection where somebody else does, or nobody need any more; and Busy."""
    now = now or timezone.now()
    with busy.told(), transaction.atomic():
        rows = _open_of(missed.phone) if missed.phone else []
        if not rows:
            raise Objection(_t("This call needs no calling back any more."))
        if other := next((row.holder for row in rows if row.holder and row.holder != by), None):
            raise Objection(_t("%(person)s is calling back just now.") % {"person": other})
        for row in rows:
            row.taken_by, row.taken_at = by, now
            row.save(update_fields=["taken_by", "taken_at"])


class End(models.TextChoices):
    """How a call back ended that no ticket was recorded from."""

    AGAIN = "again", _("Not reached, to be tried again")
    NOT_REACHED = "not_reached", _("Not reached, not tried again")
    REACHED = "reached", _("Reached, nothing to record")


def end(missed: MissedCall, *, by: User, how: str, note: str, now: datetime | None = None) -> None:
    """Notes how a call back ended. Raises Objection where somebody else has taken it or it is settled, and Busy."""
    now = now or timezone.now()
    with busy.told(), transaction.atomic():
        rows = _open_of(missed.phone) if missed.phone else []
        if not rows:
            raise Objection(_t("This call needs no calling back any more."))
        if any(row.holder and row.holder != by for row in rows):
            raise Objection(_t("Somebody else has taken this call over."))
        for row in rows:
            _called(row, by, now)
            row.note = note
            row.taken_by = row.taken_at = None
            if how != End.REACHED:
                row.tries += 1
            if how != End.AGAIN:
                row.settled_at, row.settled_by, row.outcome = now, by, how
            row.save()


def spoke(phone: str, *, by: User, ticket: Ticket, called_back: int | None = None) -> None:
    """`by` has recorded what somebody of this number said; `called_back` is the missed call whose form it was.

    Whom they had taken to call back is reached, anybody else got through by themselves. Call in the transaction that
    records.
    """
    now = timezone.now()
    form_of = MissedCall.objects.filter(pk=called_back) if called_back else MissedCall.objects.none()
    rung = form_of.values_list("phone", flat=True).first() or ""
    for row in (row for number in sorted({phone, rung} - {""}) for row in _open_of(number)):
        if row.taken_by_id == by.pk or row.phone == rung:
            _called(row, by, now)
            row.outcome = Outcome.REACHED
        else:
            row.outcome = Outcome.CALLED_AGAIN
        row.settled_at, row.settled_by, row.ticket = now, by, ticket
        row.save()


def _called(row: MissedCall, by: User, now: datetime) -> None:
    """Notes the first call back: when it was taken, unless that was so long ago that nobody was on the telephone."""
    is_fresh = row.taken_by_id == by.pk and row.taken_at is not None and now - row.taken_at < HOLD
    row.called_back_at = row.called_back_at or (row.taken_at if is_fresh else now)


# -- by themselves ------------------------------------------------------------------------------------------


def lapse(now: datetime | None = None) -> int:
    """Ends what nobody has settled so many days after it was due, a rule of the city; returns how many calls lapsed.

    Where somebody tried, the caller was not reached; where nobody did, they were never called back, and so the figure
    counts it. Whom somebody is calling just now waits for the next time.
    """
    now = now or timezone.now()
    days = limits.rule(RuleKey.MISSED_DAYS)
    due = MissedCall.objects.open().filter(due_at__lt=now - timedelta(days=days))
    lapsed = 0
    for phone in sorted(set(due.values_list("phone", flat=True))):
        with transaction.atomic():
            _one_number_at_a_time(phone)
            rows = _open_of(phone)
            if any(row.holder for row in rows):
                continue
            for row in rows:
                if row.due_at and row.due_at < now - timedelta(days=days):
                    _lapsed(row, days, now)
                    lapsed += 1
    return lapsed


def _lapsed(row: MissedCall, days: int, now: datetime) -> None:
    reason = _t("Nobody settled it within %(days)d days.") % {"days": days}
    row.outcome = Outcome.NOT_REACHED if row.called_back_at else Outcome.LAPSED
    row.note = f"{row.note} {reason}".strip()[:LONGEST_NOTE]
    row.settled_at, row.taken_by, row.taken_at = now, None, None
    row.save()


# -- reading ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    """Somebody who has to be called back: their open missed calls, the soonest due first, and their name."""

    calls: tuple[MissedCall, ...]
    name: str

    @property
    def first(self) -> MissedCall:
        return self.calls[0]

    @property
    def holder(self) -> User | None:
        return next((one.holder for one in self.calls if one.holder), None)

    @property
    def latest(self) -> MissedCall:
        return max(self.calls, key=lambda one: one.missed_at)

    @property
    def is_tried(self) -> bool:
        """Whether all of these calls were called back once already."""
        return all(one.called_back_at for one in self.calls)


def waiting() -> list[Waiting]:
    """Who has to be called back: first those nobody has called yet, the soonest due first, then those not reached."""
    by_phone: dict[str, list[MissedCall]] = defaultdict(list)
    for row in MissedCall.objects.open().select_related("taken_by").order_by("due_at", "pk")[:MOST_SHOWN]:
        by_phone[row.phone].append(row)
    names = names_of(by_phone)
    found = [Waiting(tuple(calls), names.get(phone, "")) for phone, calls in by_phone.items()]
    return sorted(found, key=lambda one: one.is_tried)


def names_of(phones: Iterable[str]) -> dict[str, str]:
    """What the callers of these numbers are called, where that is known."""
    return dict(Caller.objects.filter(phone__in=list(phones)).values_list("phone", "name"))


def counts() -> tuple[int, int]:
    """How many people have to be called back and have not been, and how many of them are overdue."""
    overdue = models.Q(due_at__lt=timezone.now())
    row = (
        MissedCall.objects.open()
        .filter(called_back_at__isnull=True)
        .aggregate(
            open=models.Count("phone_mark", distinct=True),
            overdue=models.Count("phone_mark", distinct=True, filter=overdue),
        )
    )
    return row["open"], row["overdue"]
