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
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from hotline.accounts.models import Region
from matters import nearest
from matters.models import Trace
from matters.pairs import JOIN, Learned
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
    """What came of the messages: the thread of each, and after how many messages each thread was raised."""

    tickets: list[int]
    threads: list[int]
    joined: int
    raised: dict[int, int]
    milliseconds: list[float]


def run(messages: Sequence[Message], learned: Learned | None = None) -> Found:
    """Feeds the messages through detection and takes everything back."""
    try:
        with transaction.atomic():
            found = _fed(messages, learned)
            transaction.set_rollback(True)
    finally:
        nearest.forget()
    return found


def _fed(messages: Sequence[Message], learned: Learned | None) -> Found:
    last = Ticket.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    nearest.forget(after=last)
    region = Region.objects.create(name="evaluate_matters")
    callers: dict[str, Caller] = {}
    found = Found([], [], 0, {}, [])
    members: dict[int, set[int]] = defaultdict(set)
    for nth, message in enumerate(messages):
        caller = callers.get(message.user) or Caller.objects.create(phone=f"evaluate-{len(callers)}")
        callers[message.user] = caller
        ticket = Ticket.objects.create(
            number=f"EVALUATE{nth}", title=message.title[:80], description=message.body, kind=Kind.COMPLAINT,
            channel=Channel.WEB, region=region, caller=caller, caller_phone=caller.phone, status=Status.REGISTERED,
            registered_at=message.created, status_since=message.created,
        )  # fmt: skip
        started = time.perf_counter()
        near = nearest.nearest(ticket, learned=learned)
        found.milliseconds.append(1000 * (time.perf_counter() - started))
        thread, sure = (near[0].thread, near[0].probability) if near else (ticket.pk, 1.0)
        found.joined += bool(near) and sure >= JOIN
        found.tickets.append(ticket.pk)
        for other in {one.thread for one in near[1:] if one.probability >= nearest.TIED} - {thread}:
            members[thread] |= members.pop(other, set())
            if other in found.raised:
                found.raised.setdefault(thread, found.raised.pop(other))
        if sure >= nearest.RAISED:
            members[thread].add(caller.pk)
        if len(members[thread]) >= MANY:
            found.raised.setdefault(thread, nth)
    threads = dict(Trace.objects.filter(pk__in=found.tickets).values_list("pk", "thread"))
    found.threads = [threads[pk] for pk in found.tickets]
    return found


def score(messages: Sequence[Message], truth: dict[str, str], found: Found) -> dict[str, Any]:
    """Precision, recall and F1 of each true matter of MANY users against the thread that shares most; their means."""
    true: dict[str, list[int]] = defaultdict(list)
    for nth, message in enumerate(messages):
        if message.key in truth:
            true[truth[message.key]].append(nth)
    sizes = Counter(found.threads)
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
        delay = found.raised[thread] - third if thread in found.raised else None
        delays.append(float("inf") if delay is None else max(0, delay))
        each[matter] = {"messages": len(numbers), "found": shared, "thread": sizes[thread], "delay": delay}
    means = [round(statistics.mean(column), 4) for column in zip(*figures, strict=True)] if figures else [0.0] * 3
    median = statistics.median(delays) if delays else None
    return {
        "precision": means[0], "recall": means[1], "f1": means[2], "alerts": len(found.raised),
        "median_delay": None if median == float("inf") else median, "matters": each,
    }  # fmt: skip
