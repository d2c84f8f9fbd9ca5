"""What supervisors look at: open flags by cause, tasks, rulings and extensions that wait."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Prefetch, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _t
from django.utils.translation import ngettext

from hotline.accounts.models import User
from hotline.worktime import calendar
from tickets.choices import FLAG_TONES, FlagKind
from tickets.models import Ticket

from .models import Extension, Flag

# The board's columns of causes, the worst first. Warnings of the system to a department are not the board's.
BOARD_KINDS = (
    FlagKind.OVERDUE, FlagKind.UNCLAIMED, FlagKind.BOUNCED, FlagKind.STALLED, FlagKind.MANY_CALLERS,
    FlagKind.FOLLOW_UP_LATE, FlagKind.REVIEW_DUE, FlagKind.DUE_SOON,
)  # fmt: skip


@dataclass(frozen=True)
class FlagLine:
    """A flag as it is shown: its name, its colour, and its evidence as a sentence."""

    label: str
    tone: str
    sentence: str
    since: datetime
    cleared_at: datetime | None


def open_flags(user: User) -> QuerySet[Flag]:
    """Open flags of tickets that `user` may see."""
    flags = Flag.objects.filter(cleared_at__isnull=True)
    return flags.filter(ticket__in=Ticket.objects.visible_to(user))


def counts(user: User) -> dict[str, int]:
    """How many open flags there are of each kind."""
    rows = open_flags(user).values("kind").annotate(count=Count("pk")).order_by()
    found = {row["kind"]: row["count"] for row in rows}
    return {kind: found.get(kind, 0) for kind in BOARD_KINDS}


def flagged_tickets(user: User, kind: str) -> Any:
    """Tickets with an open flag, of one kind or of any, with their flags in `open_flags`."""
    flags = Flag.objects.filter(cleared_at__isnull=True)
    flags = flags.filter(kind=kind) if kind in FlagKind.values else flags.exclude(kind=FlagKind.DUE_SOON)
    own = Prefetch("flags", Flag.objects.filter(cleared_at__isnull=True).order_by("since"), to_attr="open_flags")
    return Ticket.objects.visible_to(user).filter(pk__in=flags.values("ticket")).prefetch_related(own)


def lines(flags: Iterable[Flag]) -> list[FlagLine]:
    return [
        FlagLine(
            label=str(FlagKind(flag.kind).label), tone=FLAG_TONES[FlagKind(flag.kind)], sentence=sentence(flag),
            since=flag.since, cleared_at=flag.cleared_at,
        )
        for flag in flags
    ]  # fmt: skip


def sentence(flag: Flag) -> str:
    """The evidence in words: who holds it, for how long, how often it came back, how many called."""
    facts, parts = flag.evidence, []
    end = flag.cleared_at or timezone.now()
    if facts.get("department") and facts.get("assigned_at"):
        assigned = parse_datetime(facts["assigned_at"])
        if assigned:
            days = calendar.current().minutes_between(assigned, end) / calendar.current().day_minutes
            parts.append(
                _t("dispatched to %(department)s %(days).1f working days ago")
                % {"department": facts["department"], "days": days}
            )
    else:
        parts.append(_t("lies with no department"))
    if flag.kind == FlagKind.UNCLAIMED and facts.get("department"):
        parts.append(_t("not accepted"))
    if returns := facts.get("returns"):
        parts.append(ngettext("returned %d time", "returned %d times", returns) % returns)
    if callers := facts.get("callers"):
        parts.append(ngettext("%d caller", "%d callers", callers) % callers)
    return _t("; ").join(parts)


def pending_extensions() -> QuerySet[Extension]:
    return (
        Extension.objects.filter(ruling=Extension.Ruling.PENDING)
        .select_related("ticket__department", "ticket__region__parent", "asked_by")
        .order_by("asked_at")
    )
