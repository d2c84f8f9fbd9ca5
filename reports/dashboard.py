"""The dashboard (运行总览): today, this week or this month so far, for the city, its units, districts, categories."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy
from django.views.decorators.http import require_GET

from hotline.accounts.access import person, requires
from hotline.accounts.models import Department, Region
from hotline.accounts.permissions import Permission as P
from hotline.instants import midnight
from supervision.board import stuck
from tickets.choices import FlagKind
from tickets.models import Category, Ticket

from . import behind, indicators, targets
from .content import cells
from .indicators import CATEGORY, DISTRICT, UNIT, Dimension, Figure, Window

CARDS = ["received", "direct_rate", "closed", "overall_closing_rate", "due_closing_rate", "on_time_rate",
         "accept_on_time_rate", "return_rate", "redo_rate", "solved_rate", "satisfied_rate",
         "overdue_at_end"]  # fmt: skip
OF_UNITS = ["assigned", "overdue_at_end", "on_time_rate", "satisfied_rate"]
OF_PLACES = ["received", "on_time_rate", "satisfied_rate"]
PERIODS = {"day": _("Today"), "week": pgettext_lazy("period of figures", "This week"),
           "month": pgettext_lazy("period of figures", "This month")}  # fmt: skip
DAYS = 14
DAY = timedelta(days=1)
BUSIEST = 12


@dataclass(frozen=True)
class Card:
    """One figure, against the same part of the period before and of the year before, and where it leads."""

    figure: Figure
    address: str
    before: str
    year: str
    target: str
    is_met: bool | None

    @property
    def notes(self) -> list[str]:
        """What stands below the figure, but for its target."""
        one = self.figure
        told = [
            f"{one.part:,} / {one.base:,}" if one.part is not None else "",
            _t("too few to judge") if one.is_small else "",
        ]
        told += [f"{pgettext('change', 'before')} {self.before}" if self.before else ""]
        told += [f"{pgettext('change', 'a year before')} {self.year}" if self.year else ""]
        return [note for note in told if note]


@dataclass(frozen=True)
class Row:
    """A unit, a district or a category with its figures, and where each leads."""

    name: str
    figures: list[tuple[str, str]]
    width: int  # of its bar


@requires(P.SEE_REPORTS)
@require_GET
def dashboard(request: HttpRequest) -> HttpResponse:
    """What came in, how it was answered and what is stuck. Every number leads to what is behind it."""
    name = request.GET.get("period", "month")
    name = name if name in PERIODS else "month"
    today = timezone.localdate()
    first = {"day": today, "week": today - timedelta(days=today.weekday())}.get(name, today.replace(day=1))
    window = Window.so_far(midnight(first), midnight(today + timedelta(days=1)))
    counts = stuck.counts(person(request))
    units, districts, categories = (
        dict(model._default_manager.values_list("pk", "name")) for model in (Department, Region, Category)
    )
    context = {
        "periods": PERIODS, "period": name, "first": first, "today": today,
        "cards": _cards(name, first, today, window),
        "days": _calls_a_day(today),
        "units": _rows(UNIT, OF_UNITS, window, first, today, units),
        "districts": _rows(DISTRICT, OF_PLACES, window, first, today, districts),
        "categories": _rows(CATEGORY, OF_PLACES, window, first, today, categories),
        "unit_labels": [indicators.INDICATORS[one].label for one in OF_UNITS],
        "place_labels": [indicators.INDICATORS[one].label for one in OF_PLACES],
        "flags": [(kind, FlagKind(kind).label, count) for kind, count in counts.items() if kind not in stuck.WARNINGS],
    }  # fmt: skip
    return render(request, "reports/dashboard.html", context)


# A day is too short for rates.
ON_THE_WALL = {
    "day": ["received", "direct_rate", "answered", "closed", "unanswered_at_end", "overdue_at_end"],
    "month": ["received", "closed", "due_closing_rate", "on_time_rate", "accept_on_time_rate", "satisfied_rate"],
}
WALL_ROWS = 8


@requires(P.SEE_REPORTS)
@require_GET
def wall(request: HttpRequest) -> HttpResponse:
    """The dashboard for a wall (大屏): the day and the month, what is stuck now. It renews itself, and leads nowhere:
    nobody knows who looks at it, so no ticket that asked for secrecy is told of."""
    today = timezone.localdate()
    month = today.replace(day=1)
    spans = [
        (
            PERIODS[name],
            indicators.compute(ON_THE_WALL[name], Window.so_far(midnight(first), midnight(today) + DAY)).values(),
        )
        for name, first in (("day", today), ("month", month))
    ]
    window = Window.so_far(midnight(month), midnight(today) + DAY)
    units = dict(Department.objects.values_list("pk", "name"))
    stuck_rows, _more = stuck.rows(person(request), on_paper=True)
    counts = stuck.counts(person(request))
    context = {
        "spans": spans, "days": _calls_a_day(today), "stuck": stuck_rows[:WALL_ROWS], "now": timezone.localtime(),
        "units": _rows(UNIT, OF_UNITS, window, month, today, units)[:WALL_ROWS],
        "unit_labels": [indicators.INDICATORS[one].label for one in OF_UNITS],
        "flags": [(FlagKind(kind).label, count) for kind, count in counts.items() if kind not in stuck.WARNINGS],
        "city_name": settings.CITY_NAME,
    }  # fmt: skip
    return render(request, "reports/wall.html", context)


def _cards(name: str, first: date, today: date, window: Window) -> list[Card]:
    now = indicators.compute(CARDS, window)
    before = indicators.compute(CARDS, _shifted(window, _earlier(name, first)))
    year = indicators.compute(CARDS, _shifted(window, midnight(_a_year_before(first))))
    return [
        Card(
            figure,
            behind.address({"figure": one, "part": "part" if figure.indicator.is_rate else "base"}, first, today),
            _change(figure, before[one]),
            _change(figure, year[one]),
            targets.in_words(one, targets.of(one)),
            targets.is_met(figure, targets.of(one)),
        )
        for one, figure in now.items()
    ]


def _change(now: Figure, before: Figure) -> str:
    """Against an earlier one, where both stand on enough."""
    if now.is_small or before.is_small or not before.base:
        return ""
    told = cells.change(now.value, before.value, is_rate=now.indicator.is_rate)
    return "" if told == cells.NOTHING else cells.text(told)


def _shifted(window: Window, start: Any) -> Window:
    """The same length of time from another start, as it was at its end."""
    return Window(start, start + (window.end - window.start))


def _earlier(name: str, first: date) -> Any:
    if name == "month":
        return midnight((first - timedelta(days=1)).replace(day=1))
    return midnight(first - timedelta(days=7 if name == "week" else 1))


def _a_year_before(day: date) -> date:
    """The same day a year before; 52 weeks before where there is none."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day - timedelta(weeks=52)


