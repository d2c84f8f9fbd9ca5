"""What PostgreSQL must know of tickets and their events so that lists and measures read little."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from tests import plans, scene
from tickets.models import Ticket, TicketEvent

pytestmark = pytest.mark.django_db


def test_what_a_department_never_has_is_expected_to_be_rare() -> None:
    """Departments and kinds have to do with each other: a share of a share would be expected else."""
    one, other = scene.department("市公安局"), scene.department("市住房和城乡建设局")
    for department, kind in ((one, "praise"), (other, "complaint")):
        calls = [scene.call(title=f"{kind} {nth}").pk for nth in range(40)]
        Ticket.objects.filter(pk__in=calls).update(department=department, kind=kind)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tickets_ticket")
    assert expected(department=one, kind="praise") >= 20
    assert expected(department=one, kind="complaint") <= 2


def expected(**narrowed: Any) -> float:
    """How many tickets PostgreSQL expects."""
    plan = json.loads(Ticket.objects.filter(**narrowed).order_by().explain(format="json"))
    return float(plan[0]["Plan"]["Plan Rows"])


def test_who_sent_a_ticket_first_is_read_in_the_index() -> None:
    events = TicketEvent.objects.filter(ticket=1, action__in=["dispatch", "rule"]).order_by("sequence")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_class SET relallvisible = 1000000 WHERE relname = 'tickets_ticketevent'")
        for way in ("seqscan", "bitmapscan", "indexscan"):  # what is left can be had of an index alone, or not at all
            cursor.execute(f"SET LOCAL enable_{way} = off")
        # A table that was vacuumed while it was empty costs nothing to read, though it is off, as the index itself is.
        cursor.execute("SET LOCAL seq_page_cost = 1000000")
    assert plans.way_to(events.values("actor", "department", "at")) == "Index Only Scan"
