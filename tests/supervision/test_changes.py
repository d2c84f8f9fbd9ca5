"""Changing a time limit or the calendar: told before, done on request, in each ticket's timeline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hotline.worktime import arrangements, calendar
from hotline.worktime.models import Arrangement, SpecialDay
from supervision.changes import moving
from supervision.tasks import notice_new_years
from tests import scene
from tests.scene import SHANGHAI, at
from tickets.choices import Status
from tickets.models import Category, Ticket, TimeLimit

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


def limit(**columns: object) -> TimeLimit:
    details = {"stage": "answer", "amount": 3, "unit": "work_day", "valid_from": date(2026, 4, 20)} | columns
    return TimeLimit(**details)


def reload(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


# -- which limit holds ----------------------------------------------------------------------------------------


def test_the_most_specific_limit_holds(monday: time_machine.Traveller) -> None:
    roadworks = Category.objects.get(name="道路施工")
    moving.change_limit(limit(category=roadworks.parent, amount=10), for_open_tickets=False)
    assert scene.ticket_in(Status.DISPATCHED).answer_due_at == at(20, 9) + timedelta(days=17), "over Labour Day"
    moving.change_limit(limit(category=roadworks, amount=4), for_open_tickets=False)
    assert scene.ticket_in(Status.DISPATCHED).answer_due_at == at(24, 9), "the nearest category"
    other = Category.objects.get(name="路灯不亮")
    assert scene.ticket_in(Status.DISPATCHED, category=other).answer_due_at == at(27, 9)
    department = scene.department(scene.DEPARTMENT)
    moving.change_limit(limit(department=department, amount=2), for_open_tickets=False)
    assert scene.ticket_in(Status.DISPATCHED).answer_due_at == at(22, 9), "a department before a category"
    urgent = scene.ticket_in(Status.DISPATCHED, urgency="urgent")
    assert urgent.answer_due_at == at(21, 9), "what is urgent is not made slower"


def test_a_limit_holds_from_its_first_day_on(monday: time_machine.Traveller) -> None:
    moving.change_limit(limit(valid_from=date(2026, 4, 22)), for_open_tickets=False)
    assert scene.ticket_in(Status.DISPATCHED).answer_due_at == at(27, 9)
    monday.move_to(at(22, 9))
    assert scene.ticket_in(Status.DISPATCHED).answer_due_at == at(27, 9), "three days from Wednesday"
    held = TimeLimit.objects.filter(stage="answer", kind="", urgency="", category=None, department=None)
    assert list(held.order_by("valid_from").values_list("amount", "valid_until")) == [
        (5, date(2026, 4, 21)),
        (3, None),
    ]


def test_open_tickets_are_moved_on_request_with_what_was_granted_on_top(monday: time_machine.Traveller) -> None:
    plain, extended = scene.ticket_in(Status.DISPATCHED), scene.ticket_in(Status.WORKING)
    scene.do(extended, "ask_extension", scene.CLERK, days=2)
    scene.do(extended, "grant_extension", scene.MANAGER)
    settled = scene.do(scene.ticket_in(Status.COORDINATING), "determine", scene.SUPERVISOR)
    urgent = scene.ticket_in(Status.DISPATCHED, urgency="urgent")
    row = limit(amount=3)
    assert len(list(moving.moved_by_limit(row))) == 2
    assert reload(plain).answer_due_at == at(27, 9), "looking moves nothing"
    assert moving.change_limit(row, for_open_tickets=True) == 2
    assert reload(plain).answer_due_at == at(23, 9)
    assert reload(extended).answer_due_at == at(27, 9), "three days and the two that were granted"
    assert reload(settled).answer_due_at == settled.answer_due_at, "what was promised on the spot stands"
    assert reload(urgent).answer_due_at == urgent.answer_due_at
    event = plain.events.get(action="recalculate")
    assert "3" in event.note
    assert event.data["answer_due"] == [at(27, 9).astimezone().isoformat(), at(23, 9).isoformat()] or event.data


def test_the_page_tells_before_it_does(signed_in: SignIn, monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    client, row = signed_in(scene.ADMIN), TimeLimit.objects.get(stage="answer", kind="", urgency="")
    address = f"{reverse('change-limit')}?of={row.pk}"
    assert client.get(address).context["form"].initial["amount"] == 5
    typed = {"stage": "answer", "amount": "3", "unit": "work_day", "valid_from": "2026-04-20", "for_open": "on"}
    shown = client.post(address, typed | {"then": "preview"}).content.decode()
    assert ticket.number not in shown, "administrators see no tickets"
    assert scene.DEPARTMENT in shown
    assert "1 件" in shown
    assert TimeLimit.objects.get(stage="answer", kind="", urgency="").amount == 5
    client.post(address, typed | {"then": "confirm"})
    assert reload(ticket).answer_due_at == at(23, 9)
    for wrong in (
        {"amount": "-1"},
        {"valid_from": "2026-04-19"},
        {"stage": "x"},
        {"amount": "many"},
        {"category": "0"},
    ):
        page = client.post(address, typed | {"then": "confirm"} | wrong)
        assert page.status_code == 422, wrong
    for name in ("limits", "change-limit", "calendar"):
        assert signed_in(scene.ADMIN).get(reverse(name)).status_code == 200
        assert signed_in(scene.MANAGER).get(reverse(name)).status_code == 403


# -- a year's arrangement --------------------------------------------------------------------------------------

NEW_YEAR = arrangements.Typed(2027, (date(2027, 1, 1), date(2027, 1, 4)), (date(2027, 1, 9),))


@pytest.fixture
def december() -> object:
    """The last days of 2026, when the arrangement of 2027 is not known to the package."""
    with time_machine.travel(datetime(2026, 12, 30, 9, tzinfo=SHANGHAI), tick=False) as traveller:
        yield traveller


def test_deadlines_over_the_new_year_move_when_it_is_announced(december: time_machine.Traveller) -> None:
    ticket, urgent = scene.ticket_in(Status.DISPATCHED), scene.ticket_in(Status.DISPATCHED, urgency="urgent")
    assert ticket.answer_due_at == datetime(2027, 1, 7, 9, tzinfo=SHANGHAI), "New Year's Day is off by law"
    assert calendar.current().is_provisional(date(2027, 1, 6))
    assert moving.load_days(NEW_YEAR) == 1
    moved = reload(ticket)
    assert moved.answer_due_at == datetime(2027, 1, 8, 9, tzinfo=SHANGHAI), "without the fourth too"
    assert moved.stage_due_at == ticket.stage_due_at, "that lies in 2026"
    assert reload(urgent).answer_due_at == urgent.answer_due_at
    assert not calendar.current().is_provisional(date(2027, 1, 6))
    assert ticket.events.filter(action="recalculate").count() == 1
    assert moving.load_days(NEW_YEAR) == 0, "loading it again moves nothing"
    assert SpecialDay.objects.filter(day__year=2027).count() == 3


def test_on_new_years_day_nothing_is_due_and_nothing_passes(december: time_machine.Traveller) -> None:
    december.move_to(datetime(2026, 12, 31, 17, tzinfo=SHANGHAI))
    late = scene.ticket_in(Status.DISPATCHED)
    december.move_to(datetime(2027, 1, 1, 10, tzinfo=SHANGHAI))
    on_the_day = scene.ticket_in(Status.DISPATCHED)
    assert late.answer_due_at == datetime(2027, 1, 8, 17, tzinfo=SHANGHAI)
    assert on_the_day.answer_due_at == datetime(2027, 1, 8, 17, 30, tzinfo=SHANGHAI)
    assert calendar.current().is_provisional(date(2027, 1, 8)), "which weekends are worked is not known yet"


def test_deadlines_counted_before_the_law_was_known_move_once(december: time_machine.Traveller) -> None:
    """As after an update: an installation in use had counted 2027 by weekdays alone."""
    ticket = scene.ticket_in(Status.DISPATCHED)
    notice_new_years()
    Arrangement.objects.create(year=2027, is_by_weekdays=True, since=timezone.now())
    by_weekdays = datetime(2027, 1, 6, 9, tzinfo=SHANGHAI)
    Ticket.objects.filter(pk=ticket.pk).update(answer_due_at=by_weekdays)
    notice_new_years()
    assert reload(ticket).answer_due_at == ticket.answer_due_at
    assert "法定节假日" in ticket.events.get(action="recalculate").note
    notice_new_years()
    assert ticket.events.filter(action="recalculate").count() == 1
    Ticket.objects.filter(pk=ticket.pk).update(answer_due_at=by_weekdays)
    Arrangement.objects.create(year=2027, is_by_weekdays=True, since=timezone.now())
    moving.load_days(NEW_YEAR)
    assert reload(ticket).answer_due_at == datetime(2027, 1, 8, 9, tzinfo=SHANGHAI), "the same five days"
    assert not Arrangement.objects.filter(is_by_weekdays=True).exists()


def test_the_page_shows_the_days_off_by_law(december: time_machine.Traveller, signed_in: SignIn) -> None:
    page = signed_in(scene.ADMIN).get(reverse("calendar")).content.decode()
    assert "2027-01-01 元旦" in page
    assert "2027-02-05 农历除夕" in page
    assert "调休" in page


def test_the_page_lists_what_moves_and_marks_what_is_a_guess(
    december: time_machine.Traveller, signed_in: SignIn
) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    assert "暂定" in signed_in(scene.DISPATCHER).get(ticket.get_absolute_url()).content.decode()
    client = signed_in(scene.ADMIN)
    assert "暂按" in client.get(reverse("calendar")).content.decode()
    typed = {"year": "2027", "off": "2027-01-01 2027-01-04", "worked": "1-9"}
    shown = client.post(reverse("calendar"), typed | {"then": "preview"}).content.decode()
    assert ticket.number not in shown, "administrators see no tickets"
    assert scene.DEPARTMENT in shown
    assert not SpecialDay.objects.exists()
    client.post(reverse("calendar"), typed | {"then": "confirm"})
    assert Arrangement.objects.get(year=2027).moved == 1
    assert "暂定" not in signed_in(scene.DISPATCHER).get(ticket.get_absolute_url()).content.decode()


def test_a_day_of_the_citys_own_moves_deadlines_too(monday: time_machine.Traveller, signed_in: SignIn) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    typed = {"year": "2026", "off": "4-22", "worked": "", "reason": "城市庆典"}
    client = signed_in(scene.ADMIN)
    shown = client.post(reverse("calendar"), typed | {"then": "preview"}).content.decode()
    assert ticket.number not in shown, "administrators see no tickets"
    assert scene.DEPARTMENT in shown
    client.post(reverse("calendar"), typed | {"then": "confirm"})
    assert reload(ticket).answer_due_at == at(28, 9)
    assert "城市庆典" in ticket.events.get(action="recalculate").note
    assert not Arrangement.objects.filter(is_loaded=True).exists(), "the year stays as it was"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"off": "someday"}, "off"),
        ({"off": "2027-13-01"}, "off"),
        ({"off": "2026-01-01"}, "off"),
        ({"off": "2027-01-05~2027-01-01"}, "off"),
        ({"off": "2027-01-01~2027-12-31"}, "off"),
        ({"worked": "2027-01-05"}, "worked"),
        ({"worked": "2027-01-02"}, "worked"),
        ({"year": "27"}, "year"),
        ({"off": ""}, "off"),
    ],
)
def test_what_is_no_arrangement_is_refused_at_its_field(
    changed: dict[str, str], field: str, signed_in: SignIn, december: object
) -> None:
    typed = {"year": "2027", "off": "2027-01-01~2027-01-03", "worked": "", "then": "confirm"} | changed
    page = signed_in(scene.ADMIN).post(reverse("calendar"), typed)
    assert page.status_code == 422
    assert field in page.context["form"].errors
    assert not SpecialDay.objects.exists()


def test_a_year_that_the_package_has_come_to_know_is_noticed(monday: time_machine.Traveller) -> None:
    """As after an update of the package: 2026 was not known when these deadlines were set."""
    notice_new_years()
    assert set(Arrangement.objects.values_list("year", flat=True)) == {2025, 2026}, "what was known at the beginning"
    before_national_day = datetime(2026, 9, 30, 9, tzinfo=SHANGHAI)
    monday.move_to(before_national_day)
    ticket = scene.ticket_in(Status.DISPATCHED)
    Arrangement.objects.filter(year=2026).delete()
    guess = replace(calendar.current(), unannounced=frozenset({2026}))
    guessed = guess.add_days(before_national_day, 5)
    Ticket.objects.filter(pk=ticket.pk).update(answer_due_at=guessed)
    notice_new_years()
    assert reload(ticket).answer_due_at == ticket.answer_due_at
    assert ticket.answer_due_at != guessed, "the law gives three days and one in lieu, the arrangement seven"
    assert Arrangement.objects.get(year=2026).moved == 1
