"""A list of tickets as a workbook, written row by row: its size is no matter of memory.

Each ticket stands as its reader may read it (`tickets.reading`), instants are Excel's own in city time, and no text
becomes a formula.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from functools import lru_cache
from pathlib import Path
from string import ascii_uppercase
from typing import IO, Any

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.accounts.models import Department, Region, User
from hotline.text import clean
from tickets.models import Category, Ticket
from tickets.reading import Reading
from tickets.reading import read as reading_of

TEXT_LIMIT, MOST_ROWS = 32_767, 500_000  # characters of a cell, Excel's own; rows of one file
OFTEN = 24  # characters of a text that is likely to come again
AT_ONCE = 2000  # tickets that are read together, and after which the progress is told
SHEET, QUICKLY = "xl/worksheets/sheet1.xml", 2  # of a workbook; how hard it is packed, of 1 to 9
PLAIN, HEAD, INSTANT, TYPED = range(4)  # styles of cells by their number in the workbook
A4, FORMULA = 9, ("=", "+", "-", "@", "\t", "\r")
FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001 - from which Excel counts days, without zones
DAY = 24 * 3600.0

# What a row is read from, and nothing else of a ticket.
COLUMNS_READ = (
    "number", "registered_at", "kind", "channel", "urgency", "category_id", "region_id", "address", "title",
    "description", "caller_name", "caller_phone", "contact_phone", "earlier_callers", "forgotten_at",
    "forgotten_words", "is_secret", "is_anonymous",
    "department_id", "status", "dispatched_at", "accepted_at", "answer_due_at", "answered_at", "closed_at", "hops",
    "returns", "round", "contacted", "solved", "satisfaction",
)  # fmt: skip

Told = Callable[[int], None]


class _Names:
    """What is read once and not with every ticket: names of regions and categories, and of choices."""

    def __init__(self) -> None:
        self.regions = {one.pk: one.full_name for one in Region.objects.select_related("parent")}
        self.categories = Category.objects.in_bulk()
        self.zone = timezone.get_current_timezone()
        self.departments = {one.pk: str(one) for one in Department.objects.all()}
        self.choices: dict[tuple[str, str], str] = {}

    def choice(self, ticket: Ticket, field: str) -> str:
        value = getattr(ticket, field)
        key = (field, value)
        if key not in self.choices:
            self.choices[key] = str(getattr(ticket, f"get_{field}_display")())
        return self.choices[key]


Cell = str | int | datetime | None
Column = tuple[str, int, Callable[[Reading, _Names], Cell]]


def columns() -> list[Column]:
    """What a row tells: heading, breadth in characters, and how it is read."""

    def chosen(field: str) -> Callable[[Reading, _Names], Cell]:
        return lambda reading, names: names.choice(reading.ticket, field)

    def own(field: str) -> Callable[[Reading, _Names], Cell]:
        return lambda reading, names: getattr(reading.ticket, field)

    return [
        (_t("Number"), 20, own("number")),
        (_t("Recorded at"), 17, own("registered_at")),
        (_t("Kind"), 10, chosen("kind")),
        (_t("Channel"), 10, chosen("channel")),
        (_t("Urgency"), 8, chosen("urgency")),
        (_t("Category"), 16, lambda reading, names: _name(reading.ticket.category)),
        (_t("Region"), 20, lambda reading, names: names.regions.get(reading.ticket.region_id, "")),
        (_t("Address"), 28, lambda reading, names: reading.address),
        (_t("Title"), 34, lambda reading, names: reading.title),
        (_t("What is asked"), 50, lambda reading, names: reading.description),
        (_t("Caller"), 22, lambda reading, names: reading.caller),
        (_t("Department"), 24, lambda reading, names: names.departments.get(reading.ticket.department_id or 0, "")),
        (_t("Status"), 10, chosen("status")),
        (_t("First dispatched at"), 17, own("dispatched_at")),
        (_t("Accepted at"), 17, own("accepted_at")),
        (_t("Answer due"), 17, own("answer_due_at")),
        (_t("Answered at"), 17, own("answered_at")),
        (_t("Closed at"), 17, own("closed_at")),
        (_t("Dispatches"), 8, own("hops")),
        (_t("Granted returns"), 8, own("returns")),
        (_t("Rounds"), 8, own("round")),
        (_t("Contacted"), 8, chosen("contacted")),
        (_t("Solved"), 8, chosen("solved")),
        (_t("Satisfaction"), 10, chosen("satisfaction")),
    ]


def write(path: Path, tickets: Iterable[Ticket], reader: User, *, title: str, mark: str, told: Told) -> int:
    """Writes the tickets as `reader` may read them into the workbook `path`; the number of rows.

    The library makes the workbook around the rows; the rows, of which there may be millions of cells, are written by us
    straight into the packed file, at a third of its time. `told` is called with how many are written; what it raises
    ends the work. Raises OSError where the disk has no room.
    """
    before, _after = _around(_shell(0, reader, title, mark)[SHEET])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=QUICKLY) as packed:
        with packed.open(SHEET, "w", force_zip64=True) as sheet:
            sheet.write(before.encode())
            row = _write_rows(sheet, tickets, reader, told)
            parts = _shell(row, reader, title, mark)
            sheet.write(_around(parts.pop(SHEET))[1].encode())
        for name, content in parts.items():
            packed.writestr(name, content)
    return row


def _write_rows(sheet: IO[bytes], tickets: Iterable[Ticket], reader: User, told: Told) -> int:
    names = _Names()
    readers = [(letter, how) for letter, (_heading, _width, how) in zip(ascii_uppercase, columns(), strict=False)]
    row, lines = 0, []
    for ticket in tickets:
        row += 1
        ticket.category = names.categories.get(ticket.category_id or 0)
        reading = reading_of(ticket, reader)
        cells = [_cell(f"{letter}{row + 1}", how(reading, names), names) for letter, how in readers]
        lines.append(f'<row r="{row + 1}">{"".join(cells)}</row>')
        if row % AT_ONCE == 0:
            sheet.write("".join(lines).encode())
            lines.clear()
            told(row)
    sheet.write("".join(lines).encode())
    return row


def _cell(place: str, value: Cell, names: _Names) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        style = TYPED if value.startswith(FORMULA) else PLAIN
        text = _again(value) if len(value) <= OFTEN else _escaped(value)
        return f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    if isinstance(value, datetime):
        return f'<c r="{place}" s="{INSTANT}"><v>{_as_excel(value, names.zone):.6f}</v></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def _escaped(text: str) -> str:
    return clean(text)[:TEXT_LIMIT].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_again = lru_cache(maxsize=8192)(_escaped)  # names of choices, departments and regions come again in every row


def _shell(count: int, reader: User, title: str, mark: str) -> dict[str, bytes]:
    """The parts of a workbook for so many rows, with their head and without themselves."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"title": title, "author": str(reader), "comments": mark})
        # In the order of PLAIN, HEAD, INSTANT and TYPED.
        head = book.add_format({"bold": True, "bg_color": "#E7F0F7", "border": 1, "text_wrap": True})
        instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        typed = book.add_format({"quote_prefix": True})  # is no formula after it was edited either
        sheet = book.add_worksheet(_t("Exported tickets"))
        set_page(sheet, title, mark)
        told_of = columns()
        for at, (heading, width, _read) in enumerate(told_of):
            sheet.set_column(at, at, width)
            sheet.write_string(0, at, heading, head)
        sheet.write_blank(1, 0, None, instant)
        sheet.write_blank(1, 1, None, typed)
        sheet.autofilter(0, 0, max(count, 1), len(told_of) - 1)
    with zipfile.ZipFile(out) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def _around(sheet: bytes) -> tuple[str, str]:
    """What of a sheet stands before the rows and behind them; how large it is, is left for the reader to count."""
    text = re.sub(r"<dimension [^>]*>|<row r=\"2\".*?</row>", "", sheet.decode(), flags=re.DOTALL)
    before, end, after = text.partition("</sheetData>")
    return before, end + after


def set_page(sheet: Any, title: str, mark: str) -> None:
    """A4 lying, as wide as the page, the head on each page, who made it when at the foot."""
    sheet.set_paper(A4)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.freeze_panes(1, 1)
    sheet.set_header("&C" + title.replace("&", "&&")[:200])
    pages = _t("Page %(page)s of %(pages)s") % {"page": "&P", "pages": "&N"}
    sheet.set_footer("&L&8" + mark.replace("&", "&&")[:200] + "&R&8" + pages)


def _as_excel(instant: datetime, zone: tzinfo) -> float:
    """An instant in city time, as Excel counts it: in days."""
    return (instant.astimezone(zone).replace(tzinfo=None) - FIRST_DAY).total_seconds() / DAY


def _name(category: Category | None) -> str:
    return "" if category is None else category.name
