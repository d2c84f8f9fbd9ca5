"""Sections that reports share, and the small tools they are made with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import pgettext

from hotline.accounts.models import Department, Region
from hotline.worktime import calendar
from reports import indicators, targets
from reports.indicators import DISTRICT, INDICATORS, UNIT, Dimension, Figure, Indicator, Window
from reports.indicators.definitions import ABOUT_LIMITS, GROUPS
from tickets.choices import Channel, Duty, Kind, RefusalGround
from tickets.models import Category, Span, TicketEvent
from tickets.reading import read

from . import cells
from .frames import Frame
from .then import stood

HEADLINES = [
    "received", "direct_rate", "refused_rate", "assigned", "answered", "closed", "reopened", "open_at_end",
    "overdue_at_end", "overall_closing_rate", "due_closing_rate", "due_answer_rate", "closed_on_time_rate",
    "on_time_rate", "accept_on_time_rate", "dispatch_on_time_rate", "review_on_time_rate", "part_on_time_rate",
    "order_on_time_rate", "directive_on_time_rate", "follow_up_on_time_rate", "hours_to_accept", "hours_to_answer",
    "hours_to_answer_p90", "return_rate", "return_granted_rate", "right_first_rate", "hops", "auto_dispatch_rate",
    "extensions_asked", "extension_granted_rate", "suspended", "redo_rate", "evasive_rate", "follow_up_rate",
    "contacted_rate", "solved_rate", "satisfied_rate", "rated_rate", "urged", "orders", "circulars", "site_tasks",
    "site_settled_rate", "joined_rate", "repeat_rate", "came_back_rate", "picked_up", "missed",
    "call_back_on_time_rate",
]  # fmt: skip
PERIODS_OF_A_TREND = 13
UNITS_SHOWN = 100
# The bands of a ranking (分档), by the share of answers in time.
BANDS = ((0.95, "A"), (0.9, "B"), (0.8, "C"), (0.0, "D"))


def section(
    key: str,
    title: str,
    columns: list[str],
    rows: Iterable[list[Any]],
    *,
    note: str = "",
    chart: dict[str, int] | None = None,
    about: Sequence[Sequence[int]] = (),
    tells: Sequence[int] = (),
    paragraphs: Sequence[str] = (),
    has_total: bool = False,
) -> dict[str, Any]:
    """One section of a report; `key` is what it is called from one report to the next, `chart` names the columns of
    its labels and values.

    `about` has for each row the ids of the tickets that it tells of, `tells` the columns that say what they are about:
    `withholding` leaves these out where a caller asks for secrecy later. `paragraphs` stand before the table; a section
    of paragraphs alone has no columns. The last row is the total of all where it `has_total`.
    """
    return {
        "key": key, "title": title, "note": note, "columns": columns, "rows": list(rows), "chart": chart,
        "about": [list(ids) for ids in about], "tells": list(tells),
        "paragraphs": list(paragraphs), "has_total": has_total,
    }  # fmt: skip


# -- figures ------------------------------------------------------------------------------------------------


def headline_section(frame: Frame) -> dict[str, Any]:
    """Each indicator with its two numbers, against the period before and a year before."""
    now = frame.figures(HEADLINES)
    before, year = frame.compared(HEADLINES)
    rows = []
    for group, label in GROUPS.items():
        figures = [now[name] for name in HEADLINES if INDICATORS[name].group == group]
        for figure in figures:
            one = figure.indicator
            if frame.scope and not frame.scope.fits(one):
                continue
            rows.append([
                str(one.label), leading(figure, frame), *_both(figure, frame),
                frame.change(figure, before[one.name]), frame.change(figure, year[one.name], against=frame.year_before),
                _against_target(figure, frame), str(label),
            ])  # fmt: skip
    columns = [
        _t("Indicator"), _t("Value"), _t("Part"), _t("Base"), _t("On the period before"), _t("On the year before"),
        _t("Target"), _t("About"),
    ]  # fmt: skip
    notes = [_t("What each figure means stands in the last section.")]
    if frame.is_partial:
        notes.append(_t("The period is not over: nothing is compared."))
    return section("figures", _t("Figures"), columns, rows, note=" ".join(notes))


def _against_target(figure: Figure, frame: Frame) -> str:
    """The target of a figure, and whether it is met; a unit's report has the unit's."""
    unit = Department.objects.filter(path__in=frame.scope.departments).first() if frame.scope.departments else None
    target = targets.of(figure.indicator.name, unit)
    met = targets.is_met(figure, target)
    said = targets.in_words(figure.indicator.name, target)
    if not said or met is None or frame.is_partial:
        return said
    judged = pgettext("target", "met") if met else pgettext("target", "missed")
    return f"{said} {judged}"


def leading(figure: Figure, frame: Frame, **by: Any) -> cells.Cell:
    """The cell of a figure, which leads to what is behind it; `by` names the dimension's value that it is for."""
    cell = figure.cell
    see = {"figure": figure.indicator.name, "part": "base", "by": {k: v for k, v in by.items() if v is not None}}
    if isinstance(cell, int):
        return cells.count(cell, see=see)
    if isinstance(cell, dict):
        return cell | {"see": see | {"part": "part" if figure.part is not None else "base"}}
    return cell


