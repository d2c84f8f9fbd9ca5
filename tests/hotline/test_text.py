"""Text is cleaned once, where it enters, whatever way it comes; files cope with what old rows hold."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from docx import Document
from openpyxl import load_workbook

from hotline import incoming, text
from hotline.accounts.models import Region, User
from reports import building, periods
from reports.files import excel, word
from reports.files.paper import Paper
from supervision.models import CoordinationTask
from supervision.site import papers
from tests import scene
from tickets.choices import Status
from tickets.models import Attachment, Matter, Ticket

ODD = "钢\x07板\u200b异\u202e响\ufffe\ufeff"
CLEAN = "钢板异响"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (ODD, CLEAN),
        ("一行\r\n二行\r三行\u2028四行\u0085五行", "一行\n二行\n三行\n四行\n五行"),
        ("表\t格", "表\t格"),
        ("\ud800刘\udfff", "刘"),
        ("a\x00b\x1b[31m", "ab[31m"),
        ("e\u0301", "é"),
        ("１３８ ﹩ ㎡", "１３８ ﹩ ㎡"),  # width is what was written; only a search folds it
        ("𠮷\U000e0100野家", "𠮷\U000e0100野家"),  # the form of a character in somebody's name
        ("\ue5e5", "\ue5e5"),  # a rare character of GBK's private area
        ("👨\u200d👩\u200d👧 张\u200d三", "👨\u200d👩\u200d👧 张三"),
        ("\U000e0041\U0001ffff", ""),
    ],
)
def test_what_is_kept_of_a_text(written: str, kept: str) -> None:
    assert text.clean(written) == kept
    assert text.clean(kept) == kept, "cleaning twice changes nothing"


def test_passwords_are_compared_as_they_were_typed() -> None:
    assert text.as_typed("e\u0301\u200b") == "e\u0301\u200b"
    text.as_typed("\ud800").encode()


@pytest.mark.parametrize(
    ("name", "kept"), [("a\x01b.docx", "ab.docx"), ("\u202e", "file"), ("..", "file"), (None, "file")]
)
def test_the_name_of_a_file(name: str | None, kept: str) -> None:
    assert incoming.clean_file_name(name) == kept


def call_data(**changes: Any) -> dict[str, Any]:
    return {
        "caller_phone": "13800138000", "caller_name": f"刘{ODD}", "channel": "phone", "kind": "complaint",
        "urgency": "normal", "title": ODD, "description": f"{ODD}\r\n整夜不得安宁。", "address": ODD,
        "region": Region.objects.get(name="书院街道").pk,
    } | changes  # fmt: skip


def is_clean(ticket: Ticket) -> bool:
    return (ticket.title, ticket.description, ticket.address, ticket.caller_name) == (
        CLEAN, f"{CLEAN}\n整夜不得安宁。", CLEAN, f"刘{CLEAN}",
    )  # fmt: skip


@pytest.mark.django_db
def test_by_a_form(signed_in: Any) -> None:
    assert signed_in(scene.OPERATOR).post(reverse("new-ticket"), call_data()).status_code == 302
    assert is_clean(Ticket.objects.get())


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_by_the_api(signed_in: Any, kind: str) -> None:
    client: Client = signed_in(scene.OPERATOR)
    if kind == "application/json":
        body: Any = json.dumps(call_data(title=f"\ud800{ODD}"))
        sent = client.post("/api/v1/tickets/", body, content_type=kind)
    else:
        from urllib.parse import urlencode

        sent = client.post("/api/v1/tickets/", urlencode(call_data()), content_type=kind)
    assert sent.status_code == 201, sent.content
    assert is_clean(Ticket.objects.get())


@pytest.mark.django_db
def test_by_an_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "m.csv"
    file.write_text(f"message_id,user,title,created,body\n7{ODD},刘{ODD},{ODD},2026-01-05 09:00:00,{ODD}\n", "utf-8")
    call_command("import_tickets", str(file))
    ticket = Ticket.objects.get()
    assert (ticket.title, ticket.description, ticket.caller_name) == (CLEAN, CLEAN, f"刘{CLEAN}")
    assert ticket.import_key == f"import:7{CLEAN}"


@pytest.mark.django_db
def test_by_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_ADMIN_PASSWORD", "a-long-pass-phrase-4711")
    call_command("create_administrator", "chief\u200b", "李\x07主任")
    assert User.objects.get(username="chief").full_name == "李主任"


@pytest.mark.django_db
def test_by_the_name_of_a_file(signed_in: Any) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    upload = SimpleUploadedFile("现\u202e场.png", b"\x89PNG\r\n\x1a\n" + b"0" * 40, content_type="image/png")
    upload.name = "现\u202e场.png"
    signed_in(scene.CLERK).post(reverse("attach", args=[ticket.number]), {"file": upload})
    assert not any("\u202e" in one.name for one in Attachment.objects.all())


@pytest.mark.django_db
def test_an_address_that_is_not_clean_is_nowhere(signed_in: Any) -> None:
    for address in ("/orders/%00/", "/orders/%E2%80%AE/", "/tickets/XG1%00/", "/figures/%07/", "/admin/%00/"):
        assert signed_in(scene.ADMIN).get(address).status_code == 404


@pytest.mark.django_db
def test_files_cope_with_what_old_rows_hold() -> None:
    odd = ODD.replace("\ufffe", "") + "\x0b"
    ticket = scene.ticket_in(Status.COORDINATING)
    matter = Matter.objects.create(title=odd)
    Ticket.objects.filter(pk=ticket.pk).update(title=odd, address=odd, caller_name=odd, matter=matter)
    CoordinationTask.objects.update(place=odd, lead=odd, question=odd, findings=odd)
    task = CoordinationTask.objects.select_related("ticket__matter", "department").get()
    task.participants.update(name=odd, statement=odd)
    paper = Document(io.BytesIO(papers.minutes(task)))
    assert CLEAN in "".join(cell.text for row in paper.tables[0].rows for cell in row.cells)
    invitation = papers.invitation(task, "https://hotline.example/").decode()
    assert CLEAN in invitation
    assert "\x07" not in invitation
    for kind in ("weekly", "monthly"):
        building.build(periods.containing(kind, Ticket.objects.get().registered_at.date()))
    section = {"title": odd, "note": odd, "columns": [odd, "n"], "rows": [[odd, 1]], "chart": {"label": 0, "value": 1}}
    word.as_docx(Paper(odd, odd), [section])
    book = load_workbook(io.BytesIO(excel.as_xlsx(Paper("t", "s"), [section])))
    assert book.worksheets[1]["A5"].value.strip() == CLEAN
