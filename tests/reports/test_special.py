"""Special reports: periods of any length, over any of the tickets, and those for one department alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from hotline.accounts.models import Region
from reports import building, periods
from reports.models import Job, Report, ReportRun
from reports.periods import Length
from reports.runs import jobs, life
from tests import scene
from tests.scene import at
from tickets.choices import Status

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("length", "label", "days", "before", "a_year_before"),
    [
        ("day", "2024-02-29", ("2024-02-29", "2024-02-29"), "2024-02-28", "2023-02-28"),
        ("weekly", "2026-W01", ("2025-12-29", "2026-01-04"), "2025-W52", "2025-W01"),
        ("quarter", "2026-Q1", ("2026-01-01", "2026-03-31"), "2025-Q4", "2025-Q1"),
        ("year", "2024", ("2024-01-01", "2024-12-31"), "2023", "2023"),
        ("days", "2026-03-01–2026-03-10", ("2026-03-01", "2026-03-10"), "2026-02-19–2026-02-28",
         "2025-03-01–2025-03-10"),
    ],
)  # fmt: skip
def test_periods_of_any_length(length: str, label: str, days: tuple[str, str], before: str, a_year_before: str) -> None:
    period = periods.parse("special", label)
    assert (period.kind, tuple(map(str, period.days))) == (length, days)
    assert (period.before().label, period.a_year_before().label) == (before, a_year_before)
    if length != Length.DAYS:
        assert periods.containing(length, date.fromisoformat(days[1])) == period


@pytest.mark.parametrize("label", ["2026-Q5", "2026-13-01", "2026-04-10–2026-04-01", "x", "", "0001", "2026–W1"])
def test_what_is_no_period(label: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        periods.parse("special", label)


def ask(client: Client, **given: Any) -> Any:
    data = {"length": "quarter", "first": "2026-04-20", "last": "", "department": "", "region": "", "category": "",
            "kind": "", "channel": ""}  # fmt: skip
    return client.post(reverse("report-special"), data | given)


def test_a_special_report_over_a_street_of_one_department_alone(
    monday: time_machine.Traveller, signed_in: Callable[[str], Client], settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    scene.ticket_in(Status.WORKING)
    monday.move_to(at(30, 23).replace(month=7, day=1))
    unit, street = scene.department(scene.DEPARTMENT), Region.objects.get(name="书院街道")
    client = signed_in(scene.MANAGER)
    assert ask(client, department=unit.pk, region=street.pk, is_own="on").status_code == 302
    assert ask(client, kind="complaint").status_code == 302
    jobs.work()
    own, other = Report.objects.get(unit=unit), Report.objects.get(unit=None)
    assert (own.kind, own.period, own.scope) == ("special", "2026-Q2", f"department={unit.pk}&region={street.pk}")
    run, of_all = ReportRun.objects.get(edition__report=own), ReportRun.objects.get(edition__report=other)
    assert "书院街道" in run.title
    assert "2026年第2季度" in run.title
    for one in (run, of_all):
        edition = life.approve(one.edition, seen=0, actor=scene.user(scene.MANAGER))
        life.issue(edition, seen=1, actor=scene.user(scene.MANAGER))
    mine, others = signed_in(scene.CLERK), signed_in(scene.OTHER_CLERK)
    assert mine.get(run.get_absolute_url()).status_code == 200
    assert others.get(run.get_absolute_url()).status_code == 404
    assert others.get(of_all.get_absolute_url()).status_code == 200
    assert client.post(reverse("report-again", args=[run.pk]), {"reason": "补登"}).status_code == 302
    jobs.work()
    assert own.editions.count() == 2


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"first": "2026-07-01"}, "first"),
        ({"first": "x"}, "first"),
        ({"length": "days"}, "last"),
        ({"length": "days", "last": "2026-04-01"}, "last"),
        ({"length": "days", "first": "2016-04-01", "last": "2026-04-01"}, "last"),
        ({"length": "century"}, "length"),
        ({"is_own": "on"}, "department"),
        ({"department": "999999"}, "department"),
        ({"first": "2014-01-01"}, "__all__"),
    ],
)
def test_what_does_not_do_is_said_and_what_was_typed_stays(
    given: dict[str, str], field: str, monday: time_machine.Traveller, signed_in: Callable[[str], Client]
) -> None:
    scene.call()
    answer = ask(signed_in(scene.MANAGER), channel="phone", **given)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert '<option value="phone" selected' in answer.content.decode()
    assert not Job.objects.exists()


def test_a_department_that_closed_is_named(monday: time_machine.Traveller, signed_in: Callable[[str], Client]) -> None:
    unit = scene.department(scene.DEPARTMENT)
    type(unit).objects.filter(pk=unit.pk).update(is_open=False)
    answer = ask(signed_in(scene.MANAGER), department=str(unit.pk))
    assert unit.name in str(answer.context["form"].errors["department"])


def test_a_department_has_its_own_report_built_and_nobody_beside_it_reads_it(
    monday: time_machine.Traveller, signed_in: Callable[[str], Client], settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    scene.do(scene.ticket_in(Status.WORKING), "answer", scene.CLERK)
    monday.move_to(at(30, 9))
    clerk, other, manager = (signed_in(who) for who in (scene.CLERK, scene.OTHER_CLERK, scene.MANAGER))
    address = reverse("report-own")
    for first in ("2026-04-13", "2026-04-20"):
        answer = clerk.post(address, {"length": "weekly", "first": first})
        assert answer.status_code == (302 if first == "2026-04-20" else 422), "in the first there is nothing to report"
    job = Job.objects.get()
    assert (job.scope, job.unit) == (f"department={job.unit_id}", scene.department(scene.DEPARTMENT))
    clerk.post(address, {"length": "monthly", "first": "2026-04-20"})
    full = clerk.post(address, {"length": "year", "first": "2026-04-20"})
    assert "本单位已有2份报告正在生成" in full.content.decode()
    month = Job.objects.latest("pk")
    assert other.post(reverse("report-cancel", args=[month.pk])).status_code == 404
    clerk.post(reverse("report-cancel", args=[month.pk]))
    assert jobs.work() == 1
    run = ReportRun.objects.get()
    assert run.get_absolute_url() in clerk.get(reverse("report-progress")).content.decode()
    assert run.get_absolute_url() not in other.get(reverse("report-progress")).content.decode()
    page = clerk.get(run.get_absolute_url()).content.decode()
    assert "草稿" in page
    assert "承办工单1件次" in page
    assert "/figures/" not in page, "what leads to tickets of the city leads the department nowhere"
    assert other.get(run.get_absolute_url()).status_code == 404
    assert manager.get(run.get_absolute_url()).status_code == 200
    built_by_others = building.build(
        periods.parse("monthly", "2026-03"), kind="special", unit_id=job.unit_id, by=scene.user(scene.MANAGER)
    )
    assert clerk.get(built_by_others.get_absolute_url()).status_code == 404, "a draft that the hotline made of it"
    for who in (scene.OPERATOR, scene.MANAGER):
        assert signed_in(who).get(address).status_code == 403
