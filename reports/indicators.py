"""Every indicator, once: name, formula in words, and the tickets it counts.

Dashboard, reports, API and the way from a number to the tickets behind it all use these definitions. A rate is
the share of its base's tickets that are also in its part; a count has no base.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, DurationField, Exists, ExpressionWrapper, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dispatch.models import Return
from hotline.templatetags.ui import percent
from tickets.choices import SATISFIED, Closing, Contacted, Solved, Status
from tickets.models import Ticket, TicketQuerySet


@dataclass(frozen=True)
class Span:
    """The instants `[start, end)` that figures are about."""

    start: datetime
    end: datetime

    @classmethod
    def so_far(cls, start: datetime, end: datetime) -> Span:
        """The part of `[start, end)` that has passed: what falls due tomorrow has not fallen due."""
        return cls(start, max(start, min(end, timezone.now() + timedelta.resolution)))  # this instant included

    def within(self, field: str) -> Q:
        return Q(**{f"{field}__gte": self.start, f"{field}__lt": self.end})


Condition = Callable[[Span], Q]
ALL = Q()


@dataclass(frozen=True)
class Indicator:
    """Its base are the tickets whose instant `when` lies in the period and for which `among` is true.

    `part` says which of them count. Both are conditions on tickets.
    """

    name: str
    label: Any
    formula: Any
    when: str
    part: Condition | None = None
    among: Q = ALL

    @property
    def is_rate(self) -> bool:
        return self.part is not None

    def base(self, span: Span) -> Q:
        return span.within(self.when) & self.among

    def tickets(self, span: Span, which: str = "base") -> TicketQuerySet:
        """The tickets behind the figure: its base, its part, or the base without the part (`rest`)."""
        found = Ticket.objects.filter(self.base(span))
        if self.part is None or which == "base":
            return found
        return found.filter(self.part(span)) if which == "part" else found.exclude(self.part(span))


@dataclass(frozen=True)
class Figure:
    """The value of an indicator: a count, or a rate with both its numbers."""

    indicator: Indicator
    base: int
    part: int | None

    @property
    def value(self) -> float | None:
        """A count, or a share between 0 and 1; None where the base of a rate is empty."""
        if self.part is None:
            return self.base
        return self.part / self.base if self.base else None

    @property
    def text(self) -> str:
        return format_value(self.value, is_rate=self.part is not None)

    @property
    def percent(self) -> float:
        return 100 * (self.value or 0) if self.part is not None else 0


def format_value(value: float | None, *, is_rate: bool) -> str:
    """As it is printed everywhere: 12,345, 97.3% or a dash."""
    if value is None or is_rate:
        return percent(value)
    return f"{value:,.0f}"


def _returned() -> Exists:
    return Exists(Return.objects.filter(ticket=OuterRef("pk")))


CLOSED_AFTER_DISPATCH = Q(status=Status.CLOSED, dispatched_at__isnull=False)

INDICATORS: dict[str, Indicator] = {
    indicator.name: indicator
    for indicator in (
        Indicator("received", _("Received"), _("Tickets recorded in the period."),
                  "registered_at"),
        Indicator("direct_rate", _("Direct answer rate"),
                  _("Of the tickets recorded in the period: those answered directly."),
                  "registered_at", lambda s: Q(closing=Closing.DIRECT)),
        Indicator("dispatched", _("Dispatched"), _("Tickets first dispatched in the period."),
                  "dispatched_at"),
        Indicator("closed", _("Closed"), _("Tickets closed in the period, whenever recorded."),
                  "closed_at", among=Q(status=Status.CLOSED)),
        Indicator("overall_closing_rate", _("Overall closing rate"),
                  _("Of the tickets recorded in the period and accepted: "
                    "those closed by its end, direct answers included."),
                  "registered_at", lambda s: Q(status=Status.CLOSED, closed_at__lt=s.end),
                  among=~Q(status=Status.NOT_ACCEPTED)),
        Indicator("due_closing_rate", _("Closing rate of those due"),
                  _("Of the tickets whose answer fell due in the period, "
                    "carried-over ones included: those answered by its end."),
                  "answer_due_at", lambda s: Q(answered_at__lt=s.end)),
        Indicator("on_time_rate", _("On-time rate"),
                  _("Of the tickets whose answer fell due in the period: those answered before it fell due."),
                  "answer_due_at", lambda s: Q(answered_at__lte=F("answer_due_at"))),
        Indicator("accept_on_time_rate", _("Accepted-in-time rate"),
                  _("Of the tickets to be accepted in the period: those accepted in time."),
                  "accept_due_at", lambda s: Q(accepted_at__lte=F("accept_due_at"))),
        Indicator("return_rate", _("Return rate"),
                  _("Of the tickets first dispatched in the period: those that a department asked to return."),
                  "dispatched_at", lambda s: Q(_returned())),
        Indicator("redo_rate", _("Redo rate"),
                  _("Of the dispatched tickets closed in the period: those that took more than one round."),
                  "closed_at", lambda s: Q(round__gt=1), among=CLOSED_AFTER_DISPATCH),
        Indicator("follow_up_rate", _("Follow-up rate"),
                  _("Of the dispatched tickets closed in the period: those whose caller was reached."),
                  "closed_at", lambda s: Q(closing=Closing.FOLLOWED_UP), among=CLOSED_AFTER_DISPATCH),
        Indicator("contacted_rate", _("Contacted rate"),
                  _("Of the tickets closed in the period whose caller said: those contacted by the department."),
                  "closed_at", lambda s: Q(contacted=Contacted.YES), among=~Q(contacted="")),
        Indicator("solved_rate", _("Solved rate"),
                  _("Of the tickets closed in the period whose caller said: those wholly solved."),
                  "closed_at", lambda s: Q(solved=Solved.YES), among=~Q(solved="")),
        Indicator("satisfied_rate", _("Satisfaction rate"),
                  _("Of the tickets closed in the period that were rated: "
                    "very satisfied, satisfied or fairly satisfied. Not rated is not counted."),
                  "closed_at", lambda s: Q(satisfaction__in=SATISFIED), among=~Q(satisfaction="")),
    )
}  # fmt: skip


def compute(names: list[str], span: Span, scope: Q | None = None) -> dict[str, Figure]:
    """The figures of `names` over the tickets in `scope` (all by default).

    A query for each instant that indicators go by: a month's tickets are gone through once for all that they count.
    """
    found: dict[str, Figure] = {}
    for when, indicators in _by_instant(names):
        rows = Ticket.objects.filter(span.within(when)).filter(scope or Q())
        found |= _figures(indicators, rows.aggregate(**_counts(indicators, span)))
    return {name: found[name] for name in names}


def compute_by(field: str, names: list[str], span: Span) -> dict[Any, dict[str, Figure]]:
    """The figures of `names` for each value of a ticket's `field`, such as its department, where they have a base."""
    result: dict[Any, dict[str, Figure]] = {}
    for when, indicators in _by_instant(names):
        rows = Ticket.objects.filter(span.within(when)).values(field).annotate(**_counts(indicators, span))
        for row in rows.order_by():
            figures = {name: figure for name, figure in _figures(indicators, row).items() if figure.base}
            if figures:
                result.setdefault(row[field], {}).update(figures)
    return result


