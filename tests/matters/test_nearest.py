"""Of what is stored the index finds what a ticket may be about too, and keeps what the machine takes for one thing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hotline.accounts.models import Region
from matters import nearest
from matters.models import Trace
from matters.pairs import JOIN, PROPOSE
from tests import scene
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def call(title: str, description: str = "", **given: Any) -> Ticket:
    street = Region.objects.get(name="书院街道")
    return scene.call(title=title, description=description or title, region=street, **given)


def test_the_steel_plates_are_found_by_whatever_word_and_from_the_road() -> None:
    plates = call("凤凰天仙城门口钢板异响", "修路铺的钢板车一压就响，夜里睡不着。", address="凤凰天仙城")
    lamp, water = call("路灯不亮", address="凤凰天仙城"), call("停水两天", address="凤凰天仙城")
    for ticket in (plates, lamp, water):
        nearest.nearest(ticket)
    found = nearest.nearest(call("天仙城铁板太吵", "门口马路上铁板整夜咣当响，没法睡。", address="天仙城东门"))
    assert [one.ticket for one in found][:1] == [plates.pk]
    assert found[0].probability >= PROPOSE
    assert "铁板/钢板" in "".join(found[0].why)


def test_what_is_taken_for_one_thing_answers_as_one() -> None:
    text = "云湖公馆的楼间距、外墙和大堂都和宣传不一样，业主多次找开发商沟通没有结果。"
    first, second, third = (call(f"云湖公馆{word}虚假宣传", text) for word in ("开发商", "涉嫌", "楼盘"))
    assert nearest.nearest(first) == []
    assert [one.ticket for one in nearest.nearest(second)] == [first.pk]
    (found,) = nearest.nearest(third)
    assert found.probability >= JOIN
    assert set(Trace.objects.values_list("thread", flat=True)) == {first.pk}
    assert nearest.nearest(third) == [found], "asked again it says the same, and is not like itself"


def test_what_lies_before_the_window_is_not_looked_at() -> None:
    text = "云湖公馆的楼间距、外墙和大堂都和宣传不一样，业主多次找开发商沟通没有结果。"
    old, new = call("云湖公馆虚假宣传", text), call("云湖公馆虚假宣传", text)
    Ticket.objects.filter(pk=old.pk).update(registered_at=new.registered_at - nearest.WINDOW - timedelta(days=1))
    old.refresh_from_db()
    nearest.nearest(old)
    assert nearest.nearest(new) == []


def test_five_hundred_copies_of_one_text_are_one_thing_and_do_not_slow_it_down() -> None:
    """What a ticket asks for is bounded: of copies it meets some, not all."""
    text = "云湖公馆的楼间距、外墙和大堂都和宣传不一样，业主多次找开发商沟通没有结果。"
    copies = [call("云湖公馆虚假宣传", text) for _ in range(3)]
    for copy in copies:
        nearest.nearest(copy)
    model = Trace.objects.get(pk=copies[2].pk)
    stored = (field.attname for field in Ticket._meta.concrete_fields if not field.generated)
    fields = {name: getattr(copies[2], name) for name in stored}
    more = Ticket.objects.bulk_create(
        Ticket(**(fields | {"id": None, "number": f"COPY{nth}"})) for nth in range(500)
    )  # fmt: skip
    Trace.objects.bulk_create(
        Trace(ticket=one, pieces=model.pieces, places=[], thread=copies[0].pk) for one in more
    )  # fmt: skip
    (found,) = nearest.nearest(call("投诉云湖公馆虚假宣传", text))
    assert found.thread == copies[0].pk


@pytest.mark.parametrize("text", ["吵", "？", "1"])
def test_texts_that_say_nothing_are_like_nothing(text: str) -> None:
    nearest.nearest(call(text))
    assert nearest.nearest(call(text)) == []
