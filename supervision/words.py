"""Flags in words: who holds it, for how long, how often it came back, how many called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.conf import settings
from django.utils import timezone, translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _t
from django.utils.translation import ngettext

from hotline.worktime import calendar
from supervision.models import Flag
from tickets.choices import FLAG_TONES, FlagKind, Status
from tickets.disclosure import Detail, Standing
from tickets.reading import Reading
from tickets.workflow.timeline import cleans

LEAST_SHOWN = 0.1  # working days
EXACT = 100  # callers of one matter; above that, flags tell their number by its first two digits
LATE = (FlagKind.OVERDUE, FlagKind.TASK_LATE, FlagKind.ORDER_LATE, FlagKind.PART_LATE)


def callers_told(callers: int) -> int:
    """How many callers flags tell of: to the last one below EXACT, then at least so many.

    All flags of a matter tell the number. Of ten thousand callers each further one would else have ten thousand rows
    written anew.
    """
    step = 10 ** max(len(str(callers)) - 2, 0)
    return callers if callers < EXACT else callers // step * step


@dataclass(frozen=True)
class FlagLine:
    """A flag as it is shown: its name, its colour, and its evidence as a sentence."""

    kind: str
    label: str
    tone: str
    sentence: str
    since: datetime
    cleared_at: datetime | None


def readable(flags: Iterable[Flag], reading: Reading) -> list[Flag]:
    """Those flags of one ticket of which its reader may know.

    How often a caller called is known to who may know the caller; what once was, to the hotline alone: earlier
    versions counted open and secret calls of one person together.
    """
    return [flag for flag in flags if flag.kind != FlagKind.FREQUENT_CALLER or _may_know_of_calls(flag, reading)]


def _may_know_of_calls(flag: Flag, reading: Reading) -> bool:
    return reading.standing == Standing.HOTLINE or (flag.cleared_at is None and reading.may(Detail.CALLS))


def lines(flags: Iterable[Flag], reading: Reading) -> list[FlagLine]:
    """The flags of one ticket as its reader may read them."""
    return [line(flag, reading) for flag in readable(flags, reading)]


def line(flag: Flag, reading: Reading) -> FlagLine:
    return FlagLine(
        kind=flag.kind, label=str(FlagKind(flag.kind).label), tone=FLAG_TONES[FlagKind(flag.kind)],
        sentence=story([flag], reading, flag.cleared_at), since=flag.since, cleared_at=flag.cleared_at,
    )  # fmt: skip


def story(flags: Sequence[Flag], reading: Reading, now: datetime | None = None) -> str:
    """The evidence of all flags of one ticket: who holds it, what each cause adds, how often it came back.

    As it stands at `now`, or stood when the flag was cleared.
    """
    if not flags:
        return ""
    end = now or timezone.now()
    return _t("; ").join([*_where(flags[0], end), *(part for flag in flags for part in _cause(flag, end)),
                          *_how_often(flags[0]), *_how_often_called(flags[0], reading)])  # fmt: skip


def _where(flag: Flag, end: datetime) -> Iterable[str]:
    facts = flag.evidence
    assigned = parse_datetime(facts["assigned_at"]) if facts.get("assigned_at") else None
    if not facts.get("department"):
        if facts.get("status") == Status.RULING:
            yield _t("no department would take it; waits for a ruling")
        elif facts.get("returns"):
            yield _t("no department would take it")
        else:
            yield _t("lies with no department")
    elif assigned:
        yield _t("dispatched to %(department)s %(days)s working days ago") % {
            "department": facts["department"], "days": _days(assigned, end),
        }  # fmt: skip


def _cause(flag: Flag, end: datetime) -> Iterable[str]:
    if flag.kind == FlagKind.UNCLAIMED and flag.evidence.get("department"):
        yield _t("not accepted")
    elif flag.kind == FlagKind.STALLED:
        # Its cause began where the limit ended; the last word came the whole limit before.
        last_word = parse_datetime(flag.evidence.get("last_word") or "") or flag.since
        yield _t("no word for %(days)s working days") % {"days": _days(last_word, end)}
    elif flag.kind == FlagKind.CAME_BACK:
        days = flag.evidence.get("closed_before") or 0
        yield ngettext("closed %d day before this call", "closed %d days before this call", days) % days
    elif flag.kind in LATE:
        yield _t("%(days)s working days late") % {"days": _days(flag.since, end)}


def _how_often(flag: Flag) -> Iterable[str]:
    facts = flag.evidence
    if returns := facts.get("returns"):
        yield ngettext("returned %d time", "returned %d times", returns) % returns
    if rounds := facts.get("rounds"):
        yield ngettext("redone %d time", "redone %d times", rounds) % rounds
    if urges := facts.get("urges"):
        yield ngettext("urged %d time", "urged %d times", urges) % urges
    if callers := facts.get("callers"):
        if callers < EXACT:
            yield ngettext("%d caller", "%d callers", callers) % callers
        else:
            yield _t("%(callers)d callers or more") % {"callers": callers}


def _how_often_called(flag: Flag, reading: Reading) -> Iterable[str]:
    if (calls := flag.evidence.get("calls")) and _may_know_of_calls(flag, reading):
        yield _called(calls) % calls


def _called(calls: int) -> str:
    return ngettext("this caller called %d time in a week", "this caller called %d times in a week", calls)


@cleans
def without_calls(written: str) -> str:
    """A text that was kept, without how often the caller called: earlier versions wrote it into messages."""
    return _said_calls().sub("", written)


@cache
def _said_calls() -> re.Pattern[str]:
    """That a caller called so and so often, with the mark before it, in each language."""
    said = set()
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            for count in (1, 2):
                clause = re.escape(_called(count)).replace("%d", r"\d+")
                said.add(rf"(?:{re.escape(_t('; '))})?{clause}")
    return re.compile("|".join(sorted(said)))


def working_days(start: datetime, end: datetime) -> float:
    work = calendar.current()
    return work.minutes_between(start, end) / work.day_minutes


def _days(start: datetime, end: datetime) -> str:
    """Working days in figures; what would round to none is said to be less than the least."""
    days = working_days(start, end)
    return f"{days:.1f}" if days >= LEAST_SHOWN else _t("less than %(days).1f") % {"days": LEAST_SHOWN}
