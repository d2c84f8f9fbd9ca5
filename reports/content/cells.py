"""The cells of a report's tables: what is kept, how it is printed, and what it is as a number.

A cell is plain data, so that it can be kept as JSON and page, Word, Excel and API show the same: a text, a count,
or one of the forms below. A cell may lead to what it counts (`see`) and may say that its base is too small to judge by
(`few`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _t

Cell = str | int | dict[str, Any]
HUNDREDTHS = 10_000  # of a percent, in a whole
NOTHING = "—"  # a rate without a base, a change without anything to compare with

# Excel's own ways of writing them; a point is a hundredth of a share.
NUMBER_FORMATS = {
    "count": "#,##0", "share": "0.00%", "percent": "0.00%", "change": "+0.00%;-0.00%;0.00%",
    "points": '+0.00" 个百分点";-0.00" 个百分点";0.00" 个百分点"', "difference": "+#,##0;-#,##0;0", "decimal": "0.00",
    "hours": "0.0", "seconds": "0", "rank": "0",
}  # fmt: skip


def count(number: int, *, see: Any = None) -> Cell:
    """A number of things."""
    return {"count": number, "see": see} if see else number


def share(part: int, base: int, *, see: Any = None, few: bool = False) -> Cell:
    """Which part of a base; without a base there is none."""
    return _with({"share": [part, base]}, see, few)


def decimal(value: float | None, *, see: Any = None) -> Cell:
    """A mean: dispatches a ticket."""
    return NOTHING if value is None else _with({"decimal": value}, see)


def hours(value: float | None, *, see: Any = None, few: bool = False) -> Cell:
    """A length of working time, in hours."""
    return NOTHING if value is None else _with({"hours": value}, see, few)


def seconds(value: float | None, *, see: Any = None) -> Cell:
    """A short length of time."""
    return NOTHING if value is None else _with({"seconds": value}, see)


def difference(now: int, before: int) -> Cell:
    """How many more or less."""
    return {"difference": now - before}


def rank(place: int) -> Cell:
    """A place in an order, the first is 1."""
    return {"rank": place}


def change(now: float | None, before: float | None, *, is_rate: bool) -> Cell:
    """A change against an earlier figure: points for rates, a share of it for counts; nothing where there is none."""
    if now is None or before is None or (not is_rate and before == 0):
        return NOTHING
    return {"points": 100 * (now - before)} if is_rate else {"change": (now - before) / before}


def shares_of(counts: Sequence[int]) -> list[Cell]:
    """What each count is of their sum, in percent with two decimals as bulletins print them, by the largest remainder:
    they add to 100.00."""
    total = sum(counts)
    if not total:
        return [NOTHING for _ in counts]
    floors, rests = zip(*(divmod(HUNDREDTHS * number, total) for number in counts), strict=True)
    hundredths = list(floors)
    largest = sorted(range(len(counts)), key=lambda at: (-rests[at], at))
    for at in largest[: HUNDREDTHS - sum(floors)]:
        hundredths[at] += 1
    return [{"percent": one / 100} for one in hundredths]


def _with(cell: dict[str, Any], see: Any, few: bool = False) -> Cell:
    return cell | ({"see": see} if see else {}) | ({"few": True} if few else {})


# -- reading ------------------------------------------------------------------------------------------------

WRITTEN: dict[str, Callable[[Any], str]] = {
    "count": lambda value: f"{value:,}",
    "share": lambda value: f"{value[0] / value[1]:.2%}" if value[1] else NOTHING,
    "percent": lambda value: f"{value:.2f}%",
    "change": lambda value: f"{value:+.2%}",
    "points": lambda value: _t("%(points)+.2f points") % {"points": value},
    "difference": lambda value: f"{value:+,}" if value else "0",
    "decimal": lambda value: f"{value:.2f}",
    "hours": lambda value: _t("%(hours).1f h") % {"hours": value},
    "seconds": lambda value: _spoken(value),
    "rank": str,
}


def form_of(cell: Any) -> str:
    """Which form a cell has: a key of NUMBER_FORMATS, or `text`."""
    if isinstance(cell, dict):
        return next(name for name in cell if name in WRITTEN)
    return "count" if isinstance(cell, int) and not isinstance(cell, bool) else "text"


def text(cell: Any) -> str:
    """As it is printed on a page and in Word."""
    form = form_of(cell)
    if form == "text":
        return str(cell)
    return str(WRITTEN[form](cell[form] if isinstance(cell, dict) else cell))


def value(cell: Any) -> float | None:
    """The number that stands in Excel's cell, as NUMBER_FORMATS writes it; None where it is a text."""
    form = form_of(cell)
    if form == "text":
        return None
    given = cell[form] if isinstance(cell, dict) else cell
    if form == "share":
        return given[0] / given[1] if given[1] else None
    return given / 100 if form == "percent" else float(given)


def is_number(cell: Any) -> bool:
    """Whether it is set to the right."""
    return form_of(cell) != "text" or cell == NOTHING


def few(cell: Any) -> bool:
    """Whether its base is too small to judge by (样本不足)."""
    return isinstance(cell, dict) and bool(cell.get("few"))


def add(column: Iterable[Any]) -> Cell:
    """The cell of a total row: counts, shares and percents of one whole are added, all else says nothing."""
    found = list(column)
    forms = {form_of(cell) for cell in found if cell != NOTHING}
    if forms == {"count"}:
        return sum(int(value(cell) or 0) for cell in found)
    if forms == {"percent"}:
        return {"percent": round(sum(cell["percent"] for cell in found if form_of(cell) == "percent"), 2)}
    if forms == {"share"}:
        pairs = [cell["share"] for cell in found if form_of(cell) == "share"]
        return share(sum(part for part, _base in pairs), sum(base for _part, base in pairs))
    return NOTHING


def _spoken(value: float) -> str:
    """A length of time as people say it: 48 s, 2 min 5 s."""
    minutes, rest = divmod(round(value), 60)
    if not minutes:
        return _t("%(seconds)d s") % {"seconds": rest}
    return _t("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest}
