"""While a call is typed, open matters like it are offered, and one key joins the caller as a call of its own."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from hotline.accounts.models import Region, User
from hotline.accounts.permissions import ROLE_PERMISSIONS
from hotline.accounts.permissions import Permission as P
from tests import scene
from tickets.choices import Status
from tickets.matters import joining, likeness
from tickets.models import Category, Matter, Ticket

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
ESTATE = {"address": "鳳凰天仙城东门"}
WORDS = "铁板一直响，晚上根本没法睡。"


@pytest.fixture
def operator(signed_in: SignIn) -> Client:
    return signed_in(scene.OPERATOR)


def typed(**given: Any) -> dict[str, Any]:
    city = Region.objects.get(parent__isnull=True)
    return {
        "form_key": str(uuid.uuid4()), "caller_phone": "13871230009", "channel": "phone", "kind": "complaint",
        "urgency": "normal", "region": city.pk, "description": WORDS, "address": "凤凰天仙城",
    } | given  # fmt: skip


def panel(client: Client, **given: Any) -> str:
    likeness.forget()
    return client.post(reverse("call-like"), typed(**given)).content.decode()


def offered(page: str) -> list[str]:
    """The numbers of the tickets that one key joins, in their order."""
    return re.findall(r'formaction="[^"]*/(XG\d+)/again/join/"', page)


def join(client: Client, ticket: Ticket, **given: Any) -> Any:
    return client.post(reverse("about-earlier", args=[ticket.number, "join"]), typed(**given))


def others() -> None:
    """Open tickets about other things, some of them in the same place."""
    for title, place, category in (
        ("路灯不亮", "凤凰天仙城西门", "路灯不亮"),
        ("自来水停水两天", "凤凰天仙城", "停水"),
        ("路面钢板响", "紫薇苑门口", "道路施工"),
        ("公交车班次太少", "城站路", "公交班次"),
    ):
        found = Category.objects.filter(name=category).first()
        street = Region.objects.get(name="广场街道" if "紫薇" in place else "书院街道")
        scene.call(
            title=title, description=f"{title}，请处理。", address=place, category=found, region=street,
            caller_phone="10012340077",
        )  # fmt: skip


# -- offering -----------------------------------------------------------------------------------------------------


def test_iron_plates_are_steel_plates(operator: Client) -> None:
    """The story: the caller says 铁板, the ticket 钢板 in another script of the place's name; four more are open."""
    others()
    ticket = scene.ticket_in(Status.WORKING, **ESTATE)
    page = panel(operator)
    assert offered(page) == [ticket.number], "a lamp and the water of the same estate are other matters"
    assert "同一地点：凤凰天仙城" in page
    assert "铁板/钢板" in page
    assert "1 人来电" in page
    assert scene.DEPARTMENT in page
    assert "办理中" in page
    said_in_one_line = panel(operator, address="", description="铁板一直响 凤凰天仙城")
    assert offered(said_in_one_line)[0] == ticket.number


def test_another_name_of_the_place_is_the_place(operator: Client) -> None:
    ticket = scene.call(
        title="老粮校宿舍门口污水外溢", description="污水流了一地。", address="老粮校宿舍", category=None
    )
    assert offered(panel(operator, address="桂花园3栋", description="下水道堵了，臭得很。")) == [ticket.number]


def test_what_is_about_something_else_or_somewhere_else_is_not_offered(operator: Client) -> None:
    others()
    assert not offered(panel(operator, address="滨江一号", description="请问老年证在哪里办理？", kind="consultation"))
    assert "没有相似的未办结工单" in panel(operator, address="", description="🙂🙂🙂🙂🙂<b>" + "x" * 10_000)
    assert panel(operator, description="", address="").strip() == ""


def test_the_same_topic_in_the_street_comes_before_another_topic_at_the_same_place(operator: Client) -> None:
    lamp, water = Category.objects.get(name="路灯不亮"), Category.objects.get(name="停水")
    street = Region.objects.get(name="书院街道")
    same_place = scene.call(
        title="自来水停水", description="从昨天晚上停到现在，没有人管。", address="凤凰天仙城",
        category=water, region=street, caller_phone="10012340071",
    )  # fmt: skip
    same_topic = scene.call(
        title="路灯不亮", description="路灯从昨天晚上坏到现在。", address="桂花园", category=lamp, region=street,
        caller_phone="10012340072",
    )  # fmt: skip
    found = offered(panel(operator, description="路灯昨天晚上就坏了，没有人管。", category=lamp.pk, region=street.pk))
    assert found[0] == same_topic.number
    assert same_place.number not in found[:1]


def test_of_a_matter_one_row_stands_with_all_its_callers(operator: Client) -> None:
    calls = [scene.call(caller_phone=f"1001234000{n}", **ESTATE) for n in range(3)]
    joining.join(calls, actor=scene.user(scene.DISPATCHER))
    page = panel(operator)
    assert len(offered(page)) == 1
    assert "3 人来电" in page


