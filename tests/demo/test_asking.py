"""What is measured of a request, and what is told of how it grew."""

from __future__ import annotations

import pytest

from demo import asking, growth
from tests import scene

pytestmark = pytest.mark.django_db


def test_people_wait_and_processors_work() -> None:
    scene.call()
    measured = asking.measure(asking.Probe("list", scene.OPERATOR, asking.getting("/tickets/")), rounds=4)
    assert 0 < measured["median_ms"] <= measured["p95_ms"]
    assert measured["work_ms"] > 0
    assert measured["queries"] > 0


def test_growth_is_of_work_and_what_people_wait_for_is_told_apart() -> None:
    def one(p95: float, work: float) -> dict[str, float]:
        return {"p95_ms": p95, "median_ms": p95, "queries": 3, "work_ms": work}

    sizes = {
        10: {"probes": {"a": one(90, 40), "b": one(300, 40)}},
        100: {"probes": {"a": one(95, 80), "b": one(90, 44)}},
    }
    told = growth._compared(sizes)
    assert told["grown"] == {"a": 2}
    assert told["over_100_ms"] == told["work_over_100_ms"] == {}
    assert growth._compared({10: sizes[10]})["over_100_ms"] == {"b": 300}
    lines = growth.table({"sizes": sizes} | told).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["a", "b"], "the most work first"
