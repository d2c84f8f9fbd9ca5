"""Taking in messages that were recorded elsewhere: each becomes a ticket, dispatched by rule, at its true time.

A message with a reply becomes a closed ticket with its true duration. What a source does not tell is not made
up: no acceptance is counted for or against the department, and no follow-up call is claimed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _t

from dispatch import sheets, suggest
from dispatch.sheets import Unreadable
from hotline.accounts.models import Department, Region
from tickets.calls.numbers import NumberBook
from tickets.choices import Channel, Closing, Kind, Status
from tickets.models import Caller, Ticket
from tickets.workflow.performing import apply
from tickets.workflow.stores import BulkStore, DatabaseStore, Store
from tickets.workflow.table import ACTIONS

NEEDED = ("message_id", "user", "title", "created", "body")
REPLY = ("reply", "replied")
KEY = "import:{}"
TIME_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M")
TITLE_LENGTH = 80
MAX_BODY = 20000  # characters
BATCH = 500

# The first that fits decides; a message that fits none asks for help.
KIND_WORDS = (
    (Kind.REPORT, re.compile(r"举报|贪污|受贿|违法违规")),
    (Kind.PRAISE, re.compile(r"^(感谢|表扬|点赞)")),
    (Kind.SUGGESTION, re.compile(r"^建议|建议.{0,20}(增设|设立|修建|开通|延长)")),
    (Kind.COMPLAINT, re.compile(r"投诉|扰民|噪音|噪声|不作为|强制|违规|违法|乱收费|脏乱|污染|拖欠|欺骗|霸王|恶臭")),
    (Kind.CONSULTATION, re.compile(r"^(咨询|请问|询问)|咨询|什么时候|何时|能否|是否|如何|怎么|[？?]$")),
)


@dataclass(frozen=True)
class Message:
    """One row that can be taken in."""

    key: str
    user: str
    title: str
    body: str
    created: datetime
    reply: str
    replied: datetime | None


@dataclass
class Result:
    created: int = 0
    updated: int = 0
    rejected: list[tuple[dict[str, str], str]] = field(default_factory=list)


# -- reading ------------------------------------------------------------------------------------------------


def read(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Columns and rows of a file of messages. Raises Unreadable; nothing has been written then."""
    return sheets.read(path, NEEDED, together=REPLY)


def parse(row: dict[str, str], now: datetime) -> Message:
    """What a row says. Raises ValueError with the reason for which it is refused."""
    if None in row or None in row.values():
        raise ValueError(_t("The row has more or fewer columns than the heading."))
    value = {name: row.get(name, "").strip() for name in (*NEEDED, *REPLY)}
    if not value["message_id"] or len(value["message_id"]) > 60:
        raise ValueError(_t("The message has no usable id."))
    body, title = value["body"] or value["title"], " ".join(value["title"].split()) or " ".join(value["body"].split())
    if not body:
        raise ValueError(_t("Nothing is asked: title and text are empty."))
    if len(body) > MAX_BODY:
        raise ValueError(_t("The text has more than %(count)d characters.") % {"count": MAX_BODY})
    created = _moment(value["created"])
    if created > now:
        raise ValueError(_t("The message lies in the future."))
    replied = None
    if value["reply"]:
        replied = _moment(value["replied"])
        if replied < created:
            raise ValueError(_t("The reply is older than the message."))
        if replied > now:
            raise ValueError(_t("The reply lies in the future."))
    if len(title) > TITLE_LENGTH:
        title = title[: TITLE_LENGTH - 1] + "…"
    key = KEY.format(value["message_id"])
    return Message(key, value["user"][:30], title, body, created, value["reply"], replied)


def _moment(text: str) -> datetime:
    for form in TIME_FORMATS:
        try:
            return timezone.make_aware(datetime.strptime(text, form))  # noqa: DTZ007 - made aware at once
        except ValueError:
            continue
    raise ValueError(_t("“%(text)s” is no date and time.") % {"text": text[:40]})


def guess_kind(title: str, body: str) -> Kind:
    """Complaint, question, … by the words of the title, then of the text."""
    for text in (title, body):
        for kind, words in KIND_WORDS:
            if words.search(text):
                return kind
    return Kind.HELP


# -- taking in ----------------------------------------------------------------------------------------------


@transaction.atomic
def take_in(rows: Iterable[dict[str, str]], *, step: Callable[[], None] = lambda: None) -> Result:
    """Takes in all rows in one transaction. A row taken in before is left alone, or closed where a reply came since.

    `step` is called once a row (a progress bar).
    """
    result = Result()
    now = timezone.now()
    batch: list[Message] = []
    seen: set[str] = set()
    intake = _Intake(result)
    for row in rows:
        step()
        try:
            message = parse(row, now)
            if message.key in seen:
                raise ValueError(_t("The same id stands in an earlier row."))
        except ValueError as error:
            result.rejected.append((row, str(error)))
            continue
        seen.add(message.key)
        batch.append(message)
        if len(batch) == BATCH:
            intake.take(batch)
            batch = []
    intake.take(batch)
    return result


