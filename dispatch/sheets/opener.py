"""Opens a workbook in a process of its own, which its limits may kill. Knows no hotline and imports nothing of it.

Run by `workbooks.grids`: the file comes on standard input, the grids of its sheets leave as JSON on standard output.
Cells are read by calamine, which goes by the cells and never by the size that a file declares. What calamine keeps
quiet about is read beside it: formulas that were saved without a value and errors (both would look like empty cells),
codes whose leading zeros are only in the format, and the day from which dates are counted.
"""

from __future__ import annotations

import io
import json
import posixpath
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat

import python_calamine as calamine

MOST_DIGITS = 10**15  # Excel keeps fifteen digits of a number; what stands behind them is gone
ONLY_ZEROS = re.compile(r"0{2,}")  # a number format that shows leading zeros
TRUE = ("1", "true")
Place = tuple[int, int]  # row and column, counted from 0


class Quiet(NamedTuple):
    """What a sheet holds beside its values: what is wrong with cells, and with how many digits numbers are shown."""

    faults: dict[Place, str]
    digits: dict[Place, int]


class TooMuch(Exception):
    """There is more text than may be taken in."""


class Room:
    """How many characters may still be taken in."""

    def __init__(self, characters: int) -> None:
        self._left = characters

    def take(self, text: str) -> str:
        self._left -= len(text) + 1
        if self._left < 0:
            raise TooMuch
        return text


