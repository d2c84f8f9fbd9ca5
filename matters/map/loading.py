"""Reading where regions lie from GeoJSON (RFC 7946): a point is a seat, a polygon an outline.

A feature names its region by `code` (the division code) or `name` in its properties. Of a polygon the outer ring
counts, of several the largest. Nothing is kept where anything cannot be read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _t

from hotline.accounts.models import Region
from matters.map import cells

LARGEST = 20_000_000  # bytes of a file
CORNERS = 400  # of an outline; of a finer one every so many are kept
LEAST_CORNERS = 3


@dataclass
class Loaded:
    """How many regions were given a seat, and how many an outline."""

    seats: int = 0
    outlines: int = 0


def load(path: Path) -> Loaded:
    """Gives regions the seats and outlines of a file. Raises ValidationError with a message for each fault."""
    if path.stat().st_size > LARGEST:
        raise ValidationError(_t("The file is larger than 20 MB; simplify its outlines."))
    try:
        given = json.loads(path.read_text("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValidationError(_t("This is no GeoJSON in UTF-8: %(why)s") % {"why": error}) from error
    features = given.get("features") if isinstance(given, dict) else None
    if not isinstance(features, list) or not features:
        raise ValidationError(_t("The file holds no features of GeoJSON."))
    faults, changed, loaded = [], [], Loaded()
    regions = list(Region.objects.all())
    for number, feature in enumerate(features, 1):
        try:
            region = _region(feature, regions)
            _place(region, feature.get("geometry"), loaded)
            region.full_clean()
            changed.append(region)
        except ValidationError as error:
            faults.append(_t("Feature %(number)d: %(why)s") % {"number": number, "why": " ".join(error.messages)})
    if faults:
        raise ValidationError(faults)
    with transaction.atomic():
        Region.objects.bulk_update(changed, ["longitude", "latitude", "outline"])
    return loaded


def _region(feature: Any, regions: list[Region]) -> Region:
    named = feature.get("properties") if isinstance(feature, dict) else None
    code, name = (str((named or {}).get(key) or "").strip() for key in ("code", "name"))
    found = [
        region for region in regions if (code and region.code == code) or (not code and name and region.name == name)
    ]
    if len(found) != 1:
        said = _t("%(count)d regions are called “%(name)s”; give its division code as “code”.")
        raise ValidationError(said % {"count": len(found), "name": (code or name or "—")[:40]})
    return found[0]


def _place(region: Region, geometry: Any, loaded: Loaded) -> None:
    shape = geometry if isinstance(geometry, dict) else {}
    kind, given = str(shape.get("type")), shape.get("coordinates", [])
    try:
        if kind == "Point":
            region.longitude, region.latitude = _point(given)
            loaded.seats += 1
            return
        rings = {"Polygon": lambda: [given[0]], "MultiPolygon": lambda: [part[0] for part in given]}[kind]()
        outlines = [[_point(corner) for corner in ring] for ring in rings]
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise ValidationError(_t("A Point, a Polygon or a MultiPolygon in degrees is expected.")) from error
    outline = max(outlines, key=lambda ring: abs(cells.area(ring)))
    if outline[0] == outline[-1]:
        outline = outline[:-1]
    if len(outline) < LEAST_CORNERS:
        raise ValidationError(_t("An outline has at least three corners."))
    region.outline = [list(corner) for corner in outline[:: -(-len(outline) // CORNERS)]]
    if region.longitude is None:
        region.longitude, region.latitude = cells.centre(outline)
    loaded.outlines += 1


def _point(given: Any) -> cells.Point:
    longitude, latitude = float(given[0]), float(given[1])
    if not (-180 <= longitude <= 180 and -89 <= latitude <= 89):
        raise ValueError
    return (longitude, latitude)
