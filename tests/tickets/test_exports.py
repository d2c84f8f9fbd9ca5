"""Lists of tickets as files: made by a worker, as their reader may read them, for their owner alone, and withdrawn."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hotline import disk
from hotline.accounts.permissions import Permission, roles_with
from tests import scene
from tickets.exports import jobs, rows
from tickets.models import TicketExport
from tickets.reading import read as read_as

pytestmark = pytest.mark.django_db
State = TicketExport.State


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path / "exports"


@pytest.fixture
def manager(signed_in: Callable[[str], Client]) -> Client:
    return signed_in(scene.MANAGER)


def ask(client: Client, address: str = "") -> TicketExport:
    assert client.post(reverse("ticket-export"), {"address": address}).status_code == 302
    return TicketExport.objects.latest("pk")


def made(export: TicketExport) -> TicketExport:
    jobs.make(export.pk)
    export.refresh_from_db()
    return export


def rows_of(client: Client, export: TicketExport) -> list[list[Any]]:
    answer = client.get(reverse("ticket-export-file", args=[export.pk]))
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).worksheets[0]  # type: ignore[attr-defined]
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_file_has_the_list_as_it_was_narrowed_and_as_its_reader_may_read_it(
    manager: Client, signed_in: Callable[[str], Client]
) -> None:
    plain = scene.call(kind="complaint", title="=1+1 路灯不亮", caller_name="赵先生", caller_phone="10011112222")
    secret = scene.call(kind="complaint", title="举报", address="幸福路1号", caller_name="钱女士", is_secret=True)
    scene.call(kind="consultation", title="咨询")
    export = made(ask(manager, "kind=complaint&sort=oldest"))
    assert (export.state, export.done, export.total) == (State.READY, 2, 2)
    assert "投诉" in export.narrowed_by
    head, first, second = rows_of(manager, export)
    told = [dict(zip(head, row, strict=True)) for row in (first, second)]
    assert [one["工单编号"] for one in told] == [plain.number, secret.number]
    assert told[0]["标题"] == "=1+1 路灯不亮"
    assert abs(told[0]["登记时间"] - timezone.make_naive(plain.registered_at)) < timedelta(seconds=1)
    assert "钱女士" not in str(second)
    assert told[1]["来电人"] == "来电人要求保密，不予显示"
    supervisor = signed_in(scene.SUPERVISOR)
    assert "钱女士" in str(rows_of(supervisor, made(ask(supervisor, "kind=complaint"))))
    assert supervisor.get(reverse("ticket-export-file", args=[export.pk])).status_code == 404, "its owner's alone"
    assert supervisor.post(reverse("ticket-export-end", args=[export.pk])).status_code == 404


def test_rows_cost_no_question_each(manager: Client, django_assert_num_queries: Any, tmp_path: Path) -> None:
    reader = scene.user(scene.MANAGER)
    for count in range(3):
        scene.call(caller_name="孙女士", is_secret=bool(count % 2))
        tickets = jobs.chosen({}, reader).only(*rows.COLUMNS_READ)
        with django_assert_num_queries(4):
            rows.write(tmp_path / "x.xlsx", tickets, reader, title="", mark="", told=print)


def test_only_some_may(signed_in: Callable[[str], Client]) -> None:
    assert roles_with(Permission.EXPORT_TICKETS) == ["supervisor", "manager"]
    clerk = signed_in(scene.CLERK)
    assert clerk.get(reverse("ticket-exports")).status_code == 403
    assert clerk.post(reverse("ticket-export"), {"address": ""}).status_code == 403
    assert reverse("ticket-export") not in clerk.get(reverse("tickets")).content.decode()


def test_one_at_a_time_each_cancelled_or_withdrawn(manager: Client, folder: Path) -> None:
    scene.call()
    export = ask(manager)
    ask(manager)
    assert TicketExport.objects.count() == 1, "one is in the making"
    assert "hx-trigger" in manager.get(reverse("ticket-exports")).content.decode()
    manager.post(reverse("ticket-export-end", args=[export.pk]))
    assert made(export).state == State.CANCELLED
    export = made(ask(manager))
    assert left(folder) == [Path(str(export.file.name)).name]
    manager.post(reverse("ticket-export-end", args=[export.pk]))
    export.refresh_from_db()
    assert (export.state, left(folder)) == (State.WITHDRAWN, [])
    assert manager.get(reverse("ticket-export-file", args=[export.pk])).status_code == 404


def test_a_cancelled_one_stops_amid_the_work_and_leaves_nothing(
    manager: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "AT_ONCE", 1)
    for _one in range(3):
        scene.call()
    export = ask(manager)
    real = read_as

    def read(ticket: Any, reader: Any) -> Any:
        TicketExport.objects.update(state=State.CANCELLED)
        return real(ticket, reader)

    monkeypatch.setattr(rows, "reading_of", read)
    assert made(export).state == State.CANCELLED
    assert left(folder) == []


@pytest.mark.parametrize("when", ["before", "while"])
def test_a_full_disk_is_said_and_leaves_nothing(
    manager: Client, folder: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    scene.call()
    export = ask(manager)
    if when == "before":
        monkeypatch.setattr(disk, "free_bytes", lambda: 0)
    else:

        def read(ticket: Any, reader: Any) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(rows, "reading_of", read)
    assert made(export).state == State.FAILED
    assert "磁盘" in manager.get(reverse("ticket-exports")).content.decode()
    assert left(folder) == []


def test_what_a_killed_worker_left_is_taken_up_again_or_told(manager: Client, folder: Path) -> None:
    scene.call()
    export = ask(manager)
    TicketExport.objects.update(state=State.RUNNING)
    assert made(export).state == State.RUNNING, "another is at work on it"
    TicketExport.objects.update(seen_at=timezone.now() - jobs.SILENT)
    assert made(export).state == State.READY, "given out once more"
    (folder / "making-left").mkdir()
    stopped = ask(manager)
    jobs.tidy(timezone.now() + jobs.KEPT + timedelta(hours=1))
    stopped.refresh_from_db()
    export.refresh_from_db()
    assert (stopped.state, export.state, left(folder)) == (State.FAILED, State.WITHDRAWN, [])


def test_words_that_were_searched_for_are_those_of_the_session(manager: Client) -> None:
    found = scene.call(title="广场舞噪音扰民")
    scene.call(title="路灯不亮")
    listed = manager.post(reverse("find"), {"q": "广场舞", "list": reverse("tickets")})["Location"]
    address = listed.partition("?")[2]
    assert "广场舞" not in address
    export = made(ask(manager, address))
    assert [row[0] for row in rows_of(manager, export)[1:]] == [found.number]
    assert "广场舞" not in export.narrowed_by
    manager.post(reverse("ticket-export"), {"address": "find=unknown"})
    manager.post(reverse("ticket-export"), {"address": "kind=nonsense"})
    manager.post(reverse("ticket-export"), {"address": "\x00%ff&recorded_from=x"})
    assert TicketExport.objects.count() == 1, "what finds nothing is no file of everything"


def test_who_may_no_more_gets_none(manager: Client) -> None:
    export = ask(manager)
    type(export.owner).objects.filter(pk=export.owner_id).update(is_active=False)
    assert made(export).state == State.FAILED
