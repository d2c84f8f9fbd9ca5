"""How well matters are found in messages of which it is known what they are about.

The messages become tickets of a transaction that is rolled back, in the order of their instants, and each goes through
what a ticket goes through when it is saved. Who wrote becomes a caller by a stand-in number and is no part of what is
compared. What the city has is not looked at, and no city need be there.
"""

from __future__ import annotations

import csv
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from hotline.accounts.models import Region
from matters import linking, nearest
from matters.models import Looked, Trace
from tickets.choices import Channel, Kind, Status
from tickets.models import Caller, Ticket

MANY = 3  # distinct callers of a matter from which it is worth an alert


@dataclass(frozen=True)
class Message:
    key: str
    user: str
    title: str
    body: str
    created: datetime


def read_messages(path: Path) -> list[Message]:
    """Messages in the order of their instants. Raises ValueError, with the row, where one has no instant."""
    found = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            try:
                created = timezone.make_aware(datetime.fromisoformat(row["created"].strip()))
                found.append(Message(row["message_id"], row["user"], row["title"], row["body"], created))
            except (KeyError, ValueError, AttributeError) as error:
                raise ValueError(f"row {number}: {error}") from error
    return sorted(found, key=lambda one: (one.created, one.key))


def read_truth(path: Path) -> dict[str, str]:
    """Which matter a message is about, of those that are known."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["message_id"]: row["matter"] for row in csv.DictReader(file)}


@dataclass
class Found:
    """What came of the messages: their tickets, the thread of each in the end, and by which ticket one was raised."""

    tickets: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    alerts: list[tuple[int, int]] = field(default_factory=list)  # the ticket, and after how many messages
    milliseconds: list[float] = field(default_factory=list)
    joined: int = 0

    @property
    def raised(self) -> dict[int, int]:
        """After how many messages each thread was raised first."""
        threads = dict(zip(self.tickets, self.threads, strict=True))
        found: dict[int, int] = {}
        for pk, nth in self.alerts:
            found.setdefault(threads[pk], nth)
        return found


def run(messages: Sequence[Message]) -> Found:
    """Feeds the messages through detection and takes everything back."""
    try:
        with transaction.atomic():
            found = _fed(messages)
            transaction.set_rollback(True)
    finally:
        nearest.forget()
    return found


def _fed(messages: Sequence[Message]) -> Found:
    last = Ticket.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    nearest.forget(after=last)
    region = Region.objects.create(name="evaluate_matters")
    callers: dict[str, Caller] = {}
    found, known = Found(), set[int]()
    for nth, message in enumerate(messages):
        caller = callers.get(message.user) or Caller.objects.create(phone=f"evaluate-{len(callers)}")
        callers[message.user] = caller
        ticket = Ticket.objects.create(
            number=f"EVALUATE{nth}", title=message.title[:80], description=message.body, kind=Kind.COMPLAINT,
            channel=Channel.WEB, region=region, caller=caller, caller_phone=caller.phone, status=Status.REGISTERED,
            registered_at=message.created, status_since=message.created,
        )  # fmt: skip
        started = time.perf_counter()
        outcome = linking.settle(ticket.pk)
        found.milliseconds.append(1000 * (time.perf_counter() - started))
        found.joined += outcome == Looked.Outcome.JOINED
        found.tickets.append(ticket.pk)
        if alerted := _alerted(ticket.pk, known):
            known |= alerted
            found.alerts.append((ticket.pk, nth))
    threads = dict(Trace.objects.filter(pk__in=found.tickets).values_list("pk", "thread"))
    found.threads = [threads[pk] for pk in found.tickets]
    return found


def _alerted(pk: int, known: set[int]) -> set[int]:
    """The tickets of a thread that has its third caller by this ticket; none where it was raised before."""
    members = Trace.objects.filter(thread__in=Trace.objects.filter(pk=pk).values("thread"))
    tickets = set(members.values_list("pk", flat=True))
    if tickets & known:
        known |= tickets
        return set()
    callers = members.filter(sure__gte=nearest.RAISED).values("ticket__caller").distinct().count()
    return tickets if callers >= MANY else set()


def score(messages: Sequence[Message], truth: dict[str, str], found: Found) -> dict[str, Any]:
    """Precision, recall and F1 of each true matter of MANY users against the thread that shares most; their means."""
    true: dict[str, list[int]] = defaultdict(list)
    for nth, message in enumerate(messages):
        if message.key in truth:
            true[truth[message.key]].append(nth)
    sizes, raised = Counter(found.threads), found.raised
    figures, delays, each = [], [], {}
    for matter, numbers in sorted(true.items()):
        users: list[str] = []
        third = None
        for nth in numbers:
            if messages[nth].user not in users:
                users.append(messages[nth].user)
                if len(users) == MANY:
                    third = nth
        if third is None:
            continue
        thread, shared = Counter(found.threads[nth] for nth in numbers).most_common(1)[0]
        precision, recall = shared / sizes[thread], shared / len(numbers)
        figures.append((precision, recall, 2 * precision * recall / (precision + recall)))
        delay = raised[thread] - third if thread in raised else None
        delays.append(float("inf") if delay is None else max(0, delay))
        each[matter] = {"messages": len(numbers), "found": shared, "thread": sizes[thread], "delay": delay}
    means = [round(statistics.mean(column), 4) for column in zip(*figures, strict=True)] if figures else [0.0] * 3
    median = statistics.median(delays) if delays else None
    return {
        "precision": means[0], "recall": means[1], "f1": means[2], "alerts": len(found.alerts),
        "median_delay": None if median == float("inf") else median, "matters": each,
    }  # fmt: skip
