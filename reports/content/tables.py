"""Sections that both reports have, and the small tools they are made with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _t

from hotline.accounts.models import Department
from reports import indicators
from reports.indicators import Span
from reports.periods import Period
from tickets.choices import Channel, Kind, RefusalGround, Status
from tickets.models import Ticket
from tickets.reading import read

from . import cells

HEADLINES = ["received", "direct_rate", "dispatched", "closed", "overall_closing_rate", "due_closing_rate",
             "on_time_rate", "accept_on_time_rate", "return_rate", "evasive_rate", "redo_rate", "came_back_rate",
             "follow_up_rate", "contacted_rate", "solved_rate", "satisfied_rate", "call_back_on_time_rate"]  # fmt: skip


def span_of(period: Period) -> Span:
    return Span.so_far(period.start, period.end)


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


def headline_section(period: Period) -> dict[str, Any]:
    """Each indicator with its two numbers, against the period before and a year before, and its definition."""
    now = indicators.compute(HEADLINES, span_of(period))
    before = indicators.compute(HEADLINES, span_of(period.before()))
    year = indicators.compute(HEADLINES, span_of(period.a_year_before()))
    rows = [
        [
            str(figure.indicator.label), figure.cell,
            "" if figure.part is None else figure.part, "" if figure.part is None else figure.base,
            cells.change(figure.value, before[name].value, is_rate=figure.indicator.is_rate),
            cells.change(figure.value, year[name].value, is_rate=figure.indicator.is_rate),
            str(figure.indicator.formula),
        ]
        for name, figure in now.items()
    ]  # fmt: skip
    means = indicators.averages(span_of(period))
    for label, value, formula in (
        (
            _t("Mean days to the answer"),
            means["handling_days"],
            _t("From the first dispatch to the answer, calendar days."),
        ),
        (
            _t("Mean dispatches a ticket"),
            means["hops"],
            _t("Dispatches, first and repeated, of tickets answered in the period."),
        ),
    ):
        rows.append([label, cells.decimal(value), "", "", "", "", formula])
    columns = [
        _t("Indicator"),
        _t("Value"),
        _t("Part"),
        _t("Base"),
        _t("On the period before"),
        _t("On the year before"),
        _t("Definition"),
    ]
    return section("figures", _t("Figures"), columns, rows)


def balance_section(period: Period) -> dict[str, Any]:
    """Open at the start + recorded − ended = open at the end: the check that no ticket is lost or counted twice."""
    recorded = Q(registered_at__lt=period.start)
    ended = Coalesce("closed_at", "status_since")
    rows = Ticket.objects.annotate(ended=ended)
    over = Q(status__in=[Status.CLOSED, Status.NOT_ACCEPTED])
    opening = rows.filter(recorded).exclude(over & Q(ended__lt=period.start)).count()
    new = rows.filter(indicators.INDICATORS["received"].base(span_of(period))).count()
    gone = rows.filter(over, ended__gte=period.start, ended__lt=period.end).count()
    closing = rows.filter(registered_at__lt=period.end).exclude(over & Q(ended__lt=period.end)).count()
    note = _t("Opening + recorded − ended = closing.") if opening + new - gone == closing else _t("Does not add up.")
    columns = [_t("Open at the start"), _t("Recorded"), _t("Closed or not accepted"), _t("Open at the end")]
    return section("balance", _t("Balance"), columns, [[opening, new, gone, closing]], note=note)


def shares_section(
    title: str, field: str, choices: type[Kind] | type[Channel] | type[RefusalGround], period: Period
) -> dict[str, Any]:
    """Count and share of each value of `field`, where there is one; the shares are of one base and add to 100 %."""
    found = Ticket.objects.filter(indicators.INDICATORS["received"].base(span_of(period))).exclude(**{field: ""})
    counts = dict(found.values_list(field).annotate(count=Count("pk")).order_by())
    total = sum(counts.values())
    values = sorted(counts, key=lambda value: -counts[value])
    shares = cells.shares_of([counts[value] for value in values])
    rows = [[str(choices(value).label), counts[value], share] for value, share in zip(values, shares, strict=True)]
    note = _t("Base: %(total)d tickets recorded in the period.") % {"total": total}
    return section(field, title, [title, _t("Tickets"), _t("Share")], rows, note=note, chart={"label": 0, "value": 1})


def departments_section(period: Period, limit: int = 60) -> dict[str, Any]:
    """Each department's load and rates, the busiest first."""
    names = [
        "dispatched",
        "due_closing_rate",
        "on_time_rate",
        "accept_on_time_rate",
        "return_rate",
        "evasive_rate",
        "came_back_rate",
        "solved_rate",
        "satisfied_rate",
    ]
    by_department = indicators.compute_by("department", names, span_of(period))
    labels = dict(Department.objects.values_list("pk", "name"))
    found = [(labels[pk], figures) for pk, figures in by_department.items() if pk in labels]
    found.sort(key=lambda item: -(item[1]["dispatched"].base if "dispatched" in item[1] else 0))
    rows = [
        [label, figures["dispatched"].base if "dispatched" in figures else 0]
        + [_with_numbers(figures.get(name)) for name in names[1:]]
        for label, figures in found[:limit]
    ]
    columns = [_t("Department")] + [str(indicators.INDICATORS[name].label) for name in names]
    return section(
        "departments",
        _t("Departments"),
        columns,
        rows,
        note=_t("By the department that holds the ticket now."),
    )


def _with_numbers(figure: indicators.Figure | None) -> cells.Cell:
    return cells.NOTHING if figure is None else figure.cell


def tickets_section(key: str, title: str, tickets: Any, *, note: str = "") -> dict[str, Any]:
    """Tickets as rows: number, title, place, department, status, as paper may say it. No caller is named."""
    found = [(ticket, read(ticket, None)) for ticket in tickets.for_list()]
    rows = [
        [ticket.number, reading.title, reading.place, str(ticket.department or "—"), ticket.get_status_display()]
        for ticket, reading in found
    ]
    columns = [_t("Number"), _t("What is asked"), _t("Place"), _t("Responsible department"), _t("Status")]
    return section(
        key, title, columns, rows, note=note, about=[[ticket.pk] for ticket, _reading in found], tells=(1, 2)
    )
