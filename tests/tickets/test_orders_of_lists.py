"""What a list passes over on its way to its rows is told apart in the index of the list's order, never read."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from hotline.accounts.models import Department, Region
from tests import plans, scene
from tickets.choices import IN_WORK_STATUSES
from tickets.lists.filters import TicketFilter
from tickets.lists.listing import OPEN_ORDERS, ORDERS
from tickets.models import Category, Ticket

pytestmark = pytest.mark.django_db

VALUES = {
    "status": "closed", "kind": "praise", "channel": "web", "urgency": "urgent",
    "recorded_from": "2026-04-01", "recorded_to": "2026-04-30",
}  # fmt: skip
SEARCHED = {"q"}  # has an index of its own


@pytest.mark.parametrize("who", [scene.OPERATOR, scene.CLERK])
def test_every_filter_in_every_order_is_answered_by_the_index_of_the_order(who: str) -> None:
    scene.ticket_in("working")
    user, request = scene.user(who), RequestFactory().get("/")
    request.user = user
    values = VALUES | {
        "department": str(Department.objects.filter(tickets__isnull=False)[0].pk),
        "region": str(Region.objects.get(name="书院街道").pk),
        "category": str(Category.objects.filter(parent__isnull=True)[0].pk),
    }
    assert set(values) == set(TicketFilter.base_filters) - SEARCHED, "a filter that this does not know of"
    for order in ORDERS.values():
        column = order[0].lstrip("-")
        with plans.with_one_index(Ticket, column):
            for name, value in values.items():
                found = TicketFilter({name: value}, queryset=Ticket.objects.visible_to(user), request=request).qs
                keys = found.filter(**{f"{column}__isnull": False}).order_by(*order).values("pk")[:26]
                assert plans.way_to(keys) == "Index Only Scan", (name, order)


def test_what_is_due_first_of_a_department_is_answered_by_its_index() -> None:
    clerk = scene.user(scene.CLERK)
    found = Ticket.objects.visible_to(clerk).filter(status__in=IN_WORK_STATUSES, department__in=clerk.department_ids)
    with plans.with_one_index(Ticket, "first_due_at"):
        assert plans.way_to(found.order_by(*OPEN_ORDERS["first"]).values("pk")[:26]) == "Index Only Scan"


def test_a_page_is_found_by_its_keys_and_then_read(signed_in: Any, django_assert_max_num_queries: Any) -> None:
    numbers = [scene.call().number for _ in range(3)]
    with django_assert_max_num_queries(26) as captured:
        page = signed_in(scene.SUPERVISOR).get("/tickets/?kind=complaint&sort=oldest").context["page"]
    assert [ticket.number for ticket in page] == numbers
    listed = next(query["sql"] for query in captured.captured_queries if "LIMIT 26" in query["sql"])
    assert listed.count("'complaint'") == 1, "what was found is not asked again whether it belongs to the list"
