"""The real thing: web server, worker and beat as processes, Chromium in front of them, and time that can be moved."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import redis
from django.core.cache import cache
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, BrowserType, Page, ViewportSize, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from demo.city import PEOPLE
from hotline import health, processes
from hotline.accounts.views import DEMO_PASSWORD
from tests import scene

ROOT = Path(__file__).resolve().parent.parent.parent
OpenPage = Callable[..., Page]
TICKET_PAGE = re.compile(r"/tickets/XG\d+/$")
QUIET = 4  # looks one after the other at which no request is under way: a page that was closed may send a last one
LIMIT = 180.0  # seconds that anything may take to come true
DESK, PHONE = ViewportSize(width=1366, height=768), ViewportSize(width=390, height=844)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--lang=zh-CN",
]  # fmt: skip


def wait_until(what: str, condition: Callable[[], Any], limit: float = LIMIT) -> Any:
    """Waits for a condition; fails with `what` when the limit has passed."""
    end = time.monotonic() + limit
    while True:
        if found := condition():
            return found
        if time.monotonic() > end:
            pytest.fail(f"not within {limit:.0f} s: {what}")
        time.sleep(0.1)


@pytest.fixture(scope="module", autouse=True)
def _city_stands_afterwards(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Tests with a live server empty the tables; whichever comes after those of a file finds the city again."""
    yield
    with django_db_blocker.unblock():
        scene.lay_in_again()


@pytest.fixture(autouse=True)
def _city_stands_before(request: pytest.FixtureRequest) -> Iterator[None]:
    """pytest-django empties the tables after everything that a test asked for; so each test lays the city in itself."""
    if "live_server" in request.fixturenames:
        request.getfixturevalue("transactional_db")
        scene.lay_in_again()
    yield
    if "live_server" in request.fixturenames:
        _until_no_request_is_under_way()
    cache.clear()


def _until_no_request_is_under_way() -> None:
    """A page that was closed may have asked for something: emptying the tables meanwhile would be a deadlock."""
    end, quiet = time.monotonic() + LIMIT, 0
    while quiet < QUIET and time.monotonic() < end:
        quiet = 0 if _is_anything_answered() else quiet + 1
        time.sleep(0.05)
    wait_until("nobody speaks to the database", _nobody_speaks)


def _is_anything_answered() -> bool:
    """Whether a thread of the web server is at a request; on a connection that a browser keeps open it only waits."""
    return any(
        frame.f_code.co_filename.endswith("wsgiref/handlers.py")
        for innermost in sys._current_frames().values()
        for frame, _line in traceback.walk_stack(innermost)
    )


def _nobody_speaks() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle')"
        )
        return bool(cursor.fetchone()[0])


def chromium_path() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def launch(kind: BrowserType, *, keeps_pages_alive: bool = False) -> Browser:
    """A Chromium; `keeps_pages_alive` as people's browsers do with a page that Back returns to."""
    ignored = ["--disable-back-forward-cache"] if keeps_pages_alive else []
    return kind.launch(executable_path=chromium_path(), args=FLAGS, ignore_default_args=ignored)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if chromium_path() is None:
        if os.environ.get("HOTLINE_BROWSER_TESTS"):
            pytest.fail("HOTLINE_BROWSER_TESTS is set, and there is no Chromium")
        pytest.skip("no Chromium on this machine: apt-get install chromium fonts-noto-cjk")
    expect.set_options(timeout=30_000)  # milliseconds; five seconds are too few on a busy machine
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in this thread; our queries do not care
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        yield browser
        browser.close()


class Hotline:
    """A running hotline whose time is moved from outside."""

    def __init__(self, folder: Path, browser: Browser) -> None:
        self.folder, self.browser = folder, browser
        self.clock = folder / "clock"
        self.running: list[subprocess.Popen[bytes]] = []
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"

    def start(self, moment: datetime) -> None:
        self.move_to(moment)
        environment = os.environ | {
            "DATABASE_URL": scene.serving_address(), "HOTLINE_TEST_RUN": "0",
            "PYTHONPATH": str(Path(__file__).parent.parent / "clockwork"),
            "HOTLINE_IDLE_MINUTES": "0",  # its clock jumps by hours while people are at work
            "HOTLINE_TEST_CLOCK": str(self.clock), "HOTLINE_DATA_DIR": str(self.folder),
            "HOTLINE_SWEEP_SECONDS": "1", "HOTLINE_HEARTBEAT_SECONDS": "0.5",
            "HOST": "127.0.0.1", "PORT": str(self.port), "WEB_WORKERS": "1", "HOTLINE_WORKER_CONCURRENCY": "1",
        }  # fmt: skip
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as broker:
            broker.flushdb()
        for part, command in processes.commands(environment).items():
            log = (self.folder / f"{part}.log").open("wb")
            self.running.append(
                subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
            )
        wait_until("all parts are healthy", self.is_healthy)

    def is_healthy(self) -> bool:
        try:
            with urlopen(f"{self.address}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def move_to(self, moment: datetime) -> None:
        """From now on it is `moment` for every process; whole or not at all, since they read at any time."""
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(moment.isoformat())
        fresh.replace(self.clock)
        if self.running:
            wait_until("the processes live at the new time", lambda: self._lives_at(moment))

    def _lives_at(self, moment: datetime) -> bool:
        """All that send heartbeats have since the jump, by their own clocks."""
        with health.broker() as client:
            stamps = [client.get(health.HEARTBEAT_KEY.format(part=part)) for part in health.BEATING]
        return all(stamp is not None and float(stamp) >= moment.timestamp() for stamp in stamps)

    def stop(self) -> None:
        for process in self.running:
            process.send_signal(signal.SIGTERM)
        for process in self.running:
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()

    def sign_in(self, username: str, size: ViewportSize = DESK) -> Page:
        """A browser of their own for this person, signed in."""
        page = self.browser.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai").new_page()
        page.goto(f"{self.address}/sign-in/")
        page.fill("#id_username", username)
        page.fill("#id_password", DEMO_PASSWORD)
        page.click("form:has(#id_username) button.btn-primary")
        full_name = next(name for user, name, *_rest in PEOPLE if user == username)
        expect(page.locator(".who")).to_contain_text(full_name)
        return page


@pytest.fixture
def hotline(live_city: None, chromium: Browser, tmp_path: Path) -> Iterator[Hotline]:
    house = Hotline(tmp_path, chromium)
    try:
        yield house
    finally:
        house.stop()
        for log in tmp_path.glob("*.log"):
            print(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}")  # noqa: T201 - shown when a test fails


@pytest.fixture
def open_page(live_city: None, live_server: LiveServer, chromium: Browser) -> Iterator[OpenPage]:
    """Opens a page of the hotline for one of its people, in a browser of their own."""
    contexts = []

    def open_one(path: str, username: str = scene.OPERATOR, browser: Browser = chromium) -> Page:
        client = Client()
        client.force_login(scene.user(username), backend="hotline.accounts.backend.PersonBackend")
        context = browser.new_context(viewport=DESK, locale="zh-CN", timezone_id="Asia/Shanghai")
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        contexts.append(context)
        page = context.new_page()
        page.goto(live_server.url + path)
        return page

    yield open_one
    for context in contexts:
        context.close()
