"""What a call's words say of its kind and of the caller's wish not to be known."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from tests import scene
from tickets.choices import Kind
from tickets.kinds import Wish, kind_of, wish_of

SENTENCES = Path(__file__).parent / "kinds.csv"
GOAL = 0.9


def test_nine_of_ten_sentences_are_read_right() -> None:
    with SENTENCES.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    wrong = [row for row in rows if kind_of("", row["text"]) != row["kind"]]
    assert len(rows) == 120
    assert len(wrong) <= (1 - GOAL) * len(rows), wrong


def test_nothing_is_proposed_where_nothing_is_said() -> None:
    assert kind_of("", "你好") is None


@pytest.mark.parametrize(
    ("text", "secret", "anonymous"),
    [
        ("请不要透露我的信息", True, False),
        ("不要把我的电话告诉对方", True, False),
        ("别告诉他们是我说的", True, False),
        ("要求匿名", False, True),
        ("来电人要求匿名并保密", True, True),
        ("怕被报复", True, False),
        ("不用匿名", False, False),
        ("不需要保密", False, False),
        ("不要求匿名，可以公开", False, False),
        ("部门不愿告诉办理结果", False, False),
        ("路灯不亮", False, False),
    ],
)
def test_a_wish_not_to_be_known_is_heard_and_a_denied_one_is_none(text: str, secret: bool, anonymous: bool) -> None:
    assert wish_of(text) == Wish(secret, anonymous)


@pytest.mark.parametrize(
    ("title", "text", "kind"),
    [
        ("请问医保怎么交", "去年在窗口问过，投诉过一次，没有人管，所以想问清楚。", Kind.CONSULTATION),
        ("", "小区门口垃圾没人管，臭气很大。希望尽快处理，非常感谢！", Kind.COMPLAINT),
        ("表扬三中队", "", Kind.PRAISE),
        ("", "昨晚凤凰天仙城门口修路的铁板又响了一夜，到底归哪个部门管？", Kind.COMPLAINT),
        ("", "新生儿落户找哪个部门？", Kind.CONSULTATION),
    ],
)
def test_the_title_says_more_than_the_text_and_manners_say_nothing(title: str, text: str, kind: Kind) -> None:
    assert kind_of(title, text) == kind


@pytest.mark.django_db
def test_it_fills_itself_in_and_is_offered_beside_what_was_chosen(signed_in: Callable[[str], Client]) -> None:
    client = signed_in(scene.OPERATOR)
    said = {"title": "", "description": "举报有人聚众赌博，要求匿名，请不要透露我的信息", "kind": Kind.COMPLAINT}
    shown = client.post(reverse("call-panel"), said).content.decode()
    for field, value in (("kind", Kind.REPORT), ("is_secret", "1"), ("is_anonymous", "1")):
        assert f'data-fill-in="{field}" data-value="{value}"' in shown
        assert f'data-fill="#id_{field}"' in shown
    taken = client.post(reverse("call-panel"), said | {"kind": Kind.REPORT, "is_secret": "on"}).content.decode()
    assert 'data-fill-in="kind"' in taken
    assert 'data-fill="#id_kind"' not in taken
    assert 'data-fill="#id_is_secret"' not in taken
    # a name that was typed is not thrown away by filling in anonymity: that is offered
    named = client.post(reverse("call-panel"), said | {"caller_name": "王女士"}).content.decode()
    assert 'data-fill-in="is_anonymous"' not in named
    assert 'data-fill="#id_is_anonymous"' in named
