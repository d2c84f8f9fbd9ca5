"""Reading tables that people hand in: every row of them, or a refusal that says what to do. The one reader of files.

1. What a file is, is told by its bytes: a workbook (workbooks) or a text (texts). Names lie.
2. Its rows are searched for a heading that names what is needed, in any of the ways that it may be headed; a title and
   whatever else stands above it are passed over.
3. Exactly one sheet may hold such a table. Hidden rows are rows; a hidden sheet is no answer and no secret.
4. Beneath the heading every row counts in which anything stands under a heading that is known. A cell that cannot be
   relied on is the fault of its row, and whoever reads the table refuses that row or the whole, by its number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _t

from dispatch.sheets import texts, workbooks
from dispatch.sheets.grids import FIRST, Grid, Unreadable
from dispatch.sheets.workbooks import BY_COMMAND, ON_A_PAGE, Bounds, letters
from hotline import text

CUT = re.compile(r"\d(\.\d+)?E\+\d{1,3}", re.IGNORECASE)  # how a long number is shown in a narrow cell
TRIMMED = "*＊:： "  # around a heading, as forms mark what must be filled in


@dataclass(frozen=True)
class Columns:
    """What is looked for: the names by which we know columns, each with the headings that stand for it.

    `needed` must be there; of those `together` either all or none.
    """

    headings: Mapping[str, Iterable[str]]
    needed: Sequence[str]
    together: Sequence[str] = ()

    def found_in(self, cells: Sequence[str]) -> dict[str, list[int]]:
        """Where each column stands in a row, if that row is the heading."""
        known = {_plain(heading): name for name, all_of in self.headings.items() for heading in (name, *all_of)}
        found: dict[str, list[int]] = {}
        for index, cell in enumerate(cells):
            if name := known.get(_plain(cell)):
                found.setdefault(name, []).append(index)
        return found

    def fit(self, rows: Iterable[Sequence[str]]) -> int:
        """How many of the columns stand in the row that fits best."""
        return max((len(self.found_in(cells)) for cells in rows), default=0)

    def title(self, name: str) -> str:
        """The heading by which people are told of a column."""
        return next(iter(self.headings[name]), name)


@dataclass(frozen=True)
class Row:
    """One row: its number as the program that shows the file has it, what stands in each column, and all its cells.

    `fault` says why it cannot be relied on; empty where it can.
    """

    number: int
    values: dict[str, str]
    cells: list[str]
    fault: str = ""
    counts_from_1904: bool = False


@dataclass(frozen=True)
class Table:
    """A table as it stood in a file: the heading as it was written, and every row under it."""

    heading: list[str]
    rows: list[Row]
    sheet: str = ""
    passed_over: tuple[str, ...] = ()  # other sheets in which something stands


def read_file(path: Path, columns: Columns) -> Table:
    """The table of a file that somebody names on the command line. Raises Unreadable, with the file's name."""
    try:
        if path.stat().st_size > BY_COMMAND.size:
            raise _too_large(BY_COMMAND)
        return read(path.read_bytes(), columns, bounds=BY_COMMAND)
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
    except Unreadable as error:
        raise Unreadable(f"{path}: {error}", error.row) from error


def read(content: bytes, columns: Columns, *, bounds: Bounds = ON_A_PAGE) -> Table:
    """The table that a file holds. Raises Unreadable."""
    if len(content) > bounds.size:
        raise _too_large(bounds)
    grids = _grids(content, columns, bounds)
    grid, index = _with_heading(grids, columns)
    others = tuple(other.name for other in grids if other is not grid and other.rows)
    heading = grid.rows[index][1]
    places = _places(grid.rows[index], columns)
    rows = list(_rows(grid, index, places))
    return Table(heading, rows, grid.name, others)


def _grids(content: bytes, columns: Columns, bounds: Bounds) -> list[Grid]:
    if workbooks.is_workbook(content):
        return workbooks.grids(content, bounds)
    return [texts.grid(content, columns.fit)]


