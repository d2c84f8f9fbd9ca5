"""Administrators neither see tickets nor act as others (decision 0004), on any page that is theirs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from hotline.accounts.models import AccountEvent, ApiToken, Department, User
from tests import scene
from tickets.choices import Status
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
TITLE, NAME, PHONE, TEXT = "井盖翻倒无人管", "植某某", "13972345678", "有人跌入受伤流血"


@pytest.fixture
def planted() -> Ticket:
    """A ticket in every state, all by one caller: what hangs on departments, people, regions and categories."""
    details = {"title": TITLE, "caller_name": NAME, "caller_phone": PHONE, "description": TEXT, "is_secret": True}
    tickets = [scene.ticket_in(status, **details) for status in Status]
    ruled = scene.ticket_in(Status.RULING, **details)
    scene.do(ruled, "rule", scene.MANAGER, note=f"{TITLE}由属地牵头")
    return tickets[0]


def addresses_of(model: Any) -> list[str]:
    """Every page of a table: list, add, and of each row change, delete and history."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    found = [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
    for row in model._default_manager.all()[:20]:
        found += [reverse(f"{name}_{page}", args=[row.pk]) for page in ("change", "delete", "history")]
    return found


def test_no_page_of_the_set_up_names_a_ticket_or_a_caller(signed_in: SignIn, planted: Ticket) -> None:
    client = signed_in(scene.ADMIN)
    numbers = list(Ticket.objects.values_list("number", flat=True))
    seen = 0
    for model, pages in admin.site._registry.items():
        for address in addresses_of(model):
            answer = client.get(address)
            assert answer.status_code in (200, 403), address
            page = answer.content.decode()
            for secret in (TITLE, NAME, PHONE, TEXT, *numbers):
                assert secret not in page, (address, secret)
            seen += 1
        for word in (TITLE, NAME, PHONE, numbers[0]) if pages.search_fields else ():
            found = client.get(addresses_of(model)[0], {"q": word})
            assert not found.context["cl"].result_count, (model, word)
    assert seen > 100


def test_deleting_what_tickets_hang_on_tells_how_many_and_is_refused(signed_in: SignIn, planted: Ticket) -> None:
    department = Department.objects.get(name=scene.DEPARTMENT)
    address = reverse("admin:accounts_department_delete", args=[department.pk])
    client = signed_in(scene.ADMIN)
    page = client.get(address).content.decode()
    assert re.search(r"工单[:：] ?\d+", page)
    client.post(address, {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [str(department.pk)], "post": "yes"}
    many = client.post(reverse("admin:accounts_department_changelist"), chosen, follow=True)
    assert many.status_code == 200
    assert TITLE not in many.content.decode()
    assert Department.objects.filter(pk=department.pk).exists()


def test_what_nothing_hangs_on_is_deleted(signed_in: SignIn) -> None:
    region = scene.call().region
    lone = Department.objects.create(name="空单位", level="bureau", region=region)
    signed_in(scene.ADMIN).post(reverse("admin:accounts_department_delete", args=[lone.pk]), {"post": "yes"})
    assert not Department.objects.filter(pk=lone.pk).exists()


def test_autocomplete_offers_set_up_tables_only(signed_in: SignIn, planted: Ticket) -> None:
    client = signed_in(scene.ADMIN)
    for app, model, field in (
        ("tickets", "ticket", "category"), ("tickets", "ticketevent", "ticket"), ("dispatch", "precedent", "ticket"),
        ("accounts", "department", "parent"), ("accounts", "user", "department"),
    ):  # fmt: skip
        asked = {"app_label": app, "model_name": model, "field_name": field, "term": TITLE[:2]}
        answer = client.get(reverse("admin:autocomplete"), asked)
        assert TITLE not in answer.content.decode()


def test_tokens_and_groups_have_no_page_in_the_set_up(signed_in: SignIn) -> None:
    client = signed_in(scene.ADMIN)
    for address in ("/admin/authtoken/", "/admin/authtoken/tokenproxy/add/", "/admin/knox/authtoken/", "/admin/auth/"):
        assert client.get(address).status_code == 404, address
    assert ApiToken not in admin.site._registry


def test_administrators_give_themselves_no_other_role(signed_in: SignIn) -> None:
    chief = scene.user(scene.ADMIN)
    form = {
        "username": chief.username, "is_active": "on", "full_name": chief.full_name, "role": "operator",
        "phone": "", "email": "",
    }  # fmt: skip
    signed_in(scene.ADMIN).post(reverse("admin:accounts_user_change", args=[chief.pk]), form)
    chief.refresh_from_db()
    assert chief.role == "administrator"


def test_people_are_neither_deleted_nor_disable_themselves_on_djangos_pages(signed_in: SignIn) -> None:
    chief, client = scene.user(scene.ADMIN), signed_in(scene.ADMIN)
    form = {"username": chief.username, "full_name": chief.full_name, "phone": "", "email": ""}
    assert client.post(reverse("admin:accounts_user_change", args=[chief.pk]), form).status_code == 302
    chief.refresh_from_db()
    assert chief.is_active
    clerk = scene.user(scene.CLERK)
    assert client.post(reverse("admin:accounts_user_delete", args=[clerk.pk]), {"post": "yes"}).status_code == 403


def test_account_events_are_read_by_administrators_and_changed_by_nobody(signed_in: SignIn) -> None:
    clerk = scene.user(scene.CLERK)
    key = signed_in(scene.CLERK).post(reverse("tokens"), {"name": "报表程序"}).context["key"]
    client = signed_in(scene.ADMIN)
    listed = client.get(reverse("admin:accounts_accountevent_changelist")).content.decode()
    assert "报表程序" in listed
    assert str(clerk) in listed
    assert key not in listed
    event = AccountEvent.objects.get()
    for page in ("change", "delete"):
        address = reverse(f"admin:accounts_accountevent_{page}", args=[event.pk])
        assert client.post(address, {"post": "yes", "detail": "x"}).status_code == 403
    assert AccountEvent.objects.get().detail == "报表程序"


def test_the_set_up_has_no_sign_in_of_its_own(client: Client, signed_in: SignIn) -> None:
    answer = client.get("/admin/login/?next=/admin/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in/")
    answer = client.post("/admin/login/", {"username": scene.ADMIN, "password": "xiaogan-12345"})
    assert answer.status_code == 302
    assert "_auth_user_id" not in client.session
    assert signed_in(scene.ADMIN).get("/admin/password_change/").headers["Location"] == "/password/"
    assert User.objects.filter(is_superuser=True).count() == 0
