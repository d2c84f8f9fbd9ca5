"""The map: each region is the land nearest to its seat, darker by its tickets; what cannot be read changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from hotline.accounts.models import Region
from matters import totals
from matters.map import cells, drawing
from tests import scene
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
SQUARE = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)]


def city() -> Region:
    return Region.objects.get(parent__isnull=True)


def features(*given: tuple[dict[str, Any], str, Any]) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": named, "geometry": {"type": kind, "coordinates": where}}
            for named, kind, where in given
        ],
    }


def test_the_land_is_divided_by_the_nearest_seat() -> None:
    parts = cells.divided(SQUARE, {1: (1.0, 2.0), 2: (3.0, 2.0), 3: (3.0, 2.0)})
    assert set(parts) == {1, 2}, "of two in one spot the first has it"
    assert {x for x, _y in parts[1]} == {0.0, 2.0}
    assert abs(cells.area(parts[1])) + abs(cells.area(parts[2])) == abs(cells.area(SQUARE))
    assert cells.centre(parts[2]) == (3.0, 2.0)


def test_the_parts_fill_the_city_and_count_their_tickets() -> None:
    here = scene.call()
    scene.call(region=Region.objects.get(name="汉川市"), caller_phone="10012340002")
    scene.call(region=city(), caller_phone="10012340003")
    found = drawing.drawn(scene.user(scene.SUPERVISOR), city(), days=7)
    assert found is not None
    counts = {area.region.name: area.count for area in found.areas}
    assert counts == dict.fromkeys(counts, 0) | {"孝南区": 1, "汉川市": 1}
    assert (found.elsewhere, found.total) == (1, 3)
    seat = next(area for area in found.areas if area.region.name == "孝南区")
    assert {part.region.name: part.count for part in seat.inner}[here.region.name] == 1
    whole = abs(cells.area(seat.ring))
    assert sum(abs(cells.area(part.ring)) for part in seat.inner) == pytest.approx(whole, rel=1e-6)
    district = drawing.drawn(scene.user(scene.SUPERVISOR), seat.region, days=7)
    assert district is not None
    assert len(district.areas) == len(seat.inner)


def test_a_matter_is_a_point_that_opens(signed_in: SignIn) -> None:
    first, second = scene.call(), scene.call(caller_phone="10012340002")
    scene.do(first, "join_matter", scene.SUPERVISOR, numbers=second.number, title="")
    matter = Ticket.objects.get(pk=first.pk).matter
    assert matter is not None
    totals.recount([matter.pk])
    shown = signed_in(scene.SUPERVISOR).get(reverse("matters-map")).content.decode()
    assert f'href="{matter.get_absolute_url()}"' in shown
    assert "2 人" in shown


def test_what_the_map_is_asked_for_wrongly_is_told(signed_in: SignIn) -> None:
    client = signed_in(scene.OPERATOR)
    for wrong in ("days=x", "days=99999999999", "region=0", "category=abc"):
        assert "field-error" in client.get(f"{reverse('matters-map')}?{wrong}").content.decode()
    assert signed_in(scene.CLERK).get(reverse("matters-map")).status_code == 403


def test_without_any_seat_the_page_says_what_to_do(signed_in: SignIn) -> None:
    Region.objects.update(longitude=None, latitude=None, outline=None)
    assert "load_map" in signed_in(scene.OPERATOR).get(reverse("matters-map")).content.decode()


def test_seats_and_outlines_are_read_from_geojson(tmp_path: Path) -> None:
    file = tmp_path / "map.geojson"
    ring = [[113.0, 30.0], [114.0, 30.0], [114.0, 31.0], [113.0, 31.0], [113.0, 30.0]]
    file.write_text(json.dumps(features(
        ({"code": "420984"}, "Point", [113.5, 30.5]),
        ({"name": "云梦县"}, "MultiPolygon", [[ring], [[[0, 0], [0.1, 0], [0, 0.1]]]]),
    )))  # fmt: skip
    for _again in range(2):
        call_command("load_map", file)
    assert Region.objects.get(code="420984").longitude == 113.5
    assert Region.objects.get(name="云梦县").outline == ring[:-1]


@pytest.mark.parametrize("given", [
    features(({"name": "没有这个县"}, "Point", [113.5, 30.5])),
    features(({"code": "420984"}, "Point", ["东", 30.5])),
    features(({"code": "420984"}, "Point", [1e400, 30.5])),
    features(({"code": "420984"}, "Polygon", [[[113, 30], [114, 30]]])),
    features(({"code": "420984"}, "Polygon", [])),
    features(({"code": "420984"}, "LineString", [[113, 30], [114, 30]])),
    {"type": "FeatureCollection", "features": [None, 3, {"geometry": []}]},
    {"type": "FeatureCollection"},
    [],
])  # fmt: skip
def test_a_file_that_cannot_be_read_changes_nothing(tmp_path: Path, given: Any) -> None:
    file = tmp_path / "map.geojson"
    before = list(Region.objects.values_list("longitude", "outline"))
    if isinstance(given, dict) and given.get("features"):
        given["features"].append(features(({"code": "420921"}, "Point", [100, 30]))["features"][0])
    file.write_text(json.dumps(given))
    with pytest.raises(CommandError):
        call_command("load_map", file)
    assert list(Region.objects.values_list("longitude", "outline")) == before
