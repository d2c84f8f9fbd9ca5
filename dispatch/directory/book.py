"""Lines of the directory, and which of them holds for a category and a region on a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from dispatch.models import DirectoryEntry

Key = tuple[int | None, int, int]  # sender, category, region


@dataclass(frozen=True)
class Line:
    """A line of the directory by ids; `valid_until` is its last day, none where it holds on."""

    sender: int | None
    category: int
    region: int
    department: int
    assisting: tuple[int, ...]
    basis: str
    valid_from: date
    valid_until: date | None
    pk: int | None = None

    @property
    def key(self) -> Key:
        return self.sender, self.category, self.region

    @property
    def content(self) -> tuple[Any, ...]:
        """All but the row's id: two lines of the same content are the same line."""
        return (*self.key, self.department, self.assisting, self.basis, self.valid_from, self.valid_until)

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    def overlaps(self, other: Line) -> bool:
        begins_before = other.valid_until is None or self.valid_from <= other.valid_until
        ends_after = self.valid_until is None or self.valid_until >= other.valid_from
        return self.key == other.key and begins_before and ends_after

    @classmethod
    def of(cls, row: DirectoryEntry) -> Line:
        """A row with its assisting departments fetched."""
        return cls(
            row.sender_id, row.category_id, row.region_id, row.department_id,
            tuple(sorted(department.pk for department in row.assisting.all())), row.basis, row.valid_from,
            row.valid_until, row.pk,
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        days = {name: day.isoformat() if (day := getattr(self, name)) else None for name in DAYS}
        return {name: value for name, value in asdict(self).items() if name != "pk"} | days

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Line:
        days = {name: date.fromisoformat(data[name]) if data[name] else None for name in DAYS}
        return cls(**(data | days | {"assisting": tuple(data["assisting"])}))


DAYS = ("valid_from", "valid_until")


class Book:
    """The lines that hold on a day."""

    def __init__(self, lines: Iterable[Line], day: date) -> None:
        self.day = day
        self.lines = {line.key: line for line in lines if line.holds_on(day)}

    def find(
        self, categories: Sequence[int], regions: Sequence[int], sender: int | None = None, *, but: Key | None = None
    ) -> Line | None:
        """The most specific line: the nearest category, and for it the nearest region.

        `categories` and `regions` are ids from the ticket's own up to the root (`TreeNode.ancestor_ids`). `but` is
        the key of a line to be passed over.
        """
        for category in categories:
            for region in regions:
                key = (sender, category, region)
                if key != but and (line := self.lines.get(key)):
                    return line
        return None


def standing() -> QuerySet[DirectoryEntry]:
    """The rows that no version has withdrawn, whether they hold today, held before or will hold."""
    return DirectoryEntry.objects.filter(withdrawn_in__isnull=True)


def holding(day: date) -> QuerySet[DirectoryEntry]:
    """The rows that hold on a day."""
    ends = Q(valid_until__isnull=True) | Q(valid_until__gte=day)
    return standing().filter(ends, valid_from__lte=day)


def lines_of(rows: QuerySet[DirectoryEntry]) -> list[Line]:
    """Rows as lines, with two queries however many they are."""
    return [Line.of(row) for row in rows.prefetch_related("assisting")]
