"""What is typed reaches the hotline as it was meant: pickers, keys, Enter, Back, compositions, refusals."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.db import transaction
from playwright.sync_api import Browser, Page, expect

from tests import scene
from tests.browser.conftest import TICKET_PAGE, OpenPage, launch
from tickets.calls import second
from tickets.choices import Status
from tickets.models import Ticket

pytestmark = pytest.mark.browser
CALL = "/tickets/new/"


@pytest.fixture(params=["kept alive", "loaded again"])
def browser_with_back(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Browser]:
    """A browser keeps the page that Back returns to alive, unless it is told otherwise, as Playwright tells it."""
    browser = launch(chromium.browser_type, keeps_pages_alive=request.param == "kept alive")
    yield browser
    browser.close()


def fill_call(page: Page, phone: str = "13871230001", text: str = "门前路灯不亮，夜里走路看不见。") -> None:
    page.fill("#id_caller_phone", phone)
    page.fill("#id_description", text)


def send_on(page: Page) -> str:
    """Records the call and returns the number of the ticket whose page follows."""
    page.click("button[name=then][value=dispatch]")
    page.wait_for_url(TICKET_PAGE)
    return page.url.rstrip("/").rsplit("/", 1)[-1]


def go_back(page: Page) -> None:
    page.go_back(wait_until="commit")
    expect(page.locator("#call")).to_be_visible()
    expect(page.locator("#id_region-pick")).to_be_visible()


def focused(page: Page) -> str:
    found: str = page.evaluate("document.activeElement.id || document.activeElement.tagName")
    return found


def compose(page: Page, letters: str) -> None:
    """An input method holds these letters and has not yet made words of them."""
    page.context.new_cdp_session(page).send(
        "Input.imeSetComposition", {"text": letters, "selectionStart": len(letters), "selectionEnd": len(letters)}
    )


def press_while_composing(page: Page, key: str, code: int, modifiers: int = 0) -> None:
    """A key that the input method keeps: the page hears of it as 229."""
    page.context.new_cdp_session(page).send(
        "Input.dispatchKeyEvent",
        {"type": "rawKeyDown", "key": key, "windowsVirtualKeyCode": 229, "nativeVirtualKeyCode": code,
         "modifiers": modifiers},
    )  # fmt: skip


# -- Back ---------------------------------------------------------------------------------------------------


def test_back_and_another_caller_is_another_ticket(open_page: OpenPage, browser_with_back: Browser) -> None:
    page = open_page(CALL, browser=browser_with_back)
    fill_call(page)
    first = send_on(page)
    go_back(page)
    fill_call(page, phone="13871230002", text="小区门口井盖丢了，很危险。")
    second = send_on(page)
    assert second != first
    assert Ticket.objects.get(number=second).caller_phone == "13871230002"
    assert Ticket.objects.get(number=first).caller_phone == "13871230001"


def test_back_shows_an_empty_call_and_records_nothing_again(open_page: OpenPage, browser_with_back: Browser) -> None:
    page = open_page(CALL, browser=browser_with_back)
    fill_call(page)
    send_on(page)
    go_back(page)
    expect(page.locator("#id_description")).to_have_value("")
    page.click("button[name=then][value=dispatch]")
    expect(page.locator("#id_description_error")).to_be_visible()
    assert Ticket.objects.count() == 1


# -- pickers ------------------------------------------------------------------------------------------------


def test_tab_goes_from_a_picker_to_the_next_field_and_letters_stay_letters(open_page: OpenPage) -> None:
    page = open_page(CALL)
    fill_call(page)
    page.focus("#id_region-pick")
    page.keyboard.type("街")
    expect(page.locator("#id_region-list")).to_be_visible()
    page.keyboard.press("Tab")
    assert focused(page) == "id_address"
    page.keyboard.type("n/jk")
    expect(page.locator("#id_address")).to_have_value("n/jk")
    expect(page.locator("#id_description")).to_have_value(re.compile("路灯"))
    page.keyboard.press("Shift+Tab")
    assert focused(page) == "id_region-pick"


def test_the_place_book_fills_the_region_and_one_key_takes_it_back(open_page: OpenPage) -> None:
    page = open_page(CALL)
    box, filled = page.locator("#id_region-pick"), page.locator(".filled-in")
    page.fill("#id_address", "凤凰天仙城3栋")
    expect(box).to_have_value("孝南区书院街道")
    expect(filled).to_have_count(1)
    page.fill("#id_address", "紫薇苑门口")
    expect(box).to_have_value("孝南区广场街道")
    page.fill("#id_address", "没有人知道的地方")
    expect(filled).to_have_count(0)
    expect(box).not_to_have_value("孝南区广场街道")
    page.fill("#id_address", "紫薇苑门口")
    expect(box).to_have_value("孝南区广场街道")
    page.keyboard.press("Alt+z")
    expect(filled).to_have_count(0)
    expect(box).not_to_have_value("孝南区广场街道")
    # so does what the words say of the kind; the last one filled goes back first
    page.fill("#id_description", "举报有人聚众赌博，请不要透露我的信息")
    expect(filled).to_have_count(2)
    expect(page.locator("#id_kind")).to_have_value("report")
    expect(page.locator("#filled .chip")).to_have_count(2)
    page.keyboard.press("Alt+z")
    expect(page.locator("#id_is_secret")).not_to_be_checked()
    page.keyboard.press("Alt+z")
    expect(page.locator("#id_kind")).to_have_value("complaint")
    expect(page.locator("#filled")).to_be_hidden()
    page.fill("#id_plate", "鄂K1")  # typed by the operator: never filled over
    page.fill("#id_description", "鄂K12A45乱停，收了我350元")
    expect(page.locator("#id_amount")).to_have_value("350元")
    expect(page.locator("#id_plate")).to_have_value("鄂K1")
    # two concerns are parted by one key, and put together again with every word
    whole = "路灯坏了一周了。另外想咨询公租房怎么申请。"
    page.fill("#id_description", whole)
    expect(page.locator("[data-split]")).to_be_visible()
    page.keyboard.press("Alt+s")
    expect(page.locator("#id_description")).to_have_value("路灯坏了一周了。")
    expect(page.locator("#id_rest")).to_have_value("想咨询公租房怎么申请。")
    expect(page.locator("[data-split]")).to_have_count(0)
    page.keyboard.press("Alt+s")
    expect(page.locator("#id_description")).to_have_value(whole)
    expect(page.locator("#id_rest")).to_be_hidden()
    page.keyboard.press("Alt+c")  # the category that the keywords propose, while one types on
    expect(page.locator("#id_category-pick")).to_have_value(re.compile("路灯不亮"))
    assert focused(page) == "id_description"
    # an emergency is seen, and one key ends the call
    page.fill("#id_description", "厨房着火了，人还在屋里")
    expect(page.locator("#said [role=alert]")).to_contain_text("119")
    page.keyboard.press("Alt+r")
    expect(page.locator(".page-head")).to_contain_text("不予受理")


def test_what_the_operator_chose_is_not_filled_over(open_page: OpenPage) -> None:
    page = open_page(CALL)
    page.fill("#id_region-pick", "新华街道")
    page.keyboard.press("Enter")
    page.fill("#id_address", "凤凰天仙城3栋")
    expect(page.locator("#place")).to_contain_text("孝南区书院街道")
    expect(page.locator("#id_region-pick")).to_have_value("孝南区新华街道")
    expect(page.locator(".filled-in")).to_have_count(0)
    page.locator("#place .chip", has_text="书院街道").click()
    expect(page.locator("#id_region-pick")).to_have_value("孝南区书院街道")


def test_a_text_that_means_one_option_is_chosen_on_leaving(open_page: OpenPage) -> None:
    page = open_page(CALL)
    fill_call(page)
    page.fill("#id_region-pick", "书院街道")
    page.keyboard.press("Tab")
    expect(page.locator("#id_region-pick")).to_have_value("孝南区书院街道")
    page.fill("#id_region-pick", "新华街")
    page.click("h1")
    expect(page.locator("#id_region-pick")).to_have_value("孝南区新华街道")
    number = send_on(page)
    assert Ticket.objects.get(number=number).region.name == "新华街道"


@pytest.mark.parametrize("leave", ["Tab", "click", "send", "Control+Enter"])
def test_a_text_that_means_nothing_stays_and_is_told_and_is_not_sent(open_page: OpenPage, leave: str) -> None:
    page = open_page(CALL)
    fill_call(page)
    page.fill("#id_region-pick", "朝阳门外")
    if leave == "click":
        page.click("h1")
    elif leave == "send":
        page.click("button[name=then][value=dispatch]")
    else:
        page.keyboard.press(leave)
    box = page.locator("#id_region-pick")
    expect(box).to_have_value("朝阳门外")
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#id_region-typed-error")).to_have_text("没有“朝阳门外”这个区域。")
    page.click("button[name=then][value=dispatch]")
    assert focused(page) == "id_region-pick"
    expect(page.locator("#call")).to_be_visible()
    assert not Ticket.objects.exists()
    page.keyboard.press("Escape")
    expect(box).to_have_value("孝感市")
    expect(page.locator("#id_region-typed-error")).to_be_hidden()
    send_on(page)


def test_a_text_that_means_several_is_told_so(open_page: OpenPage) -> None:
    page = open_page(CALL)
    page.fill("#id_region-pick", "街道")
    page.keyboard.press("Tab")
    expect(page.locator("#id_region-typed-error")).to_contain_text("不止一个")
    expect(page.locator("#id_region-pick")).to_have_value("街道")


def test_a_text_that_the_server_refuses_is_on_the_page_again(open_page: OpenPage) -> None:
    page = open_page(CALL)
    fill_call(page)
    page.fill("#id_region-pick", "朝阳门外")
    page.evaluate("HTMLFormElement.prototype.submit.call(document.getElementById('call'))")  # by no hand of ours
    expect(page.locator("#id_region_error")).to_have_text("没有“朝阳门外”这个区域。")
    expect(page.locator("#id_region-pick")).to_have_value("朝阳门外")
    assert focused(page) == "id_region-pick"


def test_a_picker_of_several_keeps_what_was_chosen_and_what_was_typed(open_page: OpenPage) -> None:
    ticket = scene.call()
    page = open_page(f"/tickets/{ticket.number}/do/dispatch/", scene.DISPATCHER)
    box = page.locator("#id_assisting-pick")
    box.fill(scene.OTHER_DEPARTMENT)
    box.press("Tab")
    expect(page.locator(".chip")).to_have_text(re.compile(scene.OTHER_DEPARTMENT))
    box.fill("没有这个局")
    page.click("#action button.btn-primary")
    expect(page.locator("#id_assisting-typed-error")).to_contain_text("没有这个局")
    expect(page.locator(".chip")).to_have_count(1)
    page.locator(".chip").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_have_count(0)
    assert focused(page) == "id_assisting-pick"
    ticket.refresh_from_db()
    assert ticket.status == Status.REGISTERED


def test_a_picker_says_to_a_screen_reader_what_it_shows(open_page: OpenPage) -> None:
    page = open_page(CALL)
    box = page.get_by_role("combobox", name="区域")
    box.fill("书院")
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(box).to_have_attribute("aria-controls", "id_region-list")
    at = page.locator(f"#{box.get_attribute('aria-activedescendant')}")
    expect(at).to_have_attribute("aria-selected", "true")
    expect(at).to_have_text(re.compile("书院街道"))
    page.keyboard.press("Escape")
    expect(box).to_have_attribute("aria-expanded", "false")
    assert box.get_attribute("aria-activedescendant") is None


def test_enter_passes_a_picker_without_choosing(open_page: OpenPage) -> None:
    page = open_page(CALL)
    page.focus("#id_region-pick")
    page.keyboard.press("Enter")
    assert focused(page) == "id_address"
    expect(page.locator("#id_region-pick")).to_have_value("孝感市")


def test_a_category_is_found_by_pinyin_initials_keywords_and_any_level(open_page: OpenPage) -> None:
    page = open_page(CALL)
    box, first = page.locator("#id_category-pick"), page.locator("#id_category-list li").first
    for typed, found in (
        ("zyrm", "社会生活噪声"), ("daolu shigong", "道路施工"), ("dlsg", "道路施工"), ("daolsg", "道路施工"),
        ("DLSG", "道路施工"), ("噪音", "社会生活噪声"), ("施工 城乡", "道路施工"),
    ):  # fmt: skip
        box.fill(typed)
        expect(first).to_contain_text(found)
        assert box.get_attribute("aria-activedescendant") == first.get_attribute("id")
    box.fill("zyrm")
    page.keyboard.press("Enter")
    expect(box).to_have_value(re.compile("^社会生活噪声"))
    box.fill("qqqq")
    expect(page.locator("#id_category-list")).to_be_hidden()
    expect(page.get_by_role("status").filter(has_text="没有“qqqq”")).to_be_visible()


def test_a_region_is_found_by_pinyin_and_by_its_places(open_page: OpenPage) -> None:
    page = open_page(CALL)
    box, first = page.locator("#id_region-pick"), page.locator("#id_region-list li").first
    for typed, found in (
        ("syjd", "孝南区书院街道"), ("shuyuan", "孝南区书院街道"), ("天仙城", "孝南区书院街道"),
        ("fhtxc", "凤凰天仙城"), ("laoliangxiao", "老粮校宿舍"),
    ):  # fmt: skip
        box.fill(typed)
        expect(first).to_contain_text(found)
    page.keyboard.press("Enter")
    expect(box).to_have_value("孝南区书院街道")
    box.fill("紫薇苑")
    page.keyboard.press("Tab")  # before the place is found
    expect(box).to_have_value("孝南区广场街道")
    expect(page.locator("#id_region-typed-error")).to_be_hidden()


# -- keys ---------------------------------------------------------------------------------------------------


def test_letters_do_nothing_while_a_form_holds_what_is_not_sent(open_page: OpenPage) -> None:
    page = open_page(CALL)
    fill_call(page)
    page.click("h1")
    page.keyboard.press("n")
    page.keyboard.press("/")
    expect(page.locator("#id_description")).to_have_value(re.compile("路灯"))
    assert focused(page) == "BODY"


def test_letters_do_nothing_where_the_focus_is_lost(open_page: OpenPage) -> None:
    page = open_page("/tickets/mine/")
    page.focus("form.find input[type=search]")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("n")
    page.keyboard.press("/")
    assert focused(page) == "BODY"
    page.click("h1")  # whoever looks up and clicks is no longer typing
    page.keyboard.press("n")
    page.wait_for_url(f"**{CALL}")


def test_letters_do_nothing_on_a_page_that_came_back_refused(open_page: OpenPage) -> None:
    page = open_page(CALL)
    fill_call(page, phone="12")
    page.click("button[name=then][value=dispatch]")
    expect(page.locator(".field-error")).not_to_have_count(0)
    page.click("h1")
    page.keyboard.press("n")
    expect(page.locator("#id_description")).to_have_value(re.compile("路灯"))


def test_a_list_is_worked_by_letters(open_page: OpenPage) -> None:
    scene.call(), scene.call(caller_phone="10012340002")
    page = open_page("/dispatch/", scene.DISPATCHER)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("tr.here input[name=number]")).to_be_checked()
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("input[name=number]:checked")).to_have_count(2)
    page.locator("tr.here input[name=number]").press("Enter")  # dispatches nothing
    assert not Ticket.objects.exclude(status=Status.REGISTERED).exists()


@pytest.mark.parametrize("field", ["caller_phone", "caller_name", "title", "address", "is_secret"])
def test_enter_in_one_line_records_no_call(open_page: OpenPage, field: str) -> None:
    page = open_page(CALL)
    fill_call(page)
    page.focus(f"#id_{field}")
    page.keyboard.press("Enter")
    assert focused(page) not in (f"id_{field}", "BODY")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(TICKET_PAGE)
    assert Ticket.objects.count() == 1


def test_enter_sends_no_action_and_ctrl_enter_does(open_page: OpenPage) -> None:
    first, second = scene.call(), scene.call(caller_phone="10012340002")
    page = open_page(f"/tickets/{first.number}/do/join_matter/")
    page.fill("#id_numbers", second.number)
    page.keyboard.press("Enter")
    assert focused(page) == "id_title"
    page.keyboard.press("Enter")
    assert focused(page) == "id_title"
    page.keyboard.press("Control+Enter")
    page.wait_for_url(TICKET_PAGE)
    first.refresh_from_db()
    assert first.matter_id is not None


def test_enter_still_searches(open_page: OpenPage) -> None:
    ticket = scene.call()
    page = open_page(CALL)
    page.fill("form.find input[type=search]", ticket.number)
    page.keyboard.press("Enter")
    expect(page.locator(f"td a:text-is('{ticket.number}')")).to_be_visible()


def test_keys_of_a_composition_choose_and_send_nothing(open_page: OpenPage) -> None:
    page = open_page(CALL)
    fill_call(page)
    page.fill("#id_region-pick", "街道")
    expect(page.locator("#id_region-list")).to_be_visible()
    compose(page, "shuyuan")
    press_while_composing(page, "Enter", 13)
    press_while_composing(page, "ArrowDown", 40)
    press_while_composing(page, "Enter", 13, modifiers=2)
    expect(page.locator("#id_region-pick")).to_have_value("街道shuyuan")
    page.focus("#id_caller_name")
    compose(page, "zhang")
    press_while_composing(page, "Enter", 13)
    press_while_composing(page, "Enter", 13, modifiers=2)
    assert focused(page) == "id_caller_name"
    press_while_composing(page, "n", 78)
    expect(page.locator("#id_description")).to_have_value(re.compile("路灯"))
    assert not Ticket.objects.exists()


# -- the answer given on the telephone ----------------------------------------------------------------------


def test_an_answer_is_not_dropped_by_the_key_that_sends_on(open_page: OpenPage) -> None:
    page = open_page(CALL)
    fill_call(page, text="请问老年证在哪里办理？")
    page.select_option("#id_kind", "consultation")
    page.fill("#id_answer", "请携带身份证到社区办理。")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#id_answer_error")).to_be_visible()
    assert focused(page) == "id_answer"
    expect(page.locator("#id_answer")).to_have_value("请携带身份证到社区办理。")
    assert not Ticket.objects.exists()
    page.keyboard.press("Control+Shift+Enter")
    page.wait_for_url(TICKET_PAGE)
    assert Ticket.objects.get().status == Status.CLOSED


def test_the_keys_are_shown_at_the_buttons(open_page: OpenPage) -> None:
    page = open_page(CALL)
    expect(page.locator("button[value=dispatch] kbd")).to_have_text("Ctrl+Enter")
    expect(page.locator("button[value=answer] kbd")).to_have_text("Ctrl+Shift+Enter")


# -- refusals -----------------------------------------------------------------------------------------------


def test_the_first_faulty_field_has_the_focus(open_page: OpenPage) -> None:
    page = open_page(CALL)
    page.fill("#id_caller_phone", "13871230001")
    page.fill("#id_address", "门口")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#id_description_error")).to_be_visible()
    assert focused(page) == "id_description"
    assert "id_description_error" in (page.locator("#id_description").get_attribute("aria-describedby") or "")


def test_a_faulty_picker_has_the_focus_in_its_box(open_page: OpenPage) -> None:
    ticket = scene.call()
    page = open_page(f"/tickets/{ticket.number}/do/dispatch/", scene.DISPATCHER)
    page.fill("#id_department-pick", "")
    page.fill("#id_note", "请核实。")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#id_department_error")).to_be_visible()
    assert focused(page) == "id_department-pick"


def test_a_faulty_choice_has_the_focus(open_page: OpenPage) -> None:
    ticket = scene.ticket_in(Status.FOLLOW_UP)
    page = open_page(f"/tickets/{ticket.number}/do/follow_up/")
    page.check("input[name=contacted][value=yes]")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#id_solved_error")).to_be_visible()
    assert page.evaluate("document.activeElement.name") == "solved"


def test_a_page_that_grew_old_keeps_what_was_typed(open_page: OpenPage) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    page = open_page(f"/tickets/{ticket.number}/do/answer/", scene.CLERK)
    page.fill("#id_answer", scene.ANSWER)
    scene.do(ticket, "progress", scene.CLERK, note="已到现场查看。")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-refusal]")).to_be_visible()
    expect(page.locator("#id_answer")).to_have_value(scene.ANSWER)
    page.click("h1")
    page.keyboard.press("/")
    assert focused(page) != "BODY" or page.url.endswith("/answer/")


def test_who_calls_again_is_known_and_one_key_urges(open_page: OpenPage) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    page = open_page(f"/desk/call?phone={ticket.caller_phone}&call_id=7")
    expect(page.locator("#caller")).to_contain_text(ticket.number)
    assert page.url.endswith(CALL), "the number is taken out of the address"
    expect(page.locator("#id_caller_name")).to_have_value(ticket.caller_name)
    expect(page.locator("#id_description")).to_be_focused()
    page.keyboard.type("钢板还是响，已经第三天了。")
    page.keyboard.press("Alt+U")
    page.wait_for_url(TICKET_PAGE)
    expect(page.locator("body")).to_contain_text("来电人的催办已转达")
    ticket.refresh_from_db()
    assert ticket.urges == 1
    page.goto(page.url.split("/tickets/")[0] + CALL)
    expect(page.locator("#id_description")).to_have_value("")
    assert page.locator("text=还没有发出").count() == 0, "what was passed on is no draft any more"


def test_forward_and_reload_keep_the_number_of_a_call_that_was_opened(open_page: OpenPage) -> None:
    page = open_page("/desk/call?phone=13871230019&call_id=8")
    key = page.locator("[name=form_key]").first.input_value()
    page.go_back()
    page.go_forward()
    expect(page.locator("#id_caller_phone")).to_have_value("13871230019")
    page.reload()
    expect(page.locator("#id_caller_phone")).to_have_value("13871230019")
    expect(page.locator("#id_call_id")).to_have_value("8")
    expect(page.locator("[name=form_key]").first).to_have_value(key)
    assert page.url.endswith(CALL), "the number is in no address"
    page.fill("#id_description", "路口的井盖没有了，很危险。")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(TICKET_PAGE)
    page.go_back()
    expect(page.locator("#id_description")).to_have_value("")
    assert page.url.endswith(CALL)


def test_a_second_concern_is_offered_the_place_of_the_first_and_one_key_takes_it(open_page: OpenPage) -> None:
    first = scene.call(address="凤凰天仙城东门")
    with transaction.atomic():
        second.wait(scene.user(scene.OPERATOR), first.number, "小孩上学的校服费太贵了。")
    page = open_page(f"{CALL}?after={first.number}")
    expect(page.locator("#id_caller_phone")).to_have_value(first.caller_phone)
    expect(page.locator("#id_address")).to_have_value("")
    page.keyboard.press("Alt+A")
    expect(page.locator("#id_address")).to_have_value("凤凰天仙城东门")
    expect(page.locator("#id_region")).to_have_value(str(first.region_id))
    expect(page.locator("#id_description")).to_be_focused()


def test_a_name_that_was_typed_stays_where_the_caller_is_known(open_page: OpenPage) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    page = open_page(CALL)
    page.fill("#id_caller_name", "刘女士的儿子")
    page.fill("#id_caller_phone", ticket.caller_phone)
    expect(page.locator("#caller")).to_contain_text(ticket.number)
    expect(page.locator("#id_caller_name")).to_have_value("刘女士的儿子")
