"""A place in a list that an address names, whole, cut in copying or made up."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from tests import scene

PLACES = (
    "p=nonsense", "p=2026-13-45", "p=2026-04-20", "p=2026-04-20+09%3A00%3A00", "p=0001-01-01T00%3A00%3A00%2B23%3A59",
    "p=%00", "p=9" + "9" * 40, "p=", "r=1", "r=1&p=x", "r=x", "o=-1", "o=99999999999", "o=1&r=1&p=nonsense", "p=%F0",
    "p=NaN", "p=2026-04-20T09%3A00%3A00%2B08%3A00",
)  # fmt: skip
SORTS = ("newest", "oldest", "due", "step", "risk")


def cursors() -> list[str]:
    return ["x", "%%%", "长", "=", "cD0=", *(b64encode(place.encode()).decode() for place in PLACES)]


@pytest.mark.django_db
@pytest.mark.parametrize("sort", SORTS)
def test_a_place_that_is_none_begins_at_the_start(signed_in: Any, sort: str) -> None:
    scene.call()
    client = signed_in(scene.SUPERVISOR)
    for after in cursors():
        assert client.get("/tickets/", {"after": after, "sort": sort}).status_code == 200, after


@pytest.mark.django_db
def test_the_api_says_that_there_is_no_such_place(signed_in: Any) -> None:
    scene.call()
    client = signed_in(scene.SUPERVISOR)
    for after in cursors():
        assert client.get("/api/v1/tickets/", {"after": after}).status_code in (200, 404), after
    assert client.get("/api/v1/tickets/", {"after": b64encode(b"p=nonsense").decode()}).status_code == 404
