"""What dispatching, returning and ruling leave behind."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dispatch import suggest
from dispatch.models import Precedent, Return, Suggestion
from tickets import limits
from tickets.choices import Part, RuleKey, Stage, Status
from tickets.models import Ticket
from tickets.workflow.effects import ask
from tickets.workflow.performing import Performance, check, effect, proposes
from tickets.workflow.stores import DatabaseStore


@effect("dispatch", "dispatch_automatically")
def log_suggestion(p: Performance) -> None:
    """Keeps what would have been suggested beside what was chosen."""
    if not isinstance(p.store, DatabaseStore):
        return  # the generator's dispatches are no evidence of how good suggestions are
    proposal = suggest.for_ticket(p.ticket)
    p.store.add(
        Suggestion(
            ticket=p.ticket, suggested=proposal.department if proposal else None,
            reason=proposal.reason[:200] if proposal else "", source=proposal.source if proposal else "",
            chosen=p.given["department"], is_automatic=p.action.name == "dispatch_automatically", at=p.at,
        )
    )  # fmt: skip


@effect("undo_dispatch")
def forget_suggestion(p: Performance) -> None:
    """What was undone says nothing of how good the suggestion was."""
    if last := p.store.latest(Suggestion, p.ticket):
        last.delete()


@proposes("dispatch", "rule")
def suggested_department(ticket: Ticket) -> dict[str, Any]:
    return _as_form_begins(suggest.for_ticket(ticket))


@proposes("send_down")
def suggested_unit(ticket: Ticket) -> dict[str, Any]:
    return _as_form_begins(suggest.units_below(ticket))


def _as_form_begins(found: suggest.Proposal | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {"department": found.department.pk, "assisting": [department.pk for department in found.assisting]}


@check("ask_return")
def in_time(ticket: Ticket) -> Any:
    """Who does not object in time is the first responsible unit (首办责任单位) and can no longer return."""
    assert ticket.assigned_at is not None
    if timezone.now() > limits.due(Stage.RETURN, ticket, ticket.assigned_at):
        return _("The time for returning has passed: this department is now the first responsible unit.")
    return None


@check("ask_return")
def only_once(ticket: Ticket) -> Any:
    if Return.objects.filter(ticket=ticket, department=ticket.department_id).exists():
        return _("This department has asked to return this ticket before.")
    return None


@effect("ask_return")
def ask_return(p: Performance) -> None:
    given = p.given
    assert p.ticket.department is not None
    p.data.update(ground=given["ground"], proposed=given["proposed"].name if given.get("proposed") else "")
    p.store.add(
        Return(
            ticket=p.ticket, department=p.ticket.department, ground=given["ground"], basis=given["note"],
            proposed=given.get("proposed"), asked_by=p.actor, asked_at=p.at,
        )
    )  # fmt: skip


@effect("grant_return", "refuse_return")
def rule_on_return(p: Performance) -> None:
    asked = p.store.latest(Return, p.ticket)
    assert asked is not None
    granted = p.action.name == "grant_return"
    asked.ruling = Return.Ruling.GRANTED if granted else Return.Ruling.REFUSED
    asked.ruled_by, asked.ruled_at, asked.reason = p.actor, p.at, p.note
    p.store.change(asked)


@effect("grant_return")
def open_ruling(p: Performance) -> None:
    """The second granted return, or two departments that name each other: a manager rules, and the ruling binds."""
    p.ticket.returns += 1
    if p.ticket.returns >= limits.rule(RuleKey.RETURNS_TO_RULING) or _name_each_other(p.store.all(Return, p.ticket)):
        p.go_to(Status.RULING)
        asked = p.store.all(Return, p.ticket)
        named = [one.department for one in asked] + [one.proposed for one in asked if one.proposed]
        ask(p, Part.OPINION, {department.pk: department for department in named if department.is_open}.values())


@effect("ask_ruling")
def hear(p: Performance) -> None:
    ask(p, Part.OPINION, p.given.get("departments") or ())


@proposes("ask_ruling")
def concerned(ticket: Ticket) -> dict[str, Any]:
    """To be heard: whoever returned it or was named for it, else whom the directory names."""
    asked = Return.objects.filter(ticket=ticket)
    named = set(asked.values_list("department", flat=True)) | set(asked.values_list("proposed", flat=True)) - {None}
    if not named and (found := suggest.for_ticket(ticket)):
        named = {found.department.pk, *(department.pk for department in found.assisting)}
    return {"departments": sorted(named)}


def _name_each_other(asked: list[Return]) -> bool:
    named = {(one.department_id, one.proposed_id) for one in asked}
    return any((proposed, department) in named for department, proposed in named)


@effect("escalate", "hand_over")
def lapse_return(p: Performance) -> None:
    if p.ticket.status == Status.RETURN_ASKED and (asked := p.store.latest(Return, p.ticket)):
        asked.ruling, asked.ruled_at = Return.Ruling.LAPSED, p.at
        p.store.change(asked)


@effect("rule", "determine")
def make_precedent(p: Performance) -> None:
    if p.given.get("task"):
        return  # one determination makes one precedent, however many tickets it settles
    p.store.add(
        Precedent(
            ticket=p.ticket, category=p.ticket.category, region=p.ticket.region, department=p.given["department"],
            principle=p.given["principle"], text=p.note, made_at=p.at,
        )
    )  # fmt: skip
