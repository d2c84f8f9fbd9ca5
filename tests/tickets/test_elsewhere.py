"""What belongs to others: known by the words, told with the number to give, ended by one key, kept and counted."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hotline.accounts.models import Region
from reports import periods
from reports.content import tables
from reports.content.frames import Frame
from reports.models import ReportKind
from tests import scene
from tickets import elsewhere
from tickets.choices import Closing, RefusalGround, Status
from tickets.models import Elsewhere, Ticket

pytestmark = pytest.mark.django_db
SENTENCES = Path(__file__).parent / "elsewhere.csv"
AT = datetime(2026, 11, 25, 14, 5, tzinfo=scene.SHANGHAI)
NAMES = {
    "fire": "火警与抢险", "police": "治安与走失", "ambulance": "急救", "accident": "交通事故",
    "litigation": "诉讼、仲裁、复议", "discipline": "违纪违法检举", "courts": "法院、检察院、军队",
    "petition": "已进入信访程序", "secrets": "国家秘密与安全", "civil": "民间经济和家庭纠纷", "": "",
}  # fmt: skip
FIRE = "来电人说厨房着火了，烟很大，人还在屋里。"


def test_the_sentences_are_known_and_near_misses_are_ours() -> None:
    with SENTENCES.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = {row["text"]: next((str(line) for line in elsewhere.whose(row["text"], AT)), "") for row in rows}
    wrong = {row["text"]: found[row["text"]] for row in rows if found[row["text"]] != NAMES[row["belongs"]]}
    assert len(rows) == 64
    assert len(wrong) <= 2, wrong


def test_an_emergency_comes_first_and_what_is_over_is_none() -> None:
    both = "我已经申请劳动仲裁，下周开庭。老板现在拿刀堵着门。"
    assert [line.is_emergency for line in elsewhere.whose(both, AT)] == [True, False]
    assert elsewhere.whose("上周五厨房着火了，保险公司不赔。", AT) == []
    assert elsewhere.whose("昨晚十点发生车祸，车还没拖走。", AT) == []


def test_a_city_changes_the_table() -> None:
    Elsewhere.objects.filter(name=NAMES["fire"]).update(is_used=False)
    Elsewhere.objects.create(
        name="铁路", ground=RefusalGround.OUTSIDE_CITY, number="12306", cues="火车票+退", words="请拨12306。"
    )
    assert elsewhere.whose(FIRE, AT) == []
    assert [line.number for line in elsewhere.whose("火车票退不了", AT)] == ["12306"]


def test_a_city_laid_in_earlier_gets_the_words_that_came_later_but_where_people_changed_a_line() -> None:
    migration = import_module("tickets.migrations.0030_lines_of_others_brought_up")
    now = {line.name: line.cues for line in Elsewhere.objects.all()}
    earlier = {row["name"]: row["cues"] for row in csv.DictReader(migration.EARLIER.splitlines())}
    for name, cues in earlier.items():
        Elsewhere.objects.filter(name=name).update(cues=cues)
    Elsewhere.objects.filter(name="急救").update(words="请拨打120或本院急救电话。")
    Elsewhere.objects.filter(name=NAMES["fire"]).delete()
    migration.bring_up(apps, None)
    kept = {line.name: line.cues for line in Elsewhere.objects.all()}
    assert kept["急救"] == earlier["急救"], "this city's own words"
    assert NAMES["fire"] not in kept, "what people took out stays out"
    assert {name: kept[name] for name in kept if name != "急救"} == {
        name: now[name] for name in now if name not in ("急救", NAMES["fire"])
    }


def test_one_key_ends_the_call_and_reason_and_words_are_kept(signed_in: Callable[[str], Client]) -> None:
    client = signed_in(scene.OPERATOR)
    shown = client.post(reverse("call-words"), {"description": FIRE}).content.decode()
    line = elsewhere.whose(FIRE)[0]
    assert 'role="alert"' in shown
    assert "119" in shown
    assert f'name="elsewhere"\n              value="{line.pk}"' in shown
    typed = {
        "kind": "help", "channel": "phone", "urgency": "normal", "description": FIRE,
        "region": Region.objects.get(name="书院街道").pk, "answer": "已转接119。", "elsewhere": line.pk,
    }  # fmt: skip
    answer = client.post(reverse("new-ticket"), typed)
    ticket = Ticket.objects.get()
    assert answer["Location"] == ticket.get_absolute_url()
    assert (ticket.status, ticket.closing, ticket.refusal_ground) == (
        Status.NOT_ACCEPTED, Closing.REFUSED, RefusalGround.EMERGENCY_LINE,
    )  # fmt: skip
    note = ticket.events.get(action="refuse").note
    assert note.startswith(line.words)
    assert note.endswith("已转接119。")
    week = periods.containing(ReportKind.WEEKLY, timezone.localdate())
    section = tables.shares_section("", "refusal_ground", RefusalGround, Frame(week))
    assert section["rows"] == [[str(RefusalGround.EMERGENCY_LINE.label), 1, {"percent": 100.0}, "—"]]