def test_what_is_closed_is_not_offered(operator: Client) -> None:
    scene.ticket_in(Status.CLOSED, **ESTATE)
    assert not offered(panel(operator))


def test_whose_own_it_is_urges_and_does_not_join(operator: Client) -> None:
    scene.call(caller_phone="13871230009", **ESTATE)
    page = panel(operator)
    assert not offered(page)
    assert "请在上方催办或补充" in page


def test_a_secret_ticket_is_offered_only_to_who_may_read_it(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = scene.call(is_secret=True, **ESTATE)
    assert offered(panel(operator)) == [ticket.number]
    clerk: User = scene.user(scene.CLERK)
    told = likeness.Told("", WORDS, "凤凰天仙城")
    assert not likeness.like(told, clerk), "it is no ticket of theirs"
    blind = frozenset(ROLE_PERMISSIONS["operator"] - {P.SEE_ALL_TICKETS})
    monkeypatch.setitem(ROLE_PERMISSIONS, "operator", blind)
    assert not likeness.like(told, scene.user(scene.OPERATOR))
    assert join(operator, ticket).status_code == 404
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("who", [scene.CLERK, scene.SUPERVISOR, scene.MANAGER, scene.ADMIN])
def test_only_who_records_calls(who: str, signed_in: SignIn) -> None:
    ticket = scene.call()
    assert signed_in(who).post(reverse("call-like"), typed()).status_code == 403
    assert join(signed_in(who), ticket).status_code == 403


# -- joining ------------------------------------------------------------------------------------------------------


def test_the_call_is_a_ticket_of_its_own_in_the_callers_words(operator: Client) -> None:
    ticket = scene.ticket_in(Status.WORKING, **ESTATE)
    answer = operator.post(
        reverse("about-earlier", args=[ticket.number, "join"]), typed(address="", caller_name="李先生"), follow=True
    )
    made = Ticket.objects.exclude(pk=ticket.pk).get()
    ticket.refresh_from_db()
    assert made.matter is not None
    assert made.matter == ticket.matter
    assert (made.description, made.caller_phone, made.caller_name) == (WORDS, "13871230009", "李先生")
    assert (made.region, made.address, made.category) == (ticket.region, ticket.address, ticket.category)
    assert made.status == Status.REGISTERED
    assert [event.action for event in made.events.order_by("sequence")][:2] == ["register", "join_matter"]
    page = answer.content.decode()
    assert f"已登记为 {made.number}" in page
    assert "移出同一事项" in page, "how a mistake is undone is said"


def test_a_mistake_is_undone_by_parting_and_the_call_stays(operator: Client) -> None:
    ticket = scene.call(**ESTATE)
    join(operator, ticket)
    made = Ticket.objects.exclude(pk=ticket.pk).get()
    scene.do(made, "part_matter", scene.OPERATOR)
    made.refresh_from_db()
    assert made.matter is None
    assert made.description == WORDS


def test_a_place_that_the_operator_chose_stays(operator: Client) -> None:
    ticket = scene.call(**ESTATE)
    chosen = Region.objects.get(name="新华街道")
    join(operator, ticket, address="", region=chosen.pk)
    assert Ticket.objects.get(caller__phone="13871230009").region == chosen


def test_what_was_closed_meanwhile_is_told_and_nothing_is_lost(operator: Client) -> None:
    ticket = scene.ticket_in(Status.CLOSED, **ESTATE)
    answer = join(operator, ticket, caller_name="李先生")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f"{ticket.number}" in page
    assert "已办结" in page
    assert WORDS in page
    assert "李先生" in page
    assert Ticket.objects.count() == 1
    assert not Matter.objects.exists()


def test_a_matter_that_is_still_open_is_joined_though_the_ticket_that_stood_for_it_was_closed(operator: Client) -> None:
    closed, still_open = scene.ticket_in(Status.CLOSED, **ESTATE), scene.call(caller_phone="10012340002", **ESTATE)
    matter = joining.join([closed, still_open], actor=scene.user(scene.DISPATCHER))
    join(operator, closed)
    assert matter.tickets.count() == 3


def test_without_a_number_or_words_the_form_stays(operator: Client) -> None:
    ticket = scene.call(**ESTATE)
    assert join(operator, ticket, caller_phone="").status_code == 422
    assert join(operator, ticket, description="响").status_code == 422
    assert Ticket.objects.count() == 1
    assert join(operator, ticket, caller_phone="", is_anonymous="on").status_code == 302


def test_sent_twice_it_is_done_once(operator: Client) -> None:
    ticket, key = scene.call(**ESTATE), str(uuid.uuid4())
    join(operator, ticket, form_key=key)
    join(operator, ticket, form_key=key)
    assert Ticket.objects.count() == 2
