"""Callers who speak as people speak: the dialect of the place, in haste, taking back what they have said."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override

from dispatch import concerns, returned_for
from tests import scene
from tickets import elsewhere, facts, kinds
from tickets.calls import forms
from tickets.choices import Kind
from tickets.models import Category
from tickets.workflow.inputs import CategoryField

AT = datetime(2026, 11, 26, 14, 30, tzinfo=scene.SHANGHAI)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("我想问哈子，我屋里伢今年要上小学，划到哪个学校读书啊？", Kind.CONSULTATION),
        ("我这儿停电了啥时候来电啊", Kind.CONSULTATION),
        ("问下子你们，医保卡怎么用", Kind.CONSULTATION),
        ("钢板固定住了，不响了，真的谢谢你们", Kind.PRAISE),
        ("下水道疏通了，谢谢你们。", Kind.PRAISE),
        ("路灯修好了，但是又坏了，谢谢", None),
        ("路灯还没修好了，谢谢", None),
        ("门口的坑请尽快处理好了给个答复，谢谢", Kind.HELP),
    ],
)
def test_dialect_asks_and_what_is_mended_is_praised(words: str, kind: Kind | None) -> None:
    assert kinds.kind_of("", words, least=kinds.CLEAR) == kind


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("屋里进贼了，刚刚偷的，人还没走远", "治安与走失"),
        ("我老头子突然倒下去了，喊不醒", "急救"),
        ("我对法院判决不服，孝南区法院判的不公", "诉讼、仲裁、复议"),
        ("小区经常进贼，建议装监控", ""),
        ("法院门口的路灯不亮", ""),
    ],
)
def test_who_speaks_in_haste_is_sent_where_help_is(words: str, name: str) -> None:
    assert [str(line) for line in elsewhere.whose(words, AT)] == ([name] if name else [])


@pytest.mark.parametrize(
    ("words", "door"),
    [
        ("不是文化路，我说错了，是城站路，城站路的路灯坏了", "城站路"),
        ("文化路12号，不对，是城站路8号", "城站路8号"),
        ("不是文化路12号，是城站路8号", "城站路8号"),
        ("是不是文化路要修路", "文化路"),
        ("不是文化路的问题", "文化路"),  # the only one that is named
    ],
)
def test_a_place_that_is_taken_back_is_none(words: str, door: str) -> None:
    assert facts.address(words, ["文化路", "城站路"]) == door


@pytest.mark.parametrize(
    ("words", "second"),
    [
        ("第一个事是路灯不亮，就在城站路，第二个事是自来水发黄，在丹阳小区", "自来水发黄，在丹阳小区"),
        ("我有两个事，一个是门口路灯坏了，一个是社保卡丢了怎么补", "社保卡丢了怎么补"),
        ("身份证过期了到哪里换，另外我们小区路灯不亮已经一个星期了", "我们小区路灯不亮已经一个星期了"),
        ("路灯不亮，另外请你们查一下自来水", ""),
    ],
)
def test_two_concerns_are_seen_as_they_are_spoken(words: str, second: str) -> None:
    def part_of(text: str) -> int | None:
        return next((part for part, word in enumerate(("路灯", "自来水", "社保卡", "身份证")) if word in text), None)

    two = concerns.in_two(words, part_of=part_of)
    assert (two.second if two else "") == second


@pytest.mark.django_db
def test_who_asks_a_price_is_not_asked_for_a_house_number() -> None:
    category = Category.objects.get(name="电费")
    asked = {kind: returned_for.hints(category, {"kind": kind}) for kind in (Kind.CONSULTATION, Kind.COMPLAINT)}
    assert not asked[Kind.CONSULTATION]
    assert asked[Kind.COMPLAINT]


@pytest.mark.django_db
def test_what_is_retired_while_it_is_typed_is_told_by_its_name() -> None:
    category = Category.objects.get(name="路灯不亮")
    field = CategoryField()
    assert field.clean(str(category.pk)) == category
    Category.objects.filter(pk=category.pk).update(is_used=False)
    with pytest.raises(ValidationError, match="“路灯不亮”已停用"), override("zh-hans"):
        field.clean(str(category.pk))
    for never in ("99999999999999999999", "0", "x"):
        with pytest.raises(ValidationError):
            field.clean(never)


def test_a_title_has_no_tags_and_does_not_end_in_a_comma() -> None:
    assert forms.beginning('<p style="x"><script>alert(1)</script>城站路<b>井盖</b>破了</p>') == "城站路 井盖 破了"
    assert forms.beginning("<p>") == "<p>"
    assert forms.beginning("温度<5度，不供暖") == "温度<5度，不供暖"
    assert forms.beginning("你好\n\n路灯坏了") == "你好 路灯坏了"

    assert forms.beginning("我住在凤凰天仙城那边，昨晚十点多门口铁板一直响，吵得睡不着，没人管") == (
        "我住在凤凰天仙城那边，昨晚十点多门口铁板一直响，吵得睡不着"
    )
    assert forms.beginning("，，，") == "，，，"
