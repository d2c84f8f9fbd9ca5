"""Photographs the pages of a running demo hotline, one for each role and the on-site page on a phone.

    make run            in one terminal
    make screenshots    in another; BASE=http://127.0.0.1:8000 by default

The pictures of the README are written beside this file; with --all every page, also to --out.
"""

import argparse
import os
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
BASE = os.environ.get("BASE", "http://127.0.0.1:8000")
PASSWORD = "xiaogan-12345"  # noqa: S105 - the demo accounts' own
DESK, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--lang=zh-CN"]  # fmt: skip


def sign_in(browser: Browser, who: str, size: dict[str, int]) -> Page:
    page = browser.new_context(viewport=size, locale="zh-CN").new_page()
    page.goto(f"{BASE}/sign-in/")
    page.fill("#id_username", who)
    page.fill("#id_password", PASSWORD)
    page.click("form:has(#id_username) button.btn-primary")
    page.wait_for_load_state("networkidle")
    return page


def shoot(page: Page, out: Path, name: str, address: str = "", full: bool = False) -> None:
    if address:
        page.goto(BASE + address)
        page.wait_for_load_state("networkidle")
    page.screenshot(path=out / f"{name}.png", full_page=full)
    print(f"{name}.png", page.url)


def stuck_ticket(page: Page) -> str:
    """The address of the steel-plate ticket that has been longest without an owner."""
    page.goto(f"{BASE}/board/?q=钢板")
    page.locator("td.matter a.title").first.click()
    return page.locator("td a.title").first.get_attribute("href") or "/"


def who_called(page: Page, address: str) -> str:
    """The address of the page of who called about this ticket."""
    page.goto(BASE + address)
    return page.locator("a[href^='/callers/']").first.get_attribute("href") or "/"


def on_site(page: Page, address: str) -> str:
    """The address of the meeting about this ticket; called together here where there is none yet."""
    page.goto(BASE + address)
    if page.locator("#actions [data-action=escalate]").count():
        page.click("#actions [data-action=escalate]")
        page.fill("#id_lead", "市城市运行中心")
        meets_at = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(hours=1)
        page.fill("#id_meets_at", meets_at.strftime("%Y-%m-%dT%H:%M"))
        page.fill("#id_others", "道路改造施工单位\n凤凰天仙城物业")
        page.fill("#id_question", "钢板由谁固定，何时完成？")
        page.click("#action button.btn-primary")
    return page.locator("a[href^='/coordination/']:not(.door)").first.get_attribute("href") or "/coordination/"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--all", action="store_true", help="every page, not only the README's")
    options = parser.parse_args()
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        operator = sign_in(browser, "operator1", DESK)
        operator.fill("#id_caller_phone", "10020260419")
        operator.fill("#id_description", "凤凰天仙城门口修路的钢板又响了一夜，到底归哪个部门管？")
        operator.wait_for_selector("#caller li")
        operator.wait_for_selector("#like li")
        operator.wait_for_load_state("networkidle")
        shoot(operator, out, "operator")
        shoot(operator, out, "knowledge", "/knowledge/?q=公积金提取")
        shoot(operator, out, "missed-calls", "/desk/missed/")
        shoot(operator, out, "follow-up", "/follow-ups/")
        dispatcher = sign_in(browser, "dispatcher1", DESK)
        shoot(dispatcher, out, "dispatcher", "/dispatch/")
        staff = sign_in(browser, "zhujian", DESK)
        shoot(staff, out, "staff", "/inbox/")
        supervisor = sign_in(browser, "supervisor1", DESK)
        shoot(supervisor, out, "supervisor", "/board/")
        address = stuck_ticket(supervisor)
        shoot(supervisor, out, "ticket", address, full=True)
        shoot(supervisor, out, "map", "/matters/map/?days=30")
        shoot(supervisor, out, "caller", who_called(supervisor, address))
        manager = sign_in(browser, "manager1", DESK)
        shoot(manager, out, "manager", "/dashboard/")
        phone = sign_in(browser, "supervisor1", PHONE)
        shoot(phone, out, "on-site", on_site(supervisor, address))
        administrator = sign_in(browser, "admin", DESK)
        shoot(administrator, out, "administrator", "/set-up/")
        if options.all:
            everything(browser, out, operator, supervisor, manager, address)
        browser.close()


def everything(browser: Browser, out: Path, operator: Page, supervisor: Page, manager: Page, address: str) -> None:
    anybody = browser.new_context(viewport=DESK).new_page()
    shoot(anybody, out, "x-sign-in", "/sign-in/")
    shoot(operator, out, "x-list", "/tickets/")
    shoot(operator, out, "x-follow-up-list", "/follow-ups/all/")
    shoot(operator, out, "x-empty", "/tickets/?q=没有这样的工单")
    shoot(supervisor, out, "x-escalate", f"{address}do/escalate/", full=True)
    shoot(manager, out, "x-reports", "/reports/")
    shoot(manager, out, "x-rulings", "/rulings/")
    shoot(manager, out, "x-404", "/tickets/XG1/")
    phone = sign_in(browser, "supervisor1", PHONE)
    shoot(phone, out, "x-phone-board", "/board/")
    shoot(supervisor, out, "x-wall", "/board/?wall=1")
    shoot(supervisor, out, "x-clocks", "/clocks/")
    shoot(manager, out, "x-suggestions", "/dispatch/suggestions/")
    shoot(manager, out, "x-directory", "/directory/")
    shoot(phone, out, "x-phone-ticket", address, full=True)


if __name__ == "__main__":
    main()
