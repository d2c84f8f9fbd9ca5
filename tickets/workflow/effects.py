"""What each action changes of a ticket beside its state. Upper rooms add theirs in modules of this name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import Department
from hotline.worktime import calendar
from tickets import limits
from tickets.answers import checking
from tickets.choices import Closing, NotReached, Part, RuleKey, Stage, Status
from tickets.models import Answer, Contribution, FollowUp, Matter, Ticket
from tickets.reading import as_worked_on
from tickets.workflow.performing import Performance, Refused, apply, check, effect, proposes

UNDO_WITHIN = timedelta(minutes=1)
A_WHILE = 120  # working minutes until somebody who was not reached is tried again
NEXT_TRY = {NotReached.BUSY: 15, NotReached.REJECTED: 240, NotReached.NO_SUCH_NUMBER: 480}  # likewise


def assign(p: Performance, department: Department, *, binding: bool) -> None:
    """Gives the ticket to `department`, as every kind of dispatch does."""
    ticket = p.ticket
    ticket.department = department
    ticket.is_binding = binding
    ticket.dispatched_at = ticket.dispatched_at or p.at
    ticket.assigned_at = p.at
    ticket.accepted_at = None
    p.data["department"] = department.pk
    p.data["department_name"] = department.name


def _assist(p: Performance) -> None:
    departments = list(p.given.get("assisting") or ())
    withdraw(p, Part.ASSIST, but=departments)
    ask(p, Part.ASSIST, departments)
    if departments:
        p.data["assisting"] = [department.name for department in departments]


@effect("dispatch", "dispatch_automatically")
def dispatch(p: Performance) -> None:
    assign(p, p.given["department"], binding=False)
    p.ticket.hops += 1
    _assist(p)


@effect("rule", "determine")
def bind(p: Performance) -> None:
    assign(p, p.given["department"], binding=True)
    p.ticket.hops += 1
    p.data["principle"] = p.given["principle"]
    _assist(p)


@effect("send_down")
def send_down(p: Performance) -> None:
    assign(p, p.given["department"], binding=p.ticket.is_binding)


@check("send_down")
def has_units_below(ticket: Ticket) -> Any:
    if ticket.department is None or not ticket.department.children.filter(is_open=True).exists():
        return _("There is no unit below this department.")
    return None


@check("undo_dispatch")
def was_just_dispatched(ticket: Ticket) -> Any:
    last = ticket.events.order_by("-sequence").first()
    if last is None or last.action != "dispatch" or timezone.now() - last.at > UNDO_WITHIN:
        return _("Only a dispatch of the last minute can be undone; recall the ticket instead.")
    return None


@effect("undo_dispatch")
def uncount_dispatch(p: Performance) -> None:
    """A slip of the hand is no hop, and has started no clock."""
    p.ticket.hops -= 1
    p.ticket.assigned_at = None
    if p.ticket.hops == 0:
        p.ticket.dispatched_at = None


@effect("recall", "undo_dispatch", "grant_return", "call_off")
def unassign(p: Performance) -> None:
    if p.ticket.department:
        p.data["from_department"] = p.ticket.department.name
    p.ticket.department = None
    p.ticket.is_binding = False
    p.ticket.accepted_at = None
    withdraw(p, Part.ASSIST)


@check("hand_over")
def is_closed_down(ticket: Ticket) -> Any:
    if ticket.department is None or ticket.department.is_open:
        return _("The department takes tickets; there is nothing to hand over.")
    return None


@effect("hand_over")
def hand_over(p: Performance) -> None:
    """What a closed department has not answered goes to its successor, else back to the dispatchers."""
    assert p.ticket.department is not None
    heir = p.ticket.department.heir()
    if heir is None:
        unassign(p)
        return
    p.data["from_department"] = p.ticket.department.name
    assign(p, heir, binding=p.ticket.is_binding)
    p.go_to(Status.DISPATCHED)


# -- what other departments owe -----------------------------------------------------------------------------

LIMITS = {Part.ASSIST: Stage.ASSIST, Part.OPINION: Stage.OPINION}


def _open(p: Performance, part: Part) -> list[Contribution]:
    return [one for one in p.store.all(Contribution, p.ticket) if one.part == part and one.is_open]


def ask(p: Performance, part: Part, departments: Iterable[Department]) -> None:
    """Asks departments for their part, each with a clock of its own; whoever owes it already is not asked again."""
    asked = {one.department_id for one in _open(p, part)}
    due = limits.due(LIMITS[part], p.ticket, p.at)
    for department in departments:
        if department.pk not in asked:
            p.store.add(
                Contribution(
                    ticket=p.ticket, department=department, part=part, round=p.ticket.round, asked_at=p.at, due_at=due
                )
            )  # fmt: skip
    _set_nearest(p)


def withdraw(p: Performance, part: Part, *, but: Iterable[Department] = ()) -> None:
    """Asks no longer for what has not been given, except of the departments `but`."""
    kept = {department.pk for department in but}
    for one in _open(p, part):
        if one.department_id not in kept:
            one.withdrawn_at = p.at
            p.store.change(one)
    _set_nearest(p)


def _set_nearest(p: Performance) -> None:
    still = [one.due_at for part in Part for one in _open(p, part)]
    p.ticket.contribution_due_at = min(still, default=None)


@effect("assist", "give_opinion")
def contribute(p: Performance) -> None:
    """Every department below the person's own that still owes it has given it."""
    part = Part.ASSIST if p.action.name == "assist" else Part.OPINION
    mine = p.actor.department_ids if p.actor else []
    p.note = p.given.get("answer") or p.note
    for one in _open(p, part):
        if one.department_id in mine:
            one.given_at, one.by, one.text = p.at, p.actor, p.note
            one.names, one.principle = p.given.get("department"), p.given.get("principle") or ""
            p.store.change(one)
            p.data["by_department"] = one.department.name
    if part == Part.OPINION:
        p.data.update(proposed=p.given["department"].name, principle=p.given["principle"])
    _set_nearest(p)


