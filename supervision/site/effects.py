"""What on-site coordination leaves behind: the task, the determination, its verification."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dispatch import suggest
from dispatch.models import Return
from hotline.accounts.models import Department
from supervision.models import (
    CoordinatedTicket,
    CoordinationTask,
    Notice,
    Participant,
    SiteEntry,
    Step,
)
from tickets.choices import OPEN_STATUSES, Status
from tickets.forgetting import writings
from tickets.models import Ticket, TicketEvent
from tickets.workflow.performing import Performance, Refused, apply, check, effect, objection, proposes
from tickets.workflow.table import ACTIONS

# What is written at a meeting is about every ticket that is settled there.
writings.also(CoordinationTask, "coordinated__ticket")
writings.also(Participant, "task__coordinated__ticket")
writings.also(SiteEntry, "task__coordinated__ticket")


@effect("escalate")
def call_task(p: Performance) -> None:
    """Calls the parties together; open tickets of the same matter come along."""
    if task := p.given.get("task"):
        p.store.add(CoordinatedTicket(task=task, ticket=p.ticket))
        p.data["task"] = task.pk
        return
    latitude, longitude = p.given.get("point") or (None, None)
    task = CoordinationTask(
        ticket=p.ticket, latitude=latitude, longitude=longitude, lead=p.given["lead"],
        place=p.given["place"], meets_at=p.given["meets_at"], question=p.given["question"],
        called_by=p.actor, called_at=p.at,
    )  # fmt: skip
    p.store.add(task)
    p.store.add(CoordinatedTicket(task=task, ticket=p.ticket))
    for department in p.given.get("departments") or ():
        p.store.add(Participant(task=task, department=department, name=department.name))
    for name in (p.given.get("others") or "").splitlines():
        if name.strip():
            p.store.add(Participant(task=task, name=name.strip()[:80]))
    p.data["task"] = task.pk
    p.note = p.given["question"]
    _invite(p, task)
    _with_matter(p, {**p.given, "task": task})


def _invite(p: Performance, task: CoordinationTask) -> None:
    text = _t("%(time)s, %(place)s: %(question)s (led by %(lead)s)") % {
        "time": timezone.localtime(task.meets_at).strftime("%m-%d %H:%M"), "place": task.place,
        "question": task.question, "lead": task.lead,
    }  # fmt: skip
    for department in p.given.get("departments") or ():
        p.store.add(
            Notice(
                ticket=p.ticket, step=Step.INVITATION, text=text, to_department=department, is_urgent=True, made_at=p.at
            )
        )  # fmt: skip


def _with_matter(p: Performance, given: dict[str, Any]) -> None:
    """Escalates the other open tickets of the matter to the same task."""
    if p.ticket.matter_id is None:
        return
    others = Ticket.objects.filter(matter_id=p.ticket.matter_id, status__in=OPEN_STATUSES).exclude(pk=p.ticket.pk)
    for other in others.select_for_update(of=("self",), no_key=True):
        if not objection(p.action, other):
            apply(p.action, other, actor=p.actor, given=given, at=p.at, store=p.store)


def current_task(ticket: Ticket) -> CoordinationTask | None:
    """The task that this ticket is being coordinated in."""
    return (
        CoordinationTask.objects.filter(coordinated__ticket=ticket, state=CoordinationTask.State.CALLED)
        .order_by("-pk")
        .first()
    )


@proposes("escalate")
def parties(ticket: Ticket) -> dict[str, Any]:
    """Where to meet and whom to invite.

    Of government: every department that has held or been named for the ticket's matter, whom the directory names, and
    the office of the street or town. Of others: those who came to earlier meetings in the same region.
    """
    tickets = Ticket.objects.filter(matter_id=ticket.matter_id) if ticket.matter_id else Ticket.objects.none()
    concerned = Q(ticket=ticket) | Q(ticket__in=tickets)
    held = TicketEvent.objects.filter(concerned).values("department")
    named = Return.objects.filter(concerned).values("proposed")
    settled = suggest.settled_for([ticket])[ticket.pk]
    by_directory = [settled.department.pk, *(one.pk for one in settled.assisting)] if settled else []
    of_the_place = Q(region=ticket.region, level=Department.Level.STREET)
    departments = Department.objects.filter(
        Q(pk__in=held) | Q(pk__in=named) | Q(pk__in=by_directory) | of_the_place, is_open=True
    )
    return {
        # The invited are told where to meet; that a secret ticket is about that place they are not.
        "place": "" if ticket.is_secret else ticket.place,
        "departments": list(departments.values_list("pk", flat=True)),
        "others": "\n".join(_outside_parties_of(ticket)),
    }  # fmt: skip


OUTSIDE_PROPOSED = 6


def _outside_parties_of(ticket: Ticket) -> list[str]:
    """Who came from outside government to earlier meetings in the same region, the latest first."""
    earlier = Participant.objects.filter(department__isnull=True, task__ticket__region=ticket.region)
    names = (
        earlier.exclude(task__state=CoordinationTask.State.CALLED_OFF).order_by("-pk").values_list("name", flat=True)
    )
    return list(dict.fromkeys(names[: OUTSIDE_PROPOSED * 5]))[:OUTSIDE_PROPOSED]


@effect("record_findings")
def record_findings(p: Performance) -> None:
    task = _require_task(p)
    task.findings = f"{task.findings}\n{p.note}".strip()
    p.store.change(task)


@effect("determine")
def determine(p: Performance) -> None:
    """Settles the task and dispatches every ticket of it bindingly to the responsible department."""
    if p.given.get("task"):
        return
    task = _require_task(p)
    task.findings = p.given["findings"]
    task.department, task.principle = p.given["department"], p.given["principle"]
    task.directive, task.due = p.note, p.given["due"]
    task.determined_by, task.determined_at = p.actor, p.at
    task.state = CoordinationTask.State.DETERMINED
    p.ticket.task_due_at = task.due
    p.store.change(task)
    p.data.update(task=task.pk, due=p.given["due"].isoformat())
    _apply_to_others(p, task, {**p.given, "task": task})


@effect("call_off")
def call_off(p: Performance) -> None:
    if p.given.get("task"):
        return
    task = _require_task(p)
    task.state = CoordinationTask.State.CALLED_OFF
    task.outcome, task.done_at = p.note, p.at
    p.store.change(task)
    _apply_to_others(p, task, {**p.given, "task": task})


def _apply_to_others(p: Performance, task: CoordinationTask, given: dict[str, Any]) -> None:
    others = Ticket.objects.filter(coordinated_in__task=task, status=Status.COORDINATING).exclude(pk=p.ticket.pk)
    for other in others.select_for_update(of=("self",), no_key=True):
        apply(ACTIONS[p.action.name], other, actor=p.actor, given=given, at=p.at, store=p.store)


def _require_task(p: Performance) -> CoordinationTask:
    task = current_task(p.ticket)
    if task is None:
        raise Refused(_t("No coordination is under way for this ticket."))
    return task


@effect("answer")
def record_outcome(p: Performance) -> None:
    """The answer of the responsible department is what came of the coordination."""
    task = p.store.latest(CoordinationTask, p.ticket)
    if task and task.state == CoordinationTask.State.DETERMINED:
        task.outcome, task.done_at, task.state = p.note, p.at, CoordinationTask.State.DONE
        p.store.change(task)


# -- verification --------------------------------------------------------------------------------------------


@check("follow_up", "miss_follow_up", "redo")
def in_the_order_of_verification(ticket: Ticket) -> Any:
    """What was settled on the spot is verified there first: a photograph after, the first caller, then all."""
    task = settled_task(ticket)
    if task is None:
        return None
    if not task.entries.filter(kind=SiteEntry.Kind.AFTER).exists():
        return _("Settled on the spot: the supervisor photographs what was done before callers are called.")
    first = first_caller(task)
    if first is None or first.pk == ticket.pk or first.status != Status.FOLLOW_UP:
        return None
    if first.follow_ups.filter(round=first.round).exists():
        return None
    return _("Whoever called first is called first: %(number)s.") % {"number": first.number}


def settled_task(ticket: Ticket) -> CoordinationTask | None:
    """The task that settled this ticket and is not verified yet."""
    states = (CoordinationTask.State.DETERMINED, CoordinationTask.State.DONE)
    return CoordinationTask.objects.filter(coordinated__ticket=ticket, state__in=states).order_by("-pk").first()


def first_caller(task: CoordinationTask) -> Ticket | None:
    """The ticket of whoever called first and can be called back."""
    reachable = Ticket.objects.filter(coordinated_in__task=task).exclude(caller_phone="")
    return reachable.order_by("registered_at", "pk").first()


@effect("follow_up", "miss_follow_up", "close")
def verify(p: Performance) -> None:
    """When the last caller has been called, the task is verified."""
    if p.status != Status.CLOSED or p.ticket.pk is None or (task := settled_task(p.ticket)) is None:
        return
    others = Ticket.objects.filter(coordinated_in__task=task).exclude(pk=p.ticket.pk)
    if not others.exclude(status__in=(Status.CLOSED, Status.NOT_ACCEPTED)).exists():
        task.state, task.verified_at = CoordinationTask.State.VERIFIED, p.at
        p.store.change(task)
