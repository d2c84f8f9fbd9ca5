"""What differs between two editions of a report: section by key, row by its first column, column by column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _t

from reports.content import cells

Section = dict[str, Any]
MISSING = ""


@dataclass(frozen=True)
class Line:
    """One cell, or one sentence, as the earlier edition has it and as the later one does."""

    row: str
    column: str
    was: str
    now: str

    @property
    def differs(self) -> bool:
        return self.was != self.now


@dataclass(frozen=True)
class Compared:
    """A section of two editions, side by side."""

    key: str
    title: str
    lines: list[Line]

    @property
    def differing(self) -> list[Line]:
        return [line for line in self.lines if line.differs]


def key_of(section: Section) -> str:
    """What a section is called from one edition to the next; those kept long ago by their title."""
    return str(section.get("key") or section["title"])[:60]


def compared(before: Sequence[Section], after: Sequence[Section]) -> list[Compared]:
    """Each section of either, in the order of the later; those that it has no more come last."""
    old, new = ({key_of(section): section for section in sections} for sections in (before, after))
    keys = [*new, *(key for key in old if key not in new)]
    return [Compared(key, (new.get(key) or old[key])["title"], _lines(old.get(key), new.get(key))) for key in keys]


def differences(before: Sequence[Section], after: Sequence[Section]) -> list[Compared]:
    """Of each section that differs, the lines that do."""
    found = [Compared(one.key, one.title, one.differing) for one in compared(before, after)]
    return [one for one in found if one.lines]


def _lines(old: Section | None, new: Section | None) -> list[Line]:
    return [*_sentences(old, new), *_cells(old, new)]


def _sentences(old: Section | None, new: Section | None) -> list[Line]:
    was, now = _said(old), _said(new)
    longest = max(len(was), len(now))
    return [
        Line("", _t("Wording"), *(said[at] if at < len(said) else MISSING for said in (was, now)))
        for at in range(longest)
    ]


def _said(section: Section | None) -> list[str]:
    if section is None:
        return []
    return [text for text in (section.get("note", ""), *section.get("paragraphs", ())) if text]


def _cells(old: Section | None, new: Section | None) -> list[Line]:
    called = {about: cells.text(row[0]) for row in (new["rows"] if new else ()) if (about := _about(row))}
    was, now = _by_row(old, called), _by_row(new, called)
    columns = list(dict.fromkeys([*_columns(new), *_columns(old)]))
    rows = [*now, *(row for row in was if row not in now)]
    return [
        Line(row[0], column, was.get(row, {}).get(column, MISSING), now.get(row, {}).get(column, MISSING))
        for row in rows
        for column in columns
        if column in was.get(row, {}) or column in now.get(row, {})
    ]


def _columns(section: Section | None) -> list[str]:
    return [str(column) for column in section["columns"]] if section else []


def _by_row(section: Section | None, called: dict[Any, str]) -> dict[tuple[str, int], dict[str, str]]:
    """The rows by their first column; of several that begin alike, the first, the second… What `called` knows goes by
    its name there: a unit that has another name by now is still the same row."""
    found: dict[tuple[str, int], dict[str, str]] = {}
    met: Counter[str] = Counter()
    for row in section["rows"] if section else ():
        texts = [cells.text(cell) for cell in row]
        name = called.get(_about(row)) or (texts[0] if texts else "")
        found[name, met[name]] = dict(zip(_columns(section), texts, strict=False))
        met[name] += 1
    return found


def _about(row: list[Any]) -> Any:
    """Which unit, district or category a row is about, as its figures lead there; None where it is about none."""
    leads = (cell.get("see") or {} for cell in row if isinstance(cell, dict))
    return next((tuple(sorted(see["by"].items())) for see in leads if see.get("by")), None)