def _both(figure: Figure, frame: Frame) -> tuple[cells.Cell, cells.Cell]:
    if figure.part is None:
        return "", ""
    name = figure.indicator.name
    return (
        cells.count(figure.part, see={"figure": name, "part": "part", "by": {}}),
        cells.count(figure.base, see={"figure": name, "part": "base", "by": {}}),
    )


def definitions_section(names: Iterable[str] = HEADLINES) -> dict[str, Any]:
    """What each figure means (口径)."""
    rows = [
        [
            str(one.label),
            _with_standard(one),
            *(str(told) or cells.NOTHING for told in (one.base_in_words, one.without)),
        ]
        for one in (INDICATORS[name] for name in names)
    ]
    columns = [_t("Indicator"), _t("Meaning"), _t("Base in words"), _t("Not counted")]
    return section("definitions", _t("What the figures mean"), columns, rows, note=str(ABOUT_LIMITS))


def _with_standard(one: Indicator) -> str:
    return _t("%(meaning)s (Standard: %(standard)s)") % {"meaning": one.formula, "standard": one.standard} if (
        one.standard) else str(one.formula)  # fmt: skip


# -- the balance --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Balance:
    """How many tickets were open at the start, came in, were opened again, ended, and were open at the end.

    `open_at_end` is counted for itself from what was open; `ended_by_events` from what happened.
    """

    open_at_start: int
    recorded: int
    reopened: int
    ended: int
    open_at_end: int
    ended_by_events: int
    recorded_by_events: int

    @property
    def is_right(self) -> bool:
        """Whether what flowed in and out explains what was open, counted from openings and counted from events."""
        flow = self.open_at_start + self.recorded + self.reopened - self.ended
        events = self.open_at_start + self.recorded_by_events + self.reopened - self.ended_by_events
        return flow == events == self.open_at_end


def balance(window: Window) -> Balance:
    """The balance of a window over all tickets, counted twice."""
    opened = Span.objects.filter(duty=Duty.OPEN)
    events = TicketEvent.objects.filter(window.within("at"))
    facts = indicators.facts
    return Balance(
        open_at_start=opened.filter(facts.in_force_at_start(window)).count(),
        recorded=opened.filter(window.within("begun_at"), begun_by="register").count(),
        reopened=opened.filter(window.within("begun_at"), begun_by="reopen").count(),
        ended=opened.filter(window.within("ended_at")).count(),
        open_at_end=opened.filter(facts.in_force_at_end(window)).count(),
        ended_by_events=events.filter(
            action__in=(*facts.CLOSED, "refuse"), to_status__in=("closed", "not_accepted")
        ).count(),
        recorded_by_events=events.filter(action="register").count(),
    )  # fmt: skip


def balance_section(frame: Frame) -> dict[str, Any]:
    """Open at the start + recorded + reopened − ended = open at the end: no ticket is lost or counted twice."""
    found = balance(frame.window)
    if found.is_right:
        note = _t("Opening + recorded + reopened − ended = closing, counted from limits and from events.")
    else:
        note = _t("Does not add up: %(ended)d ended by what happened.") % {"ended": found.ended_by_events}
    columns = [_t("Open at the start"), _t("Recorded"), _t("Reopened"), _t("Closed or not accepted"),
               _t("Open at the end")]  # fmt: skip
    row = [found.open_at_start, found.recorded, found.reopened, found.ended, found.open_at_end]
    return section("balance", _t("Balance"), columns, [row], note=note)


# -- shares -------------------------------------------------------------------------------------------------

SHARED = ("kind", "channel", "refusal_ground")  # counted together, in one pass


