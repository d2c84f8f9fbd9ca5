"""Every page for every role: open to whom the permission table says, empty and full, and kind to bad input."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from demo.generator import Generator
from hotline.accounts.permissions import Role
from supervision.clocks.sweeping import sweep
from tests import scene
from tickets.choices import Status
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


def fill() -> None:
    generator = Generator(now=timezone.now(), days=20, seed=3)
    generator.make(250)
    generator.make_hot_matters(2)
    sweep()


filled = scene.Kept(fill)


@pytest.fixture
def full_house() -> None:
    """A few hundred tickets in all states, stuck ones among them."""
    filled.set()


@pytest.mark.parametrize("role", Role.values)
def test_each_role_has_a_home_and_every_door_of_its_navigation_opens(
    role: str, signed_in: SignIn, full_house: None
) -> None:
    client = signed_in(scene.ROLE_PEOPLE[role])
    home = client.get("/", follow=True)
    assert home.status_code == 200
    doors = re.findall(r'class="door"[^>]*href="([^"]+)"', home.content.decode(), re.DOTALL)
    assert doors or role == Role.ADMINISTRATOR
    for door in doors:
        assert client.get(door, follow=True).status_code == 200, door


def test_each_table_of_djangos_set_up_opens(signed_in: SignIn) -> None:
    client = signed_in(scene.ADMIN)
    links = set(re.findall(r'href="(/admin/[a-z]+/[a-z]+/)"', client.get(reverse("admin:index")).content.decode()))
    assert len(links) >= 9
    for link in links:
        assert client.get(link).status_code == 200
        assert client.get(f"{link}add/").status_code in (200, 403)


# -- number of queries: a list costs the same with ten rows as with a thousand ------------------------------

# One of them writes down that the page was looked at.
QUERIES = {
    "new-ticket": (scene.OPERATOR, 7),
    "my-tickets": (scene.OPERATOR, 4),
    "tickets": (scene.OPERATOR, 7),
    "follow-up-list": (scene.OPERATOR, 8),
    "dispatch-queue": (scene.DISPATCHER, 14),
    "inbox": (scene.CLERK, 7),
    "board": (scene.SUPERVISOR, 12),  # one of them only where matters of several callers are among the rows
    "rulings": (scene.MANAGER, 6),
    "dashboard": (scene.MANAGER, 38),
}


@pytest.mark.parametrize("page", QUERIES)
def test_queries_of_lists_are_pinned(
    page: str, signed_in: SignIn, full_house: None, django_assert_max_num_queries: Callable[..., object]
) -> None:
    username, most = QUERIES[page]
    client = signed_in(username)
    client.get(reverse(page))
    with django_assert_max_num_queries(most):  # type: ignore[attr-defined]
        assert client.get(reverse(page)).status_code == 200


@pytest.mark.parametrize("status", Status.values)
def test_queries_of_a_ticket_are_pinned(
    status: str, signed_in: SignIn, django_assert_max_num_queries: Callable[..., object]
) -> None:
    ticket = scene.ticket_in(status)
    for _ in range(12):
        if status not in (Status.CLOSED, Status.NOT_ACCEPTED):
            scene.do(ticket, "remark", scene.OPERATOR)
    client = signed_in(scene.SUPERVISOR)
    with django_assert_max_num_queries(13):  # type: ignore[attr-defined]
        assert client.get(ticket.get_absolute_url()).status_code == 200


def test_queries_of_other_details_are_pinned(
    signed_in: SignIn, django_assert_max_num_queries: Callable[..., object], settings: Any, tmp_path: Path
) -> None:
    from matters import totals
    from reports import building, periods
    from supervision.models import CoordinationTask
    from tickets.matters import joining

    settings.MEDIA_ROOT = tmp_path
    tickets = [scene.ticket_in(Status.DISPATCHED, caller_phone=f"1001234{i:04d}") for i in range(8)]
    matter = joining.join(tickets, actor=scene.user(scene.DISPATCHER))
    scene.do(tickets[0], "escalate", scene.SUPERVISOR)
    totals.recount([matter.pk])
    run = building.build(periods.parse("monthly", "2026-04"))
    client = signed_in(scene.SUPERVISOR)
    for address, most in (
        (matter.get_absolute_url(), 16),
        (reverse("matters"), 8),
        (reverse("matters-map"), 9),
        (CoordinationTask.objects.get().get_absolute_url(), 14),
        (run.get_absolute_url(), 6),  # its editions and its events
        (reverse("reports"), 5),  # with what is being built
        (reverse("coordinations"), 4),
        (reverse("figure-tickets", args=["received"]), 8),
        (reverse("supervision-panel", args=[tickets[0].number]), 8),
        (reverse("dispatch-panel", args=[tickets[0].number]), 6),
    ):
        with django_assert_max_num_queries(most):  # type: ignore[attr-defined]
            assert client.get(address).status_code == 200, address


# -- the state of a list is in its address -------------------------------------------------------------------


def test_filter_sort_and_page_are_kept_in_the_address(signed_in: SignIn, full_house: None) -> None:
    client = signed_in(scene.OPERATOR)
    first = client.get("/tickets/?kind=complaint&sort=oldest")
    shown = [ticket.number for ticket in first.context["page"]]
    recorded = [ticket.registered_at for ticket in first.context["page"]]
    assert recorded == sorted(recorded)
    assert {ticket.kind for ticket in first.context["page"]} == {"complaint"}
    following = first.context["page"].next_url
    assert "kind=complaint" in following
    assert "sort=oldest" in following
    second = client.get(following)
    assert {ticket.number for ticket in second.context["page"]}.isdisjoint(shown)
    back = client.get(second.context["page"].previous_url)
    assert [ticket.number for ticket in back.context["page"]] == shown


def test_paging_shows_every_ticket_once(signed_in: SignIn, full_house: None) -> None:
    client, address, seen = signed_in(scene.OPERATOR), "/tickets/?sort=due", []
    while address:
        page = client.get(address).context["page"]
        seen += [ticket.number for ticket in page]
        address = page.next_url
    assert len(seen) == len(set(seen)) == Ticket.objects.filter(answer_due_at__isnull=False).count()


@pytest.mark.parametrize(
    "query",
    ["status=x", "kind=%00", "department=999999", "department=a", "recorded_from=32.13.2020", "sort=worst",
     "after=garbage", "after=%FF%FE", "q=%F0%9F%98%80", "q=" + "长" * 300, "region=1&region=2", "tab=zzz"],
)  # fmt: skip
def test_odd_addresses_never_break_a_list(query: str, signed_in: SignIn) -> None:
    scene.ticket_in(Status.DISPATCHED)
    for page, username in (("tickets", scene.OPERATOR), ("dispatch-queue", scene.DISPATCHER), ("inbox", scene.CLERK),
                           ("board", scene.SUPERVISOR), ("follow-up-list", scene.OPERATOR)):  # fmt: skip
        assert signed_in(username).get(f"{reverse(page)}?{query}").status_code == 200, page


# -- recording a call ----------------------------------------------------------------------------------------


def call_data(**changes: object) -> dict[str, object]:
    from hotline.accounts.models import Region

    return {
        "caller_phone": "138 0013-8000", "caller_name": "刘女士", "channel": "phone", "kind": "complaint",
        "urgency": "normal", "title": "", "description": "门口钢板整夜响，孩子没法睡觉。",
        "region": Region.objects.get(name="书院街道").pk, "address": "某小区", "category": "", "then": "dispatch",
    } | changes  # fmt: skip


def test_a_call_becomes_a_ticket(signed_in: SignIn) -> None:
    answer = signed_in(scene.OPERATOR).post(reverse("new-ticket"), call_data())
    ticket = Ticket.objects.get()
    assert answer.url == ticket.get_absolute_url()  # type: ignore[attr-defined]
    assert (ticket.caller_phone, ticket.status) == ("13800138000", Status.REGISTERED)
    assert ticket.title.startswith("门口钢板")


def test_the_same_form_sent_twice_makes_one_ticket(signed_in: SignIn) -> None:
    client = signed_in(scene.OPERATOR)
    key = re.search(r'name="form_key" value="([^"]+)"', client.get(reverse("new-ticket")).content.decode())
    assert key
    for _ in range(2):
        client.post(reverse("new-ticket"), call_data(form_key=key[1]))
    assert Ticket.objects.count() == 1


def test_a_consultation_is_answered_on_the_telephone(signed_in: SignIn) -> None:
    given = call_data(kind="consultation", then="answer", answer="请携带身份证到政务大厅二楼办理。")
    signed_in(scene.OPERATOR).post(reverse("new-ticket"), given)
    assert Ticket.objects.get().closing == "direct"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"caller_phone": "abc"}, "caller_phone"),
        ({"caller_phone": ""}, "caller_phone"),
        ({"caller_phone": "1" * 40}, "caller_phone"),
        ({"description": "短"}, "description"),
        ({"description": ""}, "description"),
        ({"region": "x"}, "region"),
        ({"region": ""}, "region"),
        ({"kind": "rant"}, "kind"),
        ({"title": "长" * 81}, "title"),
        ({"address": "长" * 201}, "address"),
        ({"category": "0"}, "category"),
    ],
)
def test_what_does_not_do_is_said_at_the_field_and_what_was_typed_stays(
    changes: dict[str, object], field: str, signed_in: SignIn
) -> None:
    answer = signed_in(scene.OPERATOR).post(reverse("new-ticket"), call_data(**changes))
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    text = answer.content.decode()
    assert f'id="id_{field}_error"' in text
    if "description" not in changes:
        assert "门口钢板整夜响" in text
    assert not Ticket.objects.exists()


def test_the_callers_history_opens_while_they_talk(signed_in: SignIn) -> None:
    earlier = scene.call(caller_phone="10077778888")
    page = signed_in(scene.OPERATOR).post(reverse("caller-history"), {"caller_phone": "100 7777 8888"}).content.decode()
    assert earlier.number in page


def test_the_panel_proposes_while_one_types(signed_in: SignIn) -> None:
    region = scene.call(address="凤凰天仙城").region.pk
    page = signed_in(scene.OPERATOR).post(
        reverse("call-panel"), {"description": "路面钢板响", "region": str(region), "address": "凤凰天仙城"}
    )
    text = page.content.decode()
    assert "道路施工" in text
    assert "市住房和城乡建设局" in text
    odd: dict[str, str] = {"description": "x", "region": "x", "category": "99999999999999999999"}
    assert signed_in(scene.OPERATOR).post(reverse("call-panel"), odd).status_code == 200


# -- actions on the ticket's page ----------------------------------------------------------------------------


def test_buttons_are_those_that_the_table_allows(signed_in: SignIn) -> None:
    from tickets.workflow import performing

    for status in Status:
        ticket = scene.ticket_in(status)
        for username in scene.ROLE_PEOPLE.values():
            user = scene.user(username)
            answer = signed_in(username).get(ticket.get_absolute_url())
            if answer.status_code == 404:
                continue
            shown = set(re.findall(r'data-action="([a-z_]+)"', answer.content.decode()))
            assert shown == {action.name for action in performing.available(ticket, user)}, (status, username)


def test_each_form_opens_and_an_empty_one_is_refused_with_reasons(signed_in: SignIn) -> None:
    """Every action with a required field: the form opens, an empty post names the field, nothing changes."""
    from tickets.workflow import performing, table

    for action in table.ACTIONS.values():
        required = [name for name, field in action.input.base_fields.items() if field.required]
        if (
            action.name == table.STARTING
            or not required
            or not action.permission
            or action.name
            in (
                "answer_directly",
                "link_praise",
                "refuse_extension",
                "assist",
                "give_opinion",
                "circulate",
                "lift_secrecy",
                "lift_anonymity",
            )
        ):
            continue
        ticket = scene.ticket_in(action.sources[0])
        username = next(
            name for name in scene.ROLE_PEOPLE.values() if performing.may_perform(action, ticket, scene.user(name))
        )  # fmt: skip
        client = signed_in(username)
        address = reverse("ticket-action", args=[ticket.number, action.name])
        assert client.get(address).status_code == 200, action.name
        answer = client.post(address, {"version": ticket.version})
        assert answer.status_code == 422, action.name
        assert set(answer.context["form"].errors) >= set(required) - {"departments"}, action.name
        assert Ticket.objects.get(pk=ticket.pk).version == ticket.version


def test_an_old_page_is_told_and_keeps_what_was_typed(signed_in: SignIn) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    seen = ticket.version
    scene.do(ticket, "progress", scene.CLERK)
    answer = signed_in(scene.CLERK).post(
        reverse("ticket-action", args=[ticket.number, "answer"]), {"version": seen, "answer": scene.ANSWER}
    )
    assert answer.status_code == 409
    text = answer.content.decode()
    assert scene.ANSWER in text
    assert "记录进展" in text
    assert "张卫东" in text


def test_forbidden_actions_are_403_and_unknown_ones_404(signed_in: SignIn) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    client = signed_in(scene.OPERATOR)
    assert client.post(reverse("ticket-action", args=[ticket.number, "accept"])).status_code == 403
    assert client.get(reverse("ticket-action", args=[ticket.number, "explode"])).status_code == 404
    assert client.get(reverse("ticket-action", args=[ticket.number, "register"])).status_code == 404
    assert "您无权打开此页面" in client.get(reverse("board")).content.decode()


# -- signing in, language, errors ----------------------------------------------------------------------------


def test_signing_in_and_being_locked_out(client: Client) -> None:
    address = reverse("sign-in")
    page = client.get(address).content.decode()
    assert "operator1" in page, "demo accounts are listed in demo mode"
    assert client.post(address, {"username": "operator1", "password": "xiaogan-12345"}).status_code == 302
    client.post(reverse("sign-out"))
    for _ in range(6):
        answer = client.post(address, {"username": "operator2", "password": "wrong"})
    assert answer.status_code == 429
    assert client.post(address, {"username": "operator2", "password": "xiaogan-12345"}).status_code == 429


def test_demo_accounts_are_listed_in_demo_mode_only(client: Client, settings: Any) -> None:
    settings.DEMO = False
    page = client.get(reverse("sign-in")).content.decode()
    assert "operator1" not in page
    assert "xiaogan-12345" not in page


def test_chinese_first_with_an_english_switch(signed_in: SignIn) -> None:
    client = signed_in(scene.OPERATOR)
    assert "登记来电" in client.get(reverse("new-ticket")).content.decode()
    answer = client.post(reverse("language"), {"language": "en", "next": "https://elsewhere.example/"})
    assert "elsewhere" not in answer.url  # type: ignore[attr-defined]
    assert "Record a call" in client.get(reverse("new-ticket")).content.decode()


def test_pages_that_do_not_exist(signed_in: SignIn) -> None:
    client = signed_in(scene.OPERATOR)
    for address in ("/nothing/", "/tickets/XG1/", "/matters/999/", "/attachments/999/", "/coordinations/999/"):
        answer = client.get(address)
        assert answer.status_code in (403, 404), address
        assert "12345" in answer.content.decode()


def test_the_design_page_shows_every_component(signed_in: SignIn) -> None:
    text = signed_in(scene.OPERATOR).get(reverse("design")).content.decode()
    for part in ("badge-tone", "timeline", "empty", "toast-line", "is-invalid", "figure", "steps", "facts"):
        assert part in text, part


def test_joining_ticked_tickets(signed_in: SignIn) -> None:
    one, two = scene.call(), scene.call(caller_phone="10012340002")
    client = signed_in(scene.OPERATOR)
    answer = client.post(reverse("join-tickets"), {"number": [one.number, two.number]}, follow=True)
    assert answer.status_code == 200
    assert one.number in answer.content.decode()
    one.refresh_from_db()
    assert one.matter is not None
    assert client.post(reverse("join-tickets"), {"number": [one.number]}).status_code == 302
    assert client.get(one.matter.get_absolute_url()).status_code == 200
    assert signed_in(scene.CLERK).get(one.matter.get_absolute_url()).status_code == 404


def test_the_on_site_page(signed_in: SignIn) -> None:
    from supervision.models import CoordinationTask

    scene.ticket_in(Status.COORDINATING)
    task = CoordinationTask.objects.get()
    client = signed_in(scene.SUPERVISOR)
    page = client.get(task.get_absolute_url())
    assert page.status_code == 200
    assert "施工单位" in page.content.decode()
    party = task.participants.get(name="施工单位")
    address = reverse("site-note", args=[task.pk])
    client.post(address, {"kind": "statement", "participant": party.pk, "text": "钢板是我们铺的。"})
    party.refresh_from_db()
    assert party.arrived_at is not None
    client.post(address, {"kind": "came_too", "text": "社区居委会"})
    assert task.participants.filter(name="社区居委会").exists()
    later = (timezone.localtime() + timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M")
    target = scene.department(scene.DEPARTMENT).pk
    given = {"kind": "determined", "department": target, "principle": "place", "findings": "未固定",
             "note": "当日整改", "due": later}  # fmt: skip
    answer = client.post(address, given, follow=True)
    assert answer.status_code == 200
    assert "当日整改" in answer.content.decode()
    assert Ticket.objects.get().is_binding


def test_a_page_on_paper_says_whose_it_is_and_what_may_not_be_passed_on(signed_in: Callable[[str], Client]) -> None:
    plain, secret = scene.call(), scene.call(is_secret=True, caller_phone="10012340002")
    client = signed_in(scene.OPERATOR)
    shown = client.get(plain.get_absolute_url()).content.decode()
    assert f"{scene.user(scene.OPERATOR)}（话务员）" in shown
    assert "不得外传" not in shown
    assert "不得外传" in client.get(secret.get_absolute_url()).content.decode()
