"""Every indicator, once: name, formula in words, and the tickets it counts.

Dashboard, reports, API and the way from a number to the tickets behind it all use these definitions. A rate is
the share of its base's tickets that are also in its part; a count has no base.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dispatch.models import Return
from hotline.templatetags.ui import percent
from tickets.choices import SATISFIED, Closing, Contacted, Solved, Status
from tickets.models import Ticket


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


@dataclass(frozen=True)
class Indicator:
    """`base` are the tickets it is about, `part` those of them that count; both as conditions on tickets."""

    name: str
    label: Any
    formula: Any
    base: Condition
    part: Condition | None = None

    @property
    def is_rate(self) -> bool:
        return self.part is not None

    def tickets(self, span: Span, which: str = "base") -> QuerySet[Ticket]:
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


def _closed_after_dispatch(span: Span) -> Q:
    return span.within("closed_at") & Q(status=Status.CLOSED, dispatched_at__isnull=False)


INDICATORS: dict[str, Indicator] = {
    indicator.name: indicator
    for indicator in (
        Indicator("received", _("Received"), _("Tickets recorded in the period."),
                  lambda s: s.within("registered_at")),
        Indicator("direct_rate", _("Direct answer rate"),
                  _("Of the tickets recorded in the period: those answered directly."),
                  lambda s: s.within("registered_at"), lambda s: Q(closing=Closing.DIRECT)),
        Indicator("dispatched", _("Dispatched"), _("Tickets first dispatched in the period."),
                  lambda s: s.within("dispatched_at")),
        Indicator("closed", _("Closed"), _("Tickets closed in the period, whenever recorded."),
                  lambda s: s.within("closed_at") & Q(status=Status.CLOSED)),
        Indicator("overall_closing_rate", _("Overall closing rate"),
                  _("Of the tickets recorded in the period and accepted: "
                    "those closed by its end, direct answers included."),
                  lambda s: s.within("registered_at") & ~Q(status=Status.NOT_ACCEPTED),
                  lambda s: Q(status=Status.CLOSED, closed_at__lt=s.end)),
        Indicator("due_closing_rate", _("Closing rate of those due"),
                  _("Of the tickets whose answer fell due in the period, "
                    "carried-over ones included: those answered by its end."),
                  lambda s: s.within("answer_due_at"), lambda s: Q(answered_at__lt=s.end)),
        Indicator("on_time_rate", _("On-time rate"),
                  _("Of the tickets whose answer fell due in the period: those answered before it fell due."),
                  lambda s: s.within("answer_due_at"), lambda s: Q(answered_at__lte=F("answer_due_at"))),
        Indicator("accept_on_time_rate", _("Accepted-in-time rate"),
                  _("Of the tickets to be accepted in the period: those accepted in time."),
                  lambda s: s.within("accept_due_at"), lambda s: Q(accepted_at__lte=F("accept_due_at"))),
        Indicator("return_rate", _("Return rate"),
                  _("Of the tickets first dispatched in the period: those that a department asked to return."),
                  lambda s: s.within("dispatched_at"), lambda s: Q(_returned())),
        Indicator("redo_rate", _("Redo rate"),
                  _("Of the dispatched tickets closed in the period: those that took more than one round."),
                  _closed_after_dispatch, lambda s: Q(round__gt=1)),
        Indicator("follow_up_rate", _("Follow-up rate"),
                  _("Of the dispatched tickets closed in the period: those whose caller was reached."),
                  _closed_after_dispatch, lambda s: Q(closing=Closing.FOLLOWED_UP)),
        Indicator("contacted_rate", _("Contacted rate"),
                  _("Of the tickets closed in the period whose caller said: those contacted by the department."),
                  lambda s: s.within("closed_at") & ~Q(contacted=""), lambda s: Q(contacted=Contacted.YES)),
        Indicator("solved_rate", _("Solved rate"),
                  _("Of the tickets closed in the period whose caller said: those wholly solved."),
                  lambda s: s.within("closed_at") & ~Q(solved=""), lambda s: Q(solved=Solved.YES)),
        Indicator("satisfied_rate", _("Satisfaction rate"),
                  _("Of the tickets closed in the period that were rated: "
                    "very satisfied, satisfied or fairly satisfied. Not rated is not counted."),
                  lambda s: s.within("closed_at") & ~Q(satisfaction=""), lambda s: Q(satisfaction__in=SATISFIED)),
    )
}  # fmt: skip


def compute(names: list[str], span: Span, scope: Q | None = None) -> dict[str, Figure]:
    """The figures of `names` over the tickets in `scope` (all by default), a query an indicator."""
    return {name: _compute(INDICATORS[name], span, scope or Q()) for name in names}


def _compute(indicator: Indicator, span: Span, scope: Q) -> Figure:
    found = Ticket.objects.filter(indicator.base(span)).filter(scope)
    if indicator.part is None:
        return Figure(indicator, found.count(), None)
    row = found.aggregate(base=Count("pk"), part=Count("pk", filter=indicator.part(span)))
    return Figure(indicator, row["base"], row["part"])


def compute_by(field: str, names: list[str], span: Span) -> dict[Any, dict[str, Figure]]:
    """The figures of `names` for each value of a ticket's `field`, such as its department."""
    result: dict[Any, dict[str, Figure]] = {}
    for name in names:
        indicator = INDICATORS[name]
        part = Count("pk", filter=indicator.part(span)) if indicator.part else Count("pk")
        rows = Ticket.objects.filter(indicator.base(span)).values(field).annotate(base=Count("pk"), part=part)
        for row in rows.order_by():
            figure = Figure(indicator, row["base"], row["part"] if indicator.part else None)
            result.setdefault(row[field], {})[name] = figure
    return result


def averages(span: Span) -> dict[str, float | None]:
    """Mean days from first dispatch to answer, and mean dispatches a ticket, of tickets answered in the period."""
    handling = ExpressionWrapper(F("answered_at") - F("dispatched_at"), output_field=DurationField())
    row = Ticket.objects.filter(span.within("answered_at"), dispatched_at__isnull=False).aggregate(
        handling=Avg(handling), hops=Avg("hops")
    )
    days = row["handling"].total_seconds() / 86400 if row["handling"] is not None else None
    return {"handling_days": days, "hops": row["hops"]}
