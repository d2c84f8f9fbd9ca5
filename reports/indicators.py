"""Every indicator, once: name, formula in words, and the tickets or missed calls it counts.

Dashboard, reports, API and the way from a number to the tickets behind it all use these definitions. A rate is
the share of its base's rows that are also in its part; a count has no base.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Aggregate,
    Avg,
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    Model,
    OuterRef,
    Q,
    QuerySet,
)
from django.db.models.functions import Cast, Coalesce, Extract, Round
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dispatch.models import Return
from hotline.accounts.models import User
from matters.models import Recurrence
from tickets.choices import SATISFIED, Closing, Contacted, ReturnGround, Solved, Status
from tickets.models import Answer, Call, MissedCall, Ticket, TicketQuerySet

from .content import cells


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
    """Its base are the rows of `of` whose instant `when` lies in the period and for which `among` is true.

    `part` says which of them count. Both are conditions on these rows, tickets if nothing else is said. Where
    `seconds` is given, the figure is the median of that expression over the base.
    """

    name: str
    label: Any
    formula: Any
    when: str
    part: Condition | None = None
    among: Q = ALL
    of: type[Model] = Ticket
    seconds: Any = None

    @property
    def is_rate(self) -> bool:
        return self.part is not None

    @property
    def unit(self) -> str:
        """In what it is said: a share (rate), seconds, or a number."""
        return "share" if self.is_rate else "number" if self.seconds is None else "seconds"

    def base(self, span: Span) -> Q:
        return span.within(self.when) & self.among

    def rows(self, span: Span, which: str = "base") -> QuerySet[Any]:
        """What is behind the figure: its base, its part, or the base without the part (`rest`)."""
        found = self.of._default_manager.filter(self.base(span))
        if self.part is None or which == "base":
            return found
        return found.filter(self.part(span)) if which == "part" else found.exclude(self.part(span))

    def tickets(self, span: Span, which: str = "base") -> TicketQuerySet:
        """`rows` of an indicator of tickets."""
        found = self.rows(span, which)
        assert isinstance(found, TicketQuerySet)
        return found


@dataclass(frozen=True)
class Figure:
    """The value of an indicator: a count, a rate with both its numbers, or the median of its base."""

    indicator: Indicator
    base: int
    part: int | None
    median: float | None = None

    @property
    def value(self) -> float | None:
        """A count, a share between 0 and 1, or seconds; None where the base of a rate or a median is empty."""
        if self.indicator.seconds is not None:
            return self.median
        if self.part is None:
            return self.base
        return self.part / self.base if self.base else None

    @property
    def cell(self) -> cells.Cell:
        """As it stands in a report's table."""
        if self.indicator.seconds is not None:
            return cells.seconds(self.median)
        return self.base if self.part is None else cells.share(self.part, self.base)

    @property
    def text(self) -> str:
        return cells.text(self.cell)

    @property
    def percent(self) -> float:
        return 100 * (self.value or 0) if self.part is not None else 0


def _returned() -> Exists:
    return Exists(Return.objects.filter(ticket=OuterRef("pk")))


def _came_back(span: Span) -> Q:
    again = Recurrence.objects.filter(earlier=OuterRef("pk"), refuted_at=None, ticket__registered_at__lt=span.end)
    return Q(Exists(again))


def _answered(**found: Any) -> Exists:
    """Whether the answer that stands, the one of the ticket's last round that was not sent back, is such."""
    standing = Answer.objects.filter(ticket=OuterRef("pk"), round=OuterRef("round"), sent_back_at__isnull=True)
    return Exists(standing.filter(**found))


def _by_themselves() -> Q:
    """Missed calls whose caller got through before the call back was due, so that nobody had to call."""
    again = MissedCall.Outcome.CALLED_AGAIN
    return Q(outcome=again, called_back_at__isnull=True, settled_at__lte=F("due_at"))


