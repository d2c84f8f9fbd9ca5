"""The page on the spot when the session ends in between, and when what was noted cannot be accepted."""

from __future__ import annotations

import pytest
import time_machine
from playwright.sync_api import expect

from demo.city import PEOPLE
from hotline.accounts.models import Department
from hotline.accounts.views import DEMO_PASSWORD
from supervision.models import CoordinationTask, SiteEntry
from tests import scene
from tests.browser.conftest import PHONE, Hotline, wait_until
from tickets.choices import Status

pytestmark = pytest.mark.browser


def test_a_session_that_ends_loses_nothing_and_a_refusal_is_said_on_the_phone(hotline: Hotline) -> None:
    with time_machine.travel(scene.MONDAY, tick=False):
        scene.ticket_in(Status.COORDINATING)
    hotline.start(scene.MONDAY)
    task = CoordinationTask.objects.get()
    page = hotline.sign_in("supervisor1", PHONE)
    page.goto(f"{hotline.address}{task.get_absolute_url()}")

    # The session has ended: what is noted waits, and says why.
    page.context.clear_cookies()
    page.locator("#findings textarea").fill("钢板未固定。")
    page.locator("#findings button").click()
    expect(page.locator("#outbox")).to_contain_text("请重新登录")
    assert not SiteEntry.objects.exists()
    page.goto(f"{hotline.address}/sign-in/")
    page.fill("#id_username", "supervisor1")
    page.fill("#id_password", DEMO_PASSWORD)
    page.click("form:has(#id_username) button.btn-primary")
    expect(page.locator(".who")).to_contain_text(next(name for user, name, *_rest in PEOPLE if user == "supervisor1"))
    page.goto(f"{hotline.address}{task.get_absolute_url()}")
    wait_until("it is sent after signing in again", lambda: SiteEntry.objects.filter(kind="findings").count() == 1)
    expect(page.locator("#outbox")).to_be_hidden()

    # A department that was closed in the meantime: the phone says so and keeps it until it is discarded.
    page.reload()
    page.locator("#id_department-pick").fill(scene.DEPARTMENT)
    page.locator("#id_department-pick").press("Enter")
    Department.objects.filter(name=scene.DEPARTMENT).update(is_open=False)
    page.fill("#determine #id_note", "当日整改。")
    page.fill("#determine #id_due", "2026-04-20T20:00")
    page.click("#determine button.btn-danger")
    expect(page.locator("#outbox .field-error")).to_contain_text("未被接收")
    task.refresh_from_db()
    assert task.state == CoordinationTask.State.CALLED
    expect(page.locator("#determine #id_note")).to_have_value("当日整改。")  # what was typed stays
    page.click("#outbox button")
    expect(page.locator("#outbox")).to_be_hidden()
