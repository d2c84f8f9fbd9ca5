"""What each reader finds of a secret, an anonymous and a foreign ticket: every address, fragment, file and API answer.

The addresses are walked from the resolver, so that a new one is looked at by itself; one that takes arguments which
nobody has given an example of fails. What may be read where is written down here once more, independently of
`tickets.disclosure`, and looked for as a person would: by caller, number, title and place as they were recorded.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import openpyxl
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from docx import Document

from hotline.accounts.models import User
from reports import building, periods
from supervision.clocks.sweeping import sweep
from supervision.ladder import messages, steps
from supervision.models import CoordinationTask
from tests import scene
from tests.addresses import examples, named_addresses
from tests.reached import forget, is_as_it_must, must_answer
from tests.supervision.test_site import PNG
from tickets.attachments import keeping
from tickets.matters import joining
from tickets.models import Ticket
from tickets.telephony import events, missed

pytestmark = pytest.mark.django_db

HOTLINE, MANAGER, HOLDER = "the hotline", "the manager", "whoever holds it"
NEIGHBOUR = "another department"
# Addresses whose answer is a paper: it is printed, sent or hangs on a wall, and who reads it is not known.
PAPERS = {"report", "report-file", "minutes", "meeting", "wall", "order"}
READERS: dict[str, str] = {
    "operator": scene.OPERATOR, "dispatcher": scene.DISPATCHER, "holding department": scene.CLERK,
    "another department": scene.OTHER_CLERK, "supervisor": scene.SUPERVISOR, "manager": scene.MANAGER,
    "administrator": scene.ADMIN, "anonymous visitor": "",
}  # fmt: skip
HOTLINE_READERS = {"operator", "dispatcher", "supervisor"}


@dataclass
class Planted:
    """A ticket and what must not be found where it may not be read."""

    ticket: Ticket
    name: str = ""
    phone: str = ""
    title: str = ""
    place: str = ""
    held_by: str = "holding department"
    is_secret: bool = False
    is_anonymous: bool = False

    def hidden_from(self, reader: str, address: str) -> dict[str, str]:
        """What `reader` may not find at `address`, by what it is."""
        on_paper = address in PAPERS
        sees = reader in {*HOTLINE_READERS, "manager", self.held_by}
        protected = self.is_secret or self.is_anonymous
        sees_caller = sees and not on_paper and (not protected or reader in HOTLINE_READERS)
        sees_title = sees and not (on_paper and self.is_secret)
        hidden: dict[str, str] = {}
        if not sees_caller:
            second = self.ticket.contact_phone
            hidden |= {"caller's name": self.name, "caller's number": self.phone, "its end": self.phone[-4:]}
            hidden |= {"the number to call back": second, "the end of that": second[-4:]}
        if not sees_title:
            hidden |= {"title": self.title, "place": self.place}
        if not sees:
            hidden["number"] = self.ticket.number
        return {what: text for what, text in hidden.items() if text}


@dataclass
class House:
    """The city with everything in it that could tell of the planted tickets."""

    planted: dict[str, Planted] = field(default_factory=dict)

    @property
    def numbers(self) -> list[str]:
        return [one.ticket.number for one in self.planted.values()]


WRITTEN = ("question", "findings", "note", "answer")  # what people write freely in an action


def told(name: str, phone: str, second: str) -> str:
    """What is easily written into any text: who called, in the forms in which a number is written."""
    wide = phone.translate({ord("0") + digit: chr(0xFF10 + digit) for digit in range(10)})
    parted = (between.join((phone[:3], phone[3:7], phone[7:])) for between in (" ", "－"))
    return f"来电人{name or '匿名'}，电话{'，'.join((phone, wide, *parted))}，也可打{second}。"


def do(ticket: Ticket, name: str, who: str, **given: Any) -> Ticket:
    """As `scene.do`; in everything that is written stands who called."""
    given = scene.inputs(name, **given)
    for text in WRITTEN:
        if given.get(text):
            given[text] += told(ticket.caller_name, ticket.caller_phone, ticket.contact_phone)
    return scene.do(ticket, name, who, **given)


@pytest.fixture
def house(monday: time_machine.Traveller, settings: Any, tmp_path: Path) -> House:
    """A week in which everything happened to the three tickets that can happen beside them."""
    forget()
    settings.MEDIA_ROOT = tmp_path
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"  # a query less for 5,000 requests
    other = scene.department(scene.OTHER_DEPARTMENT)
    found = House()

    def plant(key: str, *, held_by: str = "holding department", **details: Any) -> Ticket:
        details["contact_phone"] = (
            details["caller_phone"].replace("1398", "1397")[:-4] + details["caller_phone"][:-5:-1]
        )
        details["description"] += told(details["caller_name"], details["caller_phone"], details["contact_phone"])
        ticket = scene.call(**details)
        found.planted[key] = Planted(
            ticket, details["caller_name"], details["caller_phone"], details["title"], details["address"], held_by,
            details.get("is_secret", False), details.get("is_anonymous", False),
        )  # fmt: skip
        return ticket

    secret = plant(
        "secret", title="举报拆除承重墙", description="楼上住户深夜拆除承重墙，裂缝已经到顶。",
        address="幸福里九栋三单元", caller_name="周慎言", caller_phone="13987657719", is_secret=True,
    )  # fmt: skip
    for _ in range(2):  # who calls often
        scene.call(title="楼道被占", address="幸福里", caller_name="周慎言", caller_phone="13987657719", is_secret=True)
    anonymous = plant(
        "anonymous", title="烧烤摊油烟扰民", description="夜里烧烤摊油烟很大，无法开窗。", address="长乐巷口西侧",
        caller_name="", caller_phone="13987652283", is_anonymous=True,
    )  # fmt: skip
    foreign = plant(
        "foreign", title="垃圾站清运太晚", description="垃圾站的垃圾每天中午才清运。", address="朝阳路八十八号",
        caller_name="郑远山", caller_phone="13987653391", held_by="another department",
    )  # fmt: skip
    ruled = plant(
        "ruled", title="举报偷挖地下室", description="一楼住户偷偷向下挖掘，地面下沉。", address="望江苑二栋一楼",
        caller_name="钱守口", caller_phone="13987654427", is_secret=True,
    )  # fmt: skip
    parent = plant(
        "split", title="举报无证开餐馆", description="一楼住宅无证开餐馆，还私占架空层。", address="学府花园七栋",
        caller_name="冯不语", caller_phone="13987655531", is_secret=True,
    )  # fmt: skip
    near = scene.call(title="九栋有敲击声", address="九栋楼下", caller_name="孙邻居", caller_phone="13900001111")
    mine = scene.call(title="清运车堵门", address="清运车库门口", caller_name="李门卫", caller_phone="13900002222")
    child_title = "举报私占架空层"
    do(parent, "split", scene.OPERATOR, title=child_title, description="一楼还私占了架空层。", note="")
    child = Ticket.objects.get(split_from=parent)
    found.planted["split"].place = ""  # both are of one place
    found.planted["split off"] = Planted(
        child, "冯不语", "13987655531", child_title, "", "another department", is_secret=True
    )
    joining.join([secret, near], actor=scene.user(scene.DISPATCHER))
    joining.join([foreign, mine], actor=scene.user(scene.DISPATCHER))
    for ticket, target in (
        (secret, None),
        (parent, None),
        (anonymous, None),
        (mine, None),
        (foreign, other),
        (near, other),
        (child, other),
    ):
        do(ticket, "dispatch", scene.DISPATCHER, **({"department": target} if target else {}))
    for praised, target in ((secret, other), (foreign, None)):
        praise = scene.call(kind="praise", title="表扬办理及时", caller_name="吴表扬", caller_phone="13900003333")
        do(praise, "link_praise", scene.OPERATOR, number=praised.number)
        do(praise, "dispatch", scene.DISPATCHER, **({"department": target} if target else {}))
    do(ruled, "ask_ruling", scene.DISPATCHER, departments=[other])
    do(ruled, "rule", scene.MANAGER)
    for key, one in found.planted.items():
        file = SimpleUploadedFile(f"{one.name or one.phone}的现场照片.png", PNG)
        keeping.attach(one.ticket, file, actor=scene.user(scene.OPERATOR))
        do(one.ticket, "remark", scene.OPERATOR, note=f"{key}: 已与来电人核对。")
    for number, phone in enumerate((secret.caller_phone, anonymous.caller_phone, foreign.caller_phone, "13987656643")):
        told_of = events.take(events.Event(f"c{number}", "missed", timezone.now(), phone)).call
        missed.take(told_of.missed, by=scene.user(scene.OPERATOR))
        if number % 2:
            missed.end(told_of.missed, by=scene.user(scene.OPERATOR), how="again", note=told("周慎言", phone, phone))
    found.planted["missed"] = Planted(secret, phone="13987656643", is_secret=True)
    monday.shift(60 * 60 * 24 * 9)
    sweep()
    steps.climb()
    for ticket in (secret, anonymous, foreign):
        do(ticket, "urge", scene.SUPERVISOR)
        do(ticket, "supervise", scene.SUPERVISOR)
        do(ticket, "circulate", scene.SUPERVISOR, note="全市通报。")
    do(near, "escalate", scene.SUPERVISOR, departments=[other, scene.department(scene.DEPARTMENT)])
    do(parent, "escalate", scene.SUPERVISOR, departments=[scene.department(scene.DEPARTMENT)])
    messages.deliver()
    building.build(periods.parse("weekly", "2026-W17"))
    building.build(periods.parse("monthly", "2026-04"))
    for one in found.planted.values():
        one.ticket.refresh_from_db()
    return found


# -- the addresses ------------------------------------------------------------------------------------------

POSTED = ("caller-history", "call-panel", "call-like", "article-panel")
LISTS = (
    "tickets", "my-tickets", "follow-up-list", "inbox", "dispatch-queue", "board", "api-ticket-list", "figure-tickets",
)  # fmt: skip
QUERIES = ("q=8765771", "q=8765228", "q=8765339", "q=周慎", "q=郑远", "tab=working", "tab=owed", "sort=risk", "wall=1")


def walk(house: House) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every address with its name and arguments; lists also as they are searched."""
    for name, arguments in dict(named_addresses()).items():
        for given in examples(name, arguments, house.numbers):
            address = reverse(name, kwargs=given)
            yield name, address, given
            if name in LISTS:
                for query in QUERIES:
                    yield "wall" if query == "wall=1" and name == "board" else name, f"{address}?{query}", given
    for task in CoordinationTask.State.values:
        yield "coordinations", f"{reverse('coordinations')}?state={task}", {}
    yield "caller-history", f"{reverse('caller-history')}?caller_phone=13987657719", {}
    region = house.planted["secret"].ticket.region_id
    for name in ("call-panel", "call-like"):
        yield name, f"{reverse(name)}?region={region}&address=幸福里&description=拆除承重墙", {}
    for pk in house.planted["ruled"].ticket.precedents.values_list("pk", flat=True):
        yield "directory-line", f"{reverse('directory-line')}?precedent={pk}", {}


