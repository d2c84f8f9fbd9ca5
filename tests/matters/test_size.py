"""A matter of ten thousand tickets: its page opens at once, and what is done with it has a stated outcome."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from matters import byhand, totals
from matters.models import Standing
from matters.together import doing
from supervision.clocks import sweeping
from supervision.models import Flag
from tests import scene
from tickets.choices import Status
from tickets.matters import joining
from tickets.models import Caller, Matter, Ticket
from tickets.workflow.performing import Refused

SignIn = Callable[[str], Client]
MANY = 10_000
MANY_ENOUGH = 200  # their flags tell them by tens


def copies(ticket: Ticket, count: int, first: int = 1) -> None:
    """So many more tickets like this one, each of another caller, recorded one after another until now."""
    phones = [f"100{first + n:08d}" for n in range(count)]
    Caller.objects.bulk_create([Caller(phone=phone) for phone in phones], ignore_conflicts=True)
    callers = list(Caller.objects.filter(phone__in=phones).values_list("pk", flat=True))
    another = {"id", "number", "caller_id", "caller_phone", "registered_at"}
    stored = (one.column for one in Ticket._meta.concrete_fields if not one.generated)
    columns = ", ".join(f'"{column}"' for column in stored if column not in another)
    statement = f"""
        INSERT INTO tickets_ticket (number, caller_id, caller_phone, registered_at, {columns})
        SELECT 'XG1999' || lpad(called.called::text, 10, '0'), called.called, called.phone,
               clock_timestamp() - interval '1 minute' + called.nth * interval '1 millisecond', {columns}
        FROM tickets_ticket, (
            SELECT id AS called, phone, row_number() OVER (ORDER BY id) AS nth FROM tickets_caller
            WHERE id = ANY(%s)
        ) AS called WHERE tickets_ticket.id = %s
    """  # noqa: S608 - our own names
    with connection.cursor() as cursor:
        cursor.execute(statement, [callers, ticket.pk])
        cursor.execute("ANALYZE")  # as the server does by itself


def matter_of(count: int) -> Matter:
    """A matter of so many tickets that one department works on."""
    tickets = [scene.ticket_in(Status.WORKING, caller_phone=f"1001234009{n}") for n in range(2)]
    matter = joining.join(tickets, actor=scene.user(scene.SUPERVISOR), title="全城停水")
    copies(Ticket.objects.get(pk=tickets[0].pk), count - 2)
    totals.recount([matter.pk])
    return matter


@pytest.fixture
def large(db: None) -> Matter:
    return matter_of(MANY)


def test_its_page_asks_little_of_the_database(
    large: Matter, signed_in: SignIn, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for who in (scene.SUPERVISOR, scene.CLERK, scene.OPERATOR):
        client = signed_in(who)
        assert client.get(large.get_absolute_url()).status_code == 200, who
        with django_assert_max_num_queries(17, info=who):  # type: ignore[attr-defined]
            client.get(large.get_absolute_url())


def test_what_is_done_with_it_has_a_stated_outcome(large: Matter) -> None:
    actor = scene.user(scene.SUPERVISOR)
    assert Standing.objects.get(pk=large.pk).callers == MANY
    small = joining.join([scene.call(caller_phone=f"1001234008{n}") for n in range(2)], actor=actor, title="小事项")
    with pytest.raises(Refused, match=str(byhand.MOST_AT_ONCE)):
        byhand.merge(small, large, actor=actor, reason="同一件事。")
    byhand.merge(large, small, actor=actor, reason="同一件事。")
    assert large.tickets.count() == MANY + 2
    numbers = list(large.tickets.order_by("pk").values_list("number", flat=True)[: byhand.MOST_AT_ONCE + 1])
    with pytest.raises(Refused, match=str(byhand.MOST_AT_ONCE)):
        byhand.split(large, numbers, actor=actor, reason="另一件事。")
    own = byhand.split(large, numbers[:3], actor=actor, reason="另一件事。")
    assert (own.tickets.count(), large.tickets.count()) == (3, MANY - 1)
    byhand.name(large, "全城停水两天", actor=actor)
    assert Matter.objects.get(pk=large.pk).title == "全城停水两天"


def due() -> QuerySet[Ticket]:
    return Ticket.objects.filter(next_due_at__lte=timezone.now())


@pytest.mark.django_db
def test_one_more_caller_has_no_other_ticket_written() -> None:
    """Else each of ten thousand callers would have ten thousand tickets written and swept anew."""
    matter = matter_of(MANY_ENOUGH)
    Ticket.objects.update(next_due_at=timezone.now())
    sweeping.sweep()
    flags = Flag.objects.filter(kind="many_callers", cleared_at=None)
    assert flags.filter(evidence__callers=MANY_ENOUGH).count() == MANY_ENOUGH
    one = scene.call(caller_phone="10012340071")
    scene.do(one, "join_matter", scene.SUPERVISOR, numbers=matter.tickets.earliest("pk").number)
    assert [ticket.pk for ticket in due()] == [one.pk]
    sweeping.sweep()
    assert flags.get(ticket=one).evidence["callers"] == MANY_ENOUGH, "at least so many"
    for ticket in matter.tickets.order_by("pk")[2:4]:
        scene.do(ticket, "part_matter", scene.SUPERVISOR)
    assert due().filter(matter=matter).count() == MANY_ENOUGH - 1, "they are fewer than was told"


def test_a_department_handles_it_by_fifties(large: Matter, signed_in: SignIn) -> None:
    client, address = signed_in(scene.CLERK), reverse("matter-together", args=[large.pk, "answer"])
    page = client.get(address)
    rows = page.context["rows"]
    assert len(rows) == doing.MOST_AT_ONCE
    assert page.context["left"] == MANY - doing.MOST_AT_ONCE
    sent: dict[str, Any] = {"form_key": str(uuid.uuid4()), "answer": scene.ANSWER}
    sent |= {"number": [row.number for row in rows], "shown": [row.number for row in rows]}
    sent |= {f"version-{row.number}": row.ticket.version for row in rows}
    assert client.post(address, sent).status_code == 302
    assert Ticket.objects.filter(status=Status.FOLLOW_UP).count() == doing.MOST_AT_ONCE
    again = client.get(address)
    assert not {row.number for row in rows} & {row.number for row in again.context["rows"]}
