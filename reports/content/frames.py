"""What a report is about: a period, against which others it is compared, and what it is narrowed to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone

from reports import indicators, past
from reports.indicators import Dimension, Figure, Scope, Window
from reports.periods import Period
from tickets.choices import Duty
from tickets.models import Span, Ticket, TicketQuerySet

from . import cells


@dataclass(frozen=True)
class Frame:
    """A period and a scope. Of a period that is not over, the part that has passed; then nothing is compared."""

    period: Period
    scope: Scope = field(default_factory=Scope)

    @cached_property
    def window(self) -> Window:
        return Window.so_far(self.period.start, self.period.end)

    @cached_property
    def is_partial(self) -> bool:
        return self.period.end > timezone.now()

    @cached_property
    def before(self) -> Window:
        earlier = self.period.before()
        return Window(earlier.start, earlier.end)

    @cached_property
    def year_before(self) -> Window:
        earlier = self.period.a_year_before()
        return Window(earlier.start, earlier.end)

    # What was counted once is not counted again: sections share most of their figures. Whoever needs many asks first.

    @cached_property
    def _figures(self) -> dict[tuple[Window, str], Figure]:
        return {}

    @cached_property
    def _by(self) -> dict[tuple[Window, Dimension, str], dict[Any, Figure]]:
        return {}

    @cached_property
    def _received_by(self) -> dict[tuple[Window, tuple[str, ...]], Counter[tuple[Any, ...]]]:
        return {}

    def figures(self, names: Iterable[str], window: Window | None = None) -> dict[str, Figure]:
        """The figures of the period, or of another window."""
        window, names = window or self.window, list(dict.fromkeys(names))
        if missing := [name for name in names if (window, name) not in self._figures]:
            counted = indicators.compute(missing, window, self.scope) if self.scope else past.figures(missing, window)
            self._figures.update({(window, name): figure for name, figure in counted.items()})
        return {name: self._figures[window, name] for name in names}

    def compared(self, names: Iterable[str]) -> tuple[dict[str, Figure], dict[str, Figure]]:
        """The figures of the period before and of the year before."""
        names = list(names)
        return self.figures(names, self.before), self.figures(names, self.year_before)

    def figures_by(
        self, dimension: Dimension, names: Iterable[str], window: Window | None = None
    ) -> dict[Any, dict[str, Figure]]:
        """The figures for each value of a dimension, where they have a base."""
        window, names = window or self.window, list(dict.fromkeys(names))
        if missing := [name for name in names if (window, dimension, name) not in self._by]:
            counted = indicators.compute_by(dimension, missing, window, self.scope)
            for name in missing:
                self._by[window, dimension, name] = {pk: one[name] for pk, one in counted.items() if name in one}
        found: dict[Any, dict[str, Figure]] = {}
        for name in names:
            for pk, figure in self._by[window, dimension, name].items():
                found.setdefault(pk, {})[name] = figure
        return found

    def received_by(self, *fields: str, window: Window | None = None) -> Counter[tuple[Any, ...]]:
        """How many of the tickets `received` have these values together."""
        key = (window or self.window, fields)
        if key not in self._received_by:
            rows = self.received(window).values_list(*fields).annotate(count=Count("pk")).order_by()
            self._received_by[key] = Counter({tuple(values): count for *values, count in rows})
        return self._received_by[key]

    @cached_property
    def began(self) -> datetime | None:
        """When the hotline's first ticket was recorded."""
        first = Ticket.objects.order_by("registered_at", "pk").values_list("registered_at", flat=True).first()
        return first

    def is_whole(self, earlier: Window) -> bool:
        """Whether this period can be compared with an earlier one: this is over, and the hotline ran through that one.

        What began within its first day ran through it.
        """
        return not self.is_partial and self.began is not None and self.began < earlier.start + timedelta(days=1)

    def change(self, now: Figure | None, before: Figure | None, *, against: Window | None = None) -> cells.Cell:
        """A change against the period before, or another one, where both stand on enough: on whole periods, and on no
        base too small to judge by."""
        if (
            not self.is_whole(against or self.before)
            or now is None
            or before is None
            or now.is_small
            or before.is_small
        ):
            return cells.NOTHING
        if now.indicator.measure is not None:
            return cells.change(now.value, before.value or None, is_rate=False)
        return cells.change(now.value, before.value, is_rate=now.indicator.is_rate)

    def received(self, window: Window | None = None) -> TicketQuerySet:
        """The tickets that the report is about: recorded in the window; of a department those given to it then."""
        window = window or self.window
        if not self.scope.departments:
            return indicators.INDICATORS["received"].tickets(
                window, among=self.scope.of(indicators.INDICATORS["received"])
            )
        given = indicators.INDICATORS["unanswered_at_end"]
        theirs = Span.objects.filter(window.within("begun_at"), self.scope.of(given), duty=Duty.ANSWER)
        found = Ticket.objects.filter(pk__in=theirs.values("ticket"))
        assert isinstance(found, TicketQuerySet)
        return found

    def handled(self) -> TicketQuerySet:
        """Those that were with a department, or between two, at some time of the window."""
        found = Ticket.objects.filter(pk__in=self.handled_spans().values("ticket"))
        assert isinstance(found, TicketQuerySet)
        return found

    def handled_spans(self) -> QuerySet[Span]:
        """The limits that say so."""
        given = indicators.INDICATORS["unanswered_at_end"]
        open_then = indicators.facts.in_force_within(self.window)
        return Span.objects.filter(open_then, self.scope.of(given), duty__in=(Duty.ANSWER, Duty.SUSPENSION))