def shares_section(
    title: str, field: str, choices: type[Kind] | type[Channel] | type[RefusalGround], frame: Frame
) -> dict[str, Any]:
    """Count, share and change of each value of `field`; the shares are of one base and add to 100.0 %."""
    counts, before = (_counted(field, frame, window) for window in (frame.window, frame.before))
    values = sorted(counts, key=lambda value: -counts[value])
    shares = cells.shares_of([counts[value] for value in values])
    rows = [
        [_called(value, choices), counts[value], share, _grown(counts[value], before[value], frame)]
        for value, share in zip(values, shares, strict=True)
    ]
    total = sum(counts.values())
    note = _t("Base: %(total)d tickets recorded in the period.") % {"total": total}
    columns = [title, _t("Tickets"), _t("Share"), _t("On the period before")]
    return section(field, title, columns, rows, note=note, chart={"label": 0, "value": 1})


def _called(value: str, choices: Any) -> str:
    """What a value is called; some were recorded elsewhere without one."""
    return str(choices(value).label) if value else _t("Not given")


def _counted(field: str, frame: Frame, window: Window) -> Counter[Any]:
    at, found = SHARED.index(field), Counter[Any]()
    for values, count in frame.received_by(*SHARED, window=window).items():
        if values[at] or field != "refusal_ground":  # which all but the refused lack
            found[values[at]] += count
    return found


def _grown(now: int, before: int, frame: Frame) -> cells.Cell:
    return cells.change(now, before, is_rate=False) if frame.is_whole(frame.before) else cells.NOTHING


def kinds_by_channels_section(frame: Frame) -> dict[str, Any]:
    """Kinds of request against the ways on which they came."""
    counts = Counter[tuple[Any, Any]]()
    for (kind, channel, _ground), count in frame.received_by(*SHARED).items():
        counts[kind, channel] += count
    kinds = [kind for kind in (*Kind, "") if any(one == kind for one, _channel in counts)]
    channels = [channel for channel in (*Channel, "") if any(one == channel for _kind, one in counts)]
    rows = [
        [_called(kind, Kind), *(counts.get((kind, channel), 0) for channel in channels),
         sum(counts.get((kind, channel), 0) for channel in channels)]
        for kind in kinds
    ]  # fmt: skip
    columns = [_t("Kind"), *(_called(channel, Channel) for channel in channels), _t("Total")]
    return section("kinds_by_channels", _t("Kinds by channels"), columns, with_total(rows), has_total=bool(rows))


def with_total(rows: list[list[Any]]) -> list[list[Any]]:
    """The rows and below them their total: counts and shares added, all else empty."""
    return [*rows, _added(_t("Total"), rows)] if rows else rows


def _added(name: str, rows: list[list[Any]]) -> list[Any]:
    return [name, *(cells.add(column) for column in list(zip(*rows, strict=True))[1:])]


def _first_of(rows: list[list[Any]], most: int) -> list[list[Any]]:
    """The first rows; where there are more than `most`, the others added in one, so that the total is that of all."""
    if len(rows) <= most:
        return rows
    others = rows[most - 1 :]
    name = _t("%(count)d other departments") % {"count": len(others)}
    return [*rows[: most - 1], _added(name, others)]


# -- units, districts, categories ---------------------------------------------------------------------------

OF_UNITS = ["assigned", "answered", "closed", "unanswered_at_end", "overdue_at_end", "on_time_rate",
            "closed_on_time_rate", "accept_on_time_rate", "return_rate", "redo_rate", "evasive_rate", "contacted_rate",
            "solved_rate", "satisfied_rate", "came_back_rate"]  # fmt: skip


