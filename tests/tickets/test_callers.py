"""One caller, however their number is written: by page, API and import, while typing, and in rows of before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse

from hotline.accounts.models import Department, Region
from tests import scene
from tickets.choices import Status
from tickets.models import Caller, Ticket

pytestmark = pytest.mark.django_db
WAYS = ("0712-2888888转801", "０７１２－２８８８８８８－８０１", "+86 712 2888888 ext. 801", "2888888-801")


def sent(**changes: Any) -> dict[str, Any]:
    return {
        "caller_phone": "13877770001", "caller_name": "刘女士", "channel": "phone", "kind": "complaint",
        "urgency": "normal", "title": "路灯不亮", "description": "路灯不亮已经三天了", "address": "东门",
        "region": Region.objects.get(name="书院街道").pk,
    } | changes  # fmt: skip


def test_by_page_and_api(signed_in: Any) -> None:
    client = signed_in(scene.OPERATOR)
    for way in WAYS[:2]:
        assert client.post(reverse("new-ticket"), sent(caller_phone=way)).status_code == 302
    for way in WAYS[2:]:
        answer = client.post("/api/v1/tickets/", sent(caller_phone=way), content_type="application/json")
        assert (answer.status_code, answer.json()["caller_phone"]) == (201, "071****8801")
    assert Caller.objects.filter(tickets__isnull=False).distinct().get().phone == "07122888888-801"


def test_a_letter_is_refused_and_said(signed_in: Any) -> None:
    answer = signed_in(scene.OPERATOR).post(reverse("new-ticket"), sent(caller_phone="1387777000I"))
    assert answer.status_code == 422
    assert "“I”" in answer.content.decode()
    answer = signed_in(scene.OPERATOR).post(
        "/api/v1/tickets/", sent(caller_phone="1387777000I"), content_type="application/json"
    )
    assert "“I”" in answer.json()["errors"]["caller_phone"][0]


def test_earlier_calls_are_found_while_typing(signed_in: Any) -> None:
    scene.call(caller_phone="0712-2888888", title="井盖松动")
    for way in ("2888888", "0712 288 8888", "+867122888888", "０７１２２８８８８８８"):
        assert (
            "井盖松动"
            in signed_in(scene.OPERATOR).post(reverse("caller-history"), {"caller_phone": way}).content.decode()
        )


def test_by_an_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    scene.call(caller_phone="13877770001", caller_name="刘女士")
    file = tmp_path / "m.csv"
    users = ("+86 138-7777-0001", "2345678", "网友A12")
    rows = [f"{n},{user},路灯不亮,2026-01-05 09:00:00,路灯不亮已三天" for n, user in enumerate(users)]
    file.write_text("message_id,user,title,created,body\n" + "\n".join(rows) + "\n", "utf-8")
    call_command("import_tickets", str(file))
    by_key = {ticket.import_key: ticket for ticket in Ticket.objects.exclude(import_key=None).select_related("caller")}
    assert by_key["import:0"].caller == Caller.objects.get(phone="13877770001")
    assert (by_key["import:0"].caller_phone, by_key["import:0"].caller_name) == ("13877770001", "")
    assert by_key["import:1"].caller_name == "2345678", "an account's number is no telephone"
    assert by_key["import:2"].caller_name == "网友A12"


def test_departments_and_people_keep_theirs_the_same_way() -> None:
    department = Department.objects.get(name=scene.DEPARTMENT)
    department.phone = "（0712）288 8888 转 801"
    department.full_clean()
    assert department.phone == "07122888888-801"
    person = scene.user(scene.CLERK)
    person.phone = "1387777000O"
    with pytest.raises(ValidationError, match="O"):
        person.full_clean()


def test_a_number_is_shown_as_it_is_dialled(signed_in: Any) -> None:
    ticket = scene.ticket_in(Status.FOLLOW_UP, caller_phone="0712-2888888-801")
    page = signed_in(scene.OPERATOR).get(reverse("follow-ups", args=[ticket.number])).content.decode()
    assert "0712-2888888转801" in page
