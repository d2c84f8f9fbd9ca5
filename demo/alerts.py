"""Alerts of the demo city's past: raised when enough people had called about a matter, ended when it was over.

A city that runs raises them as it goes. The demo's weeks are laid in at once, and what has ended by then would never
have been raised; what still stands is raised by the first sweep.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from matters.models import Alert
from tickets import limits
from tickets.choices import RuleKey
from tickets.models import Matter, Ticket


def stand(now: datetime | None = None) -> int:
    """Lays in what was alerted to and has ended by `now`; returns how many alerts."""
    now = now or timezone.now()
    found = []
    for matter in Matter.objects.filter(alerts=None).prefetch_related("tickets").order_by("pk"):
        tickets = sorted(matter.tickets.all(), key=lambda ticket: ticket.registered_at)
        if (alert := _of(matter, tickets)) and alert.ended_at and alert.ended_at < now:
            found.append(alert)
    Alert.objects.bulk_create(found)
    return len(found)


def _of(matter: Matter, tickets: Sequence[Ticket]) -> Alert | None:
    """The alert about a matter, from its first callers to its end; none where there were too few at a time."""
    raised = next((one for one in tickets if _callers(tickets, one.registered_at) >= _enough()), None)
    if raised is None:
        return None
    last = max(tickets, key=lambda one: one.registered_at).registered_at
    most = max(_callers(tickets, one.registered_at) for one in tickets)
    closings = [one.closed_at for one in tickets]
    closed = max(filter(None, closings)) if all(closings) else None
    fewer = next(at for at in _dropping_out(tickets, last) if _callers(tickets, at) < _enough())
    ended = min(closed, fewer) if closed and closed > last else fewer
    is_grave = most >= limits.rule(RuleKey.ALERT_CALLERS)
    return Alert(
        matter=matter, kind=Alert.Kind.CALLERS, level=Alert.Level.ALERT if is_grave else Alert.Level.WATCH,
        why={"callers": most, "before": 0, "calls": len(tickets), "words": "", "days": _days().days},
        raised_at=raised.registered_at, ended_at=ended, ended_because="closed" if ended == closed else "fewer",
    )  # fmt: skip


def _callers(tickets: Sequence[Ticket], at: datetime) -> int:
    """How many different people called about it in the days up to an instant."""
    lately = [one for one in tickets if at - _days() < one.registered_at <= at]
    return len({(one.caller_id, one.hides_caller) for one in lately})


def _dropping_out(tickets: Sequence[Ticket], after: datetime) -> list[datetime]:
    """The instants after the last call at which a call lies too far back to count."""
    return sorted(at for one in tickets if (at := one.registered_at + _days()) > after)


def _days() -> timedelta:
    return timedelta(days=limits.rule(RuleKey.ALERT_DAYS))


def _enough() -> int:
    return limits.rule(RuleKey.MANY_CALLERS)
