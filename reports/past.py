"""Figures of periods that are over, counted once and kept, so that a comparison or a trend costs nothing again.

Only of the whole city, and only figures that are as of their period's end: what happens later changes none of them
(docs/decisions/0088). What does, namely that limits are recomputed or history is imported, is noted by the database
itself (`migrations/0008`), so that no way of writing is left out: a figure that was kept with fewer notes about its
time than there are now is counted anew (docs/decisions/0090).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

from django.utils import timezone

from . import indicators
from .indicators import INDICATORS, Figure, Indicator, Window
from .models import PastChange, PastFigure

# Whoever is at work when a period ends has ended long before, so that no action of its last minute is overlooked.
SETTLED = timedelta(days=1)
# These say how it is now: of whom a ticket is, what it belongs to, what was found out or told afterwards.
OF_NOW = {"joined_rate", "repeat_rate", "came_back_rate", "hops", "evasive_rate", "site_settled_rate",
          "suggestion_rate", "seconds_to_record", "recording_return_rate", "picked_up", "missed",
          "call_back_on_time_rate", "alerts", "return_granted_rate"}  # fmt: skip


def stays(indicator: Indicator) -> bool:
    """Whether what happens after a period leaves the figure as it was at its end."""
    return indicator.name not in OF_NOW and not indicator.name.startswith("flagged_")


def figures(names: Iterable[str], window: Window) -> dict[str, Figure]:
    """The figures of the whole city as `indicators.compute` counts them."""
    names = list(dict.fromkeys(names))
    if window.as_of or window.end > timezone.now() - SETTLED:
        return indicators.compute(names, window)
    staying = [name for name in names if stays(INDICATORS[name])]
    notes = _notes(window)  # first: what is noted while this counts makes what it keeps one of before
    kept = _kept(window, staying, notes)
    missing = [name for name in names if name not in kept]
    counted = indicators.compute(missing, window)
    _keep(window, (counted[name] for name in missing if name in staying), notes)
    return {name: kept.get(name) or counted[name] for name in names}


def differing(*, mends: bool = False) -> Iterator[str]:
    """Counts anew all that is kept and in use; what was kept differently, in words. With `mends` it is forgotten."""
    for start, end in PastFigure.objects.values_list("start", "end").distinct().order_by("start", "end"):
        window = Window(start, end)
        kept = _kept(window, list(INDICATORS), _notes(window))
        counted = indicators.compute(kept, window)
        for name, figure in kept.items():
            if figure != counted[name]:
                yield f"{timezone.localdate(start)} {timezone.localdate(end)} {name}: {figure} → {counted[name]}"
                if mends:
                    PastFigure.objects.filter(start=start, end=end, name=name).delete()


def _notes(window: Window) -> int:
    """How many changes were noted of what was before the window's end; they only become more."""
    return PastChange.objects.filter(at__lt=window.end).count()


def _kept(window: Window, names: Iterable[str], notes: int) -> dict[str, Figure]:
    rows = PastFigure.objects.filter(
        start=window.start, end=window.end, name__in=names, notes=notes, rules=rules()
    )  # fmt: skip
    return {row.name: Figure(INDICATORS[row.name], row.base, row.part, row.measured) for row in rows}


def _keep(window: Window, counted: Iterable[Figure], notes: int) -> None:
    rows = [
        PastFigure(
            start=window.start, end=window.end, name=one.indicator.name, base=one.base, part=one.part,
            measured=one.measured, notes=notes, rules=rules(),
        )
        for one in counted
    ]  # fmt: skip
    PastFigure.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=("start", "end", "name"),
        update_fields=("base", "part", "measured", "notes", "rules"),
    )  # fmt: skip


@cache
def rules() -> str:
    """By which definitions figures are counted: a new version of one counts them anew."""
    sources = sorted((Path(__file__).parent / "indicators").glob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