def _too_large(bounds: Bounds) -> Unreadable:
    return Unreadable(_t("The file is larger than %(count)d MB.") % {"count": bounds.size // 1024**2})


# -- the heading ----------------------------------------------------------------------------------------------


def _with_heading(grids: Sequence[Grid], columns: Columns) -> tuple[Grid, int]:
    """The one sheet that holds the table, and which of its rows is the heading. Raises Unreadable."""
    headed = [(grid, index) for grid in grids if (index := _heading(grid, columns)) is not None]
    seen = [pair for pair in headed if not pair[0].is_hidden]
    if len(headed) == 1 and seen:
        return headed[0]
    if len(headed) > 1:
        raise Unreadable(
            _t("Several sheets hold such a table: %(names)s. Leave the one that counts and delete the others.")
            % {"names": _t(", ").join(grid.name for grid, _index in headed)}
        )
    if headed:
        raise Unreadable(
            _t("The table stands on the hidden sheet “%(name)s”. Show the sheet and try again.")
            % {"name": headed[0][0].name}
        )
    raise _without_heading(grids, columns)


def _heading(grid: Grid, columns: Columns) -> int | None:
    """The first row that names all that is needed."""
    for index, (_number, cells) in enumerate(grid.rows[:FIRST]):
        found = columns.found_in(cells)
        if all(name in found for name in columns.needed):
            return index
    return None


def _without_heading(grids: Sequence[Grid], columns: Columns) -> Unreadable:
    """Says what is missing in the row that comes nearest to a heading."""
    rows = [row for grid in grids for row in grid.rows[:FIRST]]
    number, cells = max(rows, key=lambda row: len(columns.found_in(row[1])), default=(0, []))
    found = columns.found_in(cells)
    missing = [columns.title(name) for name in columns.needed if name not in found]
    said = _t("Column missing: %(names)s") % {"names": _t(", ").join(missing)}
    return Unreadable(f"{said}", number if found else 1)


def _places(row: tuple[int, list[str]], columns: Columns) -> dict[str, int]:
    """Where each column stands. Raises Unreadable where one stands twice, or without what belongs to it."""
    number, cells = row
    found = columns.found_in(cells)
    for name, at in found.items():
        if len(at) > 1:
            raise Unreadable(
                _t("The column “%(name)s” stands twice: %(first)s and %(second)s. Delete one of them.")
                % {"name": columns.title(name), "first": letters(at[0]), "second": letters(at[1])},
                number,
            )
    missing = [columns.title(name) for name in columns.together if name not in found]
    if len(missing) not in (0, len(columns.together)):
        raise Unreadable(_t("Column missing: %(names)s") % {"names": _t(", ").join(missing)}, number)
    return {name: at[0] for name, at in found.items()}


def _plain(text: str) -> str:
    """A heading without what people vary: width, blanks, line breaks, case, the star of what must be filled in."""
    return "".join(unicodedata.normalize("NFKC", text).split()).strip(TRIMMED).casefold()


# -- the rows -------------------------------------------------------------------------------------------------


def _rows(grid: Grid, heading: int, places: Mapping[str, int]) -> Iterator[Row]:
    top, titles = grid.rows[heading]
    width = _width(titles)
    headed = {name: text.clean(titles[index]) for name, index in places.items()}
    cells_of = dict(grid.rows[heading + 1 :])
    for number in sorted({*cells_of, *(row for row in grid.faults if row > top)}):
        cells = [text.clean(cell) for cell in cells_of.get(number, [])]
        values = {name: cells[index] if index < len(cells) else "" for name, index in places.items()}
        faults = [said for column, said in grid.faults.get(number, {}).items() if column in places.values()]
        faults += [said for index in places.values() if (said := _cut(cells, index, number))]
        if grid.must_match and not (len(cells) >= width >= _width(cells)):
            faults.append(_t("The row has more or fewer columns than the heading."))
        is_empty = not any(value.strip() for value in values.values())
        if (is_empty and not faults) or values == headed:
            continue  # a heading is printed again at the top of each page
        yield Row(number, values, cells, " ".join(faults), grid.counts_from_1904)


def _width(cells: Sequence[str]) -> int:
    """How many cells there are without the empty ones at the end."""
    return max((index for index, cell in enumerate(cells, 1) if cell.strip()), default=0)


def _cut(cells: Sequence[str], index: int, row: int) -> str:
    """What to do about a long number of which only the first digits were saved; empty where it is none."""
    if index >= len(cells) or not CUT.fullmatch(cells[index].strip()):
        return ""
    return _t(
        "%(cell)s holds %(text)s, a long number of which only the first digits were saved. Format the column as text "
        "and write it again."
    ) % {"cell": f"{letters(index)}{row}", "text": cells[index].strip()}
