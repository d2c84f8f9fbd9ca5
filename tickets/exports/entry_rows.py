"""Entries of the audit log as a workbook, written row by row; no text becomes a formula."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xlsxwriter
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.ledger.models import Entry
from tickets.exports.rows import AT_ONCE, Told, set_page

COLUMNS = (
    ("at", 20), ("who", 20), ("role", 14), ("department", 24), ("deed", 14), ("of", 14), ("number", 18), ("key", 14),
    ("page", 18), ("words", 30), ("why", 30), ("told", 40), ("address", 18),
)  # fmt: skip
CHOSEN = {"role", "deed", "of"}


def write(path: Path, entries: QuerySet[Entry], *, mark: str, told: Told) -> int:
    """Writes the entries into the workbook `path`; how many. What `told` raises ends the work."""
    row = 0
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        head = book.add_format({"bold": True, "bg_color": "#E7F0F7", "border": 1, "text_wrap": True})
        instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet = book.add_worksheet(_t("Audit log"))
        set_page(sheet, _t("Audit log"), mark)
        for at, (name, width) in enumerate(COLUMNS):
            sheet.set_column(at, at, width)
            sheet.write_string(0, at, str(Entry._meta.get_field(name).verbose_name), head)  # type: ignore[union-attr]
        for entry in entries.order_by("-id").iterator(chunk_size=AT_ONCE):
            row += 1
            sheet.write_datetime(row, 0, timezone.localtime(entry.at).replace(tzinfo=None), instant)
            for at, (name, _width) in enumerate(COLUMNS[1:], start=1):
                if value := _value(entry, name):
                    sheet.write_string(row, at, value)
            if row % AT_ONCE == 0:
                told(row)
    return row


def _value(entry: Entry, name: str) -> str:
    value: Any = getattr(entry, f"get_{name}_display")() if name in CHOSEN else getattr(entry, name)
    return str(value)
