"""Beside a call before it is saved: what departments return tickets for, and a second concern."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from dispatch import categorising, concerns, returned_for
from dispatch.returned_for import Want
from hotline.accounts.models import Region
from tests import scene
from tickets.calls import second
from tickets.choices import Status
from tickets.models import Category, Ticket

pytestmark = pytest.mark.django_db
SENTENCES = Path(__file__).parent.parent / "tickets" / "two_concerns.csv"
FIRST, SECOND = "我家楼下的路灯坏了一个多星期了。", "想咨询一下公租房怎么申请。"


# -- what is returned for want of it ----------------------------------------------------------------------------


def wants(category: str, **typed: str) -> list[tuple[Want, int]]:
    found = returned_for.hints(Category.objects.get(name=category), typed)
    return [(hint.want, hint.returned) for hint in found]


def test_the_table_speaks_from_the_first_day_and_only_of_what_is_lacking() -> None:
    assert wants("出租车服务") == [(Want.HAPPENED, 0), (Want.PLATE, 0)]
    assert wants("出租车服务", plate="鄂KT1234", happened="2026-11-24 下午") == []
    assert wants("路灯不亮", address="文化路") == [(Want.DOOR, 0)]
    assert wants("路灯不亮", address="文化路15号") == []
    assert returned_for.hints(None, {}) == []


def test_the_citys_own_returns_speak_first_with_their_number() -> None:
    for _ in range(returned_for.ENOUGH):
        ticket = scene.ticket_in(Status.DISPATCHED)
        scene.do(
            ticket, "ask_return", scene.CLERK, ground="incomplete", note="未写明施工时间，联系不上来电人。", proposed=""
        )
    returned_for.returned.forget()
    own = returned_for.ENOUGH
    assert wants("道路施工", caller_phone="") == [(Want.HAPPENED, own), (Want.CONTACT, own), (Want.DOOR, 0)]
    assert wants("道路施工", caller_phone="10012340001", happened="今天", address="文化路15号") == []
    # a want of another part of the tree is none here
    assert (Want.CONTACT, own) not in wants("路灯不亮")


# -- two concerns -----------------------------------------------------------------------------------------------


def test_one_concern_is_not_made_two_and_most_seconds_are_seen() -> None:
    with SENTENCES.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = {row["text"]: two.second if (two := concerns.in_two(row["text"])) else "" for row in rows}
    wrong = [row["text"] for row in rows if found[row["text"]] not in ("", row["second"])]
    seen = sum(bool(found[row["text"]]) for row in rows)
    assert wrong == []
    assert seen >= 17  # of 20


def test_concerns_in_traditional_characters_are_seen_and_stay_as_they_were_written() -> None:
    two = concerns.in_two("我家樓下的路燈壞了一個多星期了。另外想諮詢一下公租房怎麼申請。")
    assert two == concerns.Two("我家樓下的路燈壞了一個多星期了。", "想諮詢一下公租房怎麼申請。")
    assert concerns.in_two("來電人投訴樓上裝修噪音擾民，還有一件事，門口垃圾沒人清運") == concerns.Two(
        "來電人投訴樓上裝修噪音擾民。", "門口垃圾沒人清運"
    )


def test_a_question_at_the_end_of_another_concern_does_not_join_it_to_the_first() -> None:
    two = concerns.in_two("我家楼下的路灯坏了好几天。另外小区物业费乱涨价，想问问谁管")
    assert two == concerns.Two("我家楼下的路灯坏了好几天。", "小区物业费乱涨价，想问问谁管")


def test_keywords_of_categories_are_found_in_traditional_characters() -> None:
    found = categorising.by_keywords("", "小區物業費亂漲價")
    assert found is not None
    assert (found.category.name, found.reason) == ("物业收费", "关键词：物业费")


def test_a_letter_is_not_taken_apart() -> None:
    assert concerns.in_two("情况如下：1、路灯坏了；2、路面破损。" + "请尽快处理。" * 60) is None


def test_the_second_concern_is_opened_with_the_rest_of_the_words(signed_in: Callable[[str], Client]) -> None:
    client = signed_in(scene.OPERATOR)
    panel = client.post(reverse("call-panel"), {"description": f"{FIRST}另外{SECOND}"}).content.decode()
    assert f'data-second="{SECOND}"' in panel
    typed = {
        "kind": "complaint", "channel": "phone", "urgency": "normal", "description": FIRST, "rest": SECOND,
        "region": Region.objects.get(name="书院街道").pk, "caller_phone": "10012340001", "caller_name": "刘女士",
        "address": "文化路3号",
    }  # fmt: skip
    refused = client.post(reverse("new-ticket"), typed | {"description": "短"})
    assert SECOND in refused.content.decode()
    onward = client.post(reverse("new-ticket"), typed)
    first = Ticket.objects.get()
    # who goes elsewhere is told what waits
    assert SECOND[:10] in client.get(reverse("new-ticket")).content.decode()
    form = client.get(onward["Location"]).context["form"]
    assert form["description"].value() == SECOND
    assert (form["caller_phone"].value(), form["caller_name"].value()) == ("10012340001", "刘女士")
    assert not form["address"].value(), "the place of the first is offered and not imposed"
    del typed["rest"]
    client.post(reverse("new-ticket"), typed | {"description": SECOND, "second_of": first.number})
    second = Ticket.objects.exclude(pk=first.pk).get()
    assert second.split_from == first
    assert SECOND[:10] not in client.get(reverse("new-ticket")).content.decode()


def test_what_waits_stays_until_it_is_dropped(signed_in: Callable[[str], Client]) -> None:
    """It is the operator's, not the browser's; nobody else sees it, and it is on the page of the day."""
    client, user = signed_in(scene.OPERATOR), scene.user(scene.OPERATOR)
    one, other = scene.call(), scene.call()
    second.wait(user, one.number, SECOND)
    second.wait(user, other.number, FIRST)
    second.wait(user, other.number, SECOND)
    assert set(second.waiting(user).values_list("words", flat=True)) == {SECOND, f"{FIRST}\n{SECOND}"}
    client.logout()
    client = signed_in(scene.OPERATOR)
    for page in ("new-ticket", "my-day"):
        assert f"?after={one.number}" in client.get(reverse(page)).content.decode()
        assert SECOND[:10] not in signed_in("operator2").get(reverse(page)).content.decode()
    signed_in("operator2").post(reverse("drop-second"), {"of": one.number})
    assert second.waiting(user).count() == 2
    back = client.post(reverse("drop-second"), {"of": one.number, "back": reverse("my-day")})
    assert back["Location"] == reverse("my-day")
    assert client.post(reverse("drop-second"), {"of": one.number, "back": "//x.cn"})["Location"] == reverse(
        "new-ticket"
    )
    left = client.get(reverse("new-ticket")).content.decode()
    assert f"?after={one.number}" not in left
    assert FIRST[:10] in left
