"""Targets, the list of what figures mean, their API, and the wall."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from reports import indicators, targets
from reports.content import cells, monthly
from reports.content.frames import Frame
from reports.models import Target
from reports.periods import parse
from tests import scene
from tests.scene import at
from tickets.choices import Status

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


@pytest.fixture(autouse=True)
def _forget() -> None:
    targets.forget()


def test_a_unit_goes_by_its_own_target_else_by_that_above_it_else_by_the_citys() -> None:
    section = scene.department("孝南区住房和城乡建设局市政工程科")
    Target.objects.create(indicator="on_time_rate", value=90)
    Target.objects.create(indicator="on_time_rate", department=scene.department(scene.DEPARTMENT), value=95)
    Target.objects.create(indicator="hours_to_answer", value=26, is_used=False)
    targets.forget()
    assert (targets.of("on_time_rate"), targets.of("on_time_rate", section)) == (0.9, 0.95)
    assert targets.of("on_time_rate", scene.department(scene.OTHER_DEPARTMENT)) == 0.9
    assert targets.of("hours_to_answer") is None


@pytest.mark.parametrize(
    ("part", "base", "target", "met"), [(19, 20, 0.95, True), (18, 20, 0.95, False), (5, 5, 0.95, None)]
)
def test_a_target_is_judged_by_enough(part: int, base: int, target: float, met: bool | None) -> None:
    figure = indicators.Figure(indicators.INDICATORS["on_time_rate"], base, part)
    assert targets.is_met(figure, target) is met


def test_an_administrator_sets_targets_and_wrong_ones_are_told(signed_in: SignIn) -> None:
    client = signed_in(scene.ADMIN)
    address = reverse("set-up-add", args=["targets"])
    wrong = client.post(address, {"indicator": "on_time_rate", "value": "101"})
    assert "比率最高为100%" in wrong.content.decode()
    assert not Target.objects.exists()
    client.post(address, {"indicator": "on_time_rate", "value": "95", "is_used": "on"})
    assert Target.objects.get().value == 95
    again = client.post(address, {"indicator": "on_time_rate", "value": "90", "is_used": "on"})
    assert again.status_code != 302
    assert Target.objects.count() == 1


def test_page_and_api_say_the_same_figures(monday: time_machine.Traveller, signed_in: SignIn) -> None:
    scene.ticket_in(Status.WORKING)
    monday.move_to(at(28, 9))
    manager = signed_in(scene.MANAGER)
    page = manager.get(reverse("figures")).content.decode()
    assert "按时答复率" in page
    told = manager.get("/api/v1/figures/?from=2026-04-01&to=2026-04-30&names=on_time_rate,received").json()
    assert [(one["name"], one["part"], one["base"], one["is_small"]) for one in told] == [
        ("on_time_rate", 0, 1, True),
        ("received", None, 1, False),
    ]
    by = manager.get("/api/v1/figures/?from=2026-04-01&to=2026-04-30&names=on_time_rate&by=department").json()
    assert [(one["title"], one["base"]) for one in by] == [("孝南区人民政府", 1)], "with all units below"
    narrowed = f"department:{scene.department(scene.OTHER_DEPARTMENT).pk}"
    others = manager.get(f"/api/v1/figures/?from=2026-04-01&to=2026-04-30&names=on_time_rate&for={narrowed}").json()
    assert others[0]["base"] == 0
    assert len(manager.get("/api/v1/indicators/").json()) == len(indicators.INDICATORS)
    for days in ("from=9999-12-31", "from=2026-04-30&to=2026-04-01", "from=x"):
        assert manager.get(f"/api/v1/figures/?{days}").status_code == 400
    for wrong in ("names=nonsense", "by=nonsense", "for=department:x", "for=nonsense"):
        assert manager.get(f"/api/v1/figures/?{wrong}").status_code == 404
    for nobody in (scene.CLERK, scene.OPERATOR):
        assert signed_in(nobody).get("/api/v1/figures/").status_code == 403


def test_nothing_secret_hangs_on_the_wall(monday: time_machine.Traveller, signed_in: SignIn) -> None:
    secret = scene.ticket_in(Status.WORKING, is_secret=True, title="举报某人受贿", description="举报。")
    scene.ticket_in(Status.WORKING, title="路灯不亮", description="路灯三天没有亮。")
    monday.move_to(at(30, 9))
    from supervision.clocks import sweeping

    sweeping.sweep()
    page = signed_in(scene.MANAGER).get(reverse("dashboard-wall")).content.decode()
    assert "路灯不亮" in page
    assert secret.title not in page


def test_every_cell_of_a_report_leads_to_as_much_as_it_says(monday: time_machine.Traveller, signed_in: SignIn) -> None:
    for status in (Status.FOLLOW_UP, Status.CLOSED, Status.WORKING, Status.DISPATCHED, Status.SUSPENDED):
        scene.ticket_in(status, caller_phone="")
    scene.do(scene.ticket_in(Status.WORKING), "urge", scene.SUPERVISOR)
    monday.move_to(at(30, 9))
    from reports import behind

    manager, followed = signed_in(scene.MANAGER), 0
    period = parse("monthly", "2026-04")
    for section in monthly.sections(period):
        for row in section["rows"]:
            for cell in row:
                if not (isinstance(cell, dict) and cell.get("see")) or cells.form_of(cell) not in ("count", "share"):
                    continue
                see = cell["see"]
                page = manager.get(behind.address(see, at(1, 0).date(), at(30, 0).date()))
                said = cell["count"] if "count" in cell else cell["share"][0 if see["part"] == "part" else 1]
                counted = page.context.get("counted", len(page.context.get("page", ())))
                assert counted == said, (section["key"], row[0], cell)
                followed += 1
    assert followed > 60
    assert Frame(period).is_partial
