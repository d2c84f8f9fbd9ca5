"""Whatever ends while somebody types (session, page, network, browser): it is there again, for them alone."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Dialog, FilePayload, Page, Route, expect

from hotline.accounts.views import DEMO_PASSWORD
from tests import scene
from tests.browser.conftest import DESK, FLAGS, wait_until
from tests.hotline.test_account_security import code_of
from tickets.choices import Status
from tickets.models import Attachment, Ticket

pytestmark = [pytest.mark.browser]
TEXT = "小区门口的路灯已经三天不亮，老人夜里出门看不清路。"
Desk = Callable[[str], Page]


@pytest.fixture(autouse=True)
def _files_go_elsewhere(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def desk(live_server: Any, chromium: Browser) -> Iterator[Desk]:
    """A browser of their own for a person, signed in."""
    contexts: list[BrowserContext] = []

    def sit_down(username: str) -> Page:
        context = chromium.new_context(
            viewport=DESK, locale="zh-CN", timezone_id="America/New_York", base_url=live_server.url
        )
        contexts.append(context)
        page = context.new_page()
        page.goto("/sign-in/")
        sign_in(page, username)
        return page

    yield sit_down
    for context in contexts:
        context.close()


def sign_in(page: Page, username: str) -> None:
    page.fill("#id_username", username)
    page.fill("#id_password", DEMO_PASSWORD)
    page.click("form:has(#id_username) button.btn-primary")
    expect(page.locator("#id_username")).to_have_count(0)


def end_session(page: Page) -> None:
    page.context.clear_cookies(name="sessionid")


COUNT_DRAFTS = """() => new Promise((resolve) => {
    const request = indexedDB.open("hotline-drafts", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("drafts", { keyPath: "id" });
    request.onsuccess = () => {
        const count = request.result.transaction("drafts").objectStore("drafts").count();
        count.onsuccess = () => { request.result.close(); resolve(count.result); };
    };
})"""


def wait_until_kept(page: Page, count: int = 1) -> None:
    wait_until(f"{count} drafts lie in this browser", lambda: page.evaluate(COUNT_DRAFTS) == count)


def type_call(page: Page, text: str = TEXT) -> None:
    page.goto("/tickets/new/")
    page.fill("#id_caller_phone", "13812345678")
    page.fill("#id_description", text)
    page.select_option("#id_kind", "consultation")


def send_call(page: Page) -> None:
    page.click("button[name=then][value=dispatch]")


# -- the session ends ------------------------------------------------------------------------------------------------


def test_a_call_typed_when_the_session_ended_is_there_after_signing_in(desk: Desk) -> None:
    page = desk(scene.OPERATOR)
    type_call(page)
    end_session(page)
    send_call(page)
    expect(page.locator("h1")).to_have_text("登录已失效")
    expect(page.locator("textarea").first).to_be_visible()
    expect(page.locator("a:text-is('重新登录')")).to_be_focused()
    page.keyboard.press("Enter")
    sign_in(page, scene.OPERATOR)
    expect(page).to_have_url(re.compile(r"/tickets/new/$"))
    expect(page.locator("#id_description")).to_have_value(TEXT)
    expect(page.locator("#id_caller_phone")).to_have_value("13812345678")
    expect(page.locator("#id_kind")).to_have_value("consultation")
    # By the city's clock, though this desk's stands elsewhere; the minute may have turned meanwhile.
    times = "|".join(f"{timezone.localtime() - timedelta(minutes=ago):%m-%d %H:%M}" for ago in range(5))
    expect(page.locator(".draft-line")).to_contain_text(re.compile(f"已恢复您 (?:{times}) 填写"))
    send_call(page)
    expect(page.locator(".toasts")).to_contain_text("已登记")
    assert Ticket.objects.get().description == TEXT
    wait_until_kept(page, 0)


ELSEWHERE = (
    (scene.CLERK, "/tickets/{working}/do/answer/", "textarea[name=answer]"),
    (scene.CLERK, "/tickets/{working}/do/ask_extension/", "textarea[name=note]"),
    (scene.OPERATOR, "/follow-ups/{answered}/", "textarea[name=note]"),
    (scene.SUPERVISOR, "/board/escalate/?key={matter}", "textarea[name=question]"),
    (scene.SUPERVISOR, "/tickets/{coordinating}/do/determine/", "textarea[name=findings]"),
    (scene.SUPERVISOR, "/coordination/{task}/", "textarea[name=text] >> nth=0"),
    (scene.MANAGER, "/directory/line/", "textarea[name=note], input[name=basis] >> nth=0"),
    (scene.ADMIN, "/limits/change/", "input[name=amount]"),
    (scene.ADMIN, "/calendar/?year=2027", "textarea >> nth=0"),
    (scene.ADMIN, "/admin/accounts/department/add/", "input[name=name]"),
)


@pytest.mark.parametrize(("who", "address", "field"), ELSEWHERE)
def test_every_other_form_keeps_what_was_typed(who: str, address: str, field: str, desk: Desk) -> None:
    working, coordinating = scene.ticket_in(Status.WORKING), scene.ticket_in(Status.COORDINATING)
    task = coordinating.coordination_tasks.get()
    place = address.format(
        working=working.number, coordinating=coordinating.number, task=task.pk, matter=f"-{working.pk}",
        answered=scene.ticket_in(Status.FOLLOW_UP).number,
    )  # fmt: skip
    page = desk(who)
    page.goto(place)
    box = page.locator(field).first
    typed = "12" if box.get_attribute("type") == "number" else "12 这里写了很多字"
    box.fill(typed)
    wait_until_kept(page)
    end_session(page)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(place)
    sign_in(page, who)
    expect(page.locator(field).first).to_have_value(typed)


def test_a_part_of_a_page_says_that_one_is_signed_out(desk: Desk) -> None:
    page = desk(scene.OPERATOR)
    type_call(page, "")
    end_session(page)
    page.locator("#id_description").press_sequentially("路灯不亮")
    expect(page.locator("#fit .signed-out")).to_contain_text("登录已失效")
    expect(page.locator("#fit #id_username")).to_have_count(0)
    expect(page.locator("#id_description")).to_have_value("路灯不亮")
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("#fit .signed-out a")
    sign_in(page, scene.OPERATOR)
    expect(page.locator("#id_description")).to_have_value("路灯不亮")


def test_signing_in_again_in_another_tab_lets_the_first_be_sent(desk: Desk) -> None:
    page = desk(scene.OPERATOR)
    type_call(page)
    end_session(page)
    other = page.context.new_page()
    other.goto("/sign-in/")
    sign_in(other, scene.OPERATOR)
    send_call(page)
    expect(page.locator(".toasts")).to_contain_text("已登记")
    assert Ticket.objects.get().description == TEXT


def test_a_form_of_one_person_is_not_sent_as_another(desk: Desk) -> None:
    page = desk(scene.OPERATOR)
    type_call(page)
    end_session(page)
    other = page.context.new_page()
    other.goto("/sign-in/")
    sign_in(other, "operator2")
    send_call(page)
    expect(page.locator(".not-sent")).to_contain_text("已有其他人登录")
    expect(page.locator("#id_description")).to_have_value(TEXT)
    assert not Ticket.objects.exists()


def test_a_token_that_is_gone_lets_the_same_be_sent_again(desk: Desk) -> None:
    page = desk(scene.OPERATOR)
    type_call(page)
    page.context.clear_cookies(name="csrftoken")
    send_call(page)
    expect(page.locator("h1")).to_have_text("尚未提交")
    page.click("main button[type=submit]")
    expect(page.locator(".toasts")).to_contain_text("已登记")
    assert Ticket.objects.get().description == TEXT
    wait_until_kept(page, 0)


def test_without_scripts_what_was_typed_is_shown_to_be_copied(live_server: Any, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False, base_url=live_server.url, locale="zh-CN")
    page = context.new_page()
    page.goto("/sign-in/")
    sign_in(page, scene.OPERATOR)
    type_call(page)
    end_session(page)
    send_call(page)
    expect(page.locator("h1")).to_have_text("登录已失效")
    expect(page.locator("textarea", has_text=TEXT)).to_be_visible()
    context.close()


# -- leaving ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(desk: Desk) -> tuple[Page, list[str]]:
    """An operator's page whose every question is answered with staying, and the kinds of questions that came."""
    page, questions = desk(scene.OPERATOR), list[str]()

    def stay(dialog: Dialog) -> None:
        questions.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    return page, questions


def test_leaving_asks_while_something_is_typed_and_not_otherwise(asked: tuple[Page, list[str]]) -> None:
    page, questions = asked
    page.goto("/tickets/new/")
    page.fill("#id_description", TEXT)
    page.click("a[data-door=my-tickets]", no_wait_after=True)
    wait_until("the page asks", lambda: page.evaluate("true") and questions)
    assert questions == ["beforeunload"]
    expect(page.locator("#id_description")).to_have_value(TEXT)
    page.fill("#id_description", "")
    expect(page.locator("[data-take-back]")).to_have_count(0)  # what the words had filled in is taken back with them
    page.click("a[data-door=my-tickets]")
    expect(page).to_have_url(re.compile("/tickets/mine/$"))
    assert len(questions) == 1


def test_sending_does_not_ask(asked: tuple[Page, list[str]]) -> None:
    page, questions = asked
    type_call(page)
    send_call(page)
    expect(page.locator(".toasts")).to_contain_text("已登记")
    assert questions == []


# -- page, network and browser end -----------------------------------------------------------------------------------


def test_a_page_that_was_closed_offers_what_was_typed_with_its_time(desk: Desk) -> None:
    page = desk(scene.OPERATOR)
    type_call(page)
    wait_until_kept(page)
    context = page.context
    page.close()
    page = context.new_page()
    page.goto("/tickets/new/")
    offer = page.locator(".draft-line")
    expect(offer).to_contain_text(TEXT[:10])
    expect(offer).to_contain_text(re.compile(r"\d{1,2}:\d{2}"))
    expect(page.locator("#id_description")).to_have_value("")
    offer.get_by_role("button", name="继续填写").click()
    expect(page.locator("#id_description")).to_have_value(TEXT)
    send_call(page)
    expect(page.locator(".toasts")).to_contain_text("已登记")
    page.goto("/tickets/new/")
    wait_until_kept(page, 0)
    expect(page.locator(".draft-line")).to_have_count(0)


def test_an_offer_tells_what_was_written_and_no_choice(desk: Desk) -> None:
    page = desk(scene.OPERATOR)
    type_call(page, "路灯坏了")  # shorter than the value of a kind
    page.fill("#id_caller_phone", "")
    wait_until_kept(page)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/tickets/new/")
    expect(page.locator(".draft-line")).to_contain_text("路灯坏了")
    ticket = scene.call()
    page.goto(f"/tickets/{ticket.number}/do/correct/")
    expect(page.locator("#id_caller_phone")).to_be_focused()  # an action begins in its first field


def test_what_is_discarded_is_not_offered_again(desk: Desk) -> None:
    page = desk(scene.OPERATOR)
    type_call(page)
    wait_until_kept(page)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/tickets/new/")
    page.locator(".draft-line").get_by_role("button", name="放弃").click()
    wait_until_kept(page, 0)
    page.goto("/tickets/new/")
    page.wait_for_load_state("networkidle")
    expect(page.locator(".draft-line")).to_have_count(0)


def test_a_call_open_in_one_tab_is_not_offered_in_another(desk: Desk) -> None:
    page = desk(scene.OPERATOR)
    type_call(page)
    wait_until_kept(page)
    other = page.context.new_page()
    other.goto("/tickets/new/")
    other.wait_for_load_state("networkidle")
    expect(other.locator(".draft-line")).to_have_count(0)


def test_without_a_network_nothing_is_sent_and_nothing_lost(desk: Desk) -> None:
    page = desk(scene.OPERATOR)
    type_call(page)
    page.context.set_offline(True)
    send_call(page)
    expect(page.locator(".not-sent")).to_contain_text("网络已断开")
    expect(page.locator("#id_description")).to_have_value(TEXT)
    page.context.set_offline(False)
    send_call(page)
    expect(page.locator(".toasts")).to_contain_text("已登记")
    assert Ticket.objects.count() == 1


def found_in(profile: Path) -> list[Path]:
    """The files of a browser, its own memory of tabs and forms among them, in which the text stands in clear."""
    files = [path for path in profile.rglob("*") if path.is_file() and not path.is_symlink()]
    written = [TEXT.encode(), TEXT.encode("utf-16-le")]
    return [path for path in files if any(text in path.read_bytes() for text in written)]


def test_a_browser_that_dies_loses_no_call_and_its_disk_tells_nothing(
    live_server: Any, chromium: Browser, tmp_path: Path
) -> None:
    programme = shutil.which("chromium") or shutil.which("google-chrome")

    def open_browser() -> BrowserContext:
        return chromium.browser_type.launch_persistent_context(
            tmp_path / "profile", executable_path=programme, args=FLAGS, viewport=DESK,
            base_url=live_server.url, locale="zh-CN",
        )  # fmt: skip

    context = open_browser()
    page = context.pages[0]
    page.goto("/sign-in/")
    sign_in(page, scene.OPERATOR)
    type_call(page)
    wait_until_kept(page)
    context.close()
    assert found_in(tmp_path / "profile") == []
    context = open_browser()
    page = context.pages[0]
    page.goto("/tickets/new/")
    if page.locator("#id_username").count():
        sign_in(page, scene.OPERATOR)
    page.locator(".draft-line").get_by_role("button", name="继续填写").click()
    expect(page.locator("#id_description")).to_have_value(TEXT)
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("[data-sign-out] button")
    expect(page.locator("#id_username")).to_be_visible()
    context.close()
    assert found_in(tmp_path / "profile") == []


def test_a_code_of_the_moment_is_not_kept(desk: Desk) -> None:
    page = desk(scene.OPERATOR)
    page.goto("/account/")
    page.click("button[value=begin]")
    for code in ("123456", ""):
        page.locator("#id_code").fill("")
        page.locator("#id_code").press_sequentially(code or code_of(scene.user(scene.OPERATOR)))
        page.click("form:has(#id_code) button.btn-primary")
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    page.wait_for_load_state("networkidle")
    expect(page.locator(".draft-line")).to_have_count(0)


def test_signing_out_throws_it_away_and_nobody_else_sees_it(desk: Desk) -> None:
    page = desk(scene.OPERATOR)
    type_call(page)
    wait_until_kept(page)
    end_session(page)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/sign-in/")
    sign_in(page, "operator2")
    page.goto("/tickets/new/")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#id_description")).to_have_value("")
    expect(page.locator(".draft-line")).to_have_count(0)
    page.click("[data-sign-out] button")
    expect(page.locator("#id_username")).to_be_visible()
    sign_in(page, scene.OPERATOR)
    page.goto("/tickets/new/")
    expect(page.locator("#call .draft-line").or_(page.locator("#id_description:focus"))).not_to_have_count(0)
    page.click("[data-sign-out] button")
    expect(page.locator("#id_username")).to_be_visible()
    sign_in(page, scene.OPERATOR)
    page.goto("/tickets/new/")
    wait_until_kept(page, 0)
    expect(page.locator(".draft-line")).to_have_count(0)


# -- files -----------------------------------------------------------------------------------------------------------


def picture(name: str) -> FilePayload:
    return FilePayload(name=name, mimeType="image/png", buffer=scene.picture())


def test_files_go_with_the_answer_and_a_refused_one_keeps_all(desk: Desk) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    page = desk(scene.CLERK)
    page.goto(f"/tickets/{ticket.number}/do/answer/")
    page.fill("textarea[name=answer]", scene.ANSWER)
    page.set_input_files("#action input[type=file]", [picture("甲.png")])
    page.set_input_files("#action input[type=file]", [picture("乙.png")])
    programme = FilePayload(name="丙.jpg", mimeType="image/jpeg", buffer=b"MZ programme")
    page.set_input_files("#action input[type=file]", [programme])
    expect(page.locator("#action .files li")).to_have_count(3)
    page.click("#action button[type=submit]")
    expect(page.locator("#action .field-error").first).to_contain_text("丙.jpg")
    expect(page.locator("textarea[name=answer]")).to_have_value(scene.ANSWER)
    expect(page.locator("#action .files li")).to_have_count(3)
    page.get_by_role("button", name="移除 丙.jpg").click()
    page.click("#action button[type=submit]")
    expect(page.locator(".toasts")).to_contain_text("已答复")
    assert sorted(file.name for file in ticket.attachments.all()) == ["乙.png", "甲.png"]
    assert all(file.came_with.action == "answer" for file in Attachment.objects.all() if file.came_with)


def test_a_file_is_dropped_and_pasted(desk: Desk) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    page = desk(scene.CLERK)
    page.goto(f"/tickets/{ticket.number}/do/progress/")
    give = """(kind) => {
        const data = new DataTransfer();
        data.items.add(new File(["%PDF-1.7"], kind + ".pdf", { type: "application/pdf" }));
        const target = document.querySelector("textarea[name=note]");
        const event = kind === "drop"
            ? new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data })
            : new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: data });
        target.dispatchEvent(event);
    }"""
    page.evaluate(give, "drop")
    page.evaluate(give, "paste")
    expect(page.locator("#action .files li")).to_contain_text(["drop.pdf", "paste.pdf"])
    page.fill("textarea[name=note]", "已到现场。")
    page.click("#action button[type=submit]")
    expect(page.locator(".timeline")).to_contain_text("paste.pdf")
    assert ticket.attachments.count() == 2


def test_a_network_lost_while_files_are_sent_keeps_text_and_files(desk: Desk) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    page = desk(scene.CLERK)
    page.goto(f"/tickets/{ticket.number}/do/answer/")
    page.fill("textarea[name=answer]", scene.ANSWER)
    page.set_input_files("#action input[type=file]", [picture("甲.png")])

    def cut(route: Route) -> None:
        route.abort()

    page.route("**/do/answer/", cut)
    page.click("#action button[type=submit]")
    expect(page.locator(".not-sent")).to_contain_text("无法连接服务器")
    page.unroute("**/do/answer/", cut)
    page.click("#action button[type=submit]")
    expect(page.locator(".toasts")).to_contain_text("已答复")
    assert ticket.attachments.get().name == "甲.png"


def test_a_session_that_ended_keeps_text_and_files_on_the_page(desk: Desk) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    page = desk(scene.CLERK)
    page.goto(f"/tickets/{ticket.number}/do/answer/")
    page.fill("textarea[name=answer]", scene.ANSWER)
    page.set_input_files("#action input[type=file]", [picture("甲.png")])
    end_session(page)
    page.click("#action button[type=submit]")
    expect(page.locator(".not-sent")).to_contain_text("登录已失效")
    with page.context.expect_page() as opened:
        page.click(".not-sent a")
    sign_in(opened.value, scene.CLERK)
    page.click("#action button[type=submit]")
    expect(page.locator(".toasts")).to_contain_text("已答复")
    assert ticket.attachments.get().name == "甲.png"


def test_a_file_added_by_itself_leaves_the_page_as_it_is(desk: Desk) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    page = desk(scene.CLERK)
    page.goto(f"/tickets/{ticket.number}/")
    page.evaluate("window.isTheSamePage = true")
    page.set_input_files("[data-attachments] input[type=file]", [picture("甲.png")])
    page.click("[data-attachments] button[type=submit]")
    expect(page.locator("[data-attachments]")).to_contain_text("甲.png")
    expect(page.locator(".toasts")).to_contain_text("已上传")
    programme = FilePayload(name="乙.jpg", mimeType="image/jpeg", buffer=b"MZ programme")
    page.set_input_files("[data-attachments] input[type=file]", [programme])
    page.click("[data-attachments] button[type=submit]")
    expect(page.locator("[data-attachments] .not-sent")).to_contain_text("乙.jpg")
    expect(page.locator("[data-attachments] .files li")).to_have_count(1)
    assert page.evaluate("window.isTheSamePage")
