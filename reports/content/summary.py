"""The report in sentences, written from its figures, and what follows from them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _t

from hotline.accounts.models import Department
from reports import indicators
from reports.indicators import UNIT, Figure

from . import cells, tables
from .frames import Frame

LATE_SHARE = 0.8  # a unit with a smaller share of answers in time is named
NAMED = 5  # units named in one sentence


def section(frame: Frame) -> dict[str, Any]:
    """What a leader reads first. Each number in it stands in the table of figures."""
    names = ["received", "direct_rate", "closed", "open_at_end", "overall_closing_rate", "due_closing_rate",
             "on_time_rate", "accept_on_time_rate", "overdue_at_end", "return_rate", "solved_rate", "satisfied_rate",
             "came_back_rate", "site_tasks", "assigned"]  # fmt: skip
    now = frame.figures([*names, *tables.HEADLINES])  # together: what follows shows them too
    before, _year = frame.compared(tables.HEADLINES)
    said = {name: figure.text for name, figure in now.items()}
    said |= {f"{name}_base": f"{figure.base:,}" for name, figure in now.items()}
    said |= {f"{name}_part": f"{figure.part or 0:,}" for name, figure in now.items()}
    said["period"] = frame.period.name
    paragraphs = [_volume(frame, said, now, before["received"]), _limits(now, said), _callers(now, said)]
    return tables.section("summary", _t("In short"), [], [], paragraphs=[one for one in paragraphs if one])


def _volume(frame: Frame, said: dict[str, str], now: dict[str, Figure], before: Figure) -> str:
    if frame.scope.departments:
        return (
            _t(
                "%(period)s: %(assigned)s tickets were taken on and %(closed)s closed; at the end %(overdue_at_end)s "
                "were"
                " overdue."
            )
            % said
        )
    text = (
        _t(
            "%(period)s: %(received)s tickets were recorded, %(direct_rate_part)s of them answered directly"
            " (%(direct_rate)s); %(closed)s were closed, and %(open_at_end)s open at the end."
        )
        % said
    )
    change = frame.change(now["received"], before)
    if change != cells.NOTHING:
        text += _t(" Recorded tickets changed by %(change)s on the period before.") % {"change": cells.text(change)}
    return text


def _limits(now: dict[str, Figure], said: dict[str, str]) -> str:
    if not now["on_time_rate"].base:
        return ""
    return (
        _t(
            "%(on_time_rate_base)s answers fell due, %(on_time_rate_part)s of them were given in time "
            "(%(on_time_rate)s);"
            " the closing rate of those due is %(due_closing_rate)s; %(accept_on_time_rate)s were accepted in time;"
            " %(overdue_at_end)s are overdue at the end."
        )
        % said
    )


def _callers(now: dict[str, Figure], said: dict[str, str]) -> str:
    if not now["satisfied_rate"].base:
        return ""
    text = (
        _t(
            "Of the callers who rated, %(satisfied_rate)s were satisfied (%(satisfied_rate_part)s of"
            " %(satisfied_rate_base)s); %(solved_rate)s said that it was wholly solved."
        )
        % said
    )
    if now["satisfied_rate"].is_small:
        text += _t(" Too few rated to judge by.")
    return text


def advice_section(frame: Frame) -> dict[str, Any]:
    """What the figures suggest: units that are often late, places where complaints grow."""
    paragraphs = [*_late_units(frame)]
    from . import monthly

    grown = [
        (category, place, now, before)
        for category, place, now, before in monthly.hot_spots(frame)
        if frame.is_whole(frame.before) and before >= indicators.FEW and now >= 1.5 * before
    ]
    paragraphs += [
        _t("%(category)s in %(place)s: %(now)d tickets after %(before)d. Look for the cause behind them.")
        % {"category": category, "place": place, "now": now, "before": before}
        for category, place, now, before in grown[:NAMED]
    ]
    return tables.section("advice", _t("Advice"), [], [], paragraphs=paragraphs)


def _late_units(frame: Frame) -> list[str]:
    by_unit = frame.figures_by(UNIT, ["on_time_rate"])
    late = [
        (figures["on_time_rate"], pk)
        for pk, figures in by_unit.items()
        if not figures["on_time_rate"].is_small and (figures["on_time_rate"].value or 0) < LATE_SHARE
    ]
    names = dict(Department.objects.values_list("pk", "name"))
    worst = sorted((one for one in late if one[1] in names), key=lambda one: one[0].value or 0)[:NAMED]
    if not worst:
        return []
    units = _t(", ").join(
        _t("%(unit)s (%(share)s)") % {"unit": names[pk], "share": figure.text} for figure, pk in worst
    )
    return [_t("Often late: %(units)s. Talk to them about their tickets.") % {"units": units}]
