"""Where the calls come from: the map of the city with its heat and its matters.

Longitudes are drawn shorter by the cosine of the middle latitude. What is counted are tickets that the reader may know
of; where a ticket lies is the region that it was recorded with.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from hotline.accounts.models import Region, User
from matters.map import cells
from matters.map.cells import Point, Ring
from matters.models import Alert, Standing
from tickets.models import Category, Ticket
from tickets.reading import matter_name

LONGER = 100.0  # the longer side of the picture
HEAT = 5  # shades above none
MOST_DOTS = 60
LEAST_CALLERS = 2
BELOW = 4.0  # a dot stands below the name of its region
GOLDEN = math.pi * (3 - math.sqrt(5))  # turns a spiral so that no two dots of a region lie on each other


@dataclass
class Area:
    """One region of the map with how many tickets it has in the days asked for, and in as many days before."""

    region: Region
    ring: Ring
    label: Point
    count: int = 0
    before: int = 0
    heat: int = 0
    is_small: bool = False  # too small for its name on this map
    inner: list[Area] = field(default_factory=list)

    @property
    def points(self) -> str:
        return " ".join(f"{x:.2f},{y:.2f}" for x, y in self.ring)

    @property
    def change(self) -> int:
        return self.count - self.before


@dataclass
class Dot:
    """One matter on the map."""

    standing: Standing
    name: str
    at: Point
    radius: float
    level: str  # of its open alert


@dataclass
class Map:
    """A picture of `whole`, the city or one district."""

    whole: Region
    size: Point
    areas: list[Area]
    dots: list[Dot]
    elsewhere: int  # tickets that lie in the whole and in none of its parts
    is_schematic: bool

    @property
    def box(self) -> str:
        return f"0 0 {self.size[0]:.1f} {self.size[1]:.1f}"

    @property
    def total(self) -> int:
        return sum(area.count for area in self.areas) + self.elsewhere


def drawn(
    user: User, whole: Region, *, days: int, category: Category | None = None, now: datetime | None = None
) -> Map | None:
    """The map of a region and what `user` may know of it; None where nobody has said where its parts lie."""
    now = now or timezone.now()
    regions = _below(whole)
    areas, size, is_schematic = _areas(whole, regions)
    if not areas:
        return None
    counts = _counts(user, regions, days, category, now)
    for area in areas:
        _count(area, regions, counts)
    _shade([part for area in areas for part in (area.inner or [area])])
    known = {area.region.pk for area in areas}
    inside = {pk for pk, region in regions.items() if known & set(region.ancestor_ids)}
    elsewhere = sum(count for pk, (count, _before) in counts.items() if pk not in inside)
    dots = _dots(user, areas, days, category, now)
    return Map(whole, size, areas, dots, elsewhere, is_schematic)


def shaded(whole: Region, counts: Mapping[int, int]) -> Map | None:
    """The parts of a region by numbers that somebody else has counted; None where nobody has said where they lie."""
    areas, size, is_schematic = _areas(whole, {region.pk: region for region in whole.children.order_by("code")})
    if not areas:
        return None
    for area in areas:
        area.count = counts.get(area.region.pk, 0)
    _shade(areas)
    return Map(whole, size, areas, [], 0, is_schematic)


def _shade(parts: Sequence[Area]) -> None:
    counted = [part.count for part in parts if part.count] or [0]
    least, span = min(counted), max(counted) - min(counted) or 1
    for part in parts:
        part.heat = 1 + round((HEAT - 1) * (part.count - least) / span) if part.count else 0


# -- the land -----------------------------------------------------------------------------------------------------


def _below(whole: Region) -> dict[int, Region]:
    return {region.pk: region for region in whole.subtree().order_by("code")}


def _seat(region: Region) -> Point | None:
    if region.longitude is None or region.latitude is None:
        return None
    return (region.longitude, region.latitude)


def _rings(parent: Region, land: Ring, regions: Iterable[Region]) -> tuple[dict[int, Ring], bool]:
    """Where the parts of a region lie, and whether that is only by their seats."""
    below = [region for region in regions if region.parent_id == parent.pk]
    outlines = {region.pk: [tuple(point) for point in region.outline] for region in below if region.outline}
    if outlines and len(outlines) == len(below):
        return outlines, False
    seats = {region.pk: seat for region in below if (seat := _seat(region))}
    return cells.divided(land, seats), True


def _areas(whole: Region, regions: dict[int, Region]) -> tuple[list[Area], Point, bool]:
    """The parts of a region as they are drawn, the size of the picture, and whether it goes by seats alone."""
    land = _land(whole, list(regions.values()))
    if land is None:
        return [], (0, 0), True
    xs, ys = [x for x, _y in land], [y for _x, y in land]
    shorter = math.cos(math.radians((min(ys) + max(ys)) / 2))
    wide, high = (max(xs) - min(xs)) * shorter, max(ys) - min(ys)
    scale = LONGER / max(wide, high)

    def project(point: Point) -> Point:
        return ((point[0] - min(xs)) * shorter * scale, (max(ys) - point[1]) * scale)

    def area(region: Region, ring: Ring) -> Area:
        shown = [project(point) for point in ring]
        width = max(x for x, _y in shown) - min(x for x, _y in shown)
        return Area(region, shown, cells.centre(shown), is_small=width < LONGER / 8)

    rings, is_schematic = _rings(whole, land, regions.values())
    areas = []
    for pk, ring in rings.items():
        one = area(regions[pk], ring)
        inner, _by_seats = _rings(regions[pk], ring, regions.values())
        one.inner = [area(regions[key], inner_ring) for key, inner_ring in inner.items()]
        areas.append(one)
    return areas, (wide * scale, high * scale), is_schematic


def _land(whole: Region, regions: list[Region]) -> Ring | None:
    """The outline of a region: its own, else its part of its parent's, else one round the seats within."""
    if whole.outline:
        return [tuple(point) for point in whole.outline]
    seats = [seat for region in regions if region.parent_id == whole.pk and (seat := _seat(region))]
    if not seats:
        return None
    if whole.parent and _seat(whole):
        siblings = list(_below(whole.parent).values())
        if parent := _land(whole.parent, siblings):
            return _rings(whole.parent, parent, siblings)[0].get(whole.pk)
    return cells.around(seats)


