"""`manage.py detect_matters` looks at stored tickets anew; what people chose stands."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from matters.models import Looked, Standing
from reports import indicators
from reports.indicators import Window
from tests import scene
from tests.matters.test_linking import IRON, called, settled
from tickets.choices import Status
from tickets.models import Matter, Ticket

pytestmark = pytest.mark.django_db


def detected(since: str = "2026-04-01") -> dict[str, float]:
    out = StringIO()
    call_command("detect_matters", since=since, stdout=out, stderr=StringIO())
    found: dict[str, float] = json.loads(out.getvalue().splitlines()[-1])
    return found


def test_what_is_stored_is_joined_and_a_second_run_changes_nothing(monday: time_machine.Traveller) -> None:
    for serial in range(3):
        called(serial, at=scene.MONDAY - timedelta(hours=serial))
    away = called(7, IRON)
    scene.do(away, "join_matter", scene.DISPATCHER, numbers=called(8, "小区停水两天。", address="紫薇苑").number)
    found = detected()
    assert found["tickets"] == Looked.objects.count() == 5
    assert found["kept"] == 2, "what people joined is left as it is"
    assert Standing.objects.filter(tickets__gte=3).exists()
    versions = list(Ticket.objects.order_by("pk").values_list("version", flat=True))
    detected()
    assert list(Ticket.objects.order_by("pk").values_list("version", flat=True)) == versions


def test_a_day_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="2026-04-01"):
        call_command("detect_matters", since="gestern")


def test_the_rate_of_what_came_back_is_that_of_the_department_that_closed_it(monday: time_machine.Traveller) -> None:
    closed = scene.ticket_in(Status.CLOSED, caller_phone="10012390001")
    monday.shift(timedelta(days=7))
    again = scene.call(caller_phone="10012390002")
    scene.do(again, "join_matter", scene.DISPATCHER, numbers=closed.number)
    settled()
    span = Window(scene.MONDAY - timedelta(days=1), scene.MONDAY + timedelta(days=10))
    by_department = indicators.compute_by(indicators.DEPARTMENT, ["came_back_rate"], span)
    figure = by_department[scene.department(scene.DEPARTMENT).pk]
    assert (figure["came_back_rate"].part, figure["came_back_rate"].base) == (1, 1)
    before = Window(scene.MONDAY - timedelta(days=1), scene.MONDAY + timedelta(days=2))
    assert indicators.compute(["came_back_rate"], before)["came_back_rate"].part == 0, "as it was known at its end"
    assert Matter.objects.count() == 1
