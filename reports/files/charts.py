"""A section's chart: defined once, an SVG on the page and a picture in Word; Excel has its own of the same columns."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import altair
import vl_convert
from django.core.cache import cache

from reports.content import cells

FONT = "Noto Sans CJK SC, WenQuanYi Micro Hei, Microsoft YaHei, PingFang SC, sans-serif"
CHART_COLOUR = "#1b5e8c"
MAX_BARS = 15
LONGEST_LABEL = 40
KEPT_SECONDS = 30 * 24 * 3600


def chart(section: dict[str, Any]) -> altair.Chart | None:
    """The bar chart of a section that asks for one and has rows."""
    if not section.get("chart") or not bars_of(section):
        return None
    label, value = section["chart"]["label"], section["chart"]["value"]
    data = [{"label": _short(row[label]), "value": cells.value(row[value])} for row in bars_of(section)]
    bars = altair.Chart(altair.Data(values=data)).mark_bar(color=CHART_COLOUR, height=14)
    drawn = bars.encode(
        x=altair.X("value:Q", title=None, axis=altair.Axis(tickMinStep=1, tickCount=6, grid=True)),
        y=altair.Y("label:N", title=None, sort=None, axis=altair.Axis(labelLimit=260)),
    )
    font = {"labelFont": FONT, "titleFont": FONT}
    return drawn.properties(width=420, height={"step": 22}).configure_axis(**font).configure(font=FONT)


def bars_of(section: dict[str, Any]) -> list[list[Any]]:
    """The rows that a chart shows: the first ones, and never the total."""
    rows: list[list[Any]] = section["rows"][:-1] if section.get("has_total") else section["rows"]
    return rows[:MAX_BARS]


def _short(cell: Any) -> str:
    text = cells.text(cell)
    return text if len(text) <= LONGEST_LABEL else text[:LONGEST_LABEL] + "…"


def as_svg(section: dict[str, Any]) -> str:
    """The section's chart for a page; empty where it has none.

    A drawing is kept under what it shows: a report is opened many times, and a chart takes a thirtieth of a second.
    """
    drawn = chart(section)
    if drawn is None:
        return ""
    shown = drawn.to_dict()
    key = "chart:" + hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()
    return str(cache.get_or_set(key, lambda: str(vl_convert.vegalite_to_svg(shown)), KEPT_SECONDS))


def as_png(drawn: altair.Chart) -> bytes:
    """A chart as a picture, twice as fine as a screen."""
    return bytes(vl_convert.vegalite_to_png(drawn.to_dict(), scale=2))


def in_words(section: dict[str, Any]) -> str:
    """What a chart shows, for those who do not see it."""
    label, value = section["chart"]["label"], section["chart"]["value"]
    shown = [f"{_short(row[label])} {cells.text(row[value])}" for row in bars_of(section)]
    return f"{section['title']}：{'；'.join(shown)}"
