"""What a change of the directory would have meant for last month's tickets, before it is put in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from dispatch.directory.book import Book, lines_of, standing
from dispatch.directory.versions import brought_by, lines_with
from dispatch.models import DirectoryVersion
from hotline.accounts.models import Department, Region
from tickets.models import Category, Ticket

DAYS = 30
SOON = timedelta(days=92)  # changes further off than that are not what a draft is about


@dataclass
class Move:
    """Tickets that the draft sends elsewhere: from whom, to whom, and who answered them in the end."""

    old: Department | None
    new: Department | None
    tickets: int = 0
    answered: int = 0
    by_old: int = 0
    by_new: int = 0


@dataclass
class Preview:
    """`day` is the one on which old and new are compared, `tickets` how many were looked at."""

    day: date
    tickets: int
    moves: list[Move]

    @property
    def moved(self) -> int:
        return sum(move.tickets for move in self.moves)


def of(version: DirectoryVersion) -> Preview:
    """Compares the directory with a draft over the tickets recorded in the last 30 days."""
    day = _when_it_tells(version)
    old, new = Book(lines_of(standing()), day), Book(lines_with(version), day)
    departments = Department.objects.in_bulk()
    categories, regions = Category.objects.in_bulk(), Region.objects.in_bulk()
    moves: dict[tuple[int | None, int | None], Move] = {}
    looked_at = 0
    for category, region, department, answered, count in _tickets():
        ways = categories[category].ancestor_ids, regions[region].ancestor_ids
        before, after = old.find(*ways), new.find(*ways)
        looked_at += count
        pair = (before.department if before else None, after.department if after else None)
        if pair[0] == pair[1]:
            continue
        move = moves.setdefault(pair, Move(departments.get(pair[0] or 0), departments.get(pair[1] or 0)))
        move.tickets += count
        if answered:
            move.answered += count
            answerer = departments[department]
            move.by_old += count * answerer.is_within(move.old)
            move.by_new += count * answerer.is_within(move.new)
    return Preview(day, looked_at, sorted(moves.values(), key=lambda move: -move.tickets))


def _when_it_tells(version: DirectoryVersion) -> date:
    """The day on which all that the draft brings has begun, and what it ends has ended; today at the earliest."""
    today = timezone.localdate()
    brought = brought_by(version)
    days = [line.valid_from for line in brought]
    days += [line.valid_until + timedelta(days=1) for line in brought if line.valid_until]
    return max([today, *(day for day in days if today <= day <= today + SOON)])


def _tickets() -> list[tuple[int, int, int | None, bool, int]]:
    """Last month's tickets counted by category, region, department and whether it answered."""
    since = timezone.now() - timedelta(days=DAYS)
    has_answer = Q(answered_at__isnull=False, department__isnull=False)
    rows = (
        Ticket.objects.filter(registered_at__gte=since, category__isnull=False)
        .annotate(has_answer=has_answer)
        .values_list("category", "region", "department", "has_answer")
        .annotate(count=Count("pk")).order_by()
    )  # fmt: skip
    return list(rows)
