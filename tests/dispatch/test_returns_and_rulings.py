"""Returns (退单), their limits, rulings that bind, and what suggestions learn from them."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from dispatch import categorising, suggest
from dispatch.models import Precedent, Return, Source, Suggestion
from hotline.accounts.models import Region
from tests import scene
from tests.scene import at
from tickets.choices import Status
from tickets.matters import joining
from tickets.models import Category
from tickets.workflow.performing import InvalidInput, Refused

pytestmark = pytest.mark.django_db


def test_after_a_day_the_department_is_the_first_responsible_unit(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    monday.move_to(at(21, 9, 1))
    with pytest.raises(Refused, match="首办责任单位"):
        scene.do(ticket, "ask_return", scene.CLERK)


def test_a_department_asks_once(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.RETURN_ASKED)
    scene.do(ticket, "refuse_return", scene.DISPATCHER)
    with pytest.raises(Refused):
        scene.do(ticket, "ask_return", scene.CLERK)


def test_the_second_granted_return_opens_a_ruling_that_binds(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.RETURN_ASKED)
    first = scene.do(ticket, "grant_return", scene.DISPATCHER)
    assert (first.status, first.returns, first.department) == (Status.REGISTERED, 1, None)
    scene.do(ticket, "dispatch", scene.DISPATCHER, department=scene.department(scene.OTHER_DEPARTMENT))
    scene.do(ticket, "ask_return", scene.OTHER_CLERK, proposed=scene.department(scene.DEPARTMENT))
    second = scene.do(ticket, "grant_return", scene.DISPATCHER)
    assert (second.status, second.returns) == (Status.RULING, 2)
    ruled = scene.do(ticket, "rule", scene.MANAGER)
    assert (ruled.status, ruled.is_binding) == (Status.DISPATCHED, True)
    with pytest.raises(Refused):
        scene.do(ticket, "ask_return", scene.CLERK)
    precedent = Precedent.objects.get(ticket=ticket)
    assert precedent.department == ruled.department


def test_a_precedent_is_cited_before_the_directory_for_the_same_thing_at_the_same_place() -> None:
    scene.do(scene.ticket_in(Status.RULING), "rule", scene.MANAGER)
    again = suggest.for_ticket(scene.call(title="钢板异响", description="某小区东门施工的钢板还在响。", address="东门"))
    assert again is not None
    assert (again.source, again.department.name) == (Source.PRECEDENT, scene.DEPARTMENT)


@pytest.mark.parametrize(
    "details",
    [
        {"title": "路面积水", "description": "下雨后路面积水很深。", "address": "某小区西侧"},
        {"region": "新华街道"},
        {"category": "路灯不亮"},
    ],
    ids=["other words", "other place", "other category"],
)
def test_a_precedent_says_nothing_of_what_it_did_not_settle(details: dict[str, Any]) -> None:
    scene.do(scene.ticket_in(Status.RULING), "rule", scene.MANAGER)
    if "region" in details:
        details = details | {"region": Region.objects.get(name=details["region"])}
    if "category" in details:
        details = details | {"category": Category.objects.get(name=details["category"])}
    found = suggest.for_ticket(scene.call(**details))
    assert found is not None
    assert found.source == Source.DIRECTORY


def test_a_precedent_speaks_for_its_whole_matter() -> None:
    settled, other = scene.ticket_in(Status.RULING), scene.call(title="晚上睡不着", description="太吵。", address="")
    joining.join([settled, other], actor=scene.user(scene.OPERATOR))
    scene.do(settled, "rule", scene.MANAGER)
    other.refresh_from_db()
    found = suggest.for_ticket(other)
    assert found is not None
    assert found.source == Source.PRECEDENT


def test_the_nearest_entry_of_the_directory_wins() -> None:
    def responsible(category: str, region: str) -> str:
        duty = Category.objects.get(name=category), Region.objects.get(name=region)
        (found,) = suggest.for_duties([duty]).values()
        return found.department.name if found else ""

    assert responsible("公交线路", "书院街道") == "市公共交通总公司", "the second level before the first"
    assert responsible("物业管理", "书院街道") == "孝南区住房和城乡建设局", "the district before the city"
    assert responsible("路灯不亮", "汉川市") == "汉川市人民政府", "the county governs its own area"


def test_what_was_suggested_is_kept_beside_what_was_done() -> None:
    scene.do(scene.call(), "dispatch", scene.DISPATCHER, department=scene.department(scene.OTHER_DEPARTMENT))
    kept = Suggestion.objects.get()
    assert kept.suggested is not None
    assert (kept.suggested.name, kept.chosen.name) == ("市住房和城乡建设局", scene.OTHER_DEPARTMENT)


def test_two_departments_that_name_each_other_are_ruled_on_though_one_return_was_refused(
    monday: time_machine.Traveller,
) -> None:
    ticket = scene.ticket_in(Status.RETURN_ASKED)
    scene.do(ticket, "refuse_return", scene.DISPATCHER)
    scene.do(ticket, "recall", scene.DISPATCHER)
    scene.do(ticket, "dispatch", scene.DISPATCHER, department=scene.department(scene.OTHER_DEPARTMENT))
    scene.do(ticket, "ask_return", scene.OTHER_CLERK, proposed=scene.department(scene.DEPARTMENT))
    granted = scene.do(ticket, "grant_return", scene.DISPATCHER)
    assert (granted.status, granted.returns) == (Status.RULING, 1)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"ground": "not_our_duty", "proposed": ""}, "proposed"),
        ({"ground": "because"}, "ground"),
        ({"note": " "}, "note"),
        ({"proposed": 999999}, "proposed"),
    ],
)
def test_a_return_needs_its_grounds(given: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        scene.do(scene.ticket_in(Status.DISPATCHED), "ask_return", scene.CLERK, **given)
    assert field in refused.value.errors
    assert not Return.objects.exists()


@pytest.mark.parametrize(
    ("title", "text", "category"),
    [
        ("路灯不亮", "小区门口路灯坏了好几天", "路灯不亮"),
        ("钢板异响", "道路改造铺的钢板整夜响", "道路施工"),
        ("", "公交车甩站不停", "公交线路"),
    ],
)
def test_the_category_is_guessed_by_its_words(title: str, text: str, category: str) -> None:
    found = categorising.by_keywords(title, text)
    assert found is not None
    assert found.category.name == category


def test_nothing_is_guessed_from_nothing() -> None:
    assert categorising.for_text("", "你好") is None