class Median(Aggregate):
    """The middle value: half of the rows have less, half have more."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


# Grounds of a return that speak of how a ticket was recorded: something was not asked, or not looked for.
RECORDING_GROUNDS = (ReturnGround.INCOMPLETE, ReturnGround.DUPLICATE)


def returned_for_recording() -> Exists:
    """Whether a department was granted to return the ticket because of how it was recorded."""
    granted = Return.objects.filter(ruling=Return.Ruling.GRANTED, ground__in=RECORDING_GROUNDS)
    return Exists(granted.filter(ticket=OuterRef("pk")))


# Whole seconds from picking up to the ticket; where no telephone system told of it, for which its form was worked on.
SECONDS_TO_RECORD = Round(
    Coalesce(
        Extract(F("registered_at") - F("intake__call__answered_at"), "epoch", output_field=FloatField()),
        Cast("intake__form_seconds", FloatField()),
    )
)
WAS_TIMED = Q(intake__is_first=True) & (
    Q(intake__call__answered_at__lte=F("registered_at"))
    | Q(intake__call__answered_at__isnull=True, intake__form_seconds__isnull=False)
)

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
        Indicator("evasive_rate", _("Answers that say nothing"),
                  _("Of the dispatched tickets closed in the period whose last answer was looked at when it was given: "
                    "those whose answer says nothing that was done, found or founded."),
                  "closed_at", lambda s: Q(_answered(is_evasive=True)),
                  among=CLOSED_AFTER_DISPATCH & Q(_answered(is_evasive__isnull=False))),
        Indicator("redo_rate", _("Redo rate"),
                  _("Of the dispatched tickets closed in the period: those that took more than one round."),
                  "closed_at", lambda s: Q(round__gt=1), among=CLOSED_AFTER_DISPATCH),
        Indicator("came_back_rate", _("Recurrence rate"),
                  _("Of the dispatched tickets closed in the period: those about whose matter somebody called again, "
                    "by its end and within the days set for it, after all its tickets had been closed."),
                  "closed_at", _came_back, among=CLOSED_AFTER_DISPATCH),
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
        Indicator("picked_up", _("Calls picked up"),
                  _("Incoming calls that operators picked up in the period, as the telephone system tells."),
                  "answered_at", of=Call),
        Indicator("seconds_to_record", _("Time to record"),
                  _("Of the tickets recorded in the period: the median time from picking up to the ticket, in seconds. "
                    "Where no telephone system told of the call, from the first key in its form. Of several tickets of "
                    "one call the first."),
                  "registered_at", among=WAS_TIMED, seconds=SECONDS_TO_RECORD),
        Indicator("recording_return_rate", _("Returned because of the recording"),
                  _("Of the tickets recorded in the period and dispatched: those that a department was granted to "
                    "return because information was missing, or the ticket was a duplicate."),
                  "registered_at", lambda s: Q(returned_for_recording()), among=Q(dispatched_at__isnull=False)),
        Indicator("call_back_on_time_rate", _("Missed calls returned in time"),
                  _("Of the missed calls to be returned in the period (within 30 minutes if the city has set nothing "
                    "else): those called back in time. Those never called back are not in time, also when "
                    "they have lapsed. Without those whose caller got through before, who withheld the "
                    "number, or whose call was picked up after all."),
                  "due_at", lambda s: Q(called_back_at__lte=F("due_at")),
                  among=~_by_themselves() & ~Q(outcome=MissedCall.Outcome.PICKED_UP), of=MissedCall),
    )
}  # fmt: skip


def of_operator(indicator: Indicator, operator: User) -> Q:
    """The rows of an indicator that are an operator's: tickets that they recorded, calls that they picked up."""
    return Q(operator=operator) if indicator.of is Call else Q(registered_by=operator)


def compute(names: list[str], span: Span, scope: Q | None = None) -> dict[str, Figure]:
    """The figures of `names` over the rows in `scope` (all by default).

    A query for each instant that indicators go by: a month's tickets are gone through once for all that they count.
    """
    found: dict[str, Figure] = {}
    for (of, when), indicators in _by_instant(names):
        rows = of._default_manager.filter(span.within(when)).filter(scope or Q())
        found |= _figures(indicators, rows.aggregate(**counts(indicators, span)))
    return {name: found[name] for name in names}


def compute_by(field: str, names: list[str], span: Span) -> dict[Any, dict[str, Figure]]:
    """The figures of `names` for each value of a row's `field`, such as its department, where they have a base."""
    result: dict[Any, dict[str, Figure]] = {}
    for (of, when), indicators in _by_instant(names):
        rows = of._default_manager.filter(span.within(when)).values(field).annotate(**counts(indicators, span))
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


def _by_instant(names: list[str]) -> list[tuple[tuple[type[Model], str], list[Indicator]]]:
    grouped: dict[tuple[type[Model], str], list[Indicator]] = {}
    for one in (INDICATORS[name] for name in names):
        grouped.setdefault((one.of, one.when), []).append(one)
    return list(grouped.items())


def counts(indicators: list[Indicator], span: Span) -> dict[str, Aggregate]:
    """What is counted of the tickets of a span for these indicators, under `_base` and `_part` of their names."""
    counts: dict[str, Aggregate] = {}
    for one in indicators:
        counts[f"{one.name}_base"] = Count("pk", filter=one.among or None)
        if one.part is not None:
            counts[f"{one.name}_part"] = Count("pk", filter=one.among & one.part(span))
        if one.seconds is not None:
            counts[f"{one.name}_median"] = Median(one.seconds, filter=one.among or None)
    return counts


def _figures(indicators: list[Indicator], row: dict[str, Any]) -> dict[str, Figure]:
    return {
        one.name: Figure(
            one, row[f"{one.name}_base"], row.get(f"{one.name}_part"), row.get(f"{one.name}_median")
        )
        for one in indicators
    }  # fmt: skip


def averages(span: Span) -> dict[str, float | None]:
    """Mean days from first dispatch to answer, and mean dispatches a ticket, of tickets answered in the period."""
    handling = ExpressionWrapper(F("answered_at") - F("dispatched_at"), output_field=DurationField())
    row = Ticket.objects.filter(span.within("answered_at"), dispatched_at__isnull=False).aggregate(
        handling=Avg(handling), hops=Avg("hops")
    )
    days = row["handling"].total_seconds() / 86400 if row["handling"] is not None else None
    return {"handling_days": days, "hops": row["hops"]}
