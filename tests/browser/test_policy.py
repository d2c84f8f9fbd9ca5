"""Every page of every role keeps the content security policy: no script, style or picture but our own is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext

from hotline.accounts.permissions import Permission as P
from hotline.accounts.permissions import Role
from hotline.shell import DOORS
from reports import periods
from reports.building import build
from reports.models import ReportKind, ReportRun
from supervision.models import CoordinationTask
from tests import scene
from tests.browser.conftest import DESK
from tickets.choices import Status
from tickets.models import Ticket
from tickets.workflow.performing import available

pytestmark = pytest.mark.browser


@pytest.fixture
def house(live_city: None, live_server: Any, chromium: Browser) -> str:
    """A running hotline with a ticket in every state and a kept report; where it is reached."""
    for status in Status:
        scene.ticket_in(status)
    build(periods.containing(ReportKind.WEEKLY, timezone.localdate()))
    return str(live_server.url)


def context_of(username: str, address: str, chromium: Browser) -> BrowserContext:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(scene.user(username))
    context = chromium.new_context(viewport=DESK, locale="zh-CN")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": address}])
    return context


def pages_of(role: str) -> Iterator[str]:
    """Addresses that people of this role open: their doors, tickets with each form, and what hangs on them."""
    user = scene.user(scene.ROLE_PEOPLE[role])
    yield from (reverse(door.url_name) for door in DOORS if user.may(door.permission))
    yield from (reverse("password"), "/no-such-page/")
    for ticket in Ticket.objects.visible_to(user):
        yield ticket.get_absolute_url()
        yield from (reverse("ticket-action", args=[ticket.number, action.name]) for action in available(ticket, user))
    if user.may(P.SUPERVISE):
        yield from (task.get_absolute_url() for task in CoordinationTask.objects.all())
    if user.may(P.SEE_REPORTS):
        yield from (run.get_absolute_url() for run in ReportRun.objects.all())
    if user.may(P.SET_UP):
        yield from set_up_pages()


def set_up_pages() -> Iterator[str]:
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield from (reverse(f"{name}_changelist"), reverse(f"{name}_add"))
        if row := model._default_manager.first():
            yield from (reverse(f"{name}_{page}", args=[row.pk]) for page in ("change", "delete", "history"))


@pytest.mark.parametrize("role", Role.values)
def test_no_page_asks_for_what_the_policy_forbids(role: str, house: str, chromium: Browser) -> None:
    context = context_of(scene.ROLE_PEOPLE[role], house, chromium)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    opened = list(pages_of(role))
    for address in opened:
        answer = page.goto(house + address, wait_until="networkidle")
        assert answer is not None
        assert "default-src 'self'" in answer.headers["content-security-policy"], address
    context.close()
    assert len(opened) > 5
    assert [line for line in said if "Content Security Policy" in line or "Error" in line] == []


def test_signing_in_keeps_it_too(house: str, chromium: Browser) -> None:
    page = chromium.new_context(viewport=DESK).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{house}/sign-in/", wait_until="networkidle")
    page.fill("#id_username", "x")
    page.fill("#id_password", "x")
    page.click("form:has(#id_username) button.btn-primary")
    page.wait_for_load_state("networkidle")
    page.context.close()
    assert [line for line in said if "Content Security Policy" in line] == []
