"""Sizes are asked in turns, and what a process remembers comes from its own database."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache
from django.core.management.base import CommandError
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from demo import growth
from demo.asking import Probe, getting
from demo.turns import Asker
from tests import scene
from tickets import limits
from tickets.choices import RuleKey
from tickets.models import CityRule

WRITTEN = "written by whoever came first"


def few() -> list[Probe]:
    """What is asked in these tests; each database has had a rule of its own when it was copied."""
    limits.rule(RuleKey.REDONE)
    return [
        Probe("list", scene.OPERATOR, getting("/tickets/")),
        *(Probe(f"rule is {value}", scene.OPERATOR, _going_by(value)) for value in (5, 6)),
        Probe("cache", scene.OPERATOR, _first_to_write),
    ]


def one_more() -> list[Probe]:
    return [Probe("list", scene.OPERATOR, getting("/tickets/")), Probe("more", scene.OPERATOR, getting("/tickets/"))]


def _going_by(value: int) -> Callable[[Client], HttpResponse]:
    return lambda client: HttpResponse(status=200 if limits.rule(RuleKey.REDONE) == value else 404)


def _first_to_write(client: Client) -> HttpResponse:
    mine = str(connection.settings_dict["NAME"])
    return HttpResponse(status=200 if cache.get_or_set(WRITTEN, mine) == mine else 404)


@pytest.fixture
def two(live_city: None) -> Iterator[list[str]]:
    """Copies of the database under two different rules."""
    CityRule.objects.update_or_create(key=RuleKey.REDONE, defaults={"value": 5})
    with growth._copied(1) as first:
        CityRule.objects.update_or_create(key=RuleKey.REDONE, defaults={"value": 6})
        with growth._copied(2) as second:
            yield [first, second]


def test_each_process_knows_its_own_database(two: list[str]) -> None:
    with Asker(two[0], few) as first, Asker(two[1], few) as second:
        for own, other, asker in ((5, 6, first), (6, 5, second)):
            asker.ask(f"rule is {own}", 2)
            asker.ask("cache", 2)
            with pytest.raises(RuntimeError, match="404"):
                asker.ask(f"rule is {other}", 1)


def test_what_both_offer_is_asked_of_both_and_what_one_offers_of_that_one(two: list[str]) -> None:
    with Asker(two[0], few) as first, Asker(two[1], one_more) as second:
        first.names.remove("rule is 6")
        found = growth.in_turns({10: first, 100: second})
    assert list(found[10]) == ["list", "rule is 5", "cache"]
    assert list(found[100]) == ["list", "more"]
    assert all(one["queries"] > 0 and 0 < one["median_ms"] <= one["p95_ms"] for one in found[100].values())
    told = growth._compared({size: {"probes": probes} for size, probes in found.items()})
    assert list(told["growth"]) == ["list"], "what there is at one size alone has not grown"


def test_copies_are_gone_in_the_end(two: list[str]) -> None:
    with growth._copied(3) as third:
        pass
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname = ANY(%s)", [[*two, third]])
        assert {name for (name,) in cursor.fetchall()} == set(two)


@pytest.mark.django_db
def test_a_database_that_is_larger_than_a_size_does_not_pass_for_it() -> None:
    scene.call()
    with pytest.raises(CommandError, match="1 tickets already"):
        growth.measure([0, 10], 0)
