"""What the words of a call say of when, how much, which car, whom to call back and where; and who may read it."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hotline.accounts.models import Region
from tests import scene
from tickets import elsewhere, facts, kinds
from tickets.calls import words
from tickets.choices import Kind, Status
from tickets.models import Ticket
from tickets.reading import read
from tickets.workflow import performing

HERE = Path(__file__).parent
AT = datetime(2026, 11, 25, 14, 5, tzinfo=scene.SHANGHAI)  # a Wednesday, when the sentences were said
# What a place book knows of the places in the sentences.
PLACES = [
    *("凤凰天仙城", "金色家园", "水木清华小区", "城站路", "长征路", "长征一路", "天仙路", "北京路", "园林大道"),
    *("孝武大道", "福星大道", "长兴路", "体育路", "文昌路", "邓家河", "航空路", "交通大道"),
]
CALL = (
    "来电人反映昨晚十点左右，一辆鄂K12A45的白车停在凤凰天仙城3栋门口，看车的收了他350元，"
    "请打他爱人电话13971230099联系。"
)


def said(row: dict[str, str]) -> dict[str, str]:
    found = facts.read(row["text"], AT)
    return {
        "happened": found.happened,
        "contact": found.contact_phone,
        "plate": found.plate,
        "amount": found.amount,
        "address": facts.address(facts.folded(row["text"]), PLACES),
    }


@pytest.mark.parametrize(("name", "count", "share"), [("words.csv", 66, 0.95), ("words_held_back.csv", 24, 0.9)])
def test_the_sentences_are_read_right(name: str, count: int, share: float) -> None:
    with (HERE / name).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    read_so = [(row, said(row)) for row in rows]
    pairs = [(row, what, value) for row, found in read_so for what, value in found.items()]
    wrong = [(row["text"], row[what], value) for row, what, value in pairs if row[what] != value]
    given = sum(bool(row[what]) for row, what, _value in pairs)
    assert len(rows) == count
    assert len(wrong) <= (1 - share) * given, wrong


def test_no_text_takes_long() -> None:
    for text in ("一" * 9000, "1 " * 5000, "每天晚上" * 3000, "路1号" * 3000, "上个月3万2" * 2000, CALL * 100):
        started = time.perf_counter()
        facts.read(text, AT)
        facts.address(facts.folded(text), PLACES)
        assert time.perf_counter() - started < 0.5


def test_a_day_is_counted_from_the_call() -> None:
    assert facts.happened("去年12月31日晚上", datetime(2027, 1, 2, 8, tzinfo=scene.SHANGHAI)) == "2026-12-31 晚上"
    assert facts.happened("12月31日晚上", datetime(2027, 1, 2, 8, tzinfo=scene.SHANGHAI)) == "2026-12-31 晚上"
    assert facts.happened("昨天", datetime(2026, 3, 1, 0, 5, tzinfo=scene.SHANGHAI)) == "2026-02-28"
    assert facts.happened("2月30日", AT) == ""
    assert facts.happened("自来水发黄，已经5天，不敢用", AT) == "2026-11-20 起"
    assert facts.happened("用了3天就坏", AT) == ""


# -- on the form and on the ticket ------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_words_fill_the_form_and_the_callers_own_number_is_no_second_one(
    signed_in: Callable[[str], Client],
) -> None:
    client = signed_in(scene.OPERATOR)
    answer = client.post(reverse("call-words"), {"description": CALL, "caller_phone": ""}).content.decode()
    day = timezone.localdate() - timedelta(days=1)
    for field, value in {
        "happened": f"{day} 22:00", "contact_phone": "13971230099", "plate": "鄂K12A45", "amount": "350元",
        "address": "凤凰天仙城3栋",
    }.items():  # fmt: skip
        assert f'data-fill-in="{field}" data-value="{value}"' in answer
    own = client.post(reverse("call-words"), {"description": CALL, "caller_phone": "139 7123 0099"}).content.decode()
    assert 'data-fill-in="contact_phone"' not in own
    assert signed_in(scene.CLERK).post(reverse("call-words"), {"description": CALL}).status_code == 403


@pytest.mark.django_db
def test_the_department_reads_it_and_of_a_protected_caller_no_number(signed_in: Callable[[str], Client]) -> None:
    given = {
        "caller_phone": "10012340001", "kind": "complaint", "channel": "phone", "urgency": "normal",
        "region": Region.objects.get(name="书院街道").pk, "description": CALL, "happened": "2026-11-24 22:00",
        "plate": "鄂K12A45", "amount": "350元", "contact_phone": "139-7123-0099", "is_secret": "on",
    }  # fmt: skip
    signed_in(scene.OPERATOR).post(reverse("new-ticket"), given)
    ticket = Ticket.objects.get()
    assert (ticket.contact_phone, ticket.plate) == ("13971230099", "鄂K12A45")
    scene.do(ticket, "dispatch", scene.DISPATCHER)
    page = signed_in(scene.CLERK).get(ticket.get_absolute_url()).content.decode()
    for known in ("2026-11-24 22:00", "鄂K12A45", "350元"):
        assert known in page
    assert "13971230099" not in page
    assert "13971230099" in signed_in(scene.OPERATOR).get(ticket.get_absolute_url()).content.decode()
    for who, finds in ((scene.CLERK, False), (scene.OPERATOR, True)):
        user = scene.user(who)
        assert Ticket.objects.visible_to(user).matching("13971230099", user).exists() is finds
        assert Ticket.objects.visible_to(user).matching("鄂k12a45", user).exists()


@pytest.mark.django_db
def test_what_was_heard_wrongly_is_corrected() -> None:
    ticket = scene.ticket_in(Status.WORKING)
    given = {"note": "来电人更正。", "plate": "鄂K12A46", "contact_phone": "13971230099"}
    performing.perform("correct", ticket, actor=scene.user(scene.OPERATOR), given=given)
    ticket.refresh_from_db()
    assert (ticket.plate, ticket.contact_phone) == ("鄂K12A46", "13971230099")
    assert read(ticket, scene.user(scene.CLERK)).plate == "鄂K12A46"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("鳳凰天仙城3棟2單元樓道燈不亮", "凤凰天仙城3栋2单元"), ("凤凰 天仙城东门路灯不亮", "凤凰 天仙城"),
        ("城站路与文化路交叉口路灯不亮", "城站路与文化路交叉口"), ("在長征路和城站路路口有個坑", "长征路和城站路路口"),
        ("反映张三路和李四路交汇处井盖没了", "张三路和李四路交汇处"), ("文化路与长征路都积水", ""),
        ("文化路和小学门口堵车", "文化路"), ("住在文化路，路口很乱", "文化路"),
    ],
)  # fmt: skip
def test_a_crossing_and_other_characters_fill_the_place(text: str, address: str) -> None:
    assert words.said("", text, AT)["address"] == address


@pytest.mark.django_db
def test_a_call_in_traditional_characters_is_read_as_any_other() -> None:
    text = "我要投訴，昨晚十點開始鐵板一直響，不要透露我的電話，罰了200塊錢。"
    read = facts.read(text, AT)
    assert (read.happened, read.amount) == ("2026-11-24 22:00 起", "200元")
    assert kinds.kind_of("", text) == Kind.COMPLAINT
    assert kinds.wish_of(text).is_secret
    assert [line.number for line in elsewhere.whose("廚房着火了，煙很大，人還在屋裡。", AT)] == ["119"]
