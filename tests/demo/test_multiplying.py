"""Copies of tickets lie as a city's history does."""

from __future__ import annotations

import pytest
from django.db import connection

from demo import multiplying

pytestmark = pytest.mark.django_db


def days_back(count: int, age: int) -> list[int]:
    """By how many days each of so many copies lies before a model that came in so many days ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {multiplying._further_back(count)} FROM generate_series(1, {count}) nth,"  # noqa: S608
            f" (SELECT now() - interval '{age} days' AS registered_at) m"
        )
        return [int(row[0]) for row in cursor.fetchall()]


def test_the_later_a_copy_is_written_the_nearer_it_lies_and_none_lies_after_its_model() -> None:
    back = days_back(5000, age=0)
    assert back == sorted(back, reverse=True)
    assert set(back) == set(range(7))
    assert all(back.count(day) >= 800 for day in range(1, 6)), "as many on each day"
    assert days_back(5000, age=3)[-2000:] == [0] * 2000
