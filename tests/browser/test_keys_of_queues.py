"""What dispatchers and clerks press: each flow by keyboard alone, without leaving the list; and the numbers that move.

What is typed to find something in a list is no key here, as what a caller says is none.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests import scene
from tests.browser.conftest import OpenPage
from tickets.choices import Status
from tickets.models import AnswerTemplate, Ticket
from tickets.wording import keeping

pytestmark = pytest.mark.browser
MOST = {
    "other_department": 6, "undo": 3, "grant_return": 4, "refuse_return": 4, "accept_25": 5, "answer_by_template": 4,
}  # fmt: skip
NUMBER_WITHIN = 15.0  # seconds


@dataclass
class Hands:
    page: Page
    keys: int = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.keys += len(keys)

    def send(self, *keys: str) -> None:
        """Presses what sends a form; returns when its answer has come."""
        with self.page.expect_navigation():
            self.press(*keys)
        expect(self.page.locator(".toast-line.success")).to_be_visible()

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def counted(self) -> int:
        keys, self.keys = self.keys, 0
        return keys


def test_what_dispatchers_press(open_page: OpenPage) -> None:
    for _ in range(3):
        scene.call()
    returns = [scene.ticket_in(Status.RETURN_ASKED) for _ in range(2)]
    page = open_page("/dispatch/", scene.DISPATCHER)
    hands, keys = Hands(page), {}
    here = page.locator("tr.here")
    door = page.locator("a.door[data-door=dispatch-queue] .number")
    expect(door).to_have_text([re.compile("3"), re.compile("2")])

    # Another department: opened, left again, opened, found by initials; the next row is the one that is worked on.
    hands.press("j", "a", "Escape")
    expect(page.locator("#another")).to_be_hidden()
    hands.counted()
    first = here.locator("input[form=many][name=number]").get_attribute("value")
    hands.press("a")
    expect(page.locator("#another_department-pick")).to_be_focused()
    hands.type("城管")  # as it is called for short; letters that stand in its name in this order
    hands.send("Enter")
    assert "/dispatch/" in page.url
    keys["other_department"] = hands.counted() + 1  # with the j that came to the row
    ticket = Ticket.objects.get(number=first)
    assert str(ticket.department) == scene.OTHER_DEPARTMENT
    expect(here.locator("input[form=many][name=number]")).not_to_have_value(first or "")

    # What fits nothing is said, and nothing is sent.
    hands.press("a")
    hands.type("没有这个单位")
    hands.press("Enter")
    expect(page.locator("#another .field-error:visible")).to_contain_text("没有这个单位")
    hands.press("Escape")
    hands.counted()

    hands.send("u")
    expect(page.locator(".toast-line.success")).to_contain_text("撤销")
    ticket.refresh_from_db()
    assert ticket.status == Status.REGISTERED
    keys["undo"] = hands.counted()

    page.goto(re.sub(r"/dispatch/.*", "/dispatch/?tab=return_asked", page.url))
    for deed, key, status in (("grant_return", "g", Status.REGISTERED), ("refuse_return", "r", Status.DISPATCHED)):
        if not here.count():
            hands.press("j")
        number = here.locator("td a").first.inner_text()
        hands.press(key)
        expect(here.locator("textarea")).to_be_focused()
        if deed == "refuse_return":
            page.keyboard.press("Control+Enter")
            assert here.locator("textarea:invalid").count() == 1, "without a reason nothing is sent"
            hands.type("路段已移交，由你单位办理。")
        hands.send("Control+Enter")
        assert "tab=return_asked" in page.url
        keys[deed] = hands.counted()
        assert Ticket.objects.get(number=number).status == status
    assert {ticket.status for ticket in Ticket.objects.filter(pk__in=[one.pk for one in returns])} == {
        Status.REGISTERED, Status.DISPATCHED,
    }  # fmt: skip

    # A call is recorded elsewhere: the number beside the door moves by itself.
    expect(door.first).to_have_text(re.compile(str(Ticket.objects.filter(status=Status.REGISTERED).count())))
    began, _call = time.monotonic(), scene.call()
    waiting = str(Ticket.objects.filter(status=Status.REGISTERED).count())
    expect(door.first).to_have_text(re.compile(waiting), timeout=NUMBER_WITHIN * 1000)
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"keys": keys, "most": MOST, "number_seconds": seconds}))  # noqa: T201

    # What is ticked goes together by the key that dispatches one.
    page.goto(re.sub(r"/dispatch/.*", "/dispatch/", page.url))
    hands.press("j")
    hands.send("*", "d")
    assert not Ticket.objects.filter(status=Status.REGISTERED).exists()
    assert {name: count for name, count in keys.items() if count > MOST[name]} == {}


def test_what_clerks_press(open_page: OpenPage) -> None:
    one = AnswerTemplate(
        department=scene.department(scene.DEPARTMENT), name="已修复", text="您反映的{标题}已修复。（{工单编号}）"
    )
    keeping.save(one, by=scene.user(scene.CLERK), seen=None)
    for _ in range(25):
        scene.ticket_in(Status.DISPATCHED)
    page = open_page("/inbox/", scene.CLERK)
    hands, keys = Hands(page), {}
    expect(page.locator("a.door[data-door=inbox] .number")).to_have_text(re.compile("25"))
    expect(page.locator(".tabs a[aria-current] .number")).to_have_text(re.compile("25"))
    taken = Ticket.objects.latest("pk")
    scene.do(taken, "accept", scene.CLERK)  # by a colleague, meanwhile
    hands.send("*", "s")
    expect(page.locator(".toast-line.error")).to_contain_text(taken.number)
    expect(page.locator(".toast-line.success")).to_contain_text("24")
    keys["accept_25"] = hands.counted()
    assert Ticket.objects.filter(status=Status.WORKING).count() == 25

    page.goto(re.sub(r"/inbox/.*", "/inbox/?tab=working", page.url))
    hands.press("j", "s")
    field = page.locator("#action textarea[name=answer]")
    expect(field).to_be_focused()
    hands.counted()
    hands.type("您好，以上。")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")  # selected, and not replaced
    hands.press("Alt+M")
    hands.type("yxf")
    hands.press("Enter")
    expect(field).to_be_focused()
    keys["answer_by_template"] = hands.counted()
    text = field.input_value()
    assert re.fullmatch(r"您好，您反映的.+已修复。（XG\d+）以上。", text), text
    page.keyboard.press("Control+z")
    expect(field).to_have_value("您好，以上。")
    print(json.dumps({"keys": keys, "most": MOST}))  # noqa: T201
    assert {name: count for name, count in keys.items() if count > MOST[name]} == {}
