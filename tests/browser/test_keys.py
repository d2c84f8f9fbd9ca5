"""How many keys a call costs: each flow of the desk by keyboard alone, from the open form to the page of the ticket.

What the caller says is no key: it is typed or pasted anyhow. What is typed to find something in a list is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from hotline.accounts.models import Region
from knowledge import editing
from tests import scene
from tests.browser.conftest import TICKET_PAGE, OpenPage
from tickets.choices import Kind, Status
from tickets.matters import likeness
from tickets.models import Category, Ticket

pytestmark = pytest.mark.browser
MOST = {
    "complaint": 12, "complaint_by_hand": 12, "join_like_ticket": 6, "urge": 4, "praise": 5, "answer_from_knowledge": 8,
    "follow_up": 8, "not_reached": 8, "agreed_time": 8, "redo": 8, "closed_unsolved": 8,
}  # fmt: skip


@dataclass
class Desk:
    """The page of a call, opened by the telephone system, and the keys pressed on it."""

    page: Page
    keys: int = 0

    def say(self, words: str) -> None:
        self.page.keyboard.insert_text(words)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.keys += len(keys)

    def find(self, letters: str) -> None:
        """Letters typed into a picker, each a key."""
        for letter in letters:
            self.page.keyboard.insert_text(letter)
        self.keys += len(letters)

    def recorded(self) -> Ticket:
        self.page.wait_for_url(TICKET_PAGE)
        return Ticket.objects.latest("pk")

    def box(self, name: str) -> Locator:
        return self.page.locator(f"#id_{name}-pick")


def test_what_a_call_costs_in_keys(open_page: OpenPage) -> None:
    known = scene.call(
        caller_phone="13871230009", title="路灯不亮", description="小区路灯不亮。", address="紫薇苑", category=None
    )
    plates = scene.call(address="凤凰天仙城东门")
    worked = scene.ticket_in(Status.WORKING)
    article = editing.draft({
        "question": "医保电子凭证怎么激活", "answer": "在国家医保服务平台手机应用里实名认证后激活。",
        "department": scene.department(scene.DEPARTMENT), "source": "市医保局办事指南",
        "valid_from": timezone.localdate(), "valid_until": None, "category": None,
    }, actor=scene.user(scene.SUPERVISOR))  # fmt: skip
    article = editing.release(article, seen=article.edits, actor=scene.user(scene.DISPATCHER))
    likeness.forget()
    street, lamp = Region.objects.get(name="书院街道"), Category.objects.get(name="路灯不亮")
    keys: dict[str, int] = {}

    def desk(phone: str, call: str) -> Desk:
        page = open_page(f"/desk/call?phone={phone}&call_id={call}")
        expect(page.locator("#id_description")).to_be_focused()
        return Desk(page)

    one = desk("13871230010", "new")
    one.say("市民反映凤凰天仙城东门外的路灯不亮，已经三天了，要求尽快修好，投诉没人管。")
    expect(one.box("region")).to_have_value(street.full_name)
    expect(one.page.locator("#fit [data-fill]")).to_be_visible()
    one.press("Alt+C", "Control+Enter")
    ticket = one.recorded()
    assert (ticket.region, ticket.category, ticket.kind) == (street, lamp, Kind.COMPLAINT)
    keys["complaint"] = one.keys

    one = desk("13871230011", "hand")
    one.say("孩子放学路上总被拦住推销，家长都不满。")
    one.press("Tab")
    while not one.box("region").evaluate("box => box === document.activeElement"):
        one.press("Tab")
    one.find("syj")
    one.press("Enter")
    while not one.box("category").evaluate("box => box === document.activeElement"):
        one.press("Tab")
    one.find("ldb")
    one.press("Enter", "Control+Enter")
    ticket = one.recorded()
    assert (ticket.region, ticket.category) == (street, lamp)
    keys["complaint_by_hand"] = one.keys

    one = desk(known.caller_phone, "join")
    one.say("铁板一直响 凤凰天仙城")
    expect(one.page.locator("#like li").first).to_contain_text(plates.number)
    one.press("Alt+J")
    ticket = one.recorded()
    plates.refresh_from_db()
    assert ticket.matter_id == plates.matter_id is not None
    keys["join_like_ticket"] = one.keys

    one = desk(worked.caller_phone, "urge")
    one.say("钢板还是响，已经第三天了。")
    expect(one.page.locator("#caller")).to_contain_text(worked.number)
    one.press("Alt+U")
    one.page.wait_for_url(TICKET_PAGE)
    worked.refresh_from_db()
    assert worked.urges == 1
    keys["urge"] = one.keys

    one = desk(worked.caller_phone, "praise")
    one.say("钢板当天就固定好了，感谢你们。")
    expect(one.page.locator("#caller")).to_contain_text(worked.number)
    one.press("Alt+P")
    assert one.recorded().praises == worked
    keys["praise"] = one.keys

    one = desk("13871230012", "answer")
    one.say("请问医保电子凭证怎么激活？")
    expect(one.page.locator("#answers")).to_contain_text(article.question)
    one.press("Alt+1", "Control+Shift+Enter")
    ticket = one.recorded()
    assert (ticket.status, ticket.kind) == (Status.CLOSED, Kind.CONSULTATION)
    keys["answer_from_knowledge"] = one.keys

    one = desk("13871230013", "telephone")
    hint = one.page.locator(".action-bar kbd").first
    expect(hint).to_be_visible()
    one.page.set_viewport_size({"width": 390, "height": 844})
    expect(hint).to_be_hidden()

    told(keys)


def told(keys: dict[str, int]) -> None:
    """Prints what was counted, and holds it to what it may cost."""
    print(json.dumps({"keys": keys, "most": {name: MOST[name] for name in keys}}))  # noqa: T201
    assert {name: count for name, count in keys.items() if count > MOST[name]} == {}


def test_what_a_follow_up_call_costs_in_keys(open_page: OpenPage) -> None:
    """One call after the other: what is recorded opens the next, whose first question has the focus."""
    tickets = [scene.ticket_in(Status.FOLLOW_UP, caller_phone=f"1001234700{n}", title=f"回访之{n}") for n in range(6)]
    desk, keys, waiting = Desk(open_page("/follow-ups/")), dict[str, int](), iter(tickets)

    def call() -> Ticket:
        ticket = next(waiting)
        desk.keys = 0
        expect(desk.page.locator("main")).to_contain_text(ticket.title)
        expect(desk.page.locator("#contacted-1")).to_be_focused()
        return ticket

    def recorded(ticket: Ticket, name: str) -> Ticket:
        expect(desk.page.locator(".toast-line.success")).to_contain_text(ticket.number)
        keys[name] = desk.keys
        ticket.refresh_from_db()
        return ticket

    ticket = call()
    expect(desk.page.locator("main")).to_contain_text(scene.ANSWER)
    desk.press("1", "1", "2", "Enter")
    ticket = recorded(ticket, "follow_up")
    assert (ticket.status, ticket.satisfaction, ticket.cause) == (Status.CLOSED, "satisfied", "")

    ticket = call()
    desk.press("1", "3", "4", "2")
    expect(desk.page.locator("#outcome-2")).to_be_checked()  # proposed, and taken by the key of the outcome or by Enter
    desk.press("2")
    expect(desk.page.locator("#note")).to_be_focused()
    desk.say("修好三天又响了，要求重新办理。")
    desk.press("Control+Enter")
    ticket = recorded(ticket, "redo")
    assert (ticket.status, ticket.cause, ticket.closing_reason) == (Status.DISPATCHED, "came_back", "")
    assert ticket.events.latest("pk").note == "修好三天又响了，要求重新办理。"

    ticket = call()
    desk.press("1", "3", "5", "3", "1")
    expect(desk.page.locator("[data-question=closing_reason]")).to_be_visible()
    desk.press("2", "Enter")
    ticket = recorded(ticket, "closed_unsolved")
    assert (ticket.status, ticket.cause, ticket.closing_reason) == (Status.CLOSED, "slow", "policy")

    ticket = call()
    desk.press("0", "1", "Enter")
    ticket = recorded(ticket, "not_reached")
    missed = ticket.follow_ups.get()
    assert (ticket.status, missed.why) == (Status.FOLLOW_UP, "no_answer")
    again = timezone.localtime(missed.again_at).strftime("%m-%d %H:%M")
    expect(desk.page.locator(".toast-line.success")).to_contain_text(again)

    ticket = call()
    desk.press("0", "6")
    agreed = desk.page.locator("#again_at")
    usual = agreed.input_value()
    agreed.evaluate("one => { one.value = ''; one.dispatchEvent(new Event('change', { bubbles: true })); }")
    expect(agreed).to_have_value("")  # half typed it is empty, and nothing is put in its place meanwhile
    agreed.fill(usual)
    desk.press("Control+Enter")  # the usual time is filled in: the same hour of the next working day
    ticket = recorded(ticket, "agreed_time")
    assert ticket.stage_due_at == ticket.follow_ups.get().again_at

    call()
    desk.press("Alt+l")
    expect(desk.page.locator("main")).to_contain_text("当前没有需要回访的来电人")
    told(keys)
