"""The case this software was born from, from the first call to the praise call, as its people live it.

Steel plates on a road under renovation bang under every car. Several residents call; one department returns the
ticket, the next does not accept it, the third returns it. The clocks see it, a supervisor takes all parties to the
road, who is responsible is settled on the spot, and it is solved the same day.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from hotline.telephone import masked
from supervision.models import CoordinationTask, Flag, Notice, SiteEntry
from tests.browser.conftest import PHONE, Hotline, wait_until
from tickets.choices import Status
from tickets.models import Matter, Ticket

pytestmark = pytest.mark.browser
# The smallest picture that is one: a single point.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005fe02fe"
    "0def46b80000000049454e44ae426082"
)
# Who called, and what they said: seven within five days.
CALLERS = (
    ("刘女士", "10020260419", "凤凰天仙城门口道路改造，路上铺的钢板没有固定，车一压就哐哐响。"),
    ("陈先生", "10020260420", "凤凰天仙城门前的钢板夜里响得更厉害，隔着窗户都听得见。"),
    ("周女士", "10020260421", "凤凰天仙城道路改造铺的铁板翘了边，过路颠得很，噪音也大。"),
    ("吴先生", "10020260422", "修路铺的钢板从早响到晚，家里有高考生，请尽快处理。"),
    ("郑女士", "10020260423", "门前施工钢板异响，打过电话没有人来，到底归谁管？"),
    ("孙先生", "10020260424", "凤凰天仙城门口的施工铁板还在响，老人整夜睡不着。"),
    ("钱女士", "10020260425", "道路施工的钢板响了快一个星期了，再不处理要出事故。"),
)
AGAIN = ("陈先生", "10020260420", "凤凰天仙城门前的铁板又响了，车一压就哐哐响，夜里睡不着。")
BUREAU, MANAGEMENT, DISTRICT = "市住房和城乡建设局", "市城市管理执法委员会", "孝南区住房和城乡建设局"


def on(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of April 2026; the 20th is a Monday."""
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
    page.fill("form.find input[type=search]", number)
    page.press("form.find input[type=search]", "Enter")
    page.click(f"td a:text-is('{number}')")
    expect(page.locator("h1")).to_be_visible()


def act(page: Page, name: str) -> None:
    page.click(f"#actions [data-action={name}]")


def send(page: Page) -> None:
    page.click("#action button.btn-primary")
    expect(page.locator(".toast-line.success")).to_contain_text("已")


def give_back(hotline: Hotline, clerk: str, number: str, proposed: str) -> None:
    """A department asks to be rid of it: whose road is this?"""
    page = hotline.sign_in(clerk)
    open_ticket(page, number)
    act(page, "ask_return")
    page.select_option("#id_ground", "ownership_unclear")
    page.fill("#id_note", "该路段由多家单位分段施工，尚未移交，权属不清。")
    pick(page, "proposed", proposed)
    send(page)


def are_one(numbers: list[str]) -> bool:
    """Whether the machine has seen that they are about one thing."""
    matters = Ticket.objects.filter(number__in=numbers).values_list("matter", flat=True)
    return len(set(matters)) == 1 and None not in matters


def told(number: str, step: str) -> bool:
    return Notice.objects.filter(ticket__number=number, step=step, delivery__state="arrived").exists()


def evidence(number: str) -> dict[str, Any]:
    flag = Flag.objects.filter(ticket__number=number, cleared_at__isnull=True, kind="bounced").first()
    return flag.evidence if flag else {}


def open_flags(number: str) -> set[str]:
    flags = Flag.objects.filter(ticket__number=number, cleared_at__isnull=True)
    return set(flags.values_list("kind", flat=True))


def notes(task: CoordinationTask, kind: str) -> int:
    return SiteEntry.objects.filter(task=task, kind=kind).count()


def sign(page: Page) -> None:
    """A signature with a finger."""
    box = page.locator("canvas.signature")
    box.scroll_into_view_if_needed()
    place = box.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + 30, place["y"] + 60)
    page.mouse.down()
    for step in range(1, 8):
        page.mouse.move(place["x"] + 30 + step * 25, place["y"] + 60 + (step % 2) * 30)
    page.mouse.up()
    page.click("[data-signature] button[type=submit]")


