"""What the clocks would have seen: messages with the true times of their replies lived through in memory.

Each message is recorded and dispatched when it was written and answered when its reply was written, by the same
actions and the same clocks as in the hotline, with nothing kept. Which department it would have gone to plays no part:
limits here do not depend on it. A source does not tell when a department accepted or reported progress, so the flags
for that are raised only where `accepts` says how long acceptance took; else they are left out rather than made up.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from dispatch.importing import Message
from hotline.accounts.models import Department, Region
from supervision.clocks import instants
from supervision.clocks.instants import WEEK, Around
from tickets import kinds
from tickets.choices import Channel, FlagKind, Kind
from tickets.models import Ticket
from tickets.workflow.performing import apply
from tickets.workflow.stores import BulkStore
from tickets.workflow.table import ACTIONS

UNKNOWN = (FlagKind.UNCLAIMED, FlagKind.STALLED)  # what a source without acceptances tells nothing of
FURTHEST = 400  # instants of one message that are looked at; a guard, not a limit that is met


@dataclass
class Replay:
    """How many messages were looked at and flagged, and for each flag when after the message it came."""

    messages: int = 0
    answered: int = 0
    flagged: int = 0
    late: int = 0
    by_flag: dict[str, list[timedelta]] = field(default_factory=lambda: defaultdict(list))
    first_by: Counter[str] = field(default_factory=Counter)
    answers: list[timedelta] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            "messages": self.messages,
            "answered": self.answered,
            "median_days_to_answer": _days(self.answers),
            "flagged": self.flagged,
            "flagged_share": round(self.flagged / self.messages, 4) if self.messages else None,
            "answered_late": self.late,
            "flags": {
                kind: {"messages": len(after), "median_days_after_message": _days(after)}
                for kind, after in sorted(self.by_flag.items(), key=lambda pair: -len(pair[1]))
            },
            "first_flag": dict(self.first_by.most_common()),
        }


def _days(spans: Sequence[timedelta]) -> float | None:
    return round(median(span / timedelta(days=1) for span in spans), 2) if spans else None


def replay(messages: Iterable[Message], *, until: datetime, accepts: timedelta | None = None) -> Replay:
    """Lives the messages through up to their replies, or to `until` where there is none.

    `accepts` is how long after the message a department is taken to have accepted; None where that shall play no part.
    """
    found = Replay()
    region, department = _anywhere()
    earlier: dict[str, list[datetime]] = defaultdict(list)
    for message in sorted(messages, key=lambda one: one.created):
        calls = _calls_in_week(earlier, message)
        end = message.replied or until
        raised = _live(message, end, region, department, accepts, calls)
        found.messages += 1
        if message.replied:
            found.answered += 1
            found.answers.append(message.replied - message.created)
        found.flagged += bool(raised)
        found.late += FlagKind.OVERDUE in raised
        for kind, instant in raised.items():
            found.by_flag[kind].append(instant - message.created)
        if raised:
            found.first_by[min(raised, key=lambda kind: raised[kind])] += 1
    return found


def _anywhere() -> tuple[Region, Department]:
    region, department = Region.objects.first(), Department.objects.filter(is_open=True).first()
    if region is None or department is None:
        raise LookupError("no city is set up yet: regions and departments come first")
    return region, department


def _calls_in_week(earlier: dict[str, list[datetime]], message: Message) -> int:
    """How often this person has written in the week up to this message."""
    if not message.user:
        return 0
    times = [instant for instant in earlier[message.user] if instant > message.created - WEEK]
    earlier[message.user] = [*times, message.created]
    return len(earlier[message.user])


def _live(
    message: Message, end: datetime, region: Region, department: Department, accepts: timedelta | None, calls: int
) -> dict[str, datetime]:
    """The flags that one message would have got before `end`, each with the instant at which it came first."""
    ticket = Ticket(
        title=message.title, description=message.body, kind=kinds.kind_of(message.title, message.body) or Kind.HELP,
        channel=Channel.WEB, region=region, registered_at=message.created,
    )  # fmt: skip
    store, at = BulkStore(), message.created
    apply(ACTIONS["register"], ticket, actor=None, given={}, at=at, store=store)
    apply(ACTIONS["dispatch"], ticket, actor=None, given={"department": department}, at=at, store=store)
    around = Around(calls=calls)
    raised: dict[str, datetime] = {}
    accepted = accepts is None
    for _ in range(FURTHEST):
        for kind, since in instants.conditions(ticket, at, around).items():
            if not (accepts is None and kind in UNKNOWN):
                raised.setdefault(kind, max(since, message.created))
        following = instants.next_instant(ticket, after=at)
        if not accepted and accepts is not None and (following is None or message.created + accepts <= following):
            accepted, at = True, message.created + accepts
            if at >= end:
                break
            apply(ACTIONS["accept"], ticket, actor=None, given={}, at=at, store=store)
            continue
        if following is None or following >= end:
            break
        at = following
    return raised
