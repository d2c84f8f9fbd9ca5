"""A caller who may not be known is not known by what somebody wrote either: shown, searched for, or sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from hotline import telephone
from supervision.models import CoordinationTask
from supervision.site import papers
from tests import scene
from tickets.choices import Status
from tickets.models import Matter, Ticket
from tickets.reading import matter_name, read
from tickets.workflow import performing

pytestmark = pytest.mark.django_db
NUMBER, LANDLINE, NAME = "13987652283", "07122888801", "周慎言"


def written(number: str) -> list[str]:
    """Forms in which people write a mobile number into a text."""
    wide = number.translate({ord("0") + digit: chr(0xFF10 + digit) for digit in range(10)})
    numerals = "".join("〇一二三四五六七八九"[int(digit)] for digit in number)
    groups = (number[:3], number[3:7], number[7:])
    return [
        number,
        wide,
        numerals,
        f"+86 {number}",
        *(parted.join(groups) for parted in (" ", "-", "－", "—", "一", " - ", ".")),
    ]


@pytest.mark.parametrize("form", written(NUMBER))
def test_a_number_is_left_out_however_it_is_written(form: str) -> None:
    told = telephone.without(f"请打{form}联系。", NUMBER)
    assert told in ("请打***联系。", "请打+86 ***联系。")


@pytest.mark.parametrize("form", ["0712-2888801", "2888801", "（0712）2888801", "288 8801", "+86 712 2888801"])
def test_a_landline_is_left_out_without_its_area_code_too(form: str) -> None:
    assert "28888" not in (told := telephone.without(f"请打{form}，转801。", LANDLINE))
    assert "***" in told


def test_other_numbers_stay() -> None:
    text = "请打110或13987652284，门牌2283号。"
    assert telephone.without(text, NUMBER) == text
    assert telephone.without(text, "") == text


@pytest.mark.parametrize(
    ("title", "read_so"),
    [
        ("书院街道路灯不亮，请联系周慎言1398", "书院街道路灯不亮，请联系******"),
        ("路灯不亮，请打139-8765 22", "路灯不亮，请打***"),
        ("路灯不亮，请打１３９８", "路灯不亮，请打***"),
        ("路灯不亮，请打一三九八", "路灯不亮，请打***"),
        ("路灯不亮，来电人周慎", "路灯不亮，来电人***"),
        ("路灯不亮，门牌12", "路灯不亮，门牌12"),
        ("路灯不亮，门牌302", "路灯不亮，门牌302"),
    ],
)
@pytest.mark.parametrize("who", [scene.CLERK, scene.MANAGER])
def test_a_title_that_was_cut_off_amid_name_or_number_tells_neither(title: str, read_so: str, who: str) -> None:
    ticket = scene.ticket_in(Status.WORKING, title=title, caller_name=NAME, caller_phone=NUMBER, is_secret=True)
    assert read(ticket, scene.user(who)).title == read_so
    ticket.matter = Matter.objects.create(title=title, named_after=ticket, created_at=ticket.registered_at)
    assert matter_name(ticket.matter, scene.user(who), [ticket]) == read_so
    assert matter_name(ticket.matter, scene.user(scene.DISPATCHER), [ticket]) == title
    ticket.title = "后来更正的标题"
    assert matter_name(ticket.matter, scene.user(scene.MANAGER), [ticket]) == read_so
    assert matter_name(ticket.matter, scene.user(scene.CLERK), [ticket]) == "同一事项"


def found_by(who: str, words: str) -> list[Ticket]:
    user = scene.user(who)
    return list(Ticket.objects.visible_to(user).matching(words, user))


@pytest.mark.parametrize("wish", ["is_secret", "is_anonymous"])
def test_what_is_hidden_in_a_text_is_not_found_in_it(wish: str) -> None:
    words = f"我是{NAME}，电话{NUMBER}，烧烤摊油烟很大。"
    name = NAME if wish == "is_secret" else ""
    ticket = scene.ticket_in(Status.WORKING, description=words, caller_name=name, caller_phone=NUMBER, **{wish: True})
    for asked in (NUMBER, NUMBER[-4:], f"{NUMBER[:3]} {NUMBER[3:7]} {NUMBER[7:]}", *([name] if name else [])):
        assert not found_by(scene.CLERK, asked), asked
        assert not found_by(scene.MANAGER, asked), asked
        assert found_by(scene.OPERATOR, asked) == [ticket]
    assert found_by(scene.CLERK, "烧烤摊油烟") == [ticket]


def test_a_number_that_a_title_begins_with_is_not_found_in_it() -> None:
    ticket = scene.ticket_in(
        Status.WORKING, title="烧烤摊油烟大，请打13987", caller_name=NAME, caller_phone=NUMBER, is_secret=True
    )
    assert not found_by(scene.CLERK, "13987")
    assert found_by(scene.OPERATOR, "13987") == [ticket]
    assert found_by(scene.CLERK, "烧烤摊油烟") == [ticket]


def test_search_follows_a_wish_that_comes_later_and_one_that_is_lifted() -> None:
    ticket = scene.ticket_in(
        Status.WORKING, description=f"{NAME}说夜里很吵，电话{NUMBER}。", caller_name=NAME, caller_phone=NUMBER
    )
    for given, lifted in (("mark_secret", "lift_secrecy"), ("make_anonymous", "lift_anonymity")):
        assert found_by(scene.CLERK, NUMBER) == [ticket]
        ticket = scene.do(ticket, given, scene.OPERATOR)
        assert not found_by(scene.CLERK, NUMBER)
        assert not found_by(scene.CLERK, NAME)
        told = read(ticket, scene.user(scene.CLERK)).description
        assert NAME not in told, "an anonymous ticket has no name, and yet hides the one that it had"
        given_again = {"note": "来电人同意。", "name": NAME}
        ticket = performing.perform(lifted, ticket, actor=scene.user(scene.OPERATOR), given=given_again)


@pytest.mark.parametrize("wish", ["is_secret", "is_anonymous"])
def test_what_others_wrote_of_it_tells_of_no_caller(wish: str) -> None:
    """Reasons, opinions, parts, orders and rulings stand in tables of their own, on pages of several rooms."""
    tells = f"已电话联系{NUMBER}。"
    mine, other = scene.department(scene.DEPARTMENT), scene.department(scene.OTHER_DEPARTMENT)

    def ticket_in(status: str) -> Ticket:
        return scene.ticket_in(status, caller_name="", caller_phone=NUMBER, **{wish: True})

    def seen(who: str, *addresses: str) -> str:
        client = Client()
        client.force_login(scene.user(who))
        answers = [client.get(address) for address in addresses]
        assert {answer.status_code for answer in answers} == {200}, addresses
        return "".join(
            json.dumps(a.json(), ensure_ascii=False) if "json" in a["Content-Type"] else a.content.decode()
            for a in answers
        )

    def of(ticket: Ticket) -> list[str]:
        number = ticket.number
        return [
            f"/tickets/{number}/",
            f"/dispatch/panel/{number}/",
            f"/board/panel/{number}/",
            f"/api/v1/tickets/{number}/",
        ]

    returned = scene.do(ticket_in(Status.DISPATCHED), "ask_return", scene.CLERK, note=tells)
    extended = scene.do(ticket_in(Status.WORKING), "ask_extension", scene.CLERK, note=tells)
    scene.do(extended, "supervise", scene.SUPERVISOR, note=tells)
    heard = scene.do(ticket_in(Status.REGISTERED), "ask_ruling", scene.DISPATCHER, departments=[mine.pk])
    scene.do(heard, "give_opinion", scene.CLERK, note=tells)
    shared = scene.do(ticket_in(Status.REGISTERED), "dispatch", scene.DISPATCHER, assisting=[other.pk])
    scene.do(shared, "assist", scene.OTHER_CLERK, answer=scene.ANSWER + tells)
    shared = scene.do(shared, "accept", scene.CLERK)
    assert NUMBER not in seen(scene.CLERK, f"/tickets/{shared.number}/do/answer/"), "the answer begins with all parts"
    pages = [address for ticket in (returned, extended, shared) for address in of(ticket)]
    assert NUMBER not in seen(scene.CLERK, *pages)
    assert NUMBER not in seen(scene.MANAGER, "/rulings/", *pages, *of(heard))
    ruled = scene.do(heard, "rule", scene.MANAGER, note=tells)
    assert NUMBER not in seen(scene.MANAGER, "/precedents/", *of(ruled))
    assert NUMBER in seen(scene.DISPATCHER, "/precedents/")


def test_papers_of_a_meeting_tell_neither_a_secret_title_nor_a_caller() -> None:
    ticket = scene.ticket_in(Status.DISPATCHED, title="举报偷挖地下室", caller_phone=NUMBER, is_secret=True)
    scene.do(ticket, "escalate", scene.SUPERVISOR, question=f"谁来处置？来电{NUMBER}。")
    task = CoordinationTask.objects.get(ticket=ticket)
    said: Any = papers.invitation(task, "https://hotline.example/").decode().replace("\r\n ", "")
    for words in (ticket.title, NUMBER):
        assert words not in said
