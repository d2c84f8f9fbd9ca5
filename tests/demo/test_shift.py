"""Operators who record calls at the same time lose none."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest
from django.utils import timezone

from demo import shift
from tickets.models import Ticket


def test_operators_at_once_lose_no_call(live_city: None) -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = shift.measure(operators=3, calls_an_hour=3600, minutes=0.05, port=port)
    assert found["calls"] == 9
    assert (found["lost"], found["twice"], found["numbers_twice"], found["faults"]) == ([], [], 0, [])
    for panel in shift.PANELS:
        assert found["milliseconds"][panel]["asked"] == 9 * len(shift.PAUSES)
    assert Ticket.objects.filter(registered_by__username__startswith=shift.PERSON).count() == 9


@pytest.mark.django_db
def test_a_call_that_is_not_there_is_told() -> None:
    assert shift.kept([shift.Call("班次99999", "", "", Ticket())], timezone.now())["lost"] == ["班次99999"]
