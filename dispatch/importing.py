"""Taking in messages that were recorded elsewhere: each becomes a ticket, dispatched by rule, at its true time.

A message with a reply becomes a closed ticket with its true duration. What a source does not tell is not made
up: no acceptance is counted for or against the department, and no follow-up call is claimed.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _t

from dispatch import categorising, suggest
from dispatch.sheets import cells, tables
from dispatch.sheets.grids import Unreadable
from dispatch.sheets.tables import Columns, Row, Table
from hotline import formulas, instants, telephone
from hotline.accounts.models import Department, Region
from tickets import kinds
from tickets.calls import words
from tickets.calls.numbers import NumberBook
from tickets.choices import Channel, Closing, Kind, Status
from tickets.models import Caller, Category, Ticket
from tickets.workflow.performing import apply
from tickets.workflow.stores import BulkStore, DatabaseStore, Store
from tickets.workflow.table import ACTIONS

# What columns are called in files of other systems; the first of each is how people are told of it.
COLUMNS = Columns(
    {
        "message_id": ("留言编号", "编号", "信件编号", "工单编号", "消息编号"),
        "user": ("留言用户", "用户", "网民", "留言人", "诉求人", "来电人"),
        "title": ("留言主题", "标题", "主题", "诉求标题"),
        "created": ("留言时间", "时间", "创建时间", "受理时间", "来电时间"),
        "body": ("留言详情", "内容", "正文", "诉求内容", "留言内容"),
        "reply": ("答复意见", "答复", "回复", "答复内容", "回复内容"),
        "replied": ("答复时间", "回复时间"),
    },
    needed=("message_id", "user", "title", "created", "body"),
    together=("reply", "replied"),
)
KEY = "import:{}"
REASON = "reason"  # heads the last column of the file of refused rows
TITLE_LENGTH = 80
MAX_BODY = 20000  # characters
BATCH = 500
WHOLE_NUMBER = 10  # digits of the shortest number with its area code


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
    rejected: list[tuple[Row, str]] = field(default_factory=list)


# -- reading ------------------------------------------------------------------------------------------------


def read(path: Path) -> Table:
    """The table of a file of messages. Raises Unreadable; nothing has been written then."""
    return tables.read_file(path, COLUMNS)


def parse(row: Row, now: datetime) -> Message:
    """What a row says. Raises ValueError with the reason for which it is refused."""
    if row.fault:
        raise ValueError(row.fault)
    value = {name: row.values.get(name, "").strip() for name in COLUMNS.headings}
    if not value["message_id"] or len(value["message_id"]) > 60:
        raise ValueError(_t("The message has no usable id."))
    body, title = value["body"] or value["title"], " ".join(value["title"].split()) or " ".join(value["body"].split())
    if not body:
        raise ValueError(_t("Nothing is asked: title and text are empty."))
    if len(body) > MAX_BODY:
        raise ValueError(_t("The text has more than %(count)d characters.") % {"count": MAX_BODY})
    created = _moment(value["created"], row)
    if created > now:
        raise ValueError(_t("The message lies in the future."))
    if created < instants.first():
        raise ValueError(_t("The message is older than %(day)s.") % {"day": instants.FIRST_DAY})
    replied = None
    if value["reply"]:
        replied = _moment(value["replied"], row)
        if replied < created:
            raise ValueError(_t("The reply is older than the message."))
        if replied > now:
            raise ValueError(_t("The reply lies in the future."))
    if len(title) > TITLE_LENGTH:
        title = title[: TITLE_LENGTH - 1] + "…"
    key = KEY.format(value["message_id"])
    return Message(key, value["user"][:30], title, body, created, value["reply"], replied)


def _moment(text: str, row: Row) -> datetime:
    try:
        return timezone.make_aware(cells.moment(text, counts_from_1904=row.counts_from_1904))
    except (ValueError, OverflowError):
        raise ValueError(_t("“%(text)s” is no date and time.") % {"text": text[:40]}) from None


def _own_number(user: str) -> telephone.Number | None:
    """The telephone number by which a user is named; None where the name is none.

    Fewer digits than a whole number has are the number of an account, whatever they could be dialled as.
    """
    number = telephone.read_or_none(user) if len(user) >= WHOLE_NUMBER else None
    return number if number and number.kind != telephone.Kind.SERVICE else None


# -- taking in ----------------------------------------------------------------------------------------------


@transaction.atomic
def take_in(rows: Iterable[Row], *, step: Callable[[], None] = lambda: None) -> Result:
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
            raise Unreadable(_t("No city is set up yet: regions and departments come first."))
        self.city = Region.objects.select_related("parent").get(pk=root.pk)
        self.categories = {
            one.pk: one for one in Category.objects.filter(is_used=True).select_related("parent__parent")
        }

    def take(self, messages: list[Message]) -> None:
        known = Ticket.objects.filter(import_key__in=[message.key for message in messages])
        tickets = {ticket.import_key: ticket for ticket in known.select_for_update(of=("self",), no_key=True)}
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
        numbers = {user: _own_number(user) for user in users}
        kept = {user: number.kept if number else user for user, number in numbers.items()}
        new = [Caller(phone=kept[user], name="" if numbers[user] else user) for user in sorted(users)]
        Caller.objects.bulk_create(new, ignore_conflicts=True)
        known = {caller.phone: caller for caller in Caller.objects.filter(phone__in=kept.values())}
        return {user: known[phone] for user, phone in kept.items()}

    def _ticket(self, message: Message, caller: Caller | None) -> Ticket:
        number = _own_number(message.user)
        phone = number.kept if number else ""
        keyed = categorising.keyed_to(message.title, message.body)
        facts = words.said(message.title, message.body, message.created, phone=phone)
        return Ticket(
            **facts,
            number=self.numbers.take(timezone.localdate(message.created)), title=message.title,
            description=message.body, kind=kinds.kind_of(message.title, message.body) or Kind.HELP, channel=Channel.WEB,
            category=self.categories.get(keyed) if keyed else None, region=self.city, caller=caller,
            caller_name="" if phone else message.user, caller_phone=phone,
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


def write_rejected(path: Path, table: Table, rejected: list[tuple[Row, str]]) -> Path | None:
    """Writes refused rows, each with its number and the reason, to be put right and taken in again.

    Takes the file of an earlier run away where there are none. No cell of it is a formula, whatever was sent in.
    """
    target = rejected_path(path)
    if not rejected:
        target.unlink(missing_ok=True)
        return None
    width = len(table.heading)
    kept = width - (table.heading[-1] == REASON)  # of a file that was refused before, all but the reason
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(map(formulas.harmless, [*table.heading[:kept], REASON]))
        for row, reason in rejected:
            told = _t("Row %(row)d: %(reason)s") % {"row": row.number, "reason": reason}
            beyond = "".join(f" | {cell}" for cell in row.cells[width:])
            line = (row.cells + [""] * kept)[:kept]
            writer.writerow(map(formulas.harmless, [*line, told + beyond]))
    return target
