"""The case this software was born from, from the first call to the praise call, as its people live it.

Steel plates on a road under renovation bang under every car. Several residents call; one department returns the
ticket, the next does not accept it. The clocks see it, a supervisor takes all parties to the road, who is
responsible is settled on the spot, and it is solved the same day.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from supervision.models import CoordinationTask, Flag
from tests.browser.conftest import PHONE, Hotline, wait_until
from tickets.choices import Status
from tickets.models import Ticket

pytestmark = pytest.mark.browser
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
CALLERS = (("刘女士", "10020260419"), ("陈先生", "10020260420"), ("周女士", "10020260421"))
BUREAU, DISTRICT = "市住房和城乡建设局", "孝南区住房和城乡建设局"


def on(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of April 2026; the 13th is a Monday."""
    return datetime(2026, 4, day, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai"))


def pick(page: Page, field: str, text: str) -> None:
    """Types into a box that finds while one types, and takes the first found."""
    box = page.locator(f"#id_{field}-pick")
    box.fill(text)
    expect(page.locator(f".pick:has(#id_{field}-pick) li").first).to_contain_text(text)
    box.press("Enter")


def record(page: Page, name: str, phone: str, text: str) -> str:
    """The operator types while the caller talks; returns the ticket's number."""
    page.goto(re.sub(r"(https?://[^/]+).*", r"\1/tickets/new/", page.url))
    page.fill("#id_caller_phone", phone)
    page.fill("#id_caller_name", name)
    page.fill("#id_description", text)
    pick(page, "region", "书院街道")
    page.fill("#id_address", "凤凰天仙城门前")
    page.click("#fit button[data-fill='#id_category']")
    expect(page.locator("#id_category-pick")).to_have_value(re.compile("道路施工"))
    page.click("button[name=then][value=dispatch]")
    expect(page.locator(".toast-line.success")).to_contain_text("已登记")
    return page.url.rstrip("/").rsplit("/", 1)[-1]


def open_ticket(page: Page, number: str) -> None:
    """By the search box that stands on every page."""
    page.fill("form.find input", number)
    page.press("form.find input", "Enter")
    page.click(f"td a:text-is('{number}')")
    expect(page.locator("h1")).to_be_visible()


def act(page: Page, name: str) -> None:
    page.click(f"#actions [data-action={name}]")


def send(page: Page) -> None:
    page.click("#action button.btn-primary")
    expect(page.locator(".toast-line.success")).to_contain_text("已完成")


def open_flags(number: str) -> set[str]:
    flags = Flag.objects.filter(ticket__number=number, cleared_at__isnull=True)
    return set(flags.values_list("kind", flat=True))


def test_from_the_first_call_to_the_praise_call(hotline: Hotline, tmp_path: Path) -> None:
    hotline.start(on(13, 8, 30))

    # Monday. The first call; the directory names the bureau, the dispatcher takes the proposal with one click.
    operator = hotline.sign_in("operator1")
    first = record(operator, *CALLERS[0], "凤凰天仙城门口道路改造，路上铺的钢板没有固定，车一压就哐哐响。")
    dispatcher = hotline.sign_in("dispatcher1")
    row = dispatcher.locator("tr", has_text=first)
    expect(row).to_contain_text(BUREAU)
    row.locator("button.btn-primary").click()
    expect(dispatcher.locator(".toast-line.success")).to_contain_text("派单")

    # The bureau returns it within the hour: whose road is this?
    bureau = hotline.sign_in("shizhujian")
    open_ticket(bureau, first)
    act(bureau, "ask_return")
    bureau.select_option("#id_ground", "ownership_unclear")
    bureau.fill("#id_note", "该路段由多家单位分段施工，尚未移交，权属不清。")
    pick(bureau, "proposed", DISTRICT)
    send(bureau)
    dispatcher.goto(f"{hotline.address}/dispatch/?tab=return_asked")
    expect(dispatcher.locator("tr", has_text=first)).to_contain_text("权属不清")
    open_ticket(dispatcher, first)
    act(dispatcher, "grant_return")
    send(dispatcher)
    act(dispatcher, "dispatch")
    pick(dispatcher, "department", DISTRICT)
    send(dispatcher)

    # Tuesday and Wednesday. More residents call; the operator sees the open ticket from the same place and joins.
    hotline.move_to(on(14, 9))
    operator = hotline.sign_in("operator1")
    second = record(operator, *CALLERS[1], "凤凰天仙城门前的钢板夜里响得更厉害，隔着窗户都听得见。")
    act(operator, "join_matter")
    operator.fill("#id_numbers", first)
    operator.fill("#id_title", "凤凰天仙城施工钢板异响")
    send(operator)
    # An hour of working time later than a day after the dispatch, nobody has accepted: beat and worker see it.
    hotline.move_to(on(14, 17))
    wait_until("the clock says that nobody claims it", lambda: "unclaimed" in open_flags(first))
    hotline.move_to(on(15, 9))
    operator = hotline.sign_in("operator1")
    third = record(operator, *CALLERS[2], "凤凰天仙城道路改造铺的钢板翘了边，过路颠得很，噪音也大。")
    act(operator, "join_matter")
    operator.fill("#id_numbers", f"{first} {second}")
    send(operator)
    wait_until("three callers are many", lambda: all("many_callers" in open_flags(n) for n in (first, second, third)))

    # Friday. The board says why; the supervisor calls all parties to the road.
    hotline.move_to(on(17, 9))
    supervisor = hotline.sign_in("supervisor1")
    row = supervisor.locator("tr", has_text=first)
    expect(row).to_contain_text("无人签收")
    expect(row).to_contain_text("退单 1 次")
    expect(row).to_contain_text("3 人来电")
    open_ticket(supervisor, first)
    act(supervisor, "escalate")
    expect(supervisor.locator(".chips")).to_contain_text(BUREAU)  # the parties on the ticket's path are proposed
    expect(supervisor.locator(".chips")).to_contain_text(DISTRICT)
    supervisor.fill("#id_lead", "市城市运行中心")
    supervisor.fill("#id_meets_at", "2026-04-17T10:30")
    supervisor.fill("#id_others", "道路改造施工单位\n凤凰天仙城物业")
    supervisor.fill("#id_question", "钢板由谁固定，何时完成？")
    send(supervisor)
    assert set(Ticket.objects.values_list("status", flat=True)) == {Status.COORDINATING}, "the whole matter comes along"

    # On the road, with a telephone in one hand.
    hotline.move_to(on(17, 10, 35))
    site = hotline.sign_in("supervisor1", PHONE)
    site.goto(f"{hotline.address}{CoordinationTask.objects.get().get_absolute_url()}")
    builder = site.locator("#participants form", has_text="施工单位").first
    builder.locator("input[name=arrived]").check()
    builder.locator("textarea").fill("钢板由我方铺设，未加垫层。")
    builder.locator("button").click()
    expect(site.locator("#participants")).to_contain_text("到场")
    site.set_input_files("input[type=file]", {"name": "整改前.png", "mimeType": "image/png", "buffer": PNG})
    site.click("form:has(input[type=file]) button")
    expect(site.locator("img[alt='整改前.png']")).to_have_count(1)
    width = site.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"], "nothing sticks out of the screen"
    pick(site, "department", DISTRICT)
    site.select_option("#determine #id_principle", "place")
    site.fill("#determine #id_findings", "钢板未固定、未设垫层，施工单位在场确认。")
    site.fill("#determine #id_note", "由区住建局督促施工单位当日固定钢板并加装橡胶垫。")
    site.fill("#determine #id_due", "2026-04-17T20:00")
    site.click("#determine button.btn-danger")
    expect(site.locator(".toast-line.success")).to_contain_text("已完成")
    expect(site.locator("main")).to_contain_text("当日固定钢板")

    # The department cannot return it; it accepts, does it the same day and answers all three.
    district = hotline.sign_in("zhujian")
    for number in (first, second, third):
        open_ticket(district, number)
        expect(district.locator("#actions [data-action=ask_return]")).to_have_count(0)
        act(district, "accept")
        expect(district.locator(".toast-line.success")).to_contain_text("签收")
        act(district, "answer")
        district.fill("#id_answer", "已督促施工单位固定钢板并加装橡胶垫，经现场复核，车辆通过无异响。")
        send(district)

    # Every caller is called back the same day.
    hotline.move_to(on(17, 16))
    operator = hotline.sign_in("operator1")
    for name, phone in CALLERS:
        operator.goto(f"{hotline.address}/follow-ups/")
        row = operator.locator("tr", has_text=phone)
        expect(row).to_contain_text(name)
        row.locator("a.btn-primary").click()
        operator.check("input[name=contacted][value=yes]")
        operator.check("input[name=solved][value=yes]")
        operator.check("input[name=satisfaction][value=very_satisfied]")
        send(operator)
    assert set(Ticket.objects.values_list("status", flat=True)) == {Status.CLOSED}
    assert not Flag.objects.filter(cleared_at__isnull=True).exists(), "every flag is cleared, none is deleted"
    assert Flag.objects.filter(ticket__number=first).count() >= 2

    # The praise call, linked to what it praises.
    hotline.move_to(on(20, 9))
    operator = hotline.sign_in("operator1")
    operator.fill("#id_caller_phone", CALLERS[0][1])
    expect(operator.locator("#caller")).to_contain_text(first)  # the caller's history
    operator.fill("#id_caller_name", CALLERS[0][0])
    operator.select_option("#id_kind", "praise")
    operator.fill("#id_description", "感谢12345，凤凰天仙城的钢板当天就不响了，晚上终于能睡好觉。")
    pick(operator, "region", "书院街道")
    operator.fill("#id_answer", "感谢您的肯定，我们会转达给承办单位。")
    operator.click("button[name=then][value=answer]")
    act(operator, "link_praise")
    operator.fill("#id_number", first)
    send(operator)
    praise = Ticket.objects.get(kind="praise")
    assert praise.praises is not None
    assert praise.praises.number == first

    # And the week's report has it, built by the jobs when the week had ended, and by hand with the month's.
    manager = hotline.sign_in("manager1")
    manager.goto(f"{hotline.address}/reports/?kind=weekly")
    wait_until("the week's report is built", lambda: _reload_until(manager, "2026-W16"))
    manager.click("td a.title:has-text('2026-W16')")
    expect(manager.locator("main")).to_contain_text("凤凰天仙城施工钢板异响")
    with manager.expect_download() as download:
        manager.click("a:text-is('Word')")
    assert Path(download.value.path()).stat().st_size > 10_000
    manager.goto(f"{hotline.address}/reports/")
    manager.fill("#period-monthly", "2026-04")
    manager.click("form:has(#period-monthly) button")
    expect(manager.locator("main")).to_contain_text("满意率")
    expect(manager.locator("main")).to_contain_text("100.0%")


def _reload_until(page: Page, text: str) -> bool:
    page.reload()
    return page.locator(f"td a.title:has-text('{text}')").count() > 0