def units_section(frame: Frame, dimension: Dimension = UNIT) -> dict[str, Any]:
    """Each unit's load and rates with all below it, ranked by answers in time, the busiest first."""
    now = frame.figures_by(dimension, OF_UNITS)
    before, year = (
        frame.figures_by(dimension, ["on_time_rate"], window) for window in (frame.before, frame.year_before)
    )
    names = called_units()
    units = sorted(
        (pk for pk in now if pk in names),
        key=lambda pk: (-_base(now[pk], "assigned"), -_base(now[pk], "unanswered_at_end"), names[pk]),
    )
    ranks = _ranks({pk: now[pk].get("on_time_rate") for pk in units})
    ranks[None] = cells.NOTHING, cells.NOTHING
    rows = []
    nobody: list[int | None] = [None] if now.get(None) and not frame.scope else []
    for pk in [*units, *nobody]:
        figures = now[pk]
        rated = figures.get("satisfied_rate")
        late = figures["on_time_rate"].base - (figures["on_time_rate"].part or 0) if "on_time_rate" in figures else 0
        given = [_leading_or(figures.get(name), name, frame, pk) for name in OF_UNITS]
        at = OF_UNITS.index("on_time_rate")
        row = [
            _t("With no department") if pk is None else names[pk], *given[:at],
            cells.count(late, see={"figure": "on_time_rate", "part": "rest", "by": {"department": pk}}),
            given[at], *ranks[pk],
            frame.change(figures.get("on_time_rate"), before.get(pk, {}).get("on_time_rate")),
            frame.change(
                figures.get("on_time_rate"), year.get(pk, {}).get("on_time_rate"), against=frame.year_before
            ),
            *given[at + 1:],
            cells.count((rated.base - (rated.part or 0)) if rated else 0,
                        see={"figure": "satisfied_rate", "part": "rest", "by": {"department": pk}}),
        ]  # fmt: skip
        rows.append(row if pk is not None else [_leading_nowhere(cell) for cell in row])
    rows = [*_first_of(rows[: len(units)], UNITS_SHOWN), *rows[len(units) :]]
    labels = [str(INDICATORS[name].label) for name in OF_UNITS]
    at = OF_UNITS.index("on_time_rate")
    columns = [
        _t("Department"), *labels[:at], _t("Answered late"), labels[at], _t("Rank"), _t("Band"),
        _t("On the period before"), _t("On the year before"), *labels[at + 1:], _t("Not satisfied"),
    ]  # fmt: skip
    bands = _t(", ").join(
        _t("%(band)s from %(share)s") % {"band": band, "share": f"{share:.0%}"} for share, band in BANDS[:-1]
    )
    note = _t(
        "By who did it at that time, with all units below. Ranked by answers in time (%(bands)s); below %(few)d there "
        "is"
        " no rank."
    ) % {"bands": bands, "few": indicators.FEW}
    return section("units", _t("Departments"), columns, with_total(rows), note=note, has_total=bool(rows))


def called_units() -> dict[int, str]:
    """What units are called; one above all others stands beside them with what it did itself."""
    names = dict(Department.objects.values_list("pk", "name"))
    for pk in Department.objects.filter(parent=None, children__isnull=False).values_list("pk", flat=True).distinct():
        names[pk] = _t("%(unit)s itself") % {"unit": names[pk]}
    return names


def _base(figures: dict[str, Figure], name: str) -> int:
    return figures[name].base if name in figures else 0


def _leading_nowhere(cell: Any) -> Any:
    """What no department has done or owes has no address of its own."""
    return {name: value for name, value in cell.items() if name != "see"} if isinstance(cell, dict) else cell


def _leading_or(figure: Figure | None, name: str, frame: Frame, pk: int | None) -> cells.Cell:
    if figure is None:
        return 0 if INDICATORS[name].unit == "number" else cells.NOTHING
    return leading(figure, frame, department=pk)


def _ranks(figures: dict[int, Figure | None]) -> dict[int | None, tuple[cells.Cell, cells.Cell]]:
    """Place and band of each unit by its rate; none where its base is too small. Equal rates have one place."""
    judged = {pk: figure for pk, figure in figures.items() if figure and not figure.is_small and figure.base}
    better = sorted((figure.value or 0 for figure in judged.values()), reverse=True)
    return {
        pk: (
            cells.rank(better.index(judged[pk].value or 0) + 1),
            next(band for share, band in BANDS if (judged[pk].value or 0) >= share),
        )
        if pk in judged
        else (cells.NOTHING, cells.NOTHING)
        for pk in figures
    }


OF_PLACES = ["received", "direct_rate", "overall_closing_rate", "on_time_rate", "solved_rate", "satisfied_rate",
             "came_back_rate"]  # fmt: skip


def districts_section(frame: Frame) -> dict[str, Any]:
    """Each district with its streets: how much, how it was answered, and the change."""
    names = dict(Region.objects.values_list("pk", "name"))
    return _by_dimension("districts", _t("Districts"), _t("District"), DISTRICT, names, frame)


def categories_section(frame: Frame) -> dict[str, Any]:
    """Each first-level category: how much, how it was answered, and the change."""
    names = dict(Category.objects.values_list("pk", "name"))
    return _by_dimension("categories", _t("Categories"), _t("Category"), indicators.CATEGORY, names, frame)


