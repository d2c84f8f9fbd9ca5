"""Holes and contradictions of the directory, found before a ticket falls into them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from django.db import models
from django.db.models import Count, Max
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dispatch.directory.book import Book, Line, lines_of, standing
from dispatch.models import Precedent
from hotline.accounts.models import Department, Region
from hotline.remembered import Remembered
from tickets.models import Category, Ticket

PRACTICE_DAYS = 90
PRACTICE_LEAST = 10  # answered tickets of a line before practice can speak against it
ENDING_DAYS = 30
MOST_NAMED = 6  # names written out in one finding


class Kind(models.TextChoices):
    HOLE = "hole", _("Hole")
    CONTRADICTION = "contradiction", _("Contradiction")
    PRACTICE = "practice", _("Practice speaks against it")
    ENDING = "ending", _("Ends soon")
    NEEDLESS = "needless", _("Says nothing new")


TONES = {
    Kind.HOLE: "danger", Kind.CONTRADICTION: "danger", Kind.PRACTICE: "warning", Kind.ENDING: "warning",
    Kind.NEEDLESS: "neutral",
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """What was found, in words; `weight` is the number of tickets it touched of late, `line` the row it is about."""

    kind: Kind
    text: str
    weight: int = 0
    line: int | None = None

    @property
    def tone(self) -> str:
        return TONES[self.kind]


Counted = tuple[int, int, int | None, bool, int]  # category, region, department, whether unanswered, how many tickets


def _count_recent() -> list[Counted]:
    since = timezone.now() - timedelta(days=PRACTICE_DAYS)
    found = Ticket.objects.filter(registered_at__gte=since, category__isnull=False)
    rows = found.annotate(unanswered=models.Q(answered_at__isnull=True)).order_by()
    counted = rows.values_list("category", "region", "department", "unanswered").annotate(count=Count("pk"))
    return list(counted)


# A quarter's tickets: minutes do not matter, and counting a hundred thousand takes a fifth of a second.
recent: Remembered[list[Counted]] = Remembered(_count_recent, seconds=600)


class _City:
    """Everything that lines name, read once."""

    def __init__(self, lines: Sequence[Line], day: date) -> None:
        self.day, self.lines = day, lines
        self.book = Book(lines, day)
        self.categories = Category.objects.in_bulk()
        self.regions = {region.pk: region for region in Region.objects.select_related("parent")}
        self.departments = Department.objects.in_bulk()
        parents = {category.parent_id for category in self.categories.values()}
        self.leaves = [c for c in self.categories.values() if c.is_used and c.pk not in parents]
        region_parents = {region.parent_id for region in self.regions.values()}
        self.places = [region for region in self.regions.values() if region.pk not in region_parents]

    @cached_property
    def tickets(self) -> list[Counted]:
        return recent()

    def duty(self, line: Line) -> str:
        return f"{self.categories[line.category]} · {self.regions[line.region].full_name}"

    def find(self, category: int, region: int, sender: int | None = None) -> Line | None:
        return self.book.find(self.categories[category].ancestor_ids, self.regions[region].ancestor_ids, sender)


def findings(day: date | None = None, lines: Sequence[Line] | None = None) -> list[Finding]:
    """What is wrong with the directory on a day, or with lines that would be it; the gravest first."""
    day = day or timezone.localdate()
    city = _City(lines_of(standing()) if lines is None else lines, day)
    found = [*_holes(city), *_contradictions(city), *_precedents(city), *_practice(city), *_ending(city)]
    found += _needless(city)
    return sorted(found, key=lambda one: (list(Kind).index(one.kind), -one.weight))


def _holes(city: _City) -> Iterator[Finding]:
    """Categories that nobody is responsible for in some region, with how many tickets fell into the hole."""
    fell: Counter[int] = Counter()
    for category, region, _department, _unanswered, count in city.tickets:
        if city.find(category, region) is None:
            fell[category] += count
    for leaf, missing in _uncovered(city):
        if len(missing) == len(city.places):
            text = _t("Nobody is responsible for {category} anywhere.").format(category=leaf)
        else:
            text = _t("Nobody is responsible for {category} in {regions}.").format(
                category=leaf, regions=_named([place.full_name for place in missing])
            )
        yield Finding(Kind.HOLE, text, fell[leaf.pk])


def _uncovered(city: _City) -> Iterator[tuple[Category, list[Region]]]:
    """Categories that nobody is responsible for somewhere, with where."""
    whole = [region.pk for region in city.regions.values() if region.parent_id is None]
    for leaf in city.leaves:
        if whole and all(city.find(leaf.pk, region) for region in whole):
            continue
        if missing := [place for place in city.places if city.find(leaf.pk, place.pk) is None]:
            yield leaf, missing


def uncovered() -> tuple[int, list[Category], list[Category]]:
    """How many lines hold today, the categories that nobody is responsible for anywhere, and those in some regions."""
    city = _City(lines_of(standing()), timezone.localdate())
    found = list(_uncovered(city))
    nowhere = [leaf for leaf, missing in found if len(missing) == len(city.places)]
    return len(city.book.lines), nowhere, [leaf for leaf, missing in found if len(missing) < len(city.places)]


def _contradictions(city: _City) -> Iterator[Finding]:
    for line in city.book.lines.values():
        department, region = city.departments[line.department], city.regions[line.region]
        duty = city.duty(line)
        for pk in (line.department, *line.assisting):
            if not city.departments[pk].is_open:
                text = _t("{duty}: {department} takes no tickets any more.").format(
                    duty=duty, department=city.departments[pk]
                )
                yield Finding(Kind.CONTRADICTION, text, line=line.pk)
        if not region.is_within(city.regions[department.region_id]):
            text = _t("{duty}: {department} is responsible for {region} only.").format(
                duty=duty, department=department, region=city.regions[department.region_id].full_name
            )
            yield Finding(Kind.CONTRADICTION, text, line=line.pk)


def _precedents(city: _City) -> Iterator[Finding]:
    """Settled responsibilities of which the directory says otherwise: it should follow, or say why not."""
    settled = Precedent.objects.filter(category__isnull=False, department__is_open=True)
    latest = settled.order_by().values_list("category", "region", "department").annotate(at=Max("made_at"))
    for category, region, department, at in latest.order_by("-at", "category", "region", "department"):
        line = city.find(category, region)
        if line is None or line.department == department:
            continue
        text = _t("{duty}: the directory says {department}, the precedent of {day} says {other}.").format(
            duty=city.duty(line), department=city.departments[line.department],
            day=timezone.localdate(at).isoformat(), other=city.departments[department],
        )  # fmt: skip
        yield Finding(Kind.CONTRADICTION, text, line=line.pk)


def _practice(city: _City) -> Iterator[Finding]:
    """Lines most of whose tickets somebody else answers."""
    answered: dict[int | None, Counter[int]] = defaultdict(Counter)
    of_line = {line.pk: line for line in city.book.lines.values()}
    for category, region, department, unanswered, count in city.tickets:
        line = city.find(category, region)
        if line and line.pk and department and not unanswered:
            answered[line.pk][department] += count
    for pk, by in answered.items():
        line, total = of_line[pk], by.total()
        named = city.departments[line.department]
        own = sum(count for department, count in by.items() if city.departments[department].is_within(named))
        if total < PRACTICE_LEAST or own * 2 >= total:
            continue
        most, count = by.most_common(1)[0]
        text = _t("{duty}: it says {department}, but of {total} answers of late {count} came from {other}.").format(
            duty=city.duty(line), department=named, total=total, count=count, other=city.departments[most]
        )
        yield Finding(Kind.PRACTICE, text, total - own, pk)


def _ending(city: _City) -> Iterator[Finding]:
    """Lines that end soon with nothing of the same department after them."""
    for line in city.book.lines.values():
        if line.valid_until is None or line.valid_until > city.day + timedelta(days=ENDING_DAYS):
            continue
        after = Book(city.lines, line.valid_until + timedelta(days=1))
        way = city.categories[line.category].ancestor_ids, city.regions[line.region].ancestor_ids
        next_line = after.find(*way, line.sender)
        then = str(city.departments[next_line.department]) if next_line else _t("nobody")
        text = _t("{duty}: ends on {day}; then {department}.").format(
            duty=city.duty(line), day=line.valid_until.isoformat(), department=then
        )
        yield Finding(Kind.ENDING, text, line=line.pk)


def _needless(city: _City) -> Iterator[Finding]:
    """Lines without which the same department would be found, on the same ground."""
    for line in city.book.lines.values():
        way = city.categories[line.category].ancestor_ids, city.regions[line.region].ancestor_ids
        above = city.book.find(*way, line.sender, but=line.key)
        if above and above.content[3:6] == line.content[3:6]:
            text = _t("{duty}: {department} is found without this line too.").format(
                duty=city.duty(line), department=city.departments[line.department]
            )
            yield Finding(Kind.NEEDLESS, text, line=line.pk)


def _named(names: Sequence[str]) -> str:
    """The first few names, and how many more."""
    shown = _t(", ").join(names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    return shown if more <= 0 else _t("{names} and {count} more").format(names=shown, count=more)