# -- what an answer says ------------------------------------------------------------------------------------


def said(answer: Any) -> str:
    """Everything that an answer says: its text, the text in its file, and where it leads."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    kind = answer.headers.get("Content-Type", "")
    if "wordprocessingml" in kind or (body[:2] == b"PK" and b"word/document.xml" in body):
        text = word(body)
    elif body[:2] == b"PK":
        text = excel(body)
    else:
        text = html.unescape(body.decode("utf-8", "replace")).replace("\r\n ", "")
    headers = " ".join(unquote(answer.headers.get(name, "")) for name in ("Location", "Content-Disposition"))
    return f"{text}\n{headers}"


def word(body: bytes) -> str:
    document = Document(io.BytesIO(body))
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def excel(body: bytes) -> str:
    book = openpyxl.load_workbook(io.BytesIO(body), read_only=True)
    return "\n".join(
        str(value) for sheet in book for row in sheet.iter_rows(values_only=True) for value in row if value
    )


def holds(text: str, words: str) -> bool:
    if words.isdecimal() and len(words) <= 4:  # the end of a number: no part of another word, no row's id in a link
        shown = re.sub(r"<[^>]*>", " ", text)
        return re.search(rf"(?<![0-9A-Za-z]){words}(?![0-9A-Za-z])", shown) is not None
    return words in text


def client_of(reader: str) -> Client:
    client = Client()
    if username := READERS[reader]:
        client.force_login(User.objects.get(username=username))
    return client


def opened(client: Client, name: str, address: str) -> Any:
    """What comes of opening an address; what a page posts is posted."""
    if name in POSTED:
        path, _mark, query = address.partition("?")
        return client.post(path, dict(parse_qsl(query)))
    return client.get(address)


REFUSED = (401, 403, 404, 405)
FETCHED = re.compile(r'hx-(get|post)="(/[^"]*)"')  # what a page asks for by itself


@dataclass
class Walked:
    """What one reader found on the whole walk: what was not theirs, and everything that they were told.

    Also what pages of theirs fetch for them, as (how, address), with the page; and how each address answered.
    """

    leaks: list[str] = field(default_factory=list)
    fetched: dict[tuple[str, str], str] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    told: str = ""


def walked_by(reader: str, house: House) -> Walked:
    client = client_of(reader)
    found, everything = Walked(), []
    posted: set[str] = set()  # addresses that refuse to be opened before they look at any ticket
    person = User.objects.select_related("department").filter(username=READERS[reader]).first()
    for name, address, given in walk(house):
        if name in posted:
            continue
        answer = opened(client, name, address)
        must = must_answer(person, "board" if name == "wall" else name, given, "POST" if name in POSTED else "GET")
        if not is_as_it_must(name, answer, must):
            found.leaks.append(f"{reader} at {unquote(address)}: answered {answer.status_code}, not {must}")
        if answer.status_code == 405:
            posted.add(name)
        found.answered[address] = answer.status_code
        if answer.status_code == 200 and not answer.streaming:
            parts = FETCHED.findall(answer.content.decode("utf-8", "replace"))
            found.fetched |= {(how, html.unescape(part)): address for how, part in parts}
        text = said(answer).replace(unquote(address), "")
        everything.append(text)
        for key, one in house.planted.items():
            for what, words in one.hidden_from(reader, name).items():
                if holds(text, words) and words not in unquote(address):
                    found.leaks.append(f"{reader} at {unquote(address)}: {what} of the {key} ticket")
    for (how, part), address in found.fetched.items():
        known = found.answered.get(part) if how == "get" else None
        if (known or getattr(client, how)(part).status_code) in REFUSED:
            found.leaks.append(f"{reader} at {unquote(address)}: fetches {part}, which is refused")
    found.told = "".join(everything)
    return found


def test_nobody_reads_what_is_not_theirs(house: House) -> None:
    """What may be seen is seen too: else the walk would find nothing because it opened nothing."""
    walked = {reader: walked_by(reader, house) for reader in READERS}
    leaks = [leak for one in walked.values() for leak in one.leaks]
    assert not leaks, "\n".join(["", *leaks])
    assert all(one.fetched for reader, one in walked.items() if reader in (*HOTLINE_READERS, "manager"))
    secret = house.planted["secret"]
    for reader in HOTLINE_READERS:
        assert secret.name in walked[reader].told, reader
        assert secret.title in walked[reader].told, reader
    held = walked[secret.held_by].told
    assert secret.title in held, "whoever holds it works on it"
    assert secret.name not in held
