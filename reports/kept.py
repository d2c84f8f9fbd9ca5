"""What the dashboard shows, counted every minute by a worker and kept, so that a page costs the same in any city.

A figure is as of an instant (`indicators.Window`): what is kept says of which, and each number leads to what was there
then. Against earlier periods the same length of whole hours is compared; that is counted once an hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.cache import cache
from django.db import connection
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone

from hotline import replica
from hotline.instants import midnight
from tickets.models import Ticket

from . import indicators
from .indicators import CATEGORY, DISTRICT, INDICATORS, UNIT, Figure, Window

NAMES = ("day", "week", "month")
CARDS = ["received", "direct_rate", "closed", "overall_closing_rate", "due_closing_rate", "on_time_rate",
         "accept_on_time_rate", "return_rate", "redo_rate", "solved_rate", "satisfied_rate",
         "overdue_at_end"]  # fmt: skip
ON_THE_WALL = ["answered", "unanswered_at_end"]  # beside the cards
OF_UNITS = ["assigned", "overdue_at_end", "on_time_rate", "satisfied_rate"]
OF_PLACES = ["received", "on_time_rate", "satisfied_rate"]
DIMENSIONS = {"department": (UNIT, OF_UNITS), "region": (DISTRICT, OF_PLACES), "category": (CATEGORY, OF_PLACES)}
DAYS = 14
OLD = timedelta(seconds=90)  # then a page counts for itself
STAYS = 3600  # seconds
Numbers = tuple[int, int | None, float | None]  # base, part, measured


@dataclass(frozen=True)
class Kept:
    """The figures of today, this week or this month as of `at`."""

    first: date
    at: datetime
    now: dict[str, Numbers]
    before: tuple[datetime, datetime, dict[str, Numbers]]
    year: tuple[datetime, datetime, dict[str, Numbers]]
    by: dict[str, dict[int | None, dict[str, Numbers]]]
    days: dict[date, int]

    def figures(self, names: list[str]) -> dict[str, Figure]:
        return _figures({name: self.now[name] for name in names})

    @property
    def compared(self) -> tuple[dict[str, Figure], dict[str, Figure]]:
        """The figures of the period before and of the year before."""
        return _figures(self.before[2]), _figures(self.year[2])

    def figures_by(self, dimension: str) -> dict[int | None, dict[str, Figure]]:
        return {value: _figures(numbers) for value, numbers in self.by[dimension].items()}


def look(name: str) -> Kept:
    """What is kept of `day`, `week` or `month`; counted now where it is older than a minute and a half."""
    kept: Kept | None = cache.get(_key(name))
    now = timezone.now()
    if kept and kept.first == first_of(name, timezone.localdate(now)) and timedelta(0) <= now - kept.at <= OLD:
        return kept
    return refresh(name)


@replica.reads
def refresh(name: str) -> Kept:
    """Counts it and keeps it."""
    now = timezone.now()
    today = timezone.localdate(now)
    first = first_of(name, today)
    window = Window(midnight(first), now + timedelta.resolution)
    last: Kept | None = cache.get(_key(name))
    hours = (window.end - window.start) // timedelta(hours=1) * timedelta(hours=1)
    found = Ticket.objects.filter(registered_at__gte=midnight(today - timedelta(days=DAYS - 1)))
    by_day = found.annotate(day=TruncDate("registered_at")).values_list("day").annotate(count=Count("pk")).order_by()
    kept = Kept(
        first, now, _numbers(indicators.compute([*CARDS, *ON_THE_WALL], window)),
        _earlier(midnight(_before(name, first)), hours, last.before if last else None),
        _earlier(midnight(_a_year_before(first)), hours, last.year if last else None),
        {
            name: {value: _numbers(figures) for value, figures in indicators.compute_by(one, names, window).items()}
            for name, (one, names) in DIMENSIONS.items()
        },
        dict(by_day),
    )  # fmt: skip
    cache.set(_key(name), kept, STAYS)
    return kept


def forget() -> None:
    cache.delete_many([_key(name) for name in NAMES])


def first_of(name: str, today: date) -> date:
    return {"day": today, "week": today - timedelta(days=today.weekday())}.get(name, today.replace(day=1))


def _key(name: str) -> str:
    return f"dashboard:{connection.settings_dict['NAME']}:{name}"  # of a city; several may share a cache


def _earlier(
    start: datetime, length: timedelta, last: tuple[datetime, datetime, dict[str, Numbers]] | None
) -> tuple[datetime, datetime, dict[str, Numbers]]:
    """The figures of the same length of an earlier period; what is over does not change, so they are counted once."""
    end = start + length
    if last and last[:2] == (start, end):
        return last
    return start, end, _numbers(indicators.compute(CARDS, Window(start, end)))


def _before(name: str, first: date) -> date:
    if name == "month":
        return (first - timedelta(days=1)).replace(day=1)
    return first - timedelta(days=7 if name == "week" else 1)


def _a_year_before(day: date) -> date:
    """The same day a year before; 52 weeks before where there is none."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day - timedelta(weeks=52)


def _numbers(figures: dict[str, Figure]) -> dict[str, Numbers]:
    return {name: (figure.base, figure.part, figure.measured) for name, figure in figures.items()}


def _figures(numbers: dict[str, Numbers]) -> dict[str, Figure]:
    return {name: Figure(INDICATORS[name], *found) for name, found in numbers.items() if name in INDICATORS}