@effect("rule", "escalate")
def hear_no_more(p: Performance) -> None:
    withdraw(p, Part.OPINION)


@check("answer")
def all_parts_are_in(ticket: Ticket) -> Any:
    """The responsible department sums up: it waits for those who assist, but no longer than their limit."""
    now = timezone.now()
    owed = Contribution.objects.owed().filter(ticket=ticket, part=Part.ASSIST, due_at__gt=now)
    waiting = list(owed.select_related("department"))
    if not waiting:
        return None
    return _("%(departments)s assist and have until %(due)s; sum up once they have answered.") % {
        "departments": _t(", ").join(str(one.department) for one in waiting),
        "due": timezone.localtime(max(one.due_at for one in waiting)).strftime("%Y-%m-%d %H:%M"),
    }


@proposes("answer")
def parts_to_sum_up(ticket: Ticket) -> dict[str, Any]:
    """The answer begins with what the assisting departments have said in this round."""
    given = ticket.contributions.filter(part=Part.ASSIST, round=ticket.round, given_at__isnull=False)
    reading = as_worked_on(ticket)
    texts = [f"{one.department}：{reading.text(one.text)}" for one in given.select_related("department")]
    return {"answer": "\n".join(texts)} if texts else {}


@effect("answer")
def wait_no_longer(p: Performance) -> None:
    withdraw(p, Part.ASSIST)


def _ask_assistants_again(p: Performance) -> None:
    """Who assisted in the round before assists in the new one."""
    last = p.ticket.round - 1
    known = [one for one in p.store.all(Contribution, p.ticket) if one.part == Part.ASSIST and one.round == last]
    ask(p, Part.ASSIST, [one.department for one in known if one.department.is_open and one.given_at])


@effect("accept")
def accept(p: Performance) -> None:
    p.ticket.accepted_at = p.at
    p.ticket.progress_at = p.at


@effect("progress")
def progress(p: Performance) -> None:
    p.ticket.progress_at = p.at


@effect("answer", "answer_directly")
def answer(p: Performance) -> None:
    text = p.given["answer"]
    p.ticket.answered_at = p.at
    p.note = text
    given = Answer(
        ticket=p.ticket, round=p.ticket.round, department=p.ticket.department, by=p.actor, at=p.at, text=text
    )  # fmt: skip
    if p.action.name == "answer":  # what a caller hears on the telephone they judge themselves
        checking.keep_with(given, compared=p.store.is_read)
    p.store.add(given)


@effect("answer_directly")
def close_directly(p: Performance) -> None:
    _close(p, Closing.DIRECT)


@effect("refuse")
def refuse(p: Performance) -> None:
    p.ticket.refusal_ground = p.given["ground"]
    p.ticket.closing = Closing.REFUSED
    p.data["ground"] = p.given["ground"]


@effect("send_back")
def send_back(p: Performance) -> None:
    last = p.store.latest(Answer, p.ticket)
    if last:
        last.sent_back_at = p.at
        p.store.change(last)
    p.ticket.answered_at = None
    p.ticket.progress_at = p.at


RESULT = ("contacted", "solved", "satisfaction", "cause", "closing_reason")


@effect("follow_up", "redo")
def keep_result(p: Performance) -> None:
    result = {name: p.given.get(name) or "" for name in RESULT}
    for name, value in result.items():
        setattr(p.ticket, name, value)
    p.data.update({name: value for name, value in result.items() if value})
    p.store.add(
        FollowUp(
            ticket=p.ticket, round=p.ticket.round, department=p.ticket.department, by=p.actor, at=p.at, reached=True,
            note=p.note, **result,
        )
    )  # fmt: skip


@effect("follow_up")
def close_followed_up(p: Performance) -> None:
    _close(p, Closing.FOLLOWED_UP)