# -- what is counted ----------------------------------------------------------------------------------------------


def _counts(
    user: User, regions: Iterable[int], days: int, category: Category | None, now: datetime
) -> dict[int, tuple[int, int]]:
    """By region: how many tickets of the days up to `now`, and those of as many days before."""
    since = now - timedelta(days=days)
    found = Ticket.objects.visible_to(user).filter(
        registered_at__gt=since - timedelta(days=days), registered_at__lte=now, region__in=list(regions)
    )
    if category:
        found = found.filter(category__in=list(category.subtree().values_list("pk", flat=True)))
    rows = found.order_by().values("region").annotate(
        now=Count("pk", filter=Q(registered_at__gt=since)), before=Count("pk", filter=Q(registered_at__lte=since))
    )  # fmt: skip
    return {row["region"]: (row["now"], row["before"]) for row in rows}


def _count(area: Area, regions: dict[int, Region], counts: dict[int, tuple[int, int]]) -> None:
    for part in (area, *area.inner):
        within = [counts[pk] for pk, region in regions.items() if pk in counts and region.is_within(part.region)]
        part.count, part.before = sum(now for now, _before in within), sum(before for _now, before in within)


def _dots(user: User, areas: list[Area], days: int, category: Category | None, now: datetime) -> list[Dot]:
    """The matters that several called about lately, the most first; each lies in its region, beside the others."""
    labels = {part.region.pk: part for area in areas for part in (area, *area.inner)}
    rows = Standing.objects.filter(
        last_at__gt=now - timedelta(days=days), callers__gte=LEAST_CALLERS, region__in=list(labels)
    ).select_related("matter__named_after", "region", "category")
    if category:
        rows = rows.filter(category__in=list(category.subtree().values_list("pk", flat=True)))
    found, placed = [], dict.fromkeys(labels, 0)
    rows = rows.order_by("-callers", "-last_at", "pk")[:MOST_DOTS]
    alerts = dict(
        Alert.objects.filter(matter__in=[row.pk for row in rows], ended_at__isnull=True).order_by("-level")
        .values_list("matter", "level")
    )  # fmt: skip
    for row in rows:
        part = labels[row.region_id or 0]
        step = placed[part.region.pk]
        placed[part.region.pk] += 1
        distance, turn = 1.3 * math.sqrt(step), step * GOLDEN
        at = (part.label[0] + distance * math.cos(turn), part.label[1] + distance * math.sin(turn) + BELOW)
        radius = 0.7 + 0.25 * min(8, math.sqrt(row.callers))
        found.append(Dot(row, matter_name(row.matter, user), at, radius, alerts.get(row.pk, "")))
    return found