def _by_dimension(
    key: str, title: str, heading: str, dimension: Dimension, names: dict[int, str], frame: Frame
) -> dict[str, Any]:
    counted = [name for name in OF_PLACES if not frame.scope or frame.scope.fits(INDICATORS[name])]
    if "received" not in counted:  # of a department: what was given to it
        counted = ["assigned", *counted]
    volume = counted[0]
    now = frame.figures_by(dimension, counted)
    before, year = (frame.figures_by(dimension, [volume], window) for window in (frame.before, frame.year_before))
    found = sorted((pk for pk in now if pk in names), key=lambda pk: (-_base(now[pk], volume), names[pk]))
    shares = cells.shares_of([_base(now[pk], volume) for pk in found])
    rows = []
    for pk, share in zip(found, shares, strict=True):
        given = [
            leading(now[pk][name], frame, **{dimension.name: pk}) if name in now[pk]
            else 0 if INDICATORS[name].unit == "number" else cells.NOTHING
            for name in counted
        ]  # fmt: skip
        changes = [
            frame.change(now[pk].get(volume), other.get(pk, {}).get(volume), against=window)
            for other, window in ((before, frame.before), (year, frame.year_before))
        ]
        rows.append([names[pk], given[0], share, *changes, *given[1:]])
    labels = [str(INDICATORS[name].label) for name in counted]
    columns = [heading, labels[0], _t("Share"), _t("On the period before"), _t("On the year before"), *labels[1:]]
    return section(key, title, columns, with_total(rows), has_total=bool(rows), chart={"label": 0, "value": 1})


# -- over time ----------------------------------------------------------------------------------------------

OF_TRENDS = ["received", "closed", "on_time_rate", "solved_rate", "satisfied_rate"]


def trend_section(frame: Frame) -> dict[str, Any]:
    """The last thirteen periods, this one last, as far as the hotline ran then; those with working days moved by a
    holiday are marked."""
    names = [name for name in OF_TRENDS if not frame.scope or frame.scope.fits(INDICATORS[name])]
    periods = [frame.period]
    while len(periods) < PERIODS_OF_A_TREND and frame.began and periods[0].start > frame.began:
        periods.insert(0, periods[0].before())
    rows = []
    for period in periods:
        window = frame.window if period == frame.period else Window(period.start, period.end)
        figures = frame.figures(names, window)
        rows.append([period.name, *(figures[name].cell for name in names), _holidays(window)])
    columns = [_t("Period"), *(str(INDICATORS[name].label) for name in names), _t("Days off and days worked for them")]
    return section("trend", _t("The last thirteen periods"), columns, rows, chart={"label": 0, "value": 1})


def _holidays(window: Window) -> str:
    """Working days that were off and weekends that were worked, such as for a long holiday."""
    work = calendar.current()
    off = worked = 0
    day, last = timezone.localdate(window.start), timezone.localdate(window.end - timedelta.resolution)
    while day <= last:
        is_weekday, is_working = day.weekday() < 5, work.is_working_day(day)
        off += is_weekday and not is_working
        worked += is_working and not is_weekday
        day += timedelta(days=1)
    parts = [
        _t("%(days)d off") % {"days": off} if off else "",
        _t("%(days)d worked") % {"days": worked} if worked else "",
    ]
    return _t(", ").join(part for part in parts if part)


# -- tickets ------------------------------------------------------------------------------------------------


def tickets_section(
    key: str,
    title: str,
    tickets: Any,
    frame: Frame,
    *,
    note: str = "",
    more: tuple[str, dict[int, str]] | None = None,
) -> dict[str, Any]:
    """Tickets as rows: number, title, place, department, status, as paper may say it. No caller is named.

    Who held them and how they stood is as of the period's end. `more` is a further column and what stands in it, by the
    tickets' ids: they then come in its order.
    """
    found = [(ticket, read(ticket, None)) for ticket in tickets.for_list()]
    if more:
        order = {pk: at for at, pk in enumerate(more[1])}
        found.sort(key=lambda one: order[one[0].pk])
    then = stood((ticket for ticket, _reading in found), frame.window)
    rows = [
        [ticket.number, reading.title, reading.place, then[ticket.pk].department or cells.NOTHING,
         then[ticket.pk].label, *([more[1][ticket.pk]] if more else [])]
        for ticket, reading in found
    ]  # fmt: skip
    if rows:
        note = " ".join(part for part in (note, _t("Department and status as at the end of the period.")) if part)
    columns = [_t("Number"), _t("What is asked"), _t("Place"), _t("Responsible department"), _t("Status"),
               *([more[0]] if more else [])]  # fmt: skip
    about = [[ticket.pk] for ticket, _reading in found]
    return section(key, title, columns, rows, note=note, about=about, tells=(1, 2))
