"""Changing the directory: a draft says what it withdraws and brings; put in force, it does so whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _t

from dispatch.directory.book import Line, lines_of, standing
from dispatch.models import DirectoryEntry, DirectoryVersion
from hotline import instants
from hotline.accounts.models import Department, User
from hotline.locks import one_at_a_time

DAY = timedelta(days=1)
State = DirectoryVersion.State


@dataclass(frozen=True)
class Fault:
    """What is wrong, for people; `index` is that of its line among those that were given, `other` that of a second."""

    text: str
    index: int | None = None
    other: int | None = None


class Unfit(Exception):
    """Lines that cannot stand beside each other, or a draft that cannot be put in force."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(fault.text for fault in faults))
        self.faults = faults


def latest() -> int:
    """The number of the version in force; 0 where there is none yet."""
    return DirectoryVersion.objects.filter(number__isnull=False).order_by("-number").values_list(
        "number", flat=True
    ).first() or 0  # fmt: skip


def faults(lines: Sequence[Line]) -> list[Fault]:
    """What is wrong with lines that shall stand together."""
    departments = Department.objects.in_bulk()
    found: list[Fault] = []
    for index, line in enumerate(lines):
        for day in (line.valid_from, line.valid_until):
            if day and (reason := instants.objection_to_day(day)):
                found.append(Fault(reason, index))
        if line.valid_until and line.valid_until < line.valid_from:
            found.append(Fault(_t("It ends before it begins."), index))
        if line.department in line.assisting:
            found.append(Fault(_t("The responsible department cannot assist itself."), index))
        if line.sender and (reason := _way_down(departments[line.sender], departments[line.department])):
            found.append(Fault(reason, index))
    text = _t("Its days overlap with those of another line of the same category and region.")
    return found + [Fault(text, index, earlier) for earlier, index in _overlapping(lines)]


def _overlapping(lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """Pairs of lines of the same case whose days overlap, one for each line that does not fit beside those before it.

    Each is held against the one that goes on longest of those that began before, so that ten thousand lines of one
    case cost ten thousand looks and not fifty million.
    """
    by_case: dict[Any, list[int]] = defaultdict(list)
    for index, line in enumerate(lines):
        by_case[line.key].append(index)
    for indexes in by_case.values():
        indexes.sort(key=lambda index: lines[index].valid_from)
        longest = indexes[0]
        for index in indexes[1:]:
            if lines[index].overlaps(lines[longest]):
                yield min(index, longest), max(index, longest)
            if (lines[index].valid_until or date.max) > (lines[longest].valid_until or date.max):
                longest = index


def _way_down(sender: Department, to: Department) -> str:
    """Why `sender` cannot send down to `to`; empty where it can. Sending down and up again would be a circle."""
    if sender.is_within(to):
        return _t("A circle: {sender} lies within {department} and cannot send down to it.").format(
            sender=sender, department=to
        )
    if not to.is_within(sender):
        return _t("{department} is no unit below {sender}.").format(sender=sender, department=to)
    return ""


def draft_whole(lines: Sequence[Line], *, note: str, actor: User | None) -> DirectoryVersion | None:
    """A draft that makes the directory what `lines` say; None where it is that already. Raises Unfit."""
    if wrong := faults(lines):
        raise Unfit(*wrong)
    known = {line.content: line for line in lines_of(standing())}
    wanted = {line.content: line for line in lines}
    withdrawn = [line.pk for content, line in known.items() if content not in wanted]
    brought = [line for content, line in wanted.items() if content not in known]
    return _draft(withdrawn, brought, note=note, actor=actor) if withdrawn or brought else None


def draft_line(line: Line, *, instead_of: Line | None, note: str, actor: User | None) -> DirectoryVersion | None:
    """A draft that brings one line; what stands there before its first day goes on until the day before.

    `instead_of` is the line that was looked at, where there was one. Raises Unfit.
    """
    known = lines_of(standing())
    rest = [other for other in known if instead_of is None or other.pk != instead_of.pk]
    kept = []
    for other in [*rest, *([instead_of] if instead_of else [])]:
        begins_earlier = other.key == line.key and other.valid_from < line.valid_from
        if begins_earlier and (other is instead_of or other.valid_until is None):
            last = line.valid_from - DAY
            kept.append(replace(other, valid_until=min(last, other.valid_until or last)))
        elif other is not instead_of:
            kept.append(other)
    return draft_whole([line, *kept], note=note, actor=actor)


def _draft(
    withdrawn: Iterable[int | None], brought: Iterable[Line], *, note: str, actor: User | None
) -> DirectoryVersion:
    return DirectoryVersion.objects.create(
        note=note, base=latest(), withdrawn=list(withdrawn), brought=[line.as_json() for line in brought],
        made_by=actor, made_at=timezone.now(),
    )  # fmt: skip


def brought_by(version: DirectoryVersion) -> list[Line]:
    return [Line.from_json(data) for data in version.brought]


def lines_with(version: DirectoryVersion) -> list[Line]:
    """All lines as they would stand with a draft in force."""
    return lines_of(standing().exclude(pk__in=version.withdrawn)) + brought_by(version)


def lines_in(number: int) -> list[Line]:
    """All lines as they stood in a version."""
    still = Q(withdrawn_in__isnull=True) | Q(withdrawn_in__number__gt=number)
    return lines_of(DirectoryEntry.objects.filter(still, brought_in__number__lte=number))


def put_in_force(version: DirectoryVersion, *, actor: User | None) -> DirectoryVersion:
    """Makes a draft the directory. Raises Unfit where it is no draft any more or the directory has changed since."""
    with one_at_a_time("directory"):
        version = DirectoryVersion.objects.select_for_update(of=("self",), no_key=True).get(pk=version.pk)
        number = latest()
        if version.state != State.DRAFT:
            raise Unfit(Fault(_t("This is no draft any more.")))
        if version.base != number:
            raise Unfit(Fault(_t("The directory has changed since this was drafted; draft it again.")))
        if wrong := faults(lines_with(version)):
            raise Unfit(*wrong)
        version.number, version.state = number + 1, State.IN_FORCE
        version.settled_by, version.settled_at = actor, timezone.now()
        version.save()
        standing().filter(pk__in=version.withdrawn).update(withdrawn_in=version)
        _write(brought_by(version), version)
    return version


def _write(lines: Sequence[Line], version: DirectoryVersion) -> None:
    rows = DirectoryEntry.objects.bulk_create(
        DirectoryEntry(
            sender_id=line.sender, category_id=line.category, region_id=line.region, department_id=line.department,
            basis=line.basis, valid_from=line.valid_from, valid_until=line.valid_until, brought_in=version,
        )
        for line in lines
    )  # fmt: skip
    through = DirectoryEntry.assisting.through
    through._default_manager.bulk_create(
        through(directoryentry_id=row.pk, department_id=department)
        for row, line in zip(rows, lines, strict=True)
        for department in line.assisting
    )


def discard(version: DirectoryVersion, *, actor: User) -> None:
    """Puts a draft aside; it stays on record. Raises Unfit where it is none any more."""
    found = DirectoryVersion.objects.filter(pk=version.pk, state=State.DRAFT).update(
        state=State.DISCARDED, settled_by=actor, settled_at=timezone.now()
    )
    if not found:
        raise Unfit(Fault(_t("This is no draft any more.")))
