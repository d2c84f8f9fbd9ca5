"""The report in sentences, written from its figures, and what follows from them; the words are `sentences`."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _t

from hotline.accounts.models import Department
from reports import indicators
from reports.indicators import UNIT

from . import cells, sentences, tables
from .frames import Frame

LATE_SHARE = 0.8  # a unit with a smaller share of answers in time is named
NAMED = 5  # units named in one sentence


def section(frame: Frame) -> dict[str, Any]:
    """What a leader reads first. Each number in it stands in the table of figures."""
    keys = ["volume_of_department" if frame.scope.departments else "volume", "change", "limits", "callers", "too_few"]
    now = frame.figures([*sentences.figures_of(keys), *tables.HEADLINES])  # together: what follows shows them too
    before, _year = frame.compared(tables.HEADLINES)
    said = sentences.said_by(now) | {"period": frame.period.name}
    volume = sentences.filled(keys[0], said)
    if not frame.scope.departments:
        change = frame.change(now["received"], before["received"])
        if change != cells.NOTHING:
            volume += sentences.filled("change", said | {"change": cells.text(change)})
    paragraphs = [volume]
    if now["on_time_rate"].base:
        paragraphs.append(sentences.filled("limits", said))
    if now["satisfied_rate"].base:
        few = sentences.filled("too_few", said) if now["satisfied_rate"].is_small else ""
        paragraphs.append(sentences.filled("callers", said) + few)
    return tables.section("summary", _t("In short"), [], [], paragraphs=paragraphs)


def advice_section(frame: Frame) -> dict[str, Any]:
    """What the figures suggest: units that are often late, places where complaints grow."""
    from . import monthly

    said = {"period": frame.period.name}
    units = _late_units(frame)
    paragraphs = [sentences.filled("late_units", said | {"units": units})] if units else []
    grown = [
        {"category": category, "place": place, "now": f"{now:,}", "before": f"{before:,}"}
        for category, place, now, before in monthly.hot_spots(frame)
        if frame.is_whole(frame.before) and before >= indicators.FEW and now >= 1.5 * before
    ]
    paragraphs += [sentences.filled("growing", said | spot) for spot in grown[:NAMED]]
    return tables.section("advice", _t("Advice"), [], [], paragraphs=paragraphs)


def _late_units(frame: Frame) -> str:
    """The units that are often late, the worst first, each with its rate; empty where none is."""
    by_unit = frame.figures_by(UNIT, ["on_time_rate"])
    late = [
        (figures["on_time_rate"], pk)
        for pk, figures in by_unit.items()
        if not figures["on_time_rate"].is_small and (figures["on_time_rate"].value or 0) < LATE_SHARE
    ]
    names = dict(Department.objects.values_list("pk", "name"))
    worst = sorted((one for one in late if one[1] in names), key=lambda one: one[0].value or 0)[:NAMED]
    return _t(", ").join(_t("%(unit)s (%(share)s)") % {"unit": names[pk], "share": figure.text} for figure, pk in worst)
