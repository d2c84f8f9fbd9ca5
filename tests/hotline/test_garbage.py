"""Whatever is typed or sent, nothing is a 500: garbage into every page, form and API route, from a fixed seed."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from supervision.models import CoordinationTask
from tests import scene
from tickets.calls.forms import CallForm
from tickets.choices import Status
from tickets.workflow.table import ACTIONS

pytestmark = pytest.mark.django_db
ROUNDS = 350
GARBAGE = (
    "", " ", "\x00", "长" * 6000, "-1", "0", "9" * 30, "1e400", "NaN", "2026-13-45", "9999-12-31T23:59",
    "0001-01-01T00:00", "2099-11-30T10:00", "😀", "'; --", "<b>", "٣", "１", "yes", "on", "null", "1", "5", "place",
    "ownership_unclear", "https://elsewhere.example/", "//elsewhere.example/",
)  # fmt: skip
LISTS = (
    "/tickets/", "/tickets/mine/", "/follow-ups/", "/inbox/", "/dispatch/", "/board/", "/coordination/", "/rulings/",
    "/dashboard/", "/figures/received/", "/figures/on_time_rate/", "/reports/", "/tickets/caller/", "/dispatch/call/",
    "/tickets/new/", "/api/v1/tickets/", "/api/v1/departments/", "/api/v1/categories/", "/sign-in/",
    "/board/?wall=1", "/board/escalate/", "/messages/", "/clocks/", "/limits/", "/limits/change/", "/calendar/",
    "/directory/", "/directory/check/", "/directory/versions/", "/directory/line/", "/directory/directory.xlsx",
    "/precedents/", "/dispatch/suggestions/", "/coordination/worker.js",
)  # fmt: skip
QUERY = (
    "q", "status", "kind", "department", "region", "category", "recorded_from", "recorded_to", "sort", "after", "tab",
    "flag", "from", "to", "part", "state", "caller_phone", "title", "description", "address", "next",
    "page", "key", "wall", "by", "of", "instead", "precedent", "version",
)  # fmt: skip
# Forms beside the workflow's: whose, where, and what they ask for.
FORMS = (
    (scene.SUPERVISOR, "/coordination/{task}/note/",
     ("kind", "participant", "text", "key", "at", "department", "principle", "findings", "note", "due")),
    (scene.SUPERVISOR, "/board/many/", ("key", "note", "back")),
    (scene.SUPERVISOR, "/board/escalate/?key=1&key=-1",
     ("lead", "place", "point", "meets_at", "departments", "question")),
    (scene.ADMIN, "/limits/change/",
     ("stage", "kind", "urgency", "category", "department", "amount", "unit", "valid_from", "for_open")),
    (scene.ADMIN, "/calendar/", ("year", "off", "worked", "reason")),
    (scene.MANAGER, "/dispatch/automatic/", ("confidence", "back")),
    (scene.MANAGER, "/directory/line/",
     ("sender", "category", "region", "department", "assisting", "basis", "valid_from", "valid_until", "note")),
    (scene.MANAGER, "/directory/import/", ("file", "note")),
    (scene.DISPATCHER, "/dispatch/many/", ("number", "department", "version-{number}", "suggested-{number}", "back")),
    (scene.CLERK, "/messages/", ("notice",)),
)  # fmt: skip


@pytest.fixture
def clients() -> dict[str, Client]:
    found = {}
    for username in scene.ROLE_PEOPLE.values():
        found[username] = Client(raise_request_exception=False)
        found[username].force_login(scene.user(username))
    return found


@pytest.mark.parametrize(
    "address",
    ["/tickets/{}/", "/tickets/{}/do/urge/", "/tickets/{}/attach/", "/dispatch/panel/{}/", "/board/panel/{}/",
     "/api/v1/tickets/{}/", "/api/v1/tickets/{}/urge/"],
)  # fmt: skip
@pytest.mark.parametrize("number", ["%00", "XG1%00", "%20", "%F0%9F%98%80", "..", "'"])
def test_a_number_that_is_none(address: str, number: str, clients: dict[str, Client]) -> None:
    client = clients[scene.SUPERVISOR]
    for sent in (client.get(address.format(number)), client.post(address.format(number))):
        assert sent.status_code in (404, 405)


def test_zero_bytes_in_an_address_find_nothing_and_break_nothing(clients: dict[str, Client]) -> None:
    for address in LISTS:
        for client in (clients[scene.MANAGER], clients[scene.ADMIN], clients[scene.SUPERVISOR]):
            sent = client.get(address, dict.fromkeys(QUERY, "a\x00b"))
            assert sent.status_code < 500, address


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_garbage(seed: int, clients: dict[str, Client]) -> None:
    rng = random.Random(seed)
    tickets = [scene.ticket_in(status) for status in Status]
    task = CoordinationTask.objects.get()

    def some(names: Any) -> dict[str, Any]:
        return {name: rng.choice(GARBAGE) for name in names if rng.random() < 0.8}

    for _ in range(ROUNDS):
        client, ticket = rng.choice(list(clients.values())), rng.choice(tickets)
        action = rng.choice(list(ACTIONS.values()))
        given = some(action.input.base_fields) | {"version": rng.choice([ticket.version, *GARBAGE])}
        page = reverse("ticket-action", args=[ticket.number, action.name])
        operator, manager = clients[scene.OPERATOR], clients[scene.MANAGER]
        chosen = rng.randrange(8)
        if chosen == 0:
            sent: Any = client.post(page, given | {"back": rng.choice(GARBAGE)})
        elif chosen == 1:
            address = f"/api/v1/tickets/{ticket.number}/{action.name}/"
            sent = client.post(address, given, content_type="application/json")
        elif chosen == 2:
            sent = client.get(rng.choice(LISTS), some(QUERY))
        elif chosen == 3:
            sent = operator.post(reverse("new-ticket"), some(CallForm.base_fields))
        elif chosen == 4:
            sent = operator.post("/api/v1/tickets/", some(CallForm.base_fields), content_type="application/json")
        elif chosen == 5:
            numbers = [rng.choice(GARBAGE), ticket.number, rng.choice(tickets).number]
            sent = operator.post(reverse("join-tickets"), {"number": numbers, "back": rng.choice(GARBAGE)})
        elif chosen == 6:
            who, address, fields = rng.choice(FORMS)
            address = address.format(task=task.pk, number=ticket.number)
            sent = clients[who].post(address, some(fields) | {"then": rng.choice(["confirm", "preview", *GARBAGE])})
        else:
            sent = manager.post(reverse("build-report"), {"kind": rng.choice(GARBAGE), "period": rng.choice(GARBAGE)})
        assert sent.status_code < 500, (chosen, action.name, given, getattr(sent, "exc_info", None))
        assert "elsewhere" not in sent.headers.get("Location", ""), "nobody is sent off to another site"
