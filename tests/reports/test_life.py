"""The life of a report: draft, remarks, approved, issued, corrected; who may do and read what of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse
from docx import Document

from hotline.accounts.models import Department
from reports import building, periods
from reports.content import tables
from reports.content.frames import Frame
from reports.models import Edition, Report, ReportEvent, ReportRun
from reports.runs import life, versions
from reports.tasks import build_due_reports
from tests import scene
from tests.scene import at
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def built(label: str = "2026-W16", **details: Any) -> ReportRun:
    kind = "weekly" if "W" in label else "monthly"
    return building.build(periods.parse(kind, label), **details)


def issued(run: ReportRun) -> Edition:
    manager = scene.user(scene.MANAGER)
    edition = life.approve(run.edition, seen=run.edition.changes, actor=manager)
    return life.issue(edition, seen=edition.changes, actor=manager)


def _words(docx: Any) -> str:
    return "".join(Document(docx).element.body.itertext())


def do(client: Client, run: ReportRun, what: str, seen: int, **given: str) -> Any:
    return client.post(reverse("report-step", args=[run.pk]), {"do": what, "seen": seen, **given})


def test_a_report_is_remarked_approved_and_issued(monday: time_machine.Traveller, signed_in: SignIn) -> None:
    run, manager, supervisor = built(), signed_in(scene.MANAGER), signed_in(scene.SUPERVISOR)
    key = run.sections[0]["key"]
    for _ in range(2):  # a second click
        do(supervisor, run, "remark", 0, text="退单率请再核对。", section=key, form_key="one")
    assert do(supervisor, run, "remark", 0, text="", section="no such").status_code == 422
    assert do(supervisor, run, "approve", 0).status_code == 403
    answer = do(manager, run, "issue", 0)
    assert answer.status_code == 422
    assert "审定后才能印发" in answer.content.decode()
    assert do(manager, run, "approve", 0).status_code == 302
    second = do(manager, run, "approve", 0)
    assert second.status_code == 409
    assert "审定" in second.content.decode()
    assert do(manager, run, "take_back", 1, text="").status_code == 422
    do(manager, run, "take_back", 1, text="还有一处要改")
    do(manager, run, "approve", 2)
    do(manager, run, "issue", 3)
    again = do(manager, run, "issue", 3)
    assert again.status_code == 409
    edition = Edition.objects.get()
    assert (edition.state, edition.version, edition.report.number) == ("issued", 1, 1)
    told = list(ReportEvent.objects.values_list("what", "by__username", "section"))
    assert told == [
        ("built", None, ""), ("remark", scene.SUPERVISOR, key), ("approved", scene.MANAGER, ""),
        ("taken_back", scene.MANAGER, ""), ("approved", scene.MANAGER, ""), ("issued", scene.MANAGER, ""),
    ]  # fmt: skip
    page = manager.get(run.get_absolute_url()).content.decode()
    for text in ("总第1期", "退单率请再核对。", "还有一处要改", "/figures/received/?from=2026-04-13&amp;to=2026-04-19"):
        assert text in page, text
    assert "总第1期" in _words(building.file_of(run, "docx"))


def test_each_kind_counts_its_own_numbers_without_gaps(monday: time_machine.Traveller) -> None:
    numbers = [issued(built(label)).report.number for label in ("2026-W14", "2026-03", "2026-W15", "2026-W16")]
    assert numbers == [1, 1, 2, 3]


def test_a_correction_is_a_new_version_that_tells_what_differs(
    monday: time_machine.Traveller, signed_in: SignIn
) -> None:
    first = built()
    issued(first)
    with pytest.raises(life.Objection):
        built()
    manager = signed_in(scene.MANAGER)
    assert manager.post(reverse("report-again", args=[first.pk]), {"reason": " "}).status_code == 422
    scene.call(at=at(15, 9))
    second = built(reason="补登了一件")
    edition = issued(second)
    assert (edition.version, edition.report.number, Report.objects.count()) == (2, 1, 1)
    found = {one.key: one for one in versions.differences(first.sections, second.sections)}
    assert [(line.was, line.now) for line in found["balance"].lines] == [("0", "1"), ("0", "1")], "recorded, and open"
    page = manager.get(second.get_absolute_url()).content.decode()
    assert "补登了一件" in page
    assert "<ins>1</ins>" in page
    assert "已被更正后的版本替代" in manager.get(first.get_absolute_url()).content.decode()
    side_by_side = manager.get(reverse("report-against", args=[second.pk, first.pk]) + "?all").content.decode()
    assert side_by_side.index("第1版") < side_by_side.index("第2版")
    assert manager.get(reverse("report-against", args=[first.pk, first.pk])).status_code == 404


def test_a_unit_that_was_renamed_is_one_line_of_what_differs(monday: time_machine.Traveller) -> None:
    scene.ticket_in("working")
    week, unit = Frame(periods.parse("weekly", "2026-W17")), scene.department("孝南区人民政府")
    was = tables.units_section(week)
    type(unit).objects.filter(pk=unit.pk).update(name="孝南区政府")
    found = versions.differences([was], [tables.units_section(week)])
    assert [(one.row, one.was, one.now) for one in found[0].lines] == [("孝南区政府", "孝南区人民政府", "孝南区政府")]


def test_a_part_of_a_period_and_an_older_draft_are_issued_by_nobody(
    monday: time_machine.Traveller, signed_in: SignIn
) -> None:
    partial, manager = built("2026-W17"), signed_in(scene.MANAGER)
    assert "截至2026-04-20 09:00" in manager.get(partial.get_absolute_url()).content.decode()
    assert "截至" in _words(partial.docx.open("rb"))
    assert do(manager, partial, "approve", 0).status_code == 422
    monday.move_to(at(27, 7))
    build_due_reports()
    whole = ReportRun.objects.filter(period="2026-W17").latest("pk")
    assert (whole.is_partial, whole.edition.draft) == (False, 2)
    newer, manager = built("2026-W17"), signed_in(scene.MANAGER)
    assert "第3稿" in do(manager, whole, "approve", 0).content.decode()
    assert do(manager, newer, "approve", 0).status_code == 302


def test_departments_read_what_was_issued_and_nothing_else(monday: time_machine.Traveller, signed_in: SignIn) -> None:
    first, draft, clerk = built(), built("2026-W15"), signed_in(scene.CLERK)
    life.remark(first.edition, actor=scene.user(scene.SUPERVISOR), text="内部意见")
    assert clerk.get(first.get_absolute_url()).status_code == 404
    issued(first)
    page = clerk.get(first.get_absolute_url()).content.decode()
    assert "总第1期" in page
    assert "内部意见" not in page
    (told,) = clerk.get(reverse("api-report-list")).json()["results"]
    assert (told["id"], told["number"], told["version"]) == (first.pk, 1, 1)
    told = clerk.get(reverse("api-report-detail", args=[first.pk])).json()
    assert [section["key"] for section in told["sections"]] == [section["key"] for section in first.sections]
    assert clerk.get(reverse("api-report-detail", args=[draft.pk])).status_code == 404
    listed = clerk.get(reverse("reports")).content.decode()
    assert first.get_absolute_url() in listed
    assert draft.get_absolute_url() not in listed
    correction = built(reason="更正")
    assert correction.get_absolute_url() not in clerk.get(first.get_absolute_url()).content.decode()
    for address in (draft.get_absolute_url(), reverse("report-file", args=[draft.pk, "docx"]),
                    reverse("report-against", args=[first.pk, correction.pk])):  # fmt: skip
        assert clerk.get(address).status_code == 404, address
    assert do(clerk, first, "remark", 0, text="好").status_code == 403


def test_a_report_of_a_unit_is_read_by_it_alone(monday: time_machine.Traveller, signed_in: SignIn) -> None:
    run = built()
    Report.objects.update(unit=Department.objects.get(name=scene.DEPARTMENT))
    issued(run)
    assert signed_in(scene.CLERK).get(run.get_absolute_url()).status_code == 200
    assert signed_in(scene.OTHER_CLERK).get(run.get_absolute_url()).status_code == 404
    assert run.get_absolute_url() not in signed_in(scene.OTHER_CLERK).get(reverse("reports")).content.decode()


def test_what_was_built_before_reports_had_a_life_is_a_draft(monday: time_machine.Traveller) -> None:
    from importlib import import_module

    from django.apps import apps

    run = ReportRun.objects.create(
        kind="weekly", period="2026-W16", start=at(13, 0), end=at(20, 0), title="周报", sections=[], docx="", xlsx=""
    )
    import_module("reports.migrations.0005_life_of_reports").give_editions(apps, connection.schema_editor())
    assert (run.edition.draft, run.edition.state, run.edition.report.number) == (1, "draft", None)


def test_secrecy_asked_for_later_leaves_a_page_that_was_opened(
    monday: time_machine.Traveller, signed_in: SignIn
) -> None:
    ticket = scene.ticket_in("suspended", title="南门桥路灯不亮")
    run, manager = built("2026-04"), signed_in(scene.MANAGER)
    for _ in range(2):  # the second time as it was kept
        assert ticket.title in manager.get(run.get_absolute_url()).content.decode()
    Ticket.objects.filter(pk=ticket.pk).update(is_secret=True)
    page = manager.get(run.get_absolute_url()).content.decode()
    assert ticket.title not in page
    assert ticket.number in page


def test_what_was_secret_already_has_no_file_made_anew_at_each_download(monday: time_machine.Traveller) -> None:
    """Page and kept files say the same of it, so that the file of an issue is the one that was written for it."""
    secret = scene.ticket_in("dispatched", is_secret=True)
    monday.move_to(at(30, 0) + timedelta(days=3))
    run = built("2026-04")
    listed = next(section for section in run.sections if section["key"] == "abnormal_tickets")
    assert listed["rows"][0][:3] == [secret.number, "（保密）", "（保密）"]
    with building.file_of(run, "docx") as file, run.docx.open("rb") as kept:
        assert file.name == kept.name, "the kept one, and none made in the request"
