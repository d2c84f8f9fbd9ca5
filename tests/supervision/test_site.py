"""The page on the spot: noted once however often it is sent, verified in its order, and its papers."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from docx import Document
from icalendar import Calendar

from hotline.accounts.models import Department
from supervision.models import CoordinationTask, Notice, SiteEntry
from supervision.site import visit
from tests import scene
from tests.scene import at
from tickets.choices import Status
from tickets.matters import joining
from tickets.models import Attachment, Ticket
from tickets.workflow import performing, table
from tickets.workflow.performing import InvalidInput, Refused

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
# The smallest picture that is one: a single point.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005fe02fe"
    "0def46b80000000049454e44ae426082"
)


@pytest.fixture(autouse=True)
def _files_go_elsewhere(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def task(monday: time_machine.Traveller) -> CoordinationTask:
    """A meeting about a matter of three callers."""
    tickets = [scene.ticket_in(Status.DISPATCHED, caller_phone=f"1001234000{i}") for i in range(3)]
    joining.join(tickets, actor=scene.user(scene.DISPATCHER))
    scene.do(tickets[0], "escalate", scene.SUPERVISOR, point="30.924568, 113.916957")
    return CoordinationTask.objects.get()


def photo(name: str = "现场.png", content: bytes = PNG) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def note(task: CoordinationTask, kind: str, **given: Any) -> SiteEntry:
    return visit.record(task, kind=kind, actor=scene.user(scene.SUPERVISOR), **given)


def settle(task: CoordinationTask) -> list[Ticket]:
    """Determined, and answered by the department."""
    note(task, "determined", given=scene.inputs("determine", due="2026-04-20T20:00"))
    tickets = list(Ticket.objects.filter(coordinated_in__task=task).order_by("registered_at", "pk"))
    for ticket in tickets:
        scene.do(scene.do(ticket, "accept", scene.CLERK), "answer", scene.CLERK)
    return tickets


# -- sent twice, late, or by a stranger -----------------------------------------------------------------------


def test_what_is_sent_twice_is_kept_once(task: CoordinationTask) -> None:
    key = uuid.uuid4()
    for _ in range(3):
        note(task, "before", key=key, upload=photo())
    assert SiteEntry.objects.count() == Attachment.objects.count() == 1
    settled = uuid.uuid4()
    given = scene.inputs("determine", due="2026-04-20T20:00")
    for _ in range(2):
        note(task, "determined", key=settled, given=given)
    assert task.ticket.events.filter(action="determine").count() == 1


def test_what_was_noted_without_a_network_keeps_its_time(
    task: CoordinationTask, monday: time_machine.Traveller
) -> None:
    party = task.participants.all()[0]
    noted = at(20, 10, 31)
    monday.move_to(at(20, 12))
    entry = note(task, "arrived", participant=party, at=noted)
    party.refresh_from_db()
    assert (entry.at, entry.received_at, party.arrived_at) == (noted, at(20, 12), noted)
    wrong = note(task, "statement", participant=party, text="甲", at=at(20, 18))
    assert wrong.at == at(20, 12), "a telephone's clock cannot be ahead"


def test_the_page_answers_its_script_and_a_browser_without_one(task: CoordinationTask, signed_in: SignIn) -> None:
    client, address = signed_in(scene.SUPERVISOR), reverse("site-note", args=[task.pk])
    party = task.participants.all()[0]
    sent = {"kind": "arrived", "participant": party.pk, "key": str(uuid.uuid4()), "at": "2026-04-20T10:30:00+08:00"}
    by_script = {"Accept": "application/json"}
    assert client.post(address, sent, headers=by_script).json() == {"kept": True}
    assert client.post(address, sent, headers=by_script).json() == {"kept": True}
    assert SiteEntry.objects.count() == 1
    plain = client.post(address, {"kind": "statement", "participant": party.pk, "text": "钢板由我方铺设。"})
    assert plain.status_code == 302
    assert "钢板由我方铺设。" in client.get(task.get_absolute_url()).content.decode()
    wrong = client.post(address, {"kind": "determined", "department": "", "note": "留着"})
    assert wrong.status_code == 422
    assert "留着" in wrong.content.decode(), "what was typed stays, on the page of the meeting"
    lost = client.post(address, {"kind": "statement", "text": "没有选择单位。"})
    assert lost.status_code == 409
    assert "没有选择单位。" in lost.content.decode()
    refused = client.post(address, {"kind": "determined"}, headers=by_script)
    assert refused.status_code == 422
    assert refused.json()["message"]
    assert signed_in(scene.CLERK).post(address, sent).status_code == 403


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("dance", {}),
        ("arrived", {}),
        ("came_too", {"text": " "}),
        ("before", {}),
        ("before", {"upload": photo("a.jpg", b"GIF? no")}),
        ("before", {"upload": photo("a.pdf", b"%PDF-1.7 paper")}),
        ("before", {"upload": photo("a.jpg", b"")}),
        ("before", {"upload": photo("a.png", PNG[:20])}),
        ("after", {"upload": photo()}),
    ],
)
def test_what_cannot_be_noted_is_refused_and_leaves_nothing(
    kind: str, given: dict[str, Any], task: CoordinationTask, tmp_path: Path
) -> None:
    with pytest.raises(Refused):
        note(task, kind, **given)
    assert not SiteEntry.objects.exists()
    assert not Attachment.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()], "nor on the disk"


def test_a_photograph_of_40_mb_is_refused(task: CoordinationTask) -> None:
    large = photo("大.jpg", b"\xff\xd8\xff" + b"0" * (40 * 1024 * 1024))
    with pytest.raises(Refused, match="40"):
        note(task, "before", upload=large)
    assert not Attachment.objects.exists()


def test_a_party_of_another_meeting_is_refused(task: CoordinationTask) -> None:
    other = scene.ticket_in(Status.COORDINATING)
    stranger = CoordinationTask.objects.get(ticket=other).participants.all()[0]
    with pytest.raises(Refused):
        note(task, "arrived", participant=stranger)


def test_a_determination_that_does_not_do_changes_nothing(task: CoordinationTask) -> None:
    with pytest.raises(InvalidInput):
        note(task, "determined", given=scene.inputs("determine", due="2026-04-19T20:00"))
    Department.objects.filter(name=scene.DEPARTMENT).update(is_open=False)
    with pytest.raises(InvalidInput):
        note(task, "determined", given=scene.inputs("determine", due="2026-04-20T20:00"))
    task.refresh_from_db()
    assert task.state == CoordinationTask.State.CALLED
    assert not SiteEntry.objects.exists()


# -- parties, invitation and papers ---------------------------------------------------------------------------


def test_parties_come_from_path_directory_place_and_earlier_meetings(task: CoordinationTask) -> None:
    ticket = scene.ticket_in(Status.RETURN_ASKED, caller_phone="10012349999")
    proposed = performing.proposal(table.ACTIONS["escalate"], ticket)
    names = set(Department.objects.filter(pk__in=proposed["departments"]).values_list("name", flat=True))
    assert {scene.DEPARTMENT, scene.OTHER_DEPARTMENT, "市住房和城乡建设局", "书院街道办事处"} <= names
    assert set(proposed["others"].splitlines()) == {"施工单位", "社区"}, "as at the meeting before"


def test_departments_are_invited_once_with_time_and_place(task: CoordinationTask) -> None:
    (notice,) = Notice.objects.filter(step="invitation")
    assert str(notice.to_department) == scene.DEPARTMENT
    assert task.place in notice.text
    with pytest.raises(Refused):
        scene.do(Ticket.objects.exclude(pk=task.ticket_id)[0], "escalate", "supervisor2")
    assert Notice.objects.filter(step="invitation").count() == 1, "nobody is invited twice"


def test_the_invitation_is_a_calendar_entry_with_the_map_point(task: CoordinationTask, signed_in: SignIn) -> None:
    answer = signed_in(scene.SUPERVISOR).get(reverse("meeting", args=[task.pk]))
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
    assert event.decoded("dtstart") == task.meets_at
    assert str(event["location"]) == task.place
    assert event["geo"].to_ical() == "30.924568;113.916957"


@pytest.mark.parametrize("point", ["here", "95,10", "30.9", "30.9,999"])
def test_what_is_no_map_point_is_refused(point: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        scene.do(scene.ticket_in(Status.DISPATCHED), "escalate", scene.SUPERVISOR, point=point)
    assert "point" in refused.value.errors


def test_the_minutes_hold_everything_that_was_noted(task: CoordinationTask, signed_in: SignIn) -> None:
    first, second, *_ = task.participants.all()
    note(task, "statement", participant=first, text="钢板由我方铺设，未加垫层。")
    note(task, "before", upload=photo())
    broken = note(task, "before", upload=photo("broken.png")).attachment
    assert broken is not None
    Path(broken.file.path).write_bytes(PNG[:20])  # as one that was kept before pictures were looked at
    note(task, "signed", participant=second, upload=photo("signature.png"))
    settle(task)
    note(task, "after", upload=photo("现场.webp", scene.picture(kind="WEBP")))  # which Word does not know
    answer = signed_in(scene.MANAGER).get(reverse("minutes", args=[task.pk]))
    paper = Document(io.BytesIO(answer.content))
    text = "\n".join(p.text for p in paper.paragraphs)
    cells = "\n".join(cell.text for table in paper.tables for row in table.rows for cell in row.cells)
    assert "现场协调纪要" in text
    assert scene.DEPARTMENT in text
    assert "属地" in text
    assert "钢板由我方铺设，未加垫层。" in cells
    assert "未到场" in cells
    for ticket in Ticket.objects.filter(coordinated_in__task=task):
        assert ticket.number in cells
    assert len(paper.inline_shapes) == 3, "before, after and a signature; the broken picture is named"
    assert signed_in(scene.CLERK).get(reverse("minutes", args=[task.pk])).status_code == 403


def test_minutes_of_a_meeting_that_has_not_begun(task: CoordinationTask, signed_in: SignIn) -> None:
    assert signed_in(scene.SUPERVISOR).get(reverse("minutes", args=[task.pk])).status_code == 200


# -- verification ---------------------------------------------------------------------------------------------


def test_photograph_first_caller_then_all(task: CoordinationTask, monday: time_machine.Traveller) -> None:
    first, second, third = settle(task)
    task.refresh_from_db()
    assert task.state == CoordinationTask.State.DONE
    with pytest.raises(Refused, match="照片"):
        scene.do(first, "follow_up", scene.OPERATOR)
    note(task, "after", upload=photo())
    with pytest.raises(Refused, match=first.number):
        scene.do(second, "follow_up", scene.OPERATOR)
    scene.do(first, "miss_follow_up", scene.OPERATOR)
    scene.do(second, "follow_up", scene.OPERATOR)
    scene.do(third, "follow_up", scene.OPERATOR)
    task.refresh_from_db()
    assert task.state == CoordinationTask.State.DONE, "whoever called first has not been reached yet"
    scene.do(first, "follow_up", scene.OPERATOR)
    task.refresh_from_db()
    assert (task.state, task.verified_at) == (CoordinationTask.State.VERIFIED, at(20, 9))


def test_the_directive_has_a_clock_of_its_own(task: CoordinationTask, monday: time_machine.Traveller) -> None:
    from supervision.clocks.sweeping import sweep
    from supervision.models import Flag

    note(task, "determined", given=scene.inputs("determine", due="2026-04-20T20:00"))
    monday.move_to(at(20, 20))
    sweep()
    flags = Flag.objects.filter(cleared_at=None, kind="task_late").values_list("ticket", flat=True)
    assert list(flags) == [task.ticket_id]


def test_nobody_stands_before_the_spot_without_being_seen(
    task: CoordinationTask, monday: time_machine.Traveller
) -> None:
    from supervision.clocks.sweeping import sweep
    from supervision.models import Flag

    monday.shift(timedelta(days=4))
    sweep()
    assert Flag.objects.filter(cleared_at=None, kind="task_late", ticket=task.ticket).exists()


def test_the_pages_script_is_served_above_the_pages(signed_in: SignIn) -> None:
    answer = signed_in(scene.SUPERVISOR).get(reverse("site-worker"))
    assert answer["Content-Type"] == "text/javascript"
    assert reverse("site-worker").startswith(reverse("coordinations"))
