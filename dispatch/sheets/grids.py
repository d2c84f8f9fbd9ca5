"""What every kind of file is brought to before a table is looked for in it: rows of cells as text."""

from __future__ import annotations

from dataclasses import dataclass, field

FIRST = 20  # rows among which a heading is looked for


class Unreadable(Exception):
    """A file that cannot be taken in at all; nothing of it has been. The message is one line and says what to do.

    `row` is the row to which it points, as the program that shows the file numbers it; 0 for the file as a whole.
    """

    def __init__(self, text: str, row: int = 0) -> None:
        super().__init__(text)
        self.row = row


@dataclass(frozen=True)
class Grid:
    """One sheet, or a text file: the rows in which anything stands, each with its number.

    `faults` says of a row and a column (counted from 0) why that cell cannot be relied on. Rows that `must_match` are
    as long as their heading, or something has slipped.
    """

    name: str
    rows: list[tuple[int, list[str]]]
    faults: dict[int, dict[int, str]] = field(default_factory=dict)
    is_hidden: bool = False
    counts_from_1904: bool = False
    must_match: bool = False