def total(by: dict[Any, dict[str, Figure]], names: list[str]) -> dict[str, Figure]:
    """The figures of `names` over all the tickets that `compute_by` counted apart."""
    found = {}
    for name in names:
        figures = [figures[name] for figures in by.values() if name in figures]
        part = sum(figure.part or 0 for figure in figures) if INDICATORS[name].is_rate else None
        found[name] = Figure(INDICATORS[name], sum(figure.base for figure in figures), part)
    return found


def _by_instant(names: list[str]) -> list[tuple[str, list[Indicator]]]:
    grouped: dict[str, list[Indicator]] = {}
    for name in names:
        grouped.setdefault(INDICATORS[name].when, []).append(INDICATORS[name])
    return list(grouped.items())


def _counts(indicators: list[Indicator], span: Span) -> dict[str, Count]:
    """What is counted of the tickets of a span for these indicators, under `_base` and `_part` of their names."""
    counts = {}
    for one in indicators:
        counts[f"{one.name}_base"] = Count("pk", filter=one.among or None)
        if one.part is not None:
            counts[f"{one.name}_part"] = Count("pk", filter=one.among & one.part(span))
    return counts


def _figures(indicators: list[Indicator], row: dict[str, Any]) -> dict[str, Figure]:
    return {one.name: Figure(one, row[f"{one.name}_base"], row.get(f"{one.name}_part")) for one in indicators}


def averages(span: Span) -> dict[str, float | None]:
    """Mean days from first dispatch to answer, and mean dispatches a ticket, of tickets answered in the period."""
    handling = ExpressionWrapper(F("answered_at") - F("dispatched_at"), output_field=DurationField())
    row = Ticket.objects.filter(span.within("answered_at"), dispatched_at__isnull=False).aggregate(
        handling=Avg(handling), hops=Avg("hops")
    )
    days = row["handling"].total_seconds() / 86400 if row["handling"] is not None else None
    return {"handling_days": days, "hops": row["hops"]}
