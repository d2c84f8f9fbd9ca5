"""A clerk answers four callers of one matter by keyboard alone, one of them in words of their own."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests import scene
from tests.browser.conftest import OpenPage
from tickets.choices import Status
from tickets.matters import joining
from tickets.models import Answer, Ticket

pytestmark = pytest.mark.browser
PHONE: ViewportSize = {"width": 390, "height": 844}
OWN = "您反映的是半夜最响，已限定夜间重车绕行，由我局每晚巡查。"
MOST_TABS = 80


def tab_to(page: Page, selector: str) -> None:
    """Presses Tab until this has the focus, as somebody does who has no mouse."""
    for _pressed in range(MOST_TABS):
        if page.locator(selector).first.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the Tab key does not come to {selector}")


def test_several_callers_are_answered_as_one_by_keyboard(open_page: OpenPage) -> None:
    tickets = [
        scene.ticket_in(Status.WORKING, caller_phone=f"1001234006{n}", title=f"钢板异响之{n}") for n in range(1, 5)
    ]
    joining.join(tickets, actor=scene.user(scene.SUPERVISOR), title="凤凰天仙城钢板异响")
    page = open_page(tickets[0].get_absolute_url(), scene.CLERK)
    expect(page.locator(".together-line")).to_contain_text("本单位还有同一事项的工单 3 件")
    tab_to(page, "[data-together=answer]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/together/answer/")

    left_out, own = tickets[3].number, tickets[1].number
    tab_to(page, f"#own-{own}")
    page.keyboard.insert_text(OWN)
    tab_to(page, f"#take-{left_out}")
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    # No answer for the other two: nothing was done, and everything stands as it was.
    expect(page.locator(".field-error").first).to_be_visible()
    expect(page.locator(f"#own-{own}")).to_have_value(OWN)
    expect(page.locator(f"#take-{left_out}")).not_to_be_checked()
    assert not Answer.objects.exists()
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    tab_to(page, "#id_answer")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(scene.ANSWER)
    page.keyboard.press("Control+Enter")
    expect(page.locator("main")).to_contain_text("凤凰天仙城钢板异响")
    page.wait_for_url(f"**{Ticket.objects.get(pk=tickets[0].pk).matter.get_absolute_url()}")  # type: ignore[union-attr]
    said = dict(Answer.objects.values_list("ticket", "text"))
    assert said == {tickets[0].pk: scene.ANSWER, tickets[1].pk: OWN, tickets[2].pk: scene.ANSWER}
    assert Ticket.objects.get(number=left_out).status == Status.WORKING
