"""The demo city's place book, and how its people say where they are. Which estate lies where is invented."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import datetime
from pathlib import Path

from dispatch.places import sheet
from hotline.accounts.models import Region
from tickets.models import Place, PlaceProposal, PlaceSaying, Ticket
from tickets.places import learning

FILE = Path(__file__).with_name("places.csv")
LEARNED = (("听涛雅居", "西河镇", 2), ("滨河北路", "毛陈镇", 1), ("丹阳古镇步行街", "朋兴乡", 2))
NUMBERED = (Place.Kind.ROAD, Place.Kind.ESTATE)


def lay_in() -> None:
    """The book, where there is none yet."""
    if not Place.objects.exists():
        found = sheet.read(sheet.table(FILE.read_bytes()))
        assert not found.rejected, found.rejected[0][1]
        sheet.take_in(found.entries, actor=None)


def learn(now: datetime) -> None:
    """Names that operators have placed calls by and the book does not know yet, with the tickets of their region."""
    for name, street, times in LEARNED:
        region = Region.objects.get(name=street)
        tickets = list(Ticket.objects.filter(region=region, registered_by__isnull=False).order_by("-pk")[:times])
        proposal = PlaceProposal.objects.create(name=name, kind=learning.kind_of(name), region=region, last_at=now)
        PlaceSaying.objects.bulk_create(
            PlaceSaying(proposal=proposal, ticket=one, by=one.registered_by, at=one.registered_at)
            for one in tickets
            if one.registered_by
        )


class Speaking:
    """What a caller in a region says where it is."""

    def __init__(self) -> None:
        self._by_region: dict[int, list[Place]] = defaultdict(list)
        for place in Place.objects.filter(retired_at=None).order_by("pk"):
            self._by_region[place.region_id].append(place)

    def of(self, region: Region, rng: random.Random) -> str:
        """A place of the region, in one of the ways in which people name it; a part of the region where it has none."""
        known = self._by_region.get(region.pk)
        if not known:
            return f"{region.name}{rng.choice(('东门', '老街', '集镇'))}"
        place = rng.choice(known)
        name = rng.choice((place.name, place.name, place.name, *place.aliases))
        if place.kind == Place.Kind.ROAD:
            crossing = [one for one in known if one.kind == Place.Kind.ROAD and one.name != place.name]
            if crossing and rng.random() < 0.2:
                return f"{name}与{rng.choice(crossing).name}交叉口"
            return f"{name}{rng.randrange(1, 299)}号"
        if place.kind == Place.Kind.ESTATE:
            return name + rng.choice(("", "", f"{rng.randrange(1, 30)}栋", "门口", "对面"))
        return name + rng.choice(("", "", "门口", "附近"))
