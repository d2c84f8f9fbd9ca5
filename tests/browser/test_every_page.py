"""Every page of every role, at the desk and on a phone: it keeps the content security policy, axe-core finds nothing,
nothing is wider than the screen, nothing complains in the console, there is one h1, the focus is on something.

Pages are found, not listed: doors, each ticket, each form of each action, and what hangs on them. A page of one kind is
asked for once for a role, the form of an action once for all; a page in which nothing stands that did not stand on one
before is not drawn again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import lxml.html
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize

from dispatch.models import CitySheet
from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.accounts.permissions import Role
from hotline.shell import DOORS
from reports import periods
from reports.building import build
from reports.models import ReportKind, ReportRun
from supervision.clocks import sweeping
from supervision.models import CoordinationTask
from tests import scene
from tests.addresses import examples, named_addresses
from tests.browser.conftest import DESK, PHONE
from tickets.choices import Kind, Status
from tickets.models import AnswerTemplate, Ticket
from tickets.telephony import events, missed
from tickets.workflow.performing import available
from tickets.workflow.table import ACTIONS, STARTING

pytestmark = pytest.mark.browser
TABS = 12  # steps of the Tab key whose focus is looked at
REFUSED = (401, 403, 404, 405, 409, 422)  # answers whose line in the console is the browser's own
# What is looked at in the page itself: wider than the screen, headings.
MEASURE = """async () => {
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);  // the new width is heard of
    return {
    wide: document.scrollingElement.scrollWidth - window.innerWidth,
    widest: document.scrollingElement.scrollWidth > window.innerWidth
        ? [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > window.innerWidth + 1)
            .slice(0, 4).map(e => e.tagName + '.' + e.className) : [],
    headings: [...document.querySelectorAll('h1')].filter(e => e.checkVisibility()).length,
    twice: [...document.querySelectorAll('[id]')].map(e => e.id).filter((id, at, ids) => ids.indexOf(id) !== at),
    };
}"""
# What a page is made of: each element with its classes and its state, what it stands in, which attributes it has, and
# whether it says something. axe-core takes half of the time: a page in which nothing new stands has nothing new for it
# to find, and contrast, most of its work, is measured on what is new (`RUN_AXE`).
MADE_OF = r"""(() => {
    const ofOneModel = /^(field|column|model|app|current-app)-|^(row\d|changelist|module)/;  // of Django's admin
    const ofState = /^(type|aria-(checked|current|disabled|expanded|invalid|pressed|selected))$/;
    const states = e => [...e.attributes].filter(one => ofState.test(one.name)).map(one => one.name + '=' + one.value);
    const classes = e => [...e.classList].filter(one => !ofOneModel.test(one));
    const named = e => [e.tagName, ...classes(e).sort(), ...states(e).sort()].join('.');
    const path = e => e === document.body ? '' : path(e.parentElement) + '>' + named(e);
    const given = e => [...e.attributes].map(one => one.name).filter(name => name !== 'data-fresh').sort();
    return e => path(e) + '|' + given(e) + '|' + !!e.textContent.trim();
})()"""
ALL_MADE_OF = f"() => [...new Set([...document.querySelectorAll('body *')].map({MADE_OF}))]"
OF_ONE_MODEL = re.compile(r"(field|column|model|app|current-app)-|row\d|changelist|module")  # as in MADE_OF
OF_STATE = re.compile(r"type|aria-(checked|current|disabled|expanded|invalid|pressed|selected)")
LOADED = "() => !document.querySelector('.htmx-request, [hx-trigger=load]')"
# Without preloading: it would fetch and parse each style sheet again and complain of our policy.
RUN_AXE = f"""async fresh => {{
    const isFresh = new Set(fresh), madeOf = {MADE_OF};
    for (const e of document.querySelectorAll('body *')) e.toggleAttribute('data-fresh', isFresh.has(madeOf(e)));
    axe.configure({{rules: [{{id: 'color-contrast', selector: '[data-fresh]'}}]}});
    return (await axe.run({{resultTypes: ['violations'], preload: false}})).violations;
}}"""
SHEET = ViewportSize(width=794, height=1123)  # A4 at 96 dots an inch
ON_PAPER = """() => {
    const things = 'button, input:not([type=hidden]), select, textarea, nav, .panel:not(:has(.body > :not(form)))';
    const seen = [...document.querySelectorAll(things)].filter(e => e.checkVisibility());
    const left = seen.map(e => e.outerHTML.slice(0, 90));
    return document.scrollingElement.scrollWidth > innerWidth ? [...left, 'wider than the sheet'] : left;
}"""
# What has the focus; 'past the last' where Tab has left the page behind what can be reached last.
FOCUSED = """() => {
    const at = document.activeElement;
    if (!at || at === document.body || at === document.documentElement) {
        const before = window.focusedBefore;
        const reachable = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
        const left = before && [...document.querySelectorAll(reachable)].filter(one =>
            before.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING && !before.contains(one)
            && !one.disabled && one.tabIndex >= 0 && one.checkVisibility({visibilityProperty: true})
            && !(one.type === 'radio' && one.name === before.name));
        return left && !left.length ? 'past the last' : 'nothing';
    }
    window.focusedBefore = at;
    const box = at.getBoundingClientRect();
    return at.checkVisibility({visibilityProperty: true, opacityProperty: true}) && box.width && box.height
        ? '' : 'hidden ' + at.outerHTML.slice(0, 120);
}"""


def is_served(html: bytes) -> set[tuple[Any, ...]]:
    """What a page is made of before scripts run, as MADE_OF tells it in the browser; and what it loads afterwards."""
    made: set[tuple[Any, ...]] = set()

    def walk(element: Any, within: tuple[str, ...]) -> None:
        classes = sorted(one for one in element.classes if not OF_ONE_MODEL.match(one))
        states = sorted(f"{name}={value}" for name, value in element.attrib.items() if OF_STATE.fullmatch(name))
        here = (*within, ".".join([element.tag, *classes, *states]))
        says = bool(element.text_content().strip())
        made.add((here, tuple(sorted(element.attrib)), says))
        if element.get("hx-trigger") == "load":
            made.add(("loads", element.get("hx-get")))
        for child in element.iterchildren(tag=lxml.html.etree.Element):
            walk(child, here)

    walk(lxml.html.fromstring(html), ())
    return made


@dataclass
class Known:
    """What was looked at before, by whomever."""

    served: set[tuple[Any, ...]] = field(default_factory=set)
    drawn: dict[int, set[str]] = field(default_factory=dict)  # what axe-core has seen, by the width of the window


@dataclass
class Inspector:
    """One browser of one person, what it looked at, and what was found."""

    address: str
    username: str  # empty for nobody
    browser: Browser
    known: Known = field(default_factory=Known)
    found: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context = context_of(self.username, self.address, self.browser)
        self.client = Client()
        if self.username:
            self.client.force_login(scene.user(self.username))
        self.page: Page = self.context.new_page()
        self.axe = Axe()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self._complain(f"error: {error}"))

    def _said(self, message: ConsoleMessage) -> None:
        refused = "Failed to load resource" in message.text and any(str(code) in message.text for code in REFUSED)
        if message.type in ("error", "warning") and not refused:
            self._complain(f"console: {message.text}")

    def _complain(self, what: str) -> None:
        self.found.append(f"{self.page.url.removeprefix(self.address)} {self._width}: {what}")

    @property
    def _width(self) -> int:
        return (self.page.viewport_size or DESK)["width"]

    def _resize(self, size: ViewportSize) -> None:
        if self.page.viewport_size != size:
            self.page.set_viewport_size(size)

    def look_at_what_is_new(self, path: str) -> None:
        """Opens a page if something stands there, as the server sends it, that stood on no page before."""
        fresh = is_served(self.client.get(path, follow=True).content) - self.known.served
        if fresh:
            self.known.served |= fresh
            self.look_at(path)

    def look_at(self, path: str) -> None:
        """Opens a page of ours at the desk, then makes the window as narrow as a phone."""
        self._resize(DESK)
        answer = self.page.goto(self.address + path)
        assert answer is not None
        self.page.wait_for_function(LOADED)
        if "default-src 'self'" not in answer.headers.get("content-security-policy", ""):
            self._complain("no content security policy")
        if "/sign-in/" in self.page.url and "sign-in" not in path:
            self._complain("asks for a sign-in")
        self.inspect()

    def look_at_paper(self, path: str) -> None:
        """As it is printed: nothing to press or to fill in, nothing wider than the sheet."""
        self.page.emulate_media(media="print")
        self.page.set_viewport_size(SHEET)
        self.page.goto(self.address + path)
        if left := self.page.evaluate(ON_PAPER):
            self._complain(f"on paper: {left}")
        self.page.emulate_media(media="screen")

    def inspect(self) -> None:
        """Looks at the page as it stands, at both widths, and goes through it by Tab."""
        is_new = False
        for size in (DESK, PHONE):
            self._resize(size)
            measured = self.page.evaluate(MEASURE)
            if measured["wide"] > 0:
                self._complain(f"{measured['wide']} px too wide: {measured['widest']}")
            if measured["headings"] != 1:
                self._complain(f"{measured['headings']} h1")
            if measured["twice"]:
                self._complain(f"ids that are there twice: {measured['twice']}")
            known = self.known.drawn.setdefault(size["width"], set())
            fresh = set(self.page.evaluate(ALL_MADE_OF)) - known
            if not fresh:
                continue
            known |= fresh
            if not is_new:
                self.page.evaluate(self.axe.axe_script)
            is_new = True
            for violation in self.page.evaluate(RUN_AXE, list(fresh)):
                nodes = [node["html"][:160] for node in violation["nodes"]]
                self._complain(f"axe {violation['id']} ×{len(nodes)}: {nodes[:3]}")
        if is_new:
            self._tab_through()

    def _tab_through(self) -> None:
        self._resize(DESK)
        has_begun = not self.page.evaluate(FOCUSED)  # a page that says one thing may begin at its last link
        for step in range(TABS):
            self.page.keyboard.press("Tab")
            lost = self.page.evaluate(FOCUSED)
            if lost == "past the last" and (step or has_begun):
                return
            if lost:
                self._complain(f"focus on {lost}")


SPOIL = """() => {
    console.error('spoilt');
    const main = document.getElementById('main');
    main.insertAdjacentHTML('afterbegin', '<h1>x</h1><img src="/static/icon.svg"><p class="spoilt">grey</p>');
    main.querySelector('.spoilt').style.cssText = 'color: #ccc; background: #fff; width: 2000px';
    document.querySelectorAll('.skip, .door').forEach(e => { e.style.opacity = 0; e.style.transition = 'none'; });
}"""
REACHED_BY_ADDRESS = {
    "order",
    "matter",
    "sweeper",
    "directory-check",
    "directory-versions",
    "precedents",
    "figure-tickets",
}
LOOKED_AT_ELSEWHERE = {"ticket-action", "sign-out", "design"}  # by its ticket; no page; not a city's
NOT_REACHED_HERE = {"hand_over"}  # done to all tickets of a department that closes, on no page of one ticket


@pytest.fixture
def house(live_city: None, live_server: Any) -> str:
    """A running hotline with tickets on which every action is possible, and a kept report; where it is reached."""
    for status in Status:
        scene.ticket_in(status)
    scene.do(scene.ticket_in(Status.WORKING), "supervise", scene.SUPERVISOR)
    mine = scene.department(scene.DEPARTMENT)
    scene.ticket_in(Status.WORKING, is_secret=True)
    scene.call(is_anonymous=True, caller_name="")
    scene.call(kind=Kind.PRAISE)
    scene.call(address="听涛雅居3栋")  # a name that waits for the place book
    scene.do(scene.call(), "join_matter", scene.OPERATOR, numbers=scene.call().number)
    scene.do(scene.ticket_in(Status.DISPATCHED), "urge", scene.SUPERVISOR)
    scene.do(scene.ticket_in(Status.WORKING), "ask_extension", scene.CLERK)
    scene.do(scene.call(), "ask_ruling", scene.DISPATCHER, departments=[mine.pk])
    other = scene.department(scene.OTHER_DEPARTMENT)
    scene.do(scene.call(), "dispatch", scene.DISPATCHER, department=other.pk, assisting=[mine.pk])
    for number, phone in enumerate(("10012340001", "10012340002", "")):
        told = events.take(events.Event(f"c{number}", "missed", timezone.now(), phone)).call
        if not number:
            missed.take(told.missed, by=scene.user(scene.OPERATOR))
    read = {
        "counts": {"new": 1, "changed": 1, "same": 0}, "problems": [[4, "没有“某局”。"]],
        "entries": [[2, "新人", "new", [["姓名", "", "新人"]]], [3, "王五", "changed", [["姓名", "王武", "王五"]]]],
    }  # fmt: skip
    CitySheet.objects.create(sheet="people", name="人员", made_by=scene.user(scene.ADMIN), told=read)
    AnswerTemplate.objects.create(department=mine, name="已修复", text="{标题}已修复。", at=timezone.now())
    sweeping.sweep()
    build(periods.containing(ReportKind.WEEKLY, timezone.localdate()))
    return str(live_server.url)


def context_of(username: str, address: str, chromium: Browser) -> BrowserContext:
    """A browser in which this person is signed in; nobody where it is empty."""
    context = chromium.new_context(viewport=DESK, locale="zh-CN")
    if username:
        client = Client()
        client.force_login(scene.user(username))
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": address}])
    return context


def pages_of(role: str, seen: set[tuple[Any, ...]]) -> Iterator[str]:
    """Addresses that people of this role open: their doors, tickets with each form, and what hangs on them.

    Of `seen`, the kinds that were looked at before, at least those are left out that would have to be asked for first.
    """
    user = scene.user(scene.ROLE_PEOPLE[role])
    if user.may(P.DISPATCH):  # can be undone for a minute
        fresh = scene.ticket_in(Status.DISPATCHED)
        yield reverse("ticket-action", args=[fresh.number, "undo_dispatch"])
    yield from (reverse(door.url_name) for door in DOORS if user.may(door.permission))
    yield from (reverse("password"), reverse("tokens"), "/no-such-page/")
    for ticket in Ticket.objects.visible_to(user):
        yield ticket.get_absolute_url()
        yield from (reverse("ticket-action", args=[ticket.number, action.name]) for action in available(ticket, user))
    if user.may(P.SUPERVISE):
        yield from (task.get_absolute_url() for task in CoordinationTask.objects.all())
    if user.may(P.SEE_REPORTS):
        yield from (run.get_absolute_url() for run in ReportRun.objects.all())
    if user.may(P.SET_UP):
        yield from set_up_pages()
    yield from pages_by_address(user, role, seen)


def pages_by_address(user: User, role: str, seen: set[tuple[Any, ...]]) -> Iterator[str]:
    """Every address that answers this person with a whole page, whether anything leads to it or not."""
    client = Client()
    client.force_login(user)
    numbers = list(Ticket.objects.visible_to(user).values_list("number", flat=True)[:1])
    for name, arguments in dict(named_addresses()).items():
        if name.startswith("api-") or name in LOOKED_AT_ELSEWHERE:
            continue
        for given in examples(name, arguments, numbers)[:1]:
            path = reverse(name, kwargs=given)
            if kind_of(path, role) in seen:
                continue
            answer = client.get(path)
            if answer.status_code == 200 and not answer.streaming and b"<html" in answer.content:
                yield path


def set_up_pages() -> Iterator[str]:
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield from (reverse(f"{name}_changelist"), reverse(f"{name}_add"))
        if row := model._default_manager.first():
            yield from (reverse(f"{name}_{page}", args=[row.pk]) for page in ("change", "delete", "history"))


def kind_of(path: str, role: str) -> tuple[Any, ...]:
    """What makes a page one that has been looked at before."""
    found = resolve(path) if path != "/no-such-page/" else None
    if found is None:
        return (path, role)
    if found.url_name == "ticket-action":
        return (found.url_name, found.kwargs["name"])
    ticket = Ticket.objects.filter(number=found.kwargs.get("number")).first()
    state = (ticket.status, ticket.is_secret, ticket.is_anonymous) if ticket else ()
    return (found.view_name, role, state)


def test_every_page_of_every_role(house: str, chromium: Browser) -> None:
    found: list[str] = []
    seen: set[tuple[Any, ...]] = set()
    known = Known()
    for role in Role.values:
        inspector = Inspector(house, scene.ROLE_PEOPLE[role], chromium, known)
        for path in pages_of(role, seen):
            if (kind := kind_of(path, role)) not in seen:
                seen.add(kind)
                inspector.look_at_what_is_new(path)
        inspector.context.close()
        found += inspector.found
    assert {role for _name, role, *_rest in seen if role in Role.values} == set(Role.values)
    assert {kind[0] for kind in seen} >= REACHED_BY_ADDRESS
    assert {kind[1] for kind in seen if kind[0] == "ticket-action"} == {
        name for name, action in ACTIONS.items() if action.permission and name != STARTING
    } - NOT_REACHED_HERE
    assert found == []


def test_pages_in_states_that_one_comes_to(house: str, chromium: Browser) -> None:
    """Signed out, refused, nothing found, on a wall."""
    found: list[str] = []
    stranger = Inspector(house, "", chromium)
    stranger.look_at(reverse("sign-in"))
    stranger.page.fill("#id_username", "x")
    stranger.page.fill("#id_password", "x")
    stranger.page.click("form:has(#id_username) button.btn-primary")
    stranger.inspect()
    operator = Inspector(house, scene.OPERATOR, chromium)
    operator.look_at(reverse("new-ticket"))
    operator.page.fill("#id_caller_phone", "1387777000I")
    operator.page.click("button[name=then][value=dispatch]")
    operator.page.wait_for_selector(".is-invalid")
    operator.inspect()
    operator.look_at(f"{reverse('desk-call')}?phone=10012340001")
    operator.look_at(f"{reverse('tickets')}?status=closed&kind=praise")
    operator.look_at(f"{reverse('tickets')}?after=nonsense")
    supervisor = Inspector(house, scene.SUPERVISOR, chromium)
    supervisor.look_at(f"{reverse('board')}?wall=1")
    dispatcher = Inspector(house, scene.DISPATCHER, chromium)
    for tab, key in (("registered", "a"), ("return_asked", "r")):  # a form within the row
        dispatcher.look_at(f"{reverse('dispatch-queue')}?tab={tab}")
        dispatcher.page.keyboard.press("Escape")
        dispatcher.page.evaluate("document.activeElement.blur()")
        dispatcher.page.keyboard.press("j")
        dispatcher.page.keyboard.press(key)
        dispatcher.page.wait_for_selector("form.in-row:not([hidden])")
        dispatcher.inspect()
    for path in (reverse("board"), scene.call().get_absolute_url(), reverse("tickets")):
        supervisor.look_at_paper(path)
    for inspector in (stranger, operator, supervisor, dispatcher):
        inspector.context.close()
        found += inspector.found
    assert found == []


def test_what_is_wrong_with_a_page_is_found(house: str, chromium: Browser) -> None:
    """The inspector can complain: a page that is spoilt in each way is found to be."""
    inspector = Inspector(house, scene.OPERATOR, chromium)
    inspector.look_at(reverse("password"))
    assert inspector.found == []
    inspector.page.evaluate(SPOIL)
    inspector.inspect()
    inspector.context.close()
    told = "\n".join(inspector.found)
    for fault in ("px too wide", "2 h1", "console: spoilt", "axe color-contrast", "axe image-alt", "focus on hidden"):
        assert fault in told, told