class _Intake:
    """Writes messages batch by batch; keeps what all batches need."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self.numbers = NumberBook()
        root = Region.objects.filter(parent__isnull=True).first()
        self.whole_city: Department | None = Department.objects.filter(parent__isnull=True).order_by("pk").first()
        if root is None or self.whole_city is None:
            raise Unreadable("no city is set up yet: regions and departments come first")
        self.city = Region.objects.select_related("parent").get(pk=root.pk)

    def take(self, messages: list[Message]) -> None:
        known = Ticket.objects.filter(import_key__in=[message.key for message in messages])
        tickets = {ticket.import_key: ticket for ticket in known.select_for_update(of=("self",))}
        callers = self._callers({message.user for message in messages if message.user})
        store = BulkStore()
        new = []
        for message in messages:
            if known_ticket := tickets.get(message.key):
                self._update(known_ticket, message)
                continue
            new.append((self._ticket(message, callers.get(message.user)), message))
        proposals = suggest.for_duties([(ticket.category, ticket.region) for ticket, _m in new if ticket.category])
        for ticket, message in new:
            proposal = proposals.get((ticket.category.pk, ticket.region.pk)) if ticket.category else None
            apply(ACTIONS["register"], ticket, actor=None, given={}, at=message.created, store=store)
            self._onward(ticket, message, proposal.department if proposal else None, store)
        store.flush()
        self.numbers.close()
        self.result.created += len(new)

    def _callers(self, users: set[str]) -> dict[str, Caller]:
        Caller.objects.bulk_create([Caller(phone=user, name=user) for user in sorted(users)], ignore_conflicts=True)
        return {caller.phone: caller for caller in Caller.objects.filter(phone__in=users)}

    def _ticket(self, message: Message, caller: Caller | None) -> Ticket:
        return Ticket(
            number=self.numbers.take(timezone.localdate(message.created)), title=message.title,
            description=message.body, kind=guess_kind(message.title, message.body), channel=Channel.WEB,
            category=suggest.guess_category(message.title, message.body), region=self.city, caller=caller,
            caller_name=message.user,
            is_anonymous=not message.user, registered_at=message.created, import_key=message.key,
        )  # fmt: skip

    def _onward(self, ticket: Ticket, message: Message, department: Department | None, store: Store) -> None:
        """Dispatches by rule; a message with a reply was answered by somebody, at the least by the city itself."""
        if message.replied and department is None:
            department = self.whole_city
        if department is not None:
            given = {"department": department, "assisting": [], "note": _t("Dispatched by rule on import.")}
            apply(ACTIONS["dispatch"], ticket, actor=None, given=given, at=message.created, store=store)
        if message.replied:
            self._close(ticket, message, store)

    def _close(self, ticket: Ticket, message: Message, store: Store) -> None:
        assert message.replied is not None
        for name, given in (
            ("accept", {}),
            ("answer", {"answer": message.reply}),
            ("close", {"note": _t("Imported with its answer; no follow-up call is on record.")}),
        ):
            apply(ACTIONS[name], ticket, actor=None, given=given, at=message.replied, store=store)
        assert ticket.closing == Closing.NO_CALL
        ticket.accept_due_at = None  # unknown when it was accepted, so it counts neither way
        ticket.accepted_at = None

    def _update(self, ticket: Ticket, message: Message) -> None:
        """A reply that came since the first import closes the ticket, unless people here have taken it on."""
        untouched = ticket.status in (Status.REGISTERED, Status.DISPATCHED)
        if message.replied is None or not untouched:
            return
        store = DatabaseStore()
        if ticket.status == Status.REGISTERED:
            self._onward(ticket, message, None, store)
        else:
            self._close(ticket, message, store)
        ticket.save(update_fields=["accept_due_at", "accepted_at"])
        self.result.updated += 1


def rejected_path(path: Path) -> Path:
    """Where refused rows go: beside the file, or in the current folder where its folder cannot be written."""
    name = f"{path.stem}.rejected.csv"
    beside = path.with_name(name)
    try:
        with beside.open("a"):
            pass
    except OSError:
        return Path(name)
    return beside


def write_rejected(path: Path, columns: list[str], rejected: list[tuple[dict[str, str], str]]) -> Path | None:
    """Writes refused rows with their reasons; takes the file of an earlier run away where there are none."""
    target = rejected_path(path)
    if not rejected:
        target.unlink(missing_ok=True)
        return None
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*columns, "reason"])
        writer.writerows([*(row.get(name) or "" for name in columns), reason] for row, reason in rejected)
    return target
