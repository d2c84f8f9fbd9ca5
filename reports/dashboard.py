"""The dashboard (运行总览): today, this week or this month so far, for the city, its units, districts, categories."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy
from django.views.decorators.http import require_GET

from hotline.accounts.access import person, requires
from hotline.accounts.models import Region
from hotline.accounts.permissions import Permission as P
from matters.map import drawing
from supervision.board import stuck
from tickets.choices import FlagKind

from . import behind, indicators, kept, targets
from .content import cells
from .indicators import Figure
from .kept import CARDS, DAYS, DIMENSIONS, Kept
from .scopes import ROWS

PERIODS = {"day": _("Today"), "week": pgettext_lazy("period of figures", "This week"),
           "month": pgettext_lazy("period of figures", "This month")}  # fmt: skip
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
        for against, change in (
            (pgettext("change", "before"), self.before),
            (pgettext("change", "a year before"), self.year),
        ):
            told.append(f"{against} {change}" if change else "")
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
    found = kept.look(name)
    counts = stuck.counts(person(request))
    context = {
        "periods": PERIODS, "period": name, "first": found.first, "at": found.at,
        "cards": _cards(found), "days": _calls_a_day(found),
        "tables": [
            (_("Departments"), _("Department"), _labels("department"), _rows("department", found)),
            (_("Districts"), _("District"), _labels("region"), _rows("region", found)),
            (_("Categories"), _("Category"), _labels("category"), _rows("category", found)),
        ],
        "map": _map(found),
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
    stuck_rows, _more = stuck.rows(person(request), on_paper=True)
    counts = stuck.counts(person(request))
    context = {
        "spans": [
            (PERIODS[name], kept.look(name).figures(names).values()) for name, names in ON_THE_WALL.items()
        ],
        "stuck": stuck_rows[:WALL_ROWS], "now": timezone.localtime(),
        "units": _rows("department", kept.look("month"))[:WALL_ROWS], "unit_labels": _labels("department"),
        "flags": [(FlagKind(kind).label, count) for kind, count in counts.items() if kind not in stuck.WARNINGS],
        "city_name": settings.CITY_NAME,
    }  # fmt: skip
    return render(request, "reports/wall.html", context)


def _address(see: dict[str, Any], found: Kept) -> str:
    return behind.address(see, found.first, timezone.localdate(found.at), found.at)


def _cards(found: Kept) -> list[Card]:
    before, year = found.compared
    return [
        Card(
            figure,
            _address({"figure": one, "part": "part" if figure.indicator.is_rate else "base"}, found),
            _change(figure, before[one]),
            _change(figure, year[one]),
            targets.in_words(one, targets.of(one)),
            targets.is_met(figure, targets.of(one)),
        )
        for one, figure in found.figures(CARDS).items()
    ]


def _change(now: Figure, before: Figure) -> str:
    """Against an earlier one, where both stand on enough."""
    if now.is_small or before.is_small or not before.base:
        return ""
    told = cells.change(now.value, before.value, is_rate=now.indicator.is_rate)
    return "" if told == cells.NOTHING else cells.text(told)


def _labels(dimension: str) -> list[Any]:
    return [indicators.INDICATORS[one].called_now for one in DIMENSIONS[dimension][1]]


def _rows(dimension: str, kept_now: Kept) -> list[Row]:
    """Whoever has most of the first figure, the most first."""
    names = DIMENSIONS[dimension][1]
    called = dict(ROWS[dimension]._default_manager.values_list("pk", "name"))
    volume = names[0]
    found = [
        (pk, figures) for pk, figures in kept_now.figures_by(dimension).items() if pk in called and volume in figures
    ]
    found.sort(key=lambda row: (-row[1][volume].base, called[row[0]]))
    most = found[0][1][volume].base if found else 1
    return [
        Row(
            called[pk],
            [
                (
                    figures[name].text if name in figures else _nothing(name),
                    _address(
                        {"figure": name, "part": "part" if indicators.INDICATORS[name].is_rate else "base",
                         "by": {dimension: pk}}, kept_now,
                    ),
                )
                for name in names
            ],
            round(90 * figures[volume].base / most),
        )
        for pk, figures in found[:BUSIEST]
    ]  # fmt: skip


def _map(found: Kept) -> tuple[drawing.Map, list[tuple[drawing.Area, str]]] | None:
    """The districts by what came in, each with where its number leads; none where nobody has said where they lie."""
    city = Region.objects.filter(parent=None).order_by("code").first()
    volume = DIMENSIONS["region"][1][0]
    counts = {
        pk: figures[volume].base for pk, figures in found.figures_by("region").items() if pk and volume in figures
    }
    drawn = drawing.shaded(city, counts) if city else None
    if drawn is None:
        return None
    return drawn, [
        (area, _address({"figure": volume, "part": "base", "by": {"region": area.region.pk}}, found))
        for area in drawn.areas
    ]


def _nothing(name: str) -> str:
    return "0" if indicators.INDICATORS[name].unit == "number" else cells.NOTHING


def _calls_a_day(found: Kept) -> list[dict[str, Any]]:
    last: date = timezone.localdate(found.at)
    days = [last - timedelta(days=DAYS - 1 - offset) for offset in range(DAYS)]
    most = max(found.days.values(), default=1)
    return [
        {"day": day, "count": found.days.get(day, 0), "height": round(80 * found.days.get(day, 0) / most)}
        for day in days
    ]
