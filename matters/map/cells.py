"""The city drawn from where its districts and streets have their seats: each is the land that is nearest to its own.

No boundary data and no tile server are needed, and the picture is no statement about a boundary: it says so. A region
whose true outline is known is drawn by that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

Point = tuple[float, float]
Ring = list[Point]

MARGIN = 0.12  # of the extent, left around the seats where nobody has given the city's outline


def divided(land: Ring, seats: Mapping[int, Point]) -> dict[int, Ring]:
    """What of `land` is nearest to each of `seats`; of two in one spot the first has it."""
    cells = {}
    for key, seat in seats.items():
        cell = land
        for other_key, other in seats.items():
            if other_key == key:
                continue
            if other == seat:
                cell = cell if key < other_key else []
                continue
            cell = _nearer(cell, seat, other)
        if len(cell) > 2:
            cells[key] = cell
    return cells


def _nearer(ring: Ring, here: Point, there: Point) -> Ring:
    """The part of a ring that is nearer to `here` than to `there` (Sutherland and Hodgman, 1974)."""
    middle = ((here[0] + there[0]) / 2, (here[1] + there[1]) / 2)
    towards = (there[0] - here[0], there[1] - here[1])

    def beyond(point: Point) -> float:
        return (point[0] - middle[0]) * towards[0] + (point[1] - middle[1]) * towards[1]

    kept: Ring = []
    for start, end in _sides(ring):
        a, b = beyond(start), beyond(end)
        if a <= 0:
            kept.append(start)
        if (a < 0 < b) or (b < 0 < a):
            share = a / (a - b)
            kept.append((start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])))
    return kept


def around(seats: Sequence[Point]) -> Ring:
    """A plain outline round these seats, where nobody has given the city's own."""
    xs, ys = [x for x, _y in seats], [y for _x, y in seats]
    pad = MARGIN * max(max(xs) - min(xs), max(ys) - min(ys), 0.1) + 0.02
    middle = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
    half = (((max(xs) - min(xs)) / 2 + pad) * math.sqrt(2), ((max(ys) - min(ys)) / 2 + pad) * math.sqrt(2))
    turns = [2 * math.pi * step / 24 for step in range(24)]
    return [(middle[0] + half[0] * math.cos(turn), middle[1] + half[1] * math.sin(turn)) for turn in turns]


def area(ring: Ring) -> float:
    """Twice the area of a ring, below zero where it runs clockwise."""
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in _sides(ring))


def centre(ring: Ring) -> Point:
    """The centre of gravity of a ring, where its name is written."""
    whole = area(ring)
    if not whole:
        return ring[0]
    x = sum((x0 + x1) * (x0 * y1 - x1 * y0) for (x0, y0), (x1, y1) in _sides(ring))
    y = sum((y0 + y1) * (x0 * y1 - x1 * y0) for (x0, y0), (x1, y1) in _sides(ring))
    return (x / (3 * whole), y / (3 * whole))


def _sides(ring: Ring) -> Iterator[tuple[Point, Point]]:
    return zip(ring, [*ring[1:], *ring[:1]], strict=True)
