"""The demo city: what stands in it, and that the same seed makes the same city."""

from __future__ import annotations

import pytest
from django.db.models import Count
from django.utils import timezone

from demo import steel_plates
from demo.generator import Generator
from hotline.accounts.models import Department, Region, User
from hotline.accounts.permissions import Role
from supervision.clocks.sweeping import sweep
from tickets.choices import Status
from tickets.models import Category, Ticket, TicketEvent
from tickets.workflow.table import ACTIONS

pytestmark = pytest.mark.django_db


def test_xiaogan_with_its_people() -> None:
    districts = Region.objects.filter(level=Region.Level.DISTRICT)
    assert set(districts.values_list("name", flat=True)) == {
        "孝南区", "孝昌县", "大悟县", "云梦县", "应城市", "安陆市", "汉川市",
    }  # fmt: skip
    assert Region.objects.filter(parent__name="孝南区").count() == 15
    assert Department.objects.count() >= 40
    assert User.objects.filter(is_demo=True).count() >= 30
    assert set(User.objects.values_list("role", flat=True)) == set(Role.values)
    by_level = [Category.objects.filter(parent=None), Category.objects.filter(parent__parent=None).exclude(parent=None)]
    assert by_level[0].count() >= 12
    assert by_level[1].count() >= 60
    assert Category.objects.exclude(parent__parent=None).count() >= 150


def test_generated_tickets_lived_by_the_table() -> None:
    generator = Generator(now=timezone.now(), days=30, seed=5)
    generator.make(400)
    tickets = Ticket.objects.annotate(recorded_events=Count("events"))
    assert tickets.count() == 400
    for ticket in tickets:
        assert ticket.recorded_events == ticket.version
    previous: dict[int, str] = {}
    for event in TicketEvent.objects.order_by("ticket_id", "sequence"):
        before = previous.get(event.ticket_id, "")
        assert event.from_status == before
        assert before in ACTIONS[event.action].sources
        assert event.to_status in ACTIONS[event.action].leads_to(before)
        previous[event.ticket_id] = event.to_status
    assert len(set(Ticket.objects.values_list("status", flat=True))) >= 5
    assert not Ticket.objects.filter(registered_at__gt=timezone.now()).exists()


def test_the_same_seed_makes_the_same_city() -> None:
    now = timezone.now()
    columns = ("title", "address", "kind", "status", "answered_at", "satisfaction", "department__name")
    made = []
    for _ in range(2):
        Ticket.objects.all()
        first = Ticket.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        Generator(now=now, days=10, seed=9).make(40)
        made.append(list(Ticket.objects.filter(pk__gt=first).order_by("pk").values_list(*columns)))
    assert made[0] == made[1]


def test_the_steel_plates_stand_where_the_article_finds_them() -> None:
    tickets = steel_plates.stand(timezone.now())
    sweep()
    assert len({ticket.caller_id for ticket in tickets}) == 6
    for ticket in tickets:
        ticket.refresh_from_db()
        assert ticket.status in (Status.REGISTERED, Status.DISPATCHED), "nobody has accepted"
        assert ticket.matter == tickets[0].matter
    assert tickets[0].returns == 1
    assert tickets[0].flags.filter(kind="many_callers", cleared_at=None).exists()
