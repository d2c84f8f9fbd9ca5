"""Templates of answers: a department's own, with fields that are checked, and nothing in them of a protected caller."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import scene
from tickets.choices import Status
from tickets.models import AnswerTemplate, Ticket
from tickets.reading import read
from tickets.wording import fields, keeping

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
TEXT = "您好，您反映的{标题}（工单{number}）已由{department}办理。"
SECTION = "孝南区住房和城乡建设局市政工程科"


def kept(name: str = "已修复", department: str = scene.DEPARTMENT, text: str = TEXT) -> AnswerTemplate:
    one = AnswerTemplate(department=scene.department(department), name=name, text=text)
    keeping.save(one, by=scene.user(scene.CLERK), seen=None)
    return one


def given(**changes: Any) -> dict[str, Any]:
    return {"department": scene.department(scene.DEPARTMENT).pk, "name": "已修复", "text": TEXT} | changes


def offered(client: Client, ticket: Ticket, action: str = "answer") -> list[str]:
    page = client.get(reverse("ticket-action", args=[ticket.number, action])).content.decode()
    return re.findall(r'data-text="([^"]*)"', page)


def test_a_template_is_added_offered_changed_and_removed(signed_in: SignIn) -> None:
    client, ticket = signed_in(scene.CLERK), scene.ticket_in(Status.WORKING, title="钢板响")
    for _ in range(2):  # sent twice it is kept once
        assert client.post(reverse("answer-templates"), given(form_key="k")).status_code == 302
    one = AnswerTemplate.objects.get()
    assert offered(client, ticket) == [f"您好，您反映的钢板响（工单{ticket.number}）已由{scene.DEPARTMENT}办理。"]
    address = reverse("answer-template", args=[one.pk])
    assert client.post(address, given(version=1, text="另一段文字")).status_code == 302
    stale = client.post(address, given(version=1, text="我写的文字"))
    assert stale.status_code == 409
    assert "我写的文字" in stale.content.decode()
    assert "另一段文字" in stale.content.decode()
    twice = [client.post(address, given(version=2, text="第三段文字", form_key="c")).status_code for _time in range(2)]
    assert twice == [302, 302], "a second click is no other person"
    assert client.post(address, {"version": 3, "then": "remove"}).status_code == 302
    assert not AnswerTemplate.objects.exists()
    assert client.post(address, given(version=2)).status_code == 404
    assert offered(client, ticket) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": "{nummer}和{电话}已处理，{number}。"}, "{nummer}、{电话}"),
        ({"text": "｛姓名｝您好，已处理完毕。"}, "{姓名}"),
        ({"text": "已处理 {number"}, "花括号"),
        ({"text": ""}, "必填"),
        ({"text": "长" * 2001}, "2000"),
        ({"name": ""}, "必填"),
        ({"department": "999999"}, "id_department_error"),
    ],
)
def test_what_does_not_do_is_named_and_stays(changes: dict[str, str], said: str, signed_in: SignIn) -> None:
    answer = signed_in(scene.CLERK).post(reverse("answer-templates"), given(**changes))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert changes.get("text", TEXT).partition("{")[0] in page
    assert not AnswerTemplate.objects.exists()


def test_a_name_is_a_departments_once(signed_in: SignIn) -> None:
    kept()
    answer = signed_in(scene.CLERK).post(reverse("answer-templates"), given())
    assert answer.status_code == 422
    assert "同名" in answer.content.decode()
    with pytest.raises(keeping.Changed):  # two at the same moment
        kept()


def test_a_template_is_its_departments(signed_in: SignIn) -> None:
    """Those above change it, those below use it, others learn nothing of it."""
    of_bureau, of_section = kept(), kept("科室模板", SECTION, "科室答复。")
    section_clerk = scene.user(scene.CLERK)
    section_clerk.department = scene.department(SECTION)
    assert set(keeping.kept_by(scene.user(scene.CLERK))) == {of_bureau, of_section}
    assert set(keeping.used_by(section_clerk)) == {of_bureau, of_section}
    del section_clerk.__dict__["department_ids"]
    assert set(keeping.kept_by(section_clerk)) == {of_section}
    stranger = signed_in(scene.OTHER_CLERK)
    assert of_bureau.name not in stranger.get(reverse("answer-templates")).content.decode()
    assert stranger.post(reverse("answer-template", args=[of_bureau.pk]), given(version=1)).status_code == 404
    refused = stranger.post(reverse("answer-templates"), given())
    assert refused.status_code == 422
    assert scene.DEPARTMENT not in refused.content.decode()
    for who in (scene.OPERATOR, scene.DISPATCHER, scene.MANAGER, scene.ADMIN):
        assert signed_in(who).get(reverse("answer-templates")).status_code == 403


@pytest.mark.parametrize("wish", [{"is_secret": True}, {"is_anonymous": True, "caller_name": ""}])
def test_no_field_tells_who_called(wish: dict[str, Any], signed_in: SignIn) -> None:
    every = "".join(f"{{{name}}}" for name in fields.FIELDS)
    kept(text=every)
    ticket = scene.ticket_in(
        Status.WORKING, caller_phone="13871230099", title="13871230099的房子漏水", address="某小区13871230099", **wish
    )
    for text in (*offered(signed_in(scene.CLERK), ticket), fields.filled(every, read(ticket, None), None)):
        assert "13871230099" not in text
        assert ticket.number in text
    assert "〔标题〕" in fields.filled("{title}", read(ticket, None), None) or not ticket.is_secret


def test_every_field_is_filled_and_both_its_names_are_one() -> None:
    ticket = scene.ticket_in(Status.WORKING)
    reading, ours = read(ticket, scene.user(scene.CLERK)), ticket.department
    for name, field in fields.FIELDS.items():
        fields.check(f"{{{name}}} ｛ {field.chinese} ｝")
        value = fields.filled(f"{{{name}}}", reading, ours)
        assert value
        assert value == fields.filled(f"｛ {field.chinese} ｝", reading, ours)
        assert not re.search(r"[{}〔]", value)
    assert str(timezone.localtime(ticket.registered_at).day) in fields.filled("{call_time}", reading, ours)
    with pytest.raises(ValidationError):
        fields.check("{}")


def test_for_our_part_the_department_is_ours(signed_in: SignIn) -> None:
    kept(text="{department}")
    mine, other = scene.department(scene.DEPARTMENT), scene.department(scene.OTHER_DEPARTMENT)
    ticket = scene.do(scene.call(), "dispatch", scene.DISPATCHER, department=other.pk, assisting=[mine.pk])
    assert offered(signed_in(scene.CLERK), ticket, "assist") == [mine.name]
    assert offered(signed_in(scene.CLERK), scene.ticket_in(Status.WORKING), "progress") == []
