"""Places by what somebody types of their names: a part, the pinyin, the initials."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from django.db.models import Q

from hotline.accounts.models import Region
from hotline.remembered import Remembered
from hotline.sounds import LETTERS, is_heard, sounds_of
from tickets.models import Place
from tickets.places import book

SHOWN = 10
LONGEST = 40  # characters that are looked for


class Named(NamedTuple):
    """A place by one of its names, and the region that it lies in."""

    name: str
    region: int
    region_name: str


def places_named(typed: str) -> list[Named]:
    """Places one of whose names holds what was typed, or begins to sound like it; the shortest names first."""
    wanted = book.plain(typed[:LONGEST])
    if len(wanted) < book.MIN_NAME:
        return []
    found = list(_heard(wanted) if LETTERS.fullmatch(wanted) else _written(wanted))
    found = sorted(dict.fromkeys(found), key=lambda one: (len(one[0]), one))[:SHOWN]
    regions = {one.pk: one.full_name for one in Region.objects.select_related("parent").filter(
        pk__in=[region for _name, region in found]
    )}  # fmt: skip
    return [Named(name, region, regions[region]) for name, region in found]


def _written(wanted: str) -> Iterator[tuple[str, int]]:
    held = Place.objects.filter(retired_at=None).order_by("pk")
    rows = held.filter(Q(name__icontains=wanted) | Q(aliases__icontains=wanted))[: SHOWN * 5]
    for name, aliases, region in rows.values_list("name", "aliases", "region"):
        named = [one for one in (name, *aliases) if wanted in book.plain(one)]
        yield (named[0] if named else name), region


def _heard(wanted: str) -> Iterator[tuple[str, int]]:
    for syllables, name, region in _sounding()[wanted[0]]:
        if is_heard(wanted, syllables):
            yield name, region


def _read() -> dict[str, list[tuple[list[str], str, int]]]:
    """Every name with its pinyin, by the first letter of it."""
    found: dict[str, list[tuple[list[str], str, int]]] = defaultdict(list)
    for name, aliases, region in Place.objects.filter(retired_at=None).values_list("name", "aliases", "region"):
        for one in (name, *aliases):
            if syllables := sounds_of(one).replace(";", " ").split():
                found[syllables[0][0]].append((syllables, one, region))
    return found


_sounding = Remembered(_read, seconds=600)


def forget() -> None:
    """Has the next question read the names again."""
    _sounding.forget()
