"""Whether two calls are about one thing is judged by words, names and places; who called is no part of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from matters import pairs
from matters.pairs import JOIN, PROPOSE, Learned, Place, Rarity, Said, Side, Text
from tests import scene

ESTATE = Place(1, "estate", "凤凰天仙城", "天仙社区", "/1/2/3/")
OTHER_ESTATE = Place(2, "estate", "紫薇苑", "紫薇社区", "/1/2/4/")
ROAD = Place(3, "road", "天仙路", "", "/1/2/3/")


def judged(one: Side, other: Side, rarity: Rarity | None = None) -> Said:
    rarity = rarity or Rarity()
    return pairs.judge(Text(one, rarity), other, rarity)


def call(title: str, text: str = "", *places: Place, days: float = 0, region: str = "") -> Side:
    return Side(title, text, "", scene.MONDAY + timedelta(days=days), places, (), region)


def test_iron_plates_on_the_road_are_the_steel_plates_before_the_estate() -> None:
    """One says 钢板 and the estate, the other 铁板 and the road; the water of the same estate is another matter."""
    plates = call("凤凰天仙城门口天仙路钢板响", "修路铺的钢板，车一压就哐当响，夜里没法睡。", ESTATE)
    iron = call("天仙路铁板太吵", "天仙路上盖的铁板整夜咣当响，睡不着。", ROAD, days=1)
    water = call("凤凰天仙城停水", "小区从早上开始停水，没有通知。", ESTATE, days=1)
    said = judged(plates, iron)
    assert said.probability >= PROPOSE
    assert any("钢板/铁板" in one for one in said.why), said.why
    assert judged(plates, water).probability < PROPOSE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (call("K1区工地夜间施工扰民"), call("K2区工地夜间施工扰民")),
        (call("夜间施工扰民", "打桩声响到凌晨。", ESTATE), call("夜间施工扰民", "打桩声响到凌晨。", OTHER_ESTATE)),
        (call("路灯不亮", "一片漆黑", region="/1/2/3/"), call("路灯不亮", "一片漆黑", region="/1/2/4/")),
    ],
    ids=["two areas", "two estates", "two streets"],
)
def test_two_places_that_conflict_are_never_one_matter(one: Side, other: Side) -> None:
    """However alike the words: the same title, a minute apart."""
    assert judged(one, other).probability == 0


def test_a_city_and_one_of_its_districts_do_not_conflict() -> None:
    city, district = call("K市云湖公园何时开工", region="/1/"), call("K3区云湖公园何时开工建设", region="/1/2/")
    assert judged(city, district).probability > 0


def test_the_same_thing_at_another_estate_is_another_matter() -> None:
    """Without a place book: by the names in the titles alone."""
    text = "楼下餐馆没有专用烟道，油烟直排，家家都是油味。"
    one, other = call("碧云花园楼下餐馆油烟扰民", text), call("锦绣华庭楼下餐馆油烟扰民", text)
    same = call("投诉碧云花园饭店油烟", "一楼饭店油烟从窗户排出来，碧云花园的住户受不了。")
    assert judged(one, other).probability < JOIN
    assert judged(one, same).probability > judged(one, call("锦绣华庭饭店油烟", same.text)).probability


BOULEVARD = Place(4, "road", "银湖大道", "", "/1/2/3/")


def at_the_door(title: str, text: str, number: int, *, days: float = 0) -> Side:
    place = f"银湖大道{number}号"
    where = "孝南区广场街道"
    return Side(
        title.format(place), text.format(where + place), place, scene.MONDAY + timedelta(days=days), (BOULEVARD,), (),
        "/1/2/3/", where,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("咨询{}小学学区划分", "市民咨询{}今年小学招生的学区划分和报名时间。"),
        ("咨询养老保险转移", "市民从外地回{}工作，咨询养老保险关系如何转移。"),
        ("{}房产证迟迟办不下来", "{}入住多年房产证一直办不下来，影响孩子上学。"),
    ],
)
def test_what_happens_at_one_door_is_not_one_matter(title: str, text: str) -> None:
    """Address, street and district are the same, and nothing else: that joins nobody, nor is it proposed."""
    smoke = at_the_door("{}有人焚烧秸秆", "{}田里有人焚烧秸秆，浓烟飘到路上影响行车。", 181)
    assert judged(smoke, at_the_door(title, text, 181)).probability < PROPOSE


def test_two_doors_of_a_street_far_apart_are_for_a_person_to_join() -> None:
    title, text = "{}餐馆油烟扰民", "{}楼下餐馆油烟直排，一到饭点家里全是油烟味。"
    here = at_the_door(title, text, 181)
    assert judged(here, at_the_door(title, text, 183)).probability >= JOIN
    assert PROPOSE <= judged(here, at_the_door(title, text, 12)).probability < JOIN
    assert judged(here, at_the_door(title, text, 12, days=20)).probability == 0, "nobody need look at that"


def test_dust_and_wages_of_one_building_site_are_for_a_person_to_join() -> None:
    """What operators put under heads with nothing in common is joined only where the text is nearly the same."""

    def at_the_site(title: str, text: str, category: tuple[int, ...]) -> Side:
        place = call(title, text, ESTATE)
        return replace(place, category=category)

    dust = at_the_site("凤凰天仙城工地扬尘大", "凤凰天仙城工地渣土车进出不冲洗，扬尘很大，窗户不敢开。", (1, 11))
    wages = at_the_site("凤凰天仙城工地拖欠工资", "来电人与十余名工友在凤凰天仙城工地干活，被拖欠工资30天。", (2, 21))
    assert judged(dust, wages).probability < JOIN
    again = at_the_site("工地扬尘大", "我是凤凰天仙城工地渣土车进出不冲洗，扬尘很大，窗户不敢开。", (3, 31))
    assert judged(dust, again).probability >= JOIN


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("", (ESTATE,)), ("东门", (ESTATE,)), True),
        (("", (ESTATE,)), ("", (ESTATE._replace(pk=77),)), False),
        (("", (ESTATE,)), ("", ()), False),
        (("银湖大道181号", (BOULEVARD,)), ("银湖大道183号", (BOULEVARD,)), True),
        (("银湖大道181号", (BOULEVARD,)), ("银湖大道191号", (BOULEVARD,)), False),
        (("银湖大道181号", (BOULEVARD,)), ("银湖大道", (BOULEVARD,)), False),
        (("银湖大道", (BOULEVARD,)), ("银湖大道", (BOULEVARD,)), True),
        (("银湖大道与天仙路交叉口", (BOULEVARD, ROAD)), ("天仙路与银湖大道交叉口", (ROAD, BOULEVARD)), True),
        (("银湖大道与天仙路交叉口", (BOULEVARD, ROAD)), ("银湖大道9号", (BOULEVARD,)), False),
        (("南塘村三组", ()), ("南塘村", ()), True),
        (("南塘村", ()), ("北塘村", ()), False),
    ],
)
def test_the_spot_is_one_where_nothing_says_otherwise(
    one: tuple[str, tuple[Place, ...]], other: tuple[str, tuple[Place, ...]], *, expected: bool
) -> None:
    here, there = (Side("路灯不亮", "晚上一片漆黑", address, places=places) for address, places in (one, other))
    assert pairs.at_one_spot(here, there) is pairs.at_one_spot(there, here) is expected


def test_a_road_and_an_estate_that_only_share_a_street_are_proposed_within_a_fortnight() -> None:
    """Unless one names the other: then it may have come back weeks later."""
    title, text = "{}垃圾桶没人清运", "{}的垃圾桶满出来好几天了，没有人清运，味道很大。"

    def there(name: str, place: Place, days: float = 0) -> Side:
        return call(title.format(name), text.format(name), place, days=days, region="/1/2/3/")

    road = there("天仙路", ROAD)
    assert PROPOSE <= judged(road, there("凤凰天仙城", ESTATE, 3)).probability < JOIN
    assert judged(road, there("凤凰天仙城", ESTATE, 20)).probability == 0
    assert PROPOSE <= judged(road, there("天仙路凤凰天仙城", ESTATE, 20)).probability < JOIN


def test_what_callers_ask_for_themselves_joins_nobody() -> None:
    one = call("举报麻将馆", "麻将馆通宵营业。不要告诉别人是我，要求保密，谢谢你们。")
    other = call("学校老师补课", "老师周末在家补课收费。不要告诉别人是我，要求保密，谢谢你们。")
    assert judged(one, other).probability < PROPOSE


def test_a_reason_shows_names_as_they_were_written() -> None:
    one, other = call("乾坤大道路灯不亮", "一片漆黑"), call("乾坤大道路灯坏了", "晚上一片漆黑")
    assert any("乾坤大道" in why for why in judged(one, other).why)


@pytest.mark.parametrize("text", ["", "吵", "你好", "？？？", "12345", "a" * 5000], ids=lambda text: text[:5])
def test_texts_that_say_next_to_nothing_are_no_matter(text: str) -> None:
    other = call("凤凰天仙城停水", "小区从早上开始停水，没有通知。")
    assert judged(call(text), other).probability < PROPOSE
    assert judged(call(text, text), call("", "")).probability < PROPOSE


def test_a_copy_under_another_title_is_joined() -> None:
    text = "我们是云湖公馆的购房人，收房时发现楼间距、外墙和大堂都和宣传不一样，多次找开发商沟通，一直没有结果。"
    said = judged(call("云湖公馆虚假宣传", text), call("投诉云湖公馆开发商虚假宣传", "尊敬的领导：" + text, days=20))
    assert said.probability >= JOIN
    assert "文字几乎相同" in said.why


def test_who_called_is_not_compared() -> None:
    assert not {"caller", "phone", "user", "number"} & set(Side.__dataclass_fields__)


def test_what_is_learned_is_numbers_and_words() -> None:
    """What is shipped reads as it was written; anything else is refused."""
    assert Learned.read(pairs.default().as_json()) == pairs.default()
    for broken in ("", "[]", "{}", '{"base": 1, "knots": [0], "heights": {}}', "null"):
        with pytest.raises(ValueError, match=r"."):
            Learned.read(broken)