def _rows(
    dimension: Dimension, names: list[str], window: Window, first: date, today: date, called: dict[int, str]
) -> list[Row]:
    """Whoever has most of the first figure, the most first."""
    by = indicators.compute_by(dimension, names, window)
    volume = names[0]
    found = [(pk, figures) for pk, figures in by.items() if pk in called and volume in figures]
    found.sort(key=lambda row: (-row[1][volume].base, called[row[0]]))
    most = found[0][1][volume].base if found else 1
    return [
        Row(
            called[pk],
            [
                (
                    figures[name].text if name in figures else _nothing(name),
                    behind.address(
                        {"figure": name, "part": "part" if indicators.INDICATORS[name].is_rate else "base",
                         "by": {dimension.name: pk}}, first, today,
                    ),
                )
                for name in names
            ],
            round(90 * figures[volume].base / most),
        )
        for pk, figures in found[:BUSIEST]
    ]  # fmt: skip


def _nothing(name: str) -> str:
    return "0" if indicators.INDICATORS[name].unit == "number" else cells.NOTHING


def _calls_a_day(today: date) -> list[dict[str, Any]]:
    first = today - timedelta(days=DAYS - 1)
    found = Ticket.objects.filter(registered_at__gte=midnight(first)).annotate(day=TruncDate("registered_at"))
    counts = dict(found.values_list("day").annotate(count=Count("pk")).order_by())
    days = [first + timedelta(days=offset) for offset in range(DAYS)]
    most = max(counts.values(), default=1)
    return [{"day": day, "count": counts.get(day, 0), "height": round(80 * counts.get(day, 0) / most)} for day in days]
