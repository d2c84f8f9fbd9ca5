"""What the dashboard shows is kept for a minute, and leads to what was there then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reports import indicators, kept
from reports.tasks import keep_dashboard
from tests import scene

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


def shown(client: Client) -> tuple[int, str]:
    """How many were received as the page says, and where that leads."""
    cards = client.get(reverse("dashboard"), {"period": "day"}).context["cards"]
    card = next(card for card in cards if card.figure.indicator.name == "received")
    return card.figure.base, card.address


def test_a_number_leads_to_what_was_there_when_it_was_counted(
    monday: time_machine.Traveller, signed_in: SignIn
) -> None:
    manager = signed_in(scene.MANAGER)
    first = scene.call()
    assert shown(manager)[0] == 1
    monday.shift(timedelta(seconds=30))
    second = scene.call(caller_phone="10012340002")
    number, address = shown(manager)
    assert number == 1, "kept"
    assert [ticket.pk for ticket in manager.get(address).context["page"]] == [first.pk]
    monday.shift(timedelta(seconds=120))
    number, address = shown(manager)
    assert number == 2, "counted by the page itself, where no worker has"
    assert {ticket.pk for ticket in manager.get(address).context["page"]} == {first.pk, second.pk}
    for odd in ("at=x", "at=2026-04-20", "at=2026-13-45T00:00:00+08:00", "at=9999-01-01T00:00:00+08:00"):
        assert manager.get(f"{reverse('figure-tickets', args=['received'])}?{odd}").status_code == 200


def test_what_a_worker_has_counted_costs_the_page_nothing(monday: time_machine.Traveller, signed_in: SignIn) -> None:
    scene.ticket_in("closed")
    keep_dashboard()
    with CaptureQueriesContext(connection) as captured:
        signed_in(scene.MANAGER).get(reverse("dashboard"))
    assert not [query for query in captured.captured_queries if "tickets_span" in query["sql"]]


def test_the_dashboard_draws_the_districts_by_what_came_in(monday: time_machine.Traveller, signed_in: SignIn) -> None:
    scene.call()
    page = signed_in(scene.MANAGER).get(reverse("dashboard") + "?period=day").content.decode()
    drawn = page[page.index('class="city-map"') : page.index("</svg>", page.index('class="city-map"'))]
    assert 'aria-label="孝南区: 1"' in drawn
    assert drawn.count("<polygon") == 7
    assert "part=base" in drawn
    assert "for=region:" in drawn


def test_what_is_kept_is_what_is_counted(monday: time_machine.Traveller) -> None:
    for status in ("closed", "working", "follow_up", "suspended"):
        scene.ticket_in(status, caller_phone="")
    monday.shift(timedelta(days=9))
    for name in kept.NAMES:
        found = kept.refresh(name)
        window = indicators.Window(
            scene.at(1, 0).replace(day=found.first.day, month=found.first.month), found.at + timedelta.resolution
        )
        assert found.figures(kept.CARDS) == indicators.compute(kept.CARDS, window)
        for dimension, (one, names) in kept.DIMENSIONS.items():
            assert found.figures_by(dimension) == indicators.compute_by(one, names, window)
        again = kept.refresh(name)
        assert again.before is not None
        assert again.before[:2] == found.before[:2], "counted once an hour"
