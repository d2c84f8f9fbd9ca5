"""What a change of the calendar or of a time limit does to open tickets: told before, and done on request.

A deadline is moved by keeping what was promised, so much working time since the clock started, and counting it anew.
Deadlines in hours of day and night, and those set on the spot by a determination, stay where they are.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.worktime import arrangements, calendar
from hotline.worktime.calendar import WorkCalendar
from hotline.worktime.models import Arrangement
from supervision.clocks.instants import STAGES, redo_share, with_granted
from tickets import limits
from tickets.choices import OPEN_STATUSES, Stage, Unit
from tickets.limits import Limits
from tickets.models import Ticket, TimeLimit
from tickets.models.limits import BEGINNING
from tickets.workflow import performing

CHUNK = 1000
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Move:
    """Where a ticket's two limits stand and where they would; a pair is None where it stays."""

    ticket: Ticket
    answer: tuple[datetime, datetime] | None
    stage: tuple[datetime, datetime] | None


def _open_tickets() -> Iterator[Ticket]:
    tickets = Ticket.objects.filter(status__in=OPEN_STATUSES).select_related("category", "department", "region")
    yield from tickets.defer("search", "caller_search", "description").order_by("pk").iterator(chunk_size=CHUNK)


def _pair(old: datetime | None, new: datetime | None) -> tuple[datetime, datetime] | None:
    return (old, new) if old and new and old != new else None


def _in_working_days(stage: Stage, ticket: Ticket, start: datetime) -> bool:
    return limits.limit(stage, ticket, timezone.localdate(start))[1] == Unit.WORK_DAY


# -- the calendar --------------------------------------------------------------------------------------------


def moved_by_calendar(old: WorkCalendar, new: WorkCalendar) -> Iterator[Move]:
    """The open tickets whose limits fall on another instant by the new calendar."""
    for ticket in _open_tickets():
        answer = stage = None
        is_fixed = ticket.task_due_at is not None and ticket.task_due_at == ticket.answer_due_at
        if ticket.answer_due_at and ticket.clock_from and not is_fixed:
            answer = _counted_anew(Stage.ANSWER, ticket, ticket.clock_from, ticket.answer_due_at, old, new)
        if ticket.stage_due_at and ticket.stage_from:
            stage = _counted_anew(
                STAGES[ticket.status][0], ticket, ticket.stage_from, ticket.stage_due_at, old, new
            )  # fmt: skip
        if answer or stage:
            yield Move(ticket, answer, stage)


def _counted_anew(
    stage: Stage, ticket: Ticket, start: datetime, due: datetime, old: WorkCalendar, new: WorkCalendar
) -> tuple[datetime, datetime] | None:
    if not _in_working_days(stage, ticket, start):
        return None
    return _pair(due, new.add_minutes(start, old.minutes_between(start, due)))


# -- a time limit --------------------------------------------------------------------------------------------


def with_row(row: TimeLimit) -> Limits:
    """The limits as if `row` had held from the beginning, in place of what stands for the same case."""
    found: Limits = defaultdict(list)
    for stage, rows in limits.current().items():
        found[stage] = [other for other in rows if other.case != row.case]
    always = TimeLimit(
        stage=row.stage, kind=row.kind, urgency=row.urgency, category=row.category, department=row.department,
        amount=row.amount, unit=row.unit, valid_from=BEGINNING,
    )  # fmt: skip
    found[row.stage].append(always)
    return found


def moved_by_limit(row: TimeLimit) -> Iterator[Move]:
    """The open tickets whose limits would be others if `row` held for them too."""
    new = with_row(row)
    for ticket in _open_tickets():
        answer = stage = None
        if row.stage == Stage.ANSWER and ticket.answer_due_at and ticket.clock_from and not ticket.task_due_at:
            share = redo_share() if ticket.round > 1 else 1.0
            base = limits.due(Stage.ANSWER, ticket, ticket.clock_from, share=share)
            fresh = limits.due(Stage.ANSWER, ticket, ticket.clock_from, share=share, limits=new)
            answer = _pair(ticket.answer_due_at, with_granted(ticket.answer_due_at, base, fresh))
        own_stage = STAGES[ticket.status][0]
        if row.stage == own_stage and ticket.stage_from and ticket.stage_due_at:
            stage = _pair(ticket.stage_due_at, limits.due(own_stage, ticket, ticket.stage_from, limits=new))
        if answer or stage:
            yield Move(ticket, answer, stage)


def change_limit(row: TimeLimit, *, for_open_tickets: bool) -> int:
    """Has `row` hold from its first day in place of what held for the same case; returns how many tickets it moved."""
    with transaction.atomic():
        moves = list(moved_by_limit(row)) if for_open_tickets else []
        same = TimeLimit.objects.filter(
            stage=row.stage, kind=row.kind, urgency=row.urgency, category=row.category, department=row.department
        )
        same.filter(valid_from__gte=row.valid_from).delete()  # what was to hold later has been thought over
        still = Q(valid_until__isnull=True) | Q(valid_until__gte=row.valid_from)
        same.filter(still).update(valid_until=row.valid_from - timedelta(days=1))
        row.save()
        limits.forget()
        return move(moves, note=_t("The time limit has been changed: %(limit)s") % {"limit": row})


# -- doing it ------------------------------------------------------------------------------------------------


def move(moves: Iterable[Move], *, note: str) -> int:
    """Moves the limits, each with a line in its ticket's timeline; returns how many were moved.

    A ticket that has gone on meanwhile keeps its own: its limits were set by what happened.
    """
    done = 0
    for one in moves:
        given = {
            "answer_due": one.answer[1].isoformat() if one.answer else "",
            "stage_due": one.stage[1].isoformat() if one.stage else "", "note": note,
        }  # fmt: skip
        try:
            performing.perform("recalculate", one.ticket, actor=None, given=given, version=one.ticket.version)
        except performing.Refused as refused:
            logger.info("ticket %s keeps its limits: %s", one.ticket.pk, refused)
        else:
            done += 1
    return done


def load_days(typed: arrangements.Typed) -> int:
    """Loads a year's arrangement or days of the city's own; returns how many open tickets that moved."""
    with transaction.atomic():
        moves = list(moved_by_calendar(arrangements.as_counted(), arrangements.as_it_would_be(typed)))
        arrangements.load(typed)
        arrangements.counted_anew()
        moved = move(moves, note=typed.reason or _arranged(typed.year))
        if not typed.reason:
            Arrangement.objects.filter(year=typed.year).update(moved=moved)
    return moved


def notice_new_years() -> int:
    """Where the package behind the calendar has come to know a year, or its holidays by law, moves what that moves."""
    years, by_weekdays = arrangements.newly_known(), arrangements.counted_by_weekdays()
    if not years and not by_weekdays:
        return 0
    with transaction.atomic():
        moves = moved_by_calendar(arrangements.as_counted(years), calendar.current())
        moved = move(list(moves), note=_arranged(max(years)) if years else _by_law(max(by_weekdays)))
        arrangements.notice(years, moved)
        arrangements.counted_anew()
    return moved


def _arranged(year: int) -> str:
    return _t("The arrangement of holidays of %(year)d has been announced.") % {"year": year}


def _by_law(year: int) -> str:
    return _t("The statutory holidays up to %(year)d count as days off.") % {"year": year}


def provisional_from() -> date:
    """The first day from which the calendar is a guess."""
    year = timezone.localdate().year
    while not calendar.current().is_provisional(date(year, 1, 1)):
        year += 1
    return date(year, 1, 1)
