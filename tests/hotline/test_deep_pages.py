"""Stepping through a list whose rows share their place in the order."""

from __future__ import annotations

from typing import Any

import pytest

from hotline import keyset
from tests import scene
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("sort", ["newest", "oldest", "risk", "step"])
def test_every_ticket_is_met_once_forwards_and_backwards(
    signed_in: Any, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset.KeysetPagination, "page_size", 2)
    numbers = {scene.call().number for _ in range(7)}
    Ticket.objects.update(risk=5)
    client, address, pages = signed_in(scene.SUPERVISOR), f"/tickets/?sort={sort}", []
    while address:
        page = client.get(address).context["page"]
        pages.append([ticket.number for ticket in page])
        address, last = page.next_url, page
    assert sorted(number for page in pages for number in page) == sorted(numbers)
    for expected in reversed(pages[:-1]):
        last = client.get(last.previous_url).context["page"]
        assert [ticket.number for ticket in last] == expected