def without_network(page: Page) -> None:
    """Takes the network away. A page that is loaded again may send before the browser remembers that it has none, so
    what is sent is stopped beside that.
    """
    page.context.set_offline(True)
    page.route("**/*", lambda route: route.abort() if route.request.method == "POST" else route.continue_())


def with_network(page: Page) -> None:
    page.unroute_all()
    page.context.set_offline(False)


def test_from_the_first_call_to_the_praise_call(hotline: Hotline, tmp_path: Path) -> None:
    hotline.start(on(20, 8, 30))

    # Monday. The first call; the directory names the bureau, the dispatcher takes the proposal with one click.
    operator = hotline.sign_in("operator1")
    first = record(operator, *CALLERS[0])
    dispatcher = hotline.sign_in("dispatcher1")
    row = dispatcher.locator("tr", has_text=first)
    expect(row).to_contain_text(BUREAU)
    row.locator("button.btn-primary").click()
    expect(dispatcher.locator(".toast-line.success")).to_contain_text("派单")

    # The bureau returns it within the hour: whose road is this? The dispatcher sees path and directory side by side.
    give_back(hotline, "shizhujian", first, DISTRICT)
    open_ticket(dispatcher, first)
    expect(dispatcher.locator("#review")).to_contain_text("权属不清")
    expect(dispatcher.locator("#review")).to_contain_text("市级部门“三定”规定")
    act(dispatcher, "grant_return")
    send(dispatcher)
    act(dispatcher, "dispatch")
    pick(dispatcher, "department", MANAGEMENT)
    send(dispatcher)
    # More residents call, some of 铁板 and some of 钢板; nobody joins them by hand.
    numbers = [first]
    numbers.append(record(operator, *CALLERS[1]))
    wait_until("the second is the same matter", lambda: are_one(numbers))

    # Tuesday. The second department does not accept it: beat and worker see it, and tell it.
    hotline.move_to(on(21, 14, 35))
    wait_until("the clock says that nobody claims it", lambda: "unclaimed" in open_flags(first))
    wait_until("the department is reminded", lambda: told(first, "reminder"))
    operator = hotline.sign_in("operator1")
    for caller in CALLERS[2:4]:
        numbers.append(record(operator, *caller))
    wait_until("many call about it", lambda: all("many_callers" in open_flags(n) for n in numbers))

    # Wednesday. The supervisor has been urging by rule; the department has let the time for returning pass, so it is
    # recalled, sent to the district and returned a second time: nobody will have it.
    hotline.move_to(on(22, 9))
    dispatcher = hotline.sign_in("dispatcher1")
    open_ticket(dispatcher, first)
    act(dispatcher, "recall")
    dispatcher.fill("#id_note", "逾期未签收，改派属地。")
    send(dispatcher)
    act(dispatcher, "dispatch")
    pick(dispatcher, "department", DISTRICT)
    send(dispatcher)
    give_back(hotline, "zhujian", first, BUREAU)
    open_ticket(dispatcher, first)
    act(dispatcher, "grant_return")
    send(dispatcher)
    assert Ticket.objects.get(number=first).status == Status.RULING, "the second return opens a ruling"
    assert open_flags(first) >= {"bounced", "unplaceable", "many_callers"}
    operator = hotline.sign_in("operator1")
    for caller in CALLERS[4:6]:
        numbers.append(record(operator, *caller))

    # Thursday. The departments that were named say what they think; the seventh caller rings.
    hotline.move_to(on(23, 9))
    district = hotline.sign_in("zhujian")
    district.goto(f"{hotline.address}/inbox/?tab=owed")
    district.locator("tr", has_text=first).locator("a.btn-primary").click()
    pick(district, "department", BUREAU)
    district.select_option("#id_principle", "licence")
    district.fill("#id_note", "该路段由市级批准开挖。")
    send(district)
    operator = hotline.sign_in("operator1")
    numbers.append(record(operator, *CALLERS[6]))
    wait_until("all seven are one matter, and nobody joined them", lambda: are_one(numbers))
    matter = Matter.objects.get(tickets__number=first).title

    # Friday, 24 April. The board shows one matter, not seven tickets, and why; from there it goes to the road.
    hotline.move_to(on(24, 8, 31))
    wait_until("seven callers stand on it", lambda: evidence(first).get("callers") == 7)
    supervisor = hotline.sign_in("supervisor1")
    row = supervisor.locator("tr", has_text=matter).first
    for words in ("派不出", "多次退单", "退单 2 次", "7 人来电", "7 件"):
        expect(row).to_contain_text(words)
    row.locator("a.btn", has_text="现场协调").click()
    for party in (BUREAU, MANAGEMENT, DISTRICT, "书院街道办事处"):
        expect(supervisor.locator(".chips").first).to_contain_text(party)  # path, directory and place
    supervisor.fill("#id_lead", "市城市运行管理中心")
    supervisor.fill("#id_point", "30.924568,113.916957")
    supervisor.fill("#id_meets_at", "2026-04-24T10:00")
    supervisor.fill("#id_others", "道路改造施工单位\n凤凰天仙城物业")
    supervisor.fill("#id_question", "钢板由谁固定，何时完成？")
    send(supervisor)
    assert set(Ticket.objects.values_list("status", flat=True)) == {Status.COORDINATING}, "the whole matter comes along"
    wait_until("the departments are invited", lambda: told(first, "invitation"))

    # On the road, with a telephone in one hand.
    hotline.move_to(on(24, 10, 5))
    task = CoordinationTask.objects.get()
    site = hotline.sign_in("supervisor1", PHONE)
    site.goto(f"{hotline.address}{task.get_absolute_url()}")
    assert site.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], "nothing sticks out of the screen"
    builder = site.locator(".party", has_text="施工单位")
    builder.locator("form", has=site.locator("[value=arrived]")).locator("button").click()
    expect(builder.locator(".party-head .muted")).to_contain_text("到场")
    site.set_input_files("#before-file", {"name": "现场.png", "mimeType": "image/png", "buffer": PNG})
    site.click("#before button")
    expect(site.locator("img[alt='整改前.png']")).to_have_count(1)

    # The network is gone half way. What is noted stays on the phone, and nothing is lost by loading the page again.
    without_network(site)
    builder.locator("textarea").fill("钢板由我方铺设，未加垫层。")
    builder.locator("form", has=site.locator("textarea")).locator("button").click()
    expect(site.locator("#outbox")).to_contain_text("已存在本机")
    site.set_input_files("#before-file", {"name": "合同.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"})
    site.click("#before button")
    expect(site.locator("#before")).to_contain_text("这不是照片文件")
    site.reload()
    expect(site.locator("#outbox li")).to_have_count(1)
    pick(site, "department", DISTRICT)
    site.select_option("#determine #id_principle", "place")
    site.fill("#determine #id_findings", "钢板未固定、未设垫层，施工单位在场确认。")
    site.fill("#determine #id_note", "由区住建局督促施工单位当日撤除钢板、平整路面。")
    site.fill("#determine #id_due", "2026-04-24T20:00")
    site.click("#determine button.btn-danger")
    expect(site.locator("#outbox li")).to_have_count(2)
    assert notes(task, "statement") == notes(task, "determined") == 0

    # It is back: everything is sent in its order, once.
    with_network(site)
    wait_until("the phone has sent what it kept", lambda: notes(task, "determined") == 1)
    assert notes(task, "statement") == 1
    expect(site.locator("#determined")).to_contain_text("当日撤除钢板")
    expect(site.locator("#outbox")).to_be_hidden()
    sign(site)
    wait_until("signed", lambda: notes(task, "signed") == 1)
    assert set(Ticket.objects.values_list("status", "is_binding")) == {(Status.DISPATCHED, True)}

    # The department cannot return it; it accepts, does it the same day and answers all seven.
    hotline.move_to(on(24, 14, 40))
    district = hotline.sign_in("zhujian")
    for number in numbers:
        open_ticket(district, number)
        expect(district.locator("#actions [data-action=ask_return]")).to_have_count(0)
        act(district, "accept")
        expect(district.locator(".toast-line.success")).to_contain_text("签收")
        act(district, "answer")
        district.fill("#id_answer", "钢板已全部撤除，路面已平整压实，经现场复核车辆通过无异响。")
        send(district)

    # Verified the same day: a photograph after, then whoever called first, then all the others.
    site.goto(f"{hotline.address}{task.get_absolute_url()}")
    site.set_input_files("#after-file", {"name": "路面.png", "mimeType": "image/png", "buffer": PNG})
    site.click("#after button")
    expect(site.locator("img[alt='整改后.png']")).to_have_count(1)
    site.wait_for_load_state("networkidle")  # the photograph has been sent and the page loaded again: a click stays one
    with site.expect_download() as download:
        site.click("a:has-text('协调纪要')")
    assert Path(download.value.path()).stat().st_size > 10_000
    operator = hotline.sign_in("operator1")
    operator.goto(f"{hotline.address}/tickets/{numbers[3]}/")
    expect(operator.locator("#actions [data-action=follow_up]")).to_have_count(0)  # whoever called first comes first
    for name, phone, _text in CALLERS:
        operator.goto(f"{hotline.address}/follow-ups/all/")
        row = operator.locator("tr", has_text=masked(phone))
        expect(row).to_contain_text(name)
        row.locator("a.btn-primary").click()
        operator.check("input[name=contacted][value=yes]")
        operator.check("input[name=solved][value=yes]")
        operator.check("input[name=satisfaction][value=very_satisfied]")
        expect(operator.locator("input[name=outcome][value=follow_up]")).to_be_checked()  # proposed
        operator.click("#follow-up button.btn-primary")
        expect(operator.locator(".toast-line.success")).to_contain_text("已")
    assert set(Ticket.objects.values_list("status", flat=True)) == {Status.CLOSED}
    task.refresh_from_db()
    assert task.state == CoordinationTask.State.VERIFIED
    assert not Flag.objects.filter(cleared_at__isnull=True).exists(), "every flag is cleared, none is deleted"
    story = Flag.objects.filter(ticket__number=first).order_by("raised_at", "pk").values_list("kind", flat=True)
    order = [kind for kind in story if kind in ("unclaimed", "many_callers", "bounced")]
    assert order == ["unclaimed", "many_callers", "bounced"], "as the case is told"

    # The praise call, linked to what it praises.
    hotline.move_to(on(28, 9))
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
    assert praise.matter is None, "praise is no complaint about what it praises"

    # And the week's report has it, built by the jobs when the week had ended, and by hand with the month's.
    manager = hotline.sign_in("manager1")
    manager.goto(f"{hotline.address}/reports/?kind=weekly")
    wait_until("the week's report is built", lambda: _reload_until(manager, "2026年第17周"))
    manager.click("td a.title:has-text('2026年第17周')")
    expect(manager.locator("main")).to_contain_text(matter)
    with manager.expect_download() as download:
        manager.click("a:text-is('Word')")
    assert Path(download.value.path()).stat().st_size > 10_000
    manager.goto(f"{hotline.address}/reports/")
    manager.fill("#period-monthly", "2026-04")
    manager.click("form:has(#period-monthly) button")
    built = manager.locator(".job:has-text('月报 2026-04') a")
    wait_until("the month's report is built", lambda: built.count() > 0)
    built.click()
    expect(manager.locator("main")).to_contain_text("满意率")
    expect(manager.locator("main")).to_contain_text("100.00%")

    # A week after the fix a neighbour calls again: it has come back, and the board shows what it was closed with.
    hotline.move_to(on(24, 9) + timedelta(days=8))
    again = record(hotline.sign_in("operator1"), *AGAIN)
    wait_until("it is the same matter", lambda: are_one([first, again]))
    wait_until("it is flagged as come back", lambda: "came_back" in open_flags(again))
    board = hotline.sign_in("supervisor1")
    row = board.locator("tr", has_text=again).first
    expect(row).to_contain_text("问题复发")
    expect(row).to_contain_text("经现场复核车辆通过无异响")


def _reload_until(page: Page, text: str) -> bool:
    page.reload()
    return page.locator(f"td a.title:has-text('{text}')").count() > 0
