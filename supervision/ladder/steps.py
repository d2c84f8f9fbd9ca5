"""The ladder (提醒 → 单位负责人 → 催办 → 督办 → 通报): who is told when a ticket stays stuck, by rule or by hand.

A flag carries the instant at which its next automatic step is due, as a ticket carries that of its next flag; the job
takes what is due and costs nothing else. A step is taken by rule at most once for a ticket, a round and a department,
however many flags ask for it. What is offered and not automatic waits on the board for a supervisor.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from hotline.accounts.models import Department, User
from hotline.backup import holding
from hotline.remembered import Remembered
from hotline.worktime import calendar
from supervision.models import LADDER, Flag, LadderRule, Notice, Rung, Step
from supervision.words import story
from tickets.choices import FlagKind, Urgency
from tickets.models import Contribution, Ticket, TicketEvent
from tickets.reading import read
from tickets.workflow import correcting, performing
from tickets.workflow.performing import Performance, effect
from tickets.workflow.stores import DatabaseStore

CACHE_SECONDS = 30
# Up to which step a flag's cause is carried by rule. What is not here is the board's alone.
REACH: dict[str, tuple[Step, ...]] = {
    FlagKind.DUE_SOON: (Step.REMINDER,),
    FlagKind.PART_LATE: (Step.REMINDER, Step.LEAD),
    FlagKind.UNCLAIMED: LADDER,
    FlagKind.STALLED: LADDER,
    FlagKind.OVERDUE: LADDER,
    FlagKind.TASK_LATE: LADDER,
    FlagKind.ORDER_LATE: LADDER,
}
logger = logging.getLogger(__name__)

rules: Remembered[dict[Step, LadderRule]] = Remembered(
    lambda: {Step(row.step): row for row in LadderRule.objects.all()}, seconds=CACHE_SECONDS
)


def due_at(rule: LadderRule, flag: Flag, urgency: str) -> datetime:
    """When a step is due for a flag: so much working time after its cause, by the clock for what is urgent."""
    if urgency == Urgency.URGENT:
        return flag.since + timedelta(minutes=rule.after_minutes)
    if not rule.after_days:
        return flag.since
    return calendar.current().add_days(flag.since, float(rule.after_days))


def first_step_at(flag: Flag, urgency: str) -> datetime | None:
    """When the first automatic step for a fresh flag is due; none where its cause is not for the ladder."""
    return min((due_at(rule, flag, urgency) for rule in _automatic(flag.kind)), default=None)


def _automatic(kind: str) -> list[LadderRule]:
    return [rule for step, rule in rules().items() if rule.is_automatic and step in REACH.get(kind, ())]


def climb(now: datetime | None = None) -> int:
    """Takes every automatic step that is due; returns how many were taken.

    One flag at a time, its ticket locked first as every action locks it: several workers skip what another holds, and
    a ticket that cannot be handled is put an hour ahead and holds up no other. While messages are held, as they are in
    a restored copy, no step is taken.
    """
    if holding.is_on():
        return 0
    now = now or timezone.now()
    due = Flag.objects.filter(cleared_at__isnull=True, next_step_at__lte=now).order_by("next_step_at", "pk")
    taken = 0
    for flag_id, ticket_id in list(due.values_list("pk", "ticket_id")):
        try:
            with transaction.atomic():
                taken += _climb_one(flag_id, ticket_id, now)
        except Exception:
            logger.exception("the ladder of ticket %s is set aside for an hour", ticket_id)
            Flag.objects.filter(pk=flag_id).update(next_step_at=now + timedelta(hours=1))
    return taken


def _climb_one(flag_id: int, ticket_id: int, now: datetime) -> int:
    """Takes the steps of one flag that are due, and notes when the next one is."""
    whole = Ticket.objects.prefetch_related("department", "category", "region").defer("search", "caller_search")
    ticket = whole.select_for_update(skip_locked=True, of=("self",), no_key=True).filter(pk=ticket_id).first()
    flag = Flag.objects.filter(pk=flag_id, cleared_at__isnull=True, next_step_at__lte=now).first()
    if ticket is None or flag is None:
        return 0  # another worker is at it, or the cause has ended
    taken, ahead = 0, []
    for rule in _automatic(flag.kind):
        instant = due_at(rule, flag, ticket.urgency)
        if instant > now:
            ahead.append(instant)
        elif _take(Step(rule.step), flag, ticket, now):
            taken += 1
    Flag.objects.filter(pk=flag_id).update(next_step_at=min(ahead, default=None))
    return taken


def _take(step: Step, flag: Flag, ticket: Ticket, now: datetime) -> bool:
    """Takes one step by rule towards each department that it concerns and that was not reached by it before."""
    concerned = _late_parts(ticket, now) if flag.kind == FlagKind.PART_LATE else _holder(ticket)
    known = set(
        Rung.objects.filter(ticket=ticket, step=step, round=ticket.round, by__isnull=True).values_list(
            "department", flat=True
        )
    )
    text = f"{FlagKind(flag.kind).label}：{story([flag], read(ticket, None), now)}"
    departments = [department for department in concerned if department.pk not in known]
    if step == Step.URGE and departments:
        try:
            performing.perform("urge", ticket, actor=None, given={"note": text}, at=now)
        except performing.Refused as refused:
            logger.info("ticket %s was not urged: %s", ticket.pk, refused)
            return False
        return True
    for department in departments:
        record(step, ticket, department, by=None, at=now)
        tell(step, ticket, department, text, at=now)
    return bool(departments)


def record(step: Step, ticket: Ticket, department: Department, *, by: User | None, at: datetime) -> None:
    """Keeps that a step was taken. By rule a second time is passed over."""
    Rung.objects.bulk_create(
        [Rung(ticket=ticket, step=step, round=ticket.round, department=department, by=by, at=at)],
        ignore_conflicts=by is None,
    )  # fmt: skip


# -- who is told --------------------------------------------------------------------------------------------


def tell(step: Step, ticket: Ticket, department: Department, text: str, *, at: datetime) -> None:
    """Writes down what a department is to be told; `ladder.messages` delivers it.

    A reminder goes to who accepted the ticket, a word to those who lead; where there is nobody such, to all of them.
    """
    person = _in_charge(ticket) if step == Step.REMINDER and department == ticket.department else None
    Notice.objects.create(
        ticket=ticket, step=step, text=text, to_user=person, to_department=None if person else department,
        for_leads=step == Step.LEAD and _has_lead(department), is_urgent=ticket.urgency == Urgency.URGENT, made_at=at,
    )  # fmt: skip


def tell_all(ticket: Ticket, text: str, *, at: datetime) -> None:
    """Writes down a notice to all (通报): to every government and bureau that takes tickets."""
    everybody = Department.objects.filter(is_open=True, level__in=TOLD_OF_CIRCULARS)
    Notice.objects.bulk_create(
        Notice(ticket=ticket, step=Step.CIRCULAR, text=text, to_department=other, made_at=at)
        for other in everybody
        if other.pk != ticket.department_id  # who is told by `tell`
    )


TOLD_OF_CIRCULARS = (Department.Level.CITY, Department.Level.DISTRICT, Department.Level.BUREAU)


def _holder(ticket: Ticket) -> list[Department]:
    return [ticket.department] if ticket.department else []


def _late_parts(ticket: Ticket, now: datetime) -> list[Department]:
    late = Contribution.objects.owed().filter(ticket=ticket, due_at__lte=now)
    return [one.department for one in late.select_related("department")]


def _in_charge(ticket: Ticket) -> User | None:
    """Who accepted the ticket for the department that holds it; nobody where it has not been accepted."""
    if ticket.accepted_at is None:
        return None
    last = TicketEvent.objects.filter(ticket=ticket, action="accept", department=ticket.department_id)
    event = last.select_related("actor").order_by("-sequence").first()
    return event.actor if event and event.actor and event.actor.is_active else None


def _has_lead(department: Department) -> bool:
    return User.objects.filter(department=department, is_lead=True, is_active=True).exists()


# -- steps taken by people ----------------------------------------------------------------------------------


@effect("urge")
def urged(p: Performance) -> None:
    _by_action(Step.URGE, p)


@effect("supervise")
def ordered(p: Performance) -> None:
    _by_action(Step.ORDER, p)


@effect("circulate")
def circulated(p: Performance) -> None:
    _by_action(Step.CIRCULAR, p)


@effect("pass_on", "supplement")
def heard_from_caller(p: Performance) -> None:
    """Whoever works on a ticket, or owes a part of it, reads what its caller says now."""
    for department in _concerned(p):
        tell(Step.CALLER, p.ticket, department, p.note, at=p.at)


@effect("correct")
def corrected(p: Performance) -> None:
    """Whoever works on a ticket, or owes a part of it, is told what of it is another now."""
    text = correcting.summary(p.data["corrected"] | p.of_caller, p.ticket)
    if text:
        for department in _concerned(p):
            tell(Step.CORRECTION, p.ticket, department, text, at=p.at)


def _concerned(p: Performance) -> list[Department]:
    """Who works on the ticket, or owes a part of it; nobody of the generator's, who are told nothing."""
    if not isinstance(p.store, DatabaseStore):
        return []
    owing = Contribution.objects.owed().filter(ticket=p.ticket).select_related("department")
    return list({one.pk: one for one in (*_holder(p.ticket), *(part.department for part in owing))}.values())


def _by_action(step: Step, p: Performance) -> None:
    if not isinstance(p.store, DatabaseStore):
        return  # the generator's people are told nothing
    for department in _holder(p.ticket):
        record(step, p.ticket, department, by=p.actor, at=p.at)
        tell(step, p.ticket, department, p.note, at=p.at)
    if step == Step.CIRCULAR:
        tell_all(p.ticket, p.note, at=p.at)


def next_step(ticket: Ticket, kinds: Iterable[str]) -> str:
    """The action that the board offers first: the mildest that has not been tried and that can still help."""
    if ticket.department_id is None or {FlagKind.BOUNCED, FlagKind.UNPLACEABLE} & set(kinds):
        return "escalate"  # nobody is there to be urged, or urging has been answered with returns
    if FlagKind.CAME_BACK in kinds and ticket.order_due_at is None:
        return "supervise"  # it was answered once and is not solved
    if not ticket.urges:
        return "urge"
    if ticket.order_due_at is None:
        return "supervise"
    return "escalate"


for _signal in (post_save, post_delete):
    _signal.connect(rules.forget, sender=LadderRule)
