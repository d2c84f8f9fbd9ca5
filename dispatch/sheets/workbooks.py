"""Workbooks (.xlsx), opened by a process of its own that is stopped where a file asks too much of it.

What a workbook unpacks to is known only once it is unpacked, and a file of some kilobytes may be made to fill gigabytes
or to be reckoned at for hours. So the time, the memory and the text that one may cost are bounded from outside, and the
page or the command that asked goes on with a sentence of refusal.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _t

from dispatch.sheets.grids import Grid, Unreadable

OPENER = Path(__file__).with_name("opener.py")
PACKED, OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # the part of the old container in which a locked workbook lies
CELL_FAULTS_SHOWN = 3


@dataclass(frozen=True)
class Bounds:
    """What one file may cost: bytes as it comes, and of a workbook bytes unpacked, seconds, memory and characters."""

    size: int
    unpacked: int
    seconds: int
    memory: int
    characters: int


MEGABYTE = 1024**2
# A directory of 20,000 lines takes a second; whoever waits on a page waits no more than twice these seconds.
ON_A_PAGE = Bounds(
    5 * MEGABYTE, unpacked=100 * MEGABYTE, seconds=4, memory=768 * MEGABYTE, characters=20_000_000
)  # fmt: skip
BY_COMMAND = Bounds(
    500 * MEGABYTE, unpacked=4096 * MEGABYTE, seconds=600, memory=8192 * MEGABYTE, characters=1_000_000_000
)  # fmt: skip


def is_workbook(content: bytes) -> bool:
    """Whether it is a workbook or an archive of any kind, by what it begins with and not by its name."""
    return content.startswith((PACKED, OLD))


def grids(content: bytes, bounds: Bounds) -> list[Grid]:
    """The sheets of a workbook. Raises Unreadable."""
    if content.startswith(OLD):
        raise Unreadable(_old(content))
    answer = _opened(content, bounds)
    if refused := answer.get("refused"):
        raise Unreadable(_refusals()[refused])
    return [_grid(sheet, answer["counts_from_1904"]) for sheet in answer["sheets"]]


def _old(content: bytes) -> str:
    if ENCRYPTED in content:
        return _t("The workbook is locked with a password. Take the password off, save it and try again.")
    return _t(
        "This is a workbook of the old kind (.xls or .et). Open it in Excel or WPS, save it as an Excel workbook "
        "(.xlsx) and try again."
    )


def _refusals() -> dict[str, str]:
    return {
        "damaged": _t(
            "This is no Excel workbook (.xlsx), or it is damaged. Open it in Excel or WPS, save it as an Excel "
            "workbook (.xlsx) and try again."
        ),
        "large": _t(
            "The workbook holds too much. Delete the empty rows and columns beneath and beside the table, or divide "
            "it into several files, and try again."
        ),
        "date": _t("A cell that is formatted as a date holds a number that is no date. Correct it and try again."),
    }


def _opened(content: bytes, bounds: Bounds) -> dict[str, Any]:
    """What the other process says; a process that was stopped has been asked too much."""
    limits = (bounds.seconds, bounds.memory, bounds.unpacked, bounds.characters)
    command = [sys.executable, "-I", str(OPENER), *map(str, limits)]
    try:
        done = subprocess.run(  # noqa: S603 - our own file; the workbook goes in as data
            command, input=content, capture_output=True, timeout=bounds.seconds * 2, check=False
        )
    except subprocess.TimeoutExpired:
        return {"refused": "large"}
    if done.returncode < 0:
        return {"refused": "large"}
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return {"refused": "damaged"}
    return answer


def _grid(sheet: dict[str, Any], counts_from_1904: bool) -> Grid:
    faults: dict[int, dict[int, str]] = {}
    for row, column, kind in sheet["faults"]:
        faults.setdefault(row, {})[column] = _fault(kind, f"{letters(column)}{row}")
    return Grid(
        name=sheet["name"], rows=[(number, cells) for number, cells in sheet["rows"]], faults=faults,
        is_hidden=sheet["is_hidden"], counts_from_1904=counts_from_1904,
    )  # fmt: skip


def _fault(kind: str, cell: str) -> str:
    texts = {
        "formula": _t(
            "%(cell)s is a formula without a kept value. Open the file in Excel or WPS, save it and try again."
        ),
        "error": _t("%(cell)s holds an error in place of a value."),
        "digits": _t(
            "The number in %(cell)s has more than 15 digits, of which Excel has lost the last. Format the column as "
            "text and write it again."
        ),
    }
    return texts[kind] % {"cell": cell}


def letters(column: int) -> str:
    """The name of a column, counted from 0: A, B, …, Z, AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
