"""Reading CSV files that people hand in: whole or not at all, and what is wrong in one line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

MAX_FIELD = 2_000_000  # characters of one field


class Unreadable(Exception):
    """The file cannot be taken in at all; the message is one line for the person at the keyboard."""


def read(path: Path, needed: tuple[str, ...], together: tuple[str, ...] = ()) -> tuple[list[str], list[dict[str, str]]]:
    """Columns and rows of a CSV file in UTF-8. Raises Unreadable.

    `needed` columns must be there; of those `together` either all or none.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Unreadable(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8 first") from error
    if "\0" in text:
        raise Unreadable(f"{path}: holds zero bytes; this is no CSV file")
    csv.field_size_limit(MAX_FIELD)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = list(reader.fieldnames or ())
        rows = list(reader)
    except csv.Error as error:
        raise Unreadable(f"{path}: line {reader.line_num}: {error}") from error
    wanted = needed + (together if any(name in columns for name in together) else ())
    if missing := [name for name in wanted if name not in columns]:
        raise Unreadable(f"{path}: column missing: {', '.join(missing)}")
    return columns, rows
