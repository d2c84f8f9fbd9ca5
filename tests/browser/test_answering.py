"""A clerk writes an answer that says nothing, is told so and sends it; another answers from the street by telephone."""

from __future__ import annotations

import pytest
from playwright.sync_api import FilePayload, expect

from tests import scene
from tests.browser.conftest import PHONE, OpenPage
from tickets.choices import Status
from tickets.models import Answer, Attachment

pytestmark = pytest.mark.browser


def test_an_empty_answer_is_marked_while_it_is_written_and_sent_all_the_same(open_page: OpenPage) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    page = open_page(f"{ticket.get_absolute_url()}do/answer/", scene.CLERK)
    page.locator("#id_answer").press_sequentially("您反映的问题已转交施工单位，正在处理。")
    remark = page.locator("#answer-check [data-finding=evasive]")
    expect(remark).to_contain_text("未说明办理结果")
    expect(remark.locator("mark").first).to_have_text("您反映的问题已转交施工单位")
    page.locator("#id_answer").press_sequentially("4月20日钢板已重新焊牢，夜间不再有异响。")
    expect(remark).to_have_count(0)
    page.fill("#id_answer", "您反映的问题已转交施工单位，正在处理。")
    expect(remark).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".toasts")).to_contain_text("回访")
    assert Answer.objects.get(ticket=ticket).is_evasive

    seen = open_page(ticket.get_absolute_url(), scene.OPERATOR)
    expect(seen.locator("[data-finding=evasive]")).to_contain_text("未说明办理结果")


def test_three_taps_lead_from_the_inbox_to_the_camera_and_the_pictures_stand_side_by_side(open_page: OpenPage) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    page = open_page("/inbox/", scene.CLERK)
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.locator("main tr", has_text=ticket.number).get_by_role("button", name="签收").click()
    page.locator(".toasts a").click()
    for side in ("before", "after"):
        with page.expect_file_chooser() as opened:
            page.locator(f"label:has([data-take={side}])").click()
        opened.value.set_files(FilePayload(name=f"{side}.png", mimeType="image/png", buffer=scene.picture()))
    expect(page.locator(".files li select")).to_have_count(2)
    assert page.locator("[data-take=before]").get_attribute("capture") == "environment"
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.fill("#id_answer", scene.ANSWER)
    page.locator("#action button[type=submit]").click()
    expect(page.locator(".before-after img")).to_have_count(2)
    assert list(Attachment.objects.order_by("pk").values_list("shows", flat=True)) == ["before", "after"]