@effect("miss_follow_up")
def miss(p: Performance) -> None:
    """The third try (on a second day) that reaches nobody closes the ticket, not rated.

    Whoever agreed to another time was spoken to: that counts as no try.
    """
    ticket, why = p.ticket, p.given["why"]
    tries = [
        call.at
        for call in p.store.all(FollowUp, ticket)
        if call.round == ticket.round and not call.reached and call.why != NotReached.LATER
    ]
    if why != NotReached.LATER:
        tries.append(p.at)
    days = {timezone.localtime(at).date() for at in tries}
    enough = len(tries) >= limits.rule(RuleKey.FOLLOW_UP_TRIES) and len(days) >= limits.rule(RuleKey.FOLLOW_UP_DAYS)
    ends = enough and why != NotReached.LATER
    again = None if ends else p.given.get("again_at") or _usual_next_try(p, why)
    p.data |= {"try": len(tries), "not_reached": why} | ({"again": again.isoformat()} if again else {})
    p.store.add(
        FollowUp(
            ticket=ticket, round=ticket.round, department=ticket.department, by=p.actor, at=p.at, reached=False,
            why=why, again_at=again, note=p.note,
        )
    )  # fmt: skip
    if ends:
        p.go_to(Status.CLOSED)
        _close(p, Closing.UNREACHED)


def _usual_next_try(p: Performance, why: str) -> datetime:
    """From when somebody who was not reached is tried again: within the limit, and sooner where the line was busy."""
    usual = calendar.current().add_minutes(p.at, NEXT_TRY.get(NotReached(why), A_WHILE))
    return min(usual, limits.due(Stage.FOLLOW_UP, p.ticket, p.at))


@effect("close")
def close_without_call(p: Performance) -> None:
    _close(p, Closing.NO_CALL)


@effect("redo", "reopen")
def new_round(p: Performance) -> None:
    """Back to the same department, bindingly: who answered cannot return it now."""
    ticket = p.ticket
    ticket.round += 1
    ticket.is_binding = True
    ticket.assigned_at = p.at
    ticket.accepted_at = ticket.answered_at = ticket.closed_at = None
    ticket.closing = ""
    _ask_assistants_again(p)


@effect("reopen")
def forget_result(p: Performance) -> None:
    for name in RESULT:
        setattr(p.ticket, name, "")


@check("redo", "reopen")
def has_department(ticket: Ticket) -> Any:
    if ticket.department is None or not ticket.department.is_open:
        return _("There is no department to give it back to; record a new ticket instead.")
    return None


@check("reopen")
def is_recent(ticket: Ticket) -> Any:
    days = limits.rule(RuleKey.REOPEN_DAYS)
    if ticket.closed_at and timezone.now() - ticket.closed_at > timedelta(days=days):
        return _("Closed more than %(days)d days ago; record a new ticket instead.") % {"days": days}
    return None


@effect("urge", "pass_on")
def urge(p: Performance) -> None:
    p.ticket.urges += 1


@effect("link_praise")
def link_praise(p: Performance) -> None:
    praised = Ticket.objects.get(number=p.given["number"])
    p.ticket.praises = praised
    p.data["praises"] = praised.number


@effect("join_matter")
def join_matter(p: Performance) -> None:
    """Joins this ticket and those named to one matter: the one that some have already, else a new one."""
    p.data.update(p.given.get("why") or {})
    if p.given.get("matter"):
        _enter(p, p.given["matter"])
        return
    others = list(
        Ticket.objects.select_for_update(of=("self",), no_key=True).filter(number__in=p.given["numbers"]).order_by("pk")
    )
    known = {ticket.matter_id for ticket in (p.ticket, *others) if ticket.matter_id}
    if len(known) > 1:
        raise Refused(_("These tickets belong to different matters; part them first."))
    matter = Matter.objects.get(pk=known.pop()) if known else _new_matter(p, (p.ticket, *others))
    _enter(p, matter)
    why = p.given["why"] | {"like": p.ticket.number} if p.given.get("why") else None
    for other in others:
        if other.matter_id != matter.pk:
            given = {"matter": matter, "why": why}
            apply(p.action, other, actor=p.actor, given=given, at=p.at, store=p.store)


def _new_matter(p: Performance, tickets: Sequence[Ticket]) -> Matter:
    """A matter named as was typed, else after the first of its tickets whose caller did not ask for secrecy."""
    title = p.given.get("title")
    if title:
        named_after = next((ticket for ticket in tickets if ticket.title == title), None)
    else:
        named_after = min(tickets, key=lambda ticket: ticket.is_secret)
        title = named_after.title
    return Matter.objects.create(title=title, named_after=named_after, created_by=p.actor, created_at=p.at)


def _enter(p: Performance, matter: Matter) -> None:
    """Which matter it is stands in the event by its id: what it is called depends on who reads it."""
    if p.ticket.matter_id and p.ticket.matter_id != matter.pk:
        p.data["from_matter"] = p.ticket.matter_id
    p.ticket.matter = matter
    p.data["matter"] = matter.pk


@effect("part_matter")
def part_matter(p: Performance) -> None:
    p.data["matter"] = p.ticket.matter_id
    p.ticket.matter = None


def _close(p: Performance, closing: str) -> None:
    p.ticket.closing = closing
    p.ticket.closed_at = p.at
