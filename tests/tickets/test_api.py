"""The API: the same table, the same sight, and a clear message for whatever is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from hotline.accounts import tokens
from hotline.accounts.models import Region
from tests import scene
from tickets.choices import Status
from tickets.models import Ticket
from tickets.workflow import table

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
HAN = re.compile("[\u4e00-\u9fff]")


def post(client: Client, address: str, body: Any = None, **kwargs: Any) -> Any:
    return client.post(address, body or {}, content_type="application/json", **kwargs)


def test_nobody_without_signing_in(client: Client) -> None:
    for address in ("/api/v1/tickets/", "/api/v1/departments/", "/api/v1/categories/"):
        assert client.get(address).status_code in (401, 403), address


def test_a_token_is_given_for_a_password_and_opens(client: Client) -> None:
    scene.call()
    got = post(client, "/api/v1/token/", {"username": scene.OPERATOR, "password": "xiaogan-12345"})
    assert got.status_code == 200
    answer = client.get("/api/v1/tickets/", headers={"authorization": f"Token {got.json()['token']}"})
    assert len(answer.json()["results"]) == 1
    assert post(client, "/api/v1/token/", {"username": scene.OPERATOR, "password": "x"}).status_code == 400
    assert client.get("/api/v1/tickets/", headers={"authorization": "Token nonsense"}).status_code == 401


SAID = "昨晚十点在文化路15号吃饭，多收了200元，车牌鄂K12345，请打13871230099，我要投诉。"


def test_what_a_source_does_not_say_is_read_from_the_words(signed_in: SignIn) -> None:
    """As the page of a call proposes it; what the source says stays, and a kind that nothing tells is asked for."""
    client, region = signed_in(scene.OPERATOR), Region.objects.get(name="书院街道").pk
    given = {"caller_phone": "10012345678", "channel": "phone", "urgency": "normal", "region": region}
    with time_machine.travel(scene.MONDAY, tick=False):
        made = post(client, "/api/v1/tickets/", given | {"description": SAID}).json()
        told = {"kind": "help", "amount": "三千元", "address": "文化路"}
        other = post(client, "/api/v1/tickets/", given | told | {"description": SAID}).json()
    facts = {name: made[name] for name in ("kind", "happened", "address", "amount", "plate", "contact_phone")}
    assert facts == {
        "kind": "complaint", "happened": "2026-04-19 22:00", "address": "文化路15号", "amount": "200元",
        "plate": "鄂K12345", "contact_phone": "138****0099",
    }  # fmt: skip
    assert {name: other[name] for name in told} == told
    assert other["plate"] == "鄂K12345"
    refused = post(client, "/api/v1/tickets/", given | {"description": "某事某事某事"})
    assert list(refused.json()["errors"]) == ["kind"]


def test_the_whole_way_of_a_ticket(client: Client) -> None:
    def as_(username: str) -> dict[str, Any]:
        _token, key = tokens.issue(scene.user(username), "test", address=None)
        return {"headers": {"authorization": f"Token {key}"}}

    region = scene.call().region.pk
    made = post(
        client, "/api/v1/tickets/",
        {"caller_phone": "10012345678", "kind": "complaint", "channel": "phone", "urgency": "normal",
         "description": "门口钢板整夜响。", "region": region}, **as_(scene.OPERATOR),
    )  # fmt: skip
    assert made.status_code == 201, made.content
    number = made.json()["number"]
    address = f"/api/v1/tickets/{number}/"
    for name, who in (("dispatch", scene.DISPATCHER), ("accept", scene.CLERK), ("progress", scene.CLERK),
                      ("answer", scene.CLERK), ("follow_up", scene.OPERATOR)):  # fmt: skip
        offered = client.get(address, **as_(who)).json()["actions"]
        assert name in offered
        version = client.get(address, **as_(who)).json()["version"]
        answer = post(client, f"{address}{name}/", scene.inputs(name, version=version), **as_(who))
        assert answer.status_code == 200, (name, answer.content)
    detail = client.get(address, **as_(scene.OPERATOR)).json()
    assert detail["status"] == "closed"
    assert [event["action"] for event in detail["events"]] == [
        "register", "dispatch", "accept", "progress", "answer", "follow_up",
    ]  # fmt: skip


def test_filters_are_the_pages_own(signed_in: SignIn) -> None:
    scene.ticket_in(Status.DISPATCHED)
    closed = scene.ticket_in(Status.CLOSED)
    client = signed_in(scene.OPERATOR)
    found = client.get("/api/v1/tickets/?status=closed").json()["results"]
    assert [ticket["number"] for ticket in found] == [closed.number]
    assert client.get("/api/v1/tickets/?status=nonsense").status_code == 400
    assert client.get("/api/v1/tickets/?after=nonsense").status_code == 404


@pytest.mark.parametrize("name", [name for name in table.ACTIONS if name != table.STARTING])
def test_whoever_may_not_is_refused(name: str, signed_in: SignIn) -> None:
    ticket = scene.ticket_in(table.ACTIONS[name].sources[0])
    before = Ticket.objects.get(pk=ticket.pk).version
    answer = post(signed_in(scene.ADMIN), f"/api/v1/tickets/{ticket.number}/{name}/", scene.inputs(name))
    assert answer.status_code == 404, "an administrator does not even learn that it exists"
    assert Ticket.objects.get(pk=ticket.pk).version == before


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"text"', b"null", b"12", b'{"description": {"a": 1}}', b'{"region": [1, 2]}', b"\xff\xfe",
     b'{"caller_phone": 12345}', b'{"form_key": "x"}', b'{"description": "\\u0000\\u0000\\u0000\\u0000\\u0000"}'],
)  # fmt: skip
def test_whatever_is_sent_is_answered_with_a_reason(body: bytes, signed_in: SignIn) -> None:
    ticket = scene.ticket_in(Status.REGISTERED)
    for username, address in (
        (scene.OPERATOR, "/api/v1/tickets/"),
        (scene.DISPATCHER, f"/api/v1/tickets/{ticket.number}/dispatch/"),
    ):
        answer = signed_in(username).post(address, body, content_type="application/json")
        assert answer.status_code == 400, (address, answer.content)
        assert answer.json()
    assert Ticket.objects.count() == 1


CALL = {
    "caller_phone": "10012345678", "kind": "help", "channel": "phone", "urgency": "normal",
    "description": "路灯不亮请维修。", "address": "东门", "caller_name": "刘女士", "title": "路灯不亮",
}  # fmt: skip


@pytest.mark.parametrize("value", [[1], ["a", "b"], [[1]], [], {}, True, False])
@pytest.mark.parametrize("name", ["caller_phone", "title", "description", "kind", "region"])
def test_a_value_of_another_kind_is_refused_at_its_field(name: str, value: Any, signed_in: SignIn) -> None:
    region = Region.objects.get(name="书院街道").pk
    answer = post(signed_in(scene.OPERATOR), "/api/v1/tickets/", CALL | {"region": region} | {name: value})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [name])
    assert HAN.search(answer.json()["errors"][name][0])
    assert not Ticket.objects.exists(), "nothing was made of it, such as a title “['a', 'b']”"


def test_yes_and_no_and_lists_are_sent_as_other_programs_write_them(signed_in: SignIn) -> None:
    client, region = signed_in(scene.OPERATOR), Region.objects.get(name="书院街道").pk
    sent: list[tuple[Any, bool]] = [
        (True, True),
        (1, True),
        ("true", True),
        ("false", False),
        (0, False),
        (None, False),
    ]
    for value, means in sent:
        answer = post(client, "/api/v1/tickets/", CALL | {"region": str(region), "is_secret": value})
        assert (answer.status_code, answer.json()["is_secret"]) == (201, means)
    odd: list[Any] = [1.5, "vielleicht", [True], {}]
    for value in odd:
        answer = post(client, "/api/v1/tickets/", CALL | {"region": region, "is_secret": value})
        assert list(answer.json()["errors"]) == ["is_secret"]
    address = f"/api/v1/tickets/{Ticket.objects.first().number}/dispatch/"  # type: ignore[union-attr]
    given = scene.inputs("dispatch")
    wrong: list[Any] = [[[1]], [True], {}, [{}]]
    for value in wrong:
        answer = post(signed_in(scene.DISPATCHER), address, given | {"assisting": value})
        assert list(answer.json()["errors"]) == ["assisting"]
    other = scene.department(scene.OTHER_DEPARTMENT).pk
    assert post(signed_in(scene.DISPATCHER), address, given | {"assisting": [other]}).status_code == 200


def test_whatever_is_refused_is_refused_in_chinese(signed_in: SignIn, client: Client, settings: Any) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    one, missing = f"/api/v1/tickets/{ticket.number}/", "/api/v1/tickets/XG20260101000001/"
    operator, admin = signed_in(scene.OPERATOR), signed_in(scene.ADMIN)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(scene.user(scene.OPERATOR))
    answers = [
        operator.generic("POST", address, body, content_type="application/json")
        for address in ("/api/v1/tickets/", "/api/v1/places/find/", "/api/v1/token/", f"{one}remark/")
        for body in ("{", "", "[]", "null", '"x"', '{"a": NaN}', '{"a": 1e999}', "[" * 9999, b"\xff", b'{"a": "\xff"}')
    ]
    answers += [
        operator.generic("POST", "/api/v1/tickets/", "x", content_type=kind) for kind in ("text/plain", "a/b", "")
    ]
    answers += [operator.generic(method, address) for method in ("PUT", "PATCH", "DELETE", "TRACE") for address in
                ("/api/v1/tickets/", one, "/api/v1/places/", f"{one}answer/", "/api/v1/articles/")]  # fmt: skip
    answers += [operator.get(address) for address in (
        missing, "/api/v1/places/9999/", "/api/v1/articles/9999/", "/api/v1/departments/9999/", "/api/v1/places/x/",
        "/api/v1/categories/999999/", "/api/v1/nothing/", "/api/v1/tickets/?after=x", "/api/v1/tickets/?status=x",
        "/api/v1/places/?region=x&kind=x", "/api/v1/departments/?parent=x", "/api/v1/tickets/?format=xml",
    )]  # fmt: skip
    answers += [client.get("/api/v1/tickets/", headers={"authorization": sent}) for sent in
                ("", "Token", "Token a b", "Token x", "Bearer x", "Basic x")]  # fmt: skip
    answers += [admin.get(address) for address in ("/api/v1/tickets/", one, "/api/v1/articles/")]
    answers += [
        strict.post("/api/v1/tickets/", CALL, content_type="application/json"),
        operator.get("/api/v1/tickets/", headers={"accept": "application/xml"}),
        post(operator, "/api/v1/tickets/", CALL, headers={"idempotency-key": "x" * 101}),
        post(operator, one + "remark/", {"note": "x", "version": "x"}), post(operator, missing + "remark/", {}),
        post(client, "/api/v1/token/", {"username": scene.OPERATOR, "password": "x", "name": [1]}),
        post(operator, "/api/v1/places/find/", {"text": [1]}), post(operator, "/api/v1/places/find/", {"text": ""}),
    ]  # fmt: skip
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    answers.append(post(operator, "/api/v1/tickets/", CALL))
    for answer in answers:
        assert 400 <= answer.status_code < 500
        said = json.dumps(answer.json(), ensure_ascii=False)
        assert HAN.search(said), said
        assert not re.search("[a-z]{3,} [a-z]{3,}", said), said


def test_a_stale_version_is_a_conflict(signed_in: SignIn) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    client, address = signed_in(scene.CLERK), f"/api/v1/tickets/{ticket.number}/accept/"
    assert post(client, address, {"version": 1}).status_code == 409
    assert post(client, address, {"version": "x"}).status_code == 400
    assert post(client, address, {"version": ticket.version}).status_code == 200
    again = post(client, address, {"version": ticket.version + 1})
    assert again.status_code == 409
    assert "签收" in again.json()["detail"]


def test_a_call_sent_twice_with_the_same_key_is_one_ticket(signed_in: SignIn) -> None:
    region = scene.call().region.pk
    body = {
        "caller_phone": "10012345678", "kind": "help", "channel": "phone", "urgency": "normal",
        "description": "路灯不亮请维修。", "region": region, "form_key": "0f8fad5b-d9cb-469f-a165-70867728950e",
    }  # fmt: skip
    client = signed_in(scene.OPERATOR)
    first, second = (post(client, "/api/v1/tickets/", body) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["number"] == second.json()["number"]


def test_the_schema_is_valid_and_knows_every_action() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    validate_schema(schema)
    paths = schema["paths"]
    for name in table.ACTIONS:
        if name != table.STARTING:
            assert f"/api/v1/tickets/{{number}}/{name}/" in paths
    answer = schema["components"]["schemas"]["AnswerInput"]
    assert "answer" in answer["required"]


def test_trees(signed_in: SignIn) -> None:
    client = signed_in(scene.CLERK)
    categories = client.get("/api/v1/categories/").json()
    levels = [category["level"] for category in categories]
    assert (levels.count(1) >= 12, levels.count(2) >= 60, levels.count(3) >= 150) == (True, True, True)
    departments = client.get("/api/v1/departments/").json()
    assert len(departments) >= 40


def test_what_other_departments_owe_is_in_the_detail(signed_in: Callable[[str], Client]) -> None:
    other = scene.department(scene.OTHER_DEPARTMENT)
    ticket = scene.do(scene.call(), "dispatch", scene.DISPATCHER, assisting=[other])
    scene.do(ticket, "assist", scene.OTHER_CLERK)
    (part,) = signed_in(scene.CLERK).get(f"/api/v1/tickets/{ticket.number}/").json()["contributions"]
    assert (part["department"], part["part"], part["text"]) == (scene.OTHER_DEPARTMENT, "assist", scene.ANSWER)