def main() -> None:
    """Arguments: seconds of computing, bytes of memory, bytes unpacked, characters of all cells together."""
    seconds, memory, unpacked, characters = map(int, sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answer: dict[str, Any]
    try:
        answer = _answer(sys.stdin.buffer.read(), unpacked, Room(characters))
    except (TooMuch, MemoryError):
        answer = {"refused": "large"}
    except OverflowError:
        answer = {"refused": "date"}
    except (calamine.CalamineError, zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError, expat.ExpatError):
        answer = {"refused": "damaged"}
    json.dump(answer, sys.stdout)


def _answer(content: bytes, unpacked: int, room: Room) -> dict[str, Any]:
    """Of each sheet its name, whether it is hidden, its rows by number and the faults of its cells."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        if sum(part.file_size for part in packed.infolist()) > unpacked:
            raise TooMuch
        parts = Parts(packed)
        book = calamine.load_workbook(io.BytesIO(content))
        sheets = []
        for sheet in book.sheets_metadata:
            if sheet.typ == calamine.SheetTypeEnum.WorkSheet:
                quiet = parts.quiet(sheet.name)
                rows = _filled(book.get_sheet_by_name(sheet.name), quiet, room)
                faults = [[row + 1, column, fault] for (row, column), fault in sorted(quiet.faults.items())]
                is_hidden = sheet.visible != calamine.SheetVisibleEnum.Visible
                sheets.append({"name": sheet.name, "is_hidden": is_hidden, "rows": rows, "faults": faults})
        return {"sheets": sheets, "counts_from_1904": parts.counts_from_1904}


# -- values ---------------------------------------------------------------------------------------------------


def _filled(sheet: Any, quiet: Quiet, room: Room) -> list[tuple[int, list[str]]]:
    """The rows in which anything stands, by their number as Excel shows it.

    A cell merged over several rows holds for each of them, as whoever looks at the sheet reads it.
    """
    rows: dict[int, list[str]] = {}
    left = [""] * (sheet.start[1] if sheet.start else 0)
    for row, values in enumerate(sheet.iter_rows()):
        cells = left + [_text(value, (row, len(left) + at), quiet) for at, value in enumerate(values)]
        if any(cells):
            rows[row] = [room.take(cell) for cell in cells]
    for (top, column), (bottom, _right) in sheet.merged_cell_ranges or ():
        said = rows[top][column] if top in rows and column < len(rows[top]) else ""
        for row in range(top + 1, bottom + 1) if said else ():
            if row in rows and not rows[row][column]:
                rows[row][column] = room.take(said)
    return [(row + 1, cells) for row, cells in sorted(rows.items())]


def _text(value: Any, place: Place, quiet: Quiet) -> str:
    """A cell as whoever looks at it would read it aloud; what it cannot be read as is kept among the faults."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if abs(value) >= MOST_DIGITS:
            quiet.faults[place] = "digits"
        whole = value.is_integer()
        return str(int(value)).zfill(quiet.digits.get(place, 0)) if whole else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return value.isoformat() if isinstance(value, date) else str(value)


# -- what calamine keeps quiet about --------------------------------------------------------------------------


class Parts:
    """The parts of a packed workbook, found as its relations tell."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._packed = packed
        main = self._targets("").values()
        self._book = next(path for path in main if path.rpartition("/")[2].startswith("workbook"))
        book = self._tree(self._book)
        self._targets_of_book = self._targets(self._book)
        self._ids = {_own(one, "name"): _own(one, "id") for one in _named(book, "sheet")}
        self.counts_from_1904 = any(_own(one, "date1904") in TRUE for one in _named(book, "workbookPr"))
        # So a program says that it has written formulas without having reckoned them.
        self._is_unreckoned = any(_own(one, "fullCalcOnLoad") in TRUE for one in _named(book, "calcPr"))
        self._digits = self._formats()

    def quiet(self, name: str) -> Quiet:
        """What a sheet holds beside its values."""
        path = self._targets_of_book[self._ids[name]]
        with self._packed.open(path) as part:
            return _Cells(self._digits, trusts_formulas=not self._is_unreckoned).read(part)

    def _targets(self, of: str) -> dict[str, str]:
        """Where the relations of a part lead, by their ids."""
        folder, name = posixpath.split(of)
        relations = self._tree(posixpath.join(folder, "_rels", f"{name}.rels"))
        return {
            _own(one, "Id"): posixpath.normpath(posixpath.join("/", folder, _own(one, "Target")))[1:]
            for one in _named(relations, "Relationship")
        }

    def _tree(self, path: str) -> ElementTree.Element:
        return ElementTree.fromstring(self._packed.read(path))  # noqa: S314 - this process is the fence

    def _formats(self) -> dict[str, int]:
        """The styles by which numbers are shown with leading zeros, and with how many digits."""
        path = next((path for path in self._targets_of_book.values() if path.endswith("styles.xml")), None)
        if path is None:
            return {}
        styles = self._tree(path)
        zeros = {
            _own(one, "numFmtId"): len(code)
            for one in _named(styles, "numFmt")
            if ONLY_ZEROS.fullmatch(code := _own(one, "formatCode"))
        }
        cells = next(iter(_named(styles, "cellXfs")), ())
        ids = enumerate(_own(style, "numFmtId") for style in cells)
        return {str(index): zeros[number] for index, number in ids if number in zeros}


def _named(tree: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    """The elements of a name, whatever namespace the writing program put them in."""
    return (one for one in tree.iter() if one.tag.rpartition("}")[2] == name)


def _own(element: ElementTree.Element, name: str) -> str:
    """An attribute, whatever its namespace; empty where there is none."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


class _Cells:
    """Walks through the cells of a sheet and keeps what is wrong with one."""

    def __init__(self, digits: dict[str, int], *, trusts_formulas: bool) -> None:
        self._digits, self._trusts_formulas = digits, trusts_formulas
        self._found = Quiet({}, {})
        self._row = self._column = -1
        self._rows: set[int] = set()
        self._columns: set[int] = set()
        self._kind, self._is_formula, self._has_value = "", False, False
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler, self._parser.EndElementHandler = self._start, self._end

    def read(self, part: Any) -> Quiet:
        self._parser.ParseFile(part)
        return self._found

    def _start(self, tag: str, of: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "c":
            self._column = _once(_column(of["r"]) if "r" in of else self._column + 1, self._columns)
            self._kind, self._is_formula, self._has_value = of.get("t", ""), False, False
            if of.get("s") in self._digits:
                self._found.digits[self._row, self._column] = self._digits[of["s"]]
        elif name == "f":
            self._is_formula = True
            self._has_value = self._kind == "str"  # whose value may well be an empty text
        elif name == "v" and self._is_formula:
            self._parser.CharacterDataHandler = self._value
        elif name == "row":
            self._row = _once(int(of["r"]) - 1 if "r" in of else self._row + 1, self._rows)
            self._column = -1
            self._columns.clear()

    def _value(self, _text: str) -> None:
        self._has_value = True

    def _end(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if name == "v":
            self._parser.CharacterDataHandler = None
        elif name == "c" and self._kind == "e":
            self._found.faults[self._row, self._column] = "error"
        elif name == "c" and self._is_formula and not (self._has_value and self._trusts_formulas):
            self._found.faults[self._row, self._column] = "formula"


def _once(place: int, seen: set[int]) -> int:
    """A row or a column that has not stood before: of two only one would be read. Raises ValueError."""
    if place in seen:
        raise ValueError(place)
    seen.add(place)
    return place


def _column(place: str) -> int:
    """The column of a cell such as `AB12`, counted from 0."""
    found = 0
    for letter in place.rstrip("0123456789").upper():
        found = found * 26 + ord(letter) - 64
    return found - 1


if __name__ == "__main__":
    main()
