"""The one workflow table: every action once, from which states to which, who may do it, what must be given.

Pages show it as buttons, the API as routes, jobs and importers go the same way; `performing` performs what stands here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.utils.translation import gettext_lazy as _

from hotline.accounts.permissions import Permission as P
from tickets.choices import OPEN_STATUSES, Kind, Part, Status
from tickets.models import Ticket
from tickets.workflow import inputs

S = Status
NEW = ""  # the state before a ticket exists


class Whose(Enum):
    """What the department of whoever acts must be to the ticket."""

    ANYBODY = ""
    HOLDER = "holder"  # it lies with the department
    ASSISTANT = Part.ASSIST.value  # the department owes an answer for its part
    WITNESS = Part.OPINION.value  # the department is asked for an opinion


@dataclass(frozen=True)
class Action:
    """One row of the table. `to` is the state it leads to, None where the state stays.

    `also_to` names states that an effect may choose instead (the second granted return opens a ruling).
    `permission` is empty where the system alone performs it. `whose` asks in addition what the person's own department
    or one below it is to the ticket.
    `is_quiet` marks what does not make a page old that somebody is typing on: it changes nothing they decide about.
    `clock` says in words what it does to the clocks (docs/workflow.md shows it).
    """

    name: str
    label: Any
    sources: tuple[str, ...]
    to: str | None
    permission: str
    input: type[inputs.ActionInput] = inputs.Remark
    also_to: tuple[str, ...] = ()
    whose: Whose = Whose.ANYBODY
    tone: str = "secondary"
    clock: Any = ""
    guard: Callable[[Ticket], Any] | None = None
    is_quiet: bool = False

    def leads_to(self, status: str) -> tuple[str, ...]:
        """The states that this action may lead to from `status`."""
        return (self.to if self.to is not None else status, *self.also_to)


def _not_binding(ticket: Ticket) -> Any:
    return _("This dispatch binds and cannot be returned.") if ticket.is_binding else None


def _is_answerable_by_desk(ticket: Ticket) -> Any:
    if ticket.kind not in (Kind.CONSULTATION, Kind.PRAISE):
        return _("Only consultations and praise are answered directly.")
    return None


def _was_urged(ticket: Ticket) -> Any:
    return None if ticket.urges else _("A department is urged before all are told of it.")


def _is_praise(ticket: Ticket) -> Any:
    return None if ticket.kind == Kind.PRAISE else _("Only a praise call is linked to a ticket.")


def _is_open_to_read(ticket: Ticket) -> Any:
    return _("Secrecy has been asked for already.") if ticket.is_secret else None


def _is_secret(ticket: Ticket) -> Any:
    return None if ticket.is_secret else _("No secrecy has been asked for.")


def _is_named(ticket: Ticket) -> Any:
    return _("The caller is anonymous already.") if ticket.is_anonymous else None


def _is_known(ticket: Ticket) -> Any:
    return _("It has been forgotten after the period who called.") if ticket.forgotten_at else None


def _is_anonymous(ticket: Ticket) -> Any:
    if ticket.forgotten_at:
        return _is_known(ticket)
    return None if ticket.is_anonymous else _("The caller is not anonymous.")


def _has_matter(ticket: Ticket) -> Any:
    return None if ticket.matter_id else _("This ticket belongs to no matter.")


BY_SYSTEM = ""  # the permission that nobody holds


WITH_DEPARTMENT = (S.DISPATCHED, S.WORKING)


ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        Action("register", _("Record"), (NEW,), S.REGISTERED, P.REGISTER, tone="primary",
               clock=_("Starts the dispatch clock.")),
        Action("answer_directly", _("Answer directly"), (S.REGISTERED,), S.CLOSED, P.REGISTER,
               inputs.AnswerDirectly, tone="primary", guard=_is_answerable_by_desk, clock=_("Stops all clocks.")),
        Action("refuse", _("Do not accept"), (S.REGISTERED,), S.NOT_ACCEPTED, P.REGISTER, inputs.Refuse,
               clock=_("Stops all clocks.")),
        Action("dispatch", _("Dispatch"), (S.REGISTERED,), S.DISPATCHED, P.DISPATCH, inputs.Dispatch, tone="primary",
               clock=_("Starts the answer clock the first time, and the acceptance clock.")),
        Action("dispatch_automatically", _("Dispatch automatically"), (S.REGISTERED,), S.DISPATCHED, BY_SYSTEM,
               inputs.DispatchAutomatically,
               clock=_("Starts the answer clock the first time, and the acceptance clock.")),
        Action("split", _("Split off a second concern"), (S.REGISTERED,), None, P.REGISTER, inputs.Split,
               clock=_("The second ticket's clocks count from the call.")),
        Action("recall", _("Recall"), (S.DISPATCHED,), S.REGISTERED, P.DISPATCH, inputs.Reason,
               guard=_not_binding, clock=_("Starts the dispatch clock; the answer clock runs on.")),
        Action("undo_dispatch", _("Undo the dispatch"), (S.DISPATCHED,), S.REGISTERED, P.DISPATCH, inputs.Nothing,
               clock=_("Within a minute: the clocks stand as if it had not been dispatched.")),
        Action("ask_ruling", _("Ask for a ruling"), (S.REGISTERED,), S.RULING, P.DISPATCH, inputs.AskRuling,
               clock=_("Starts the ruling clock; the answer clock runs on.")),
        Action("rule", _("Rule"), (S.RULING,), S.DISPATCHED, P.RULE, inputs.Rule, tone="primary",
               clock=_("Starts the acceptance clock; the answer clock runs on.")),
        Action("give_opinion", _("Give an opinion"), (S.RULING,), None, P.HANDLE, inputs.Opinion,
               whose=Whose.WITNESS, tone="primary", clock=_("Stops the department's own opinion clock.")),
        Action("accept", _("Accept"), (S.DISPATCHED,), S.WORKING, P.HANDLE, inputs.Nothing, whose=Whose.HOLDER,
               tone="primary", clock=_("Stops the acceptance clock, starts the progress clock.")),
        Action("send_down", _("Send down"), WITH_DEPARTMENT, S.DISPATCHED, P.HANDLE, inputs.SendDown,
               whose=Whose.HOLDER, clock=_("Starts the acceptance clock; the answer clock runs on.")),
        Action("ask_return", _("Ask to return"), (S.DISPATCHED,), S.RETURN_ASKED, P.HANDLE, inputs.AskReturn,
               whose=Whose.HOLDER, guard=_not_binding, clock=_("Starts the review clock; the answer clock runs on.")),
        Action("grant_return", _("Grant the return"), (S.RETURN_ASKED,), S.REGISTERED, P.DISPATCH, inputs.Remark,
               also_to=(S.RULING,), tone="primary",
               clock=_("Starts the dispatch clock; the answer clock runs on.")),
        Action("refuse_return", _("Refuse the return"), (S.RETURN_ASKED,), S.DISPATCHED, P.DISPATCH, inputs.Reason,
               clock=_("Starts the acceptance clock; the answer clock runs on.")),
        Action("progress", _("Note progress"), (S.WORKING,), None, P.HANDLE, inputs.Progress, whose=Whose.HOLDER,
               clock=_("Starts the progress clock again.")),
        Action("ask_extension", _("Ask for an extension"), (S.WORKING,), None, P.HANDLE, inputs.AskExtension,
               whose=Whose.HOLDER),
        Action("grant_extension", _("Grant the extension"), (S.WORKING,), None, P.RULE, inputs.Remark,
               tone="primary", clock=_("Moves the answer limit.")),
        Action("refuse_extension", _("Refuse the extension"), (S.WORKING,), None, P.RULE, inputs.Reason),
        Action("answer", _("Answer"), (S.WORKING,), S.FOLLOW_UP, P.HANDLE, inputs.AnswerInput, whose=Whose.HOLDER,
               tone="primary", clock=_("Stops the answer clock, starts the follow-up clock.")),
        Action("assist", _("Answer for our part"), (S.DISPATCHED, S.WORKING, S.RETURN_ASKED), None, P.HANDLE,
               inputs.AnswerPart, whose=Whose.ASSISTANT, tone="primary",
               clock=_("Stops the assisting department's own clock.")),
        Action("send_back", _("Send the answer back"), (S.FOLLOW_UP,), S.WORKING, P.CHECK_ANSWERS, inputs.Reason,
               clock=_("The answer clock runs on as if there had been no answer.")),
        Action("suspend", _("Suspend"), (S.WORKING,), S.SUSPENDED, P.SUPERVISE, inputs.Suspend,
               clock=_("Halts the answer clock; starts the 30-day review clock.")),
        Action("resume", _("Resume"), (S.SUSPENDED,), S.WORKING, P.SUPERVISE, inputs.Reason,
               clock=_("Gives the suspended working time back to the answer clock.")),
        Action("hand_over", _("Hand over"), (*WITH_DEPARTMENT, S.RETURN_ASKED, S.SUSPENDED), S.REGISTERED, P.SET_UP,
               inputs.Nothing, also_to=(S.DISPATCHED,),
               clock=_("Starts the dispatch or the acceptance clock; the answer clock runs on.")),
        Action("urge", _("Urge"), (S.DISPATCHED, S.WORKING, S.RETURN_ASKED), None, P.SUPERVISE, inputs.Urge,
               is_quiet=True),
        # what somebody says who calls again about a ticket of theirs
        Action("pass_on", _("Pass on the caller's urging"), (S.DISPATCHED, S.WORKING, S.RETURN_ASKED), None, P.REGISTER,
               inputs.CallersWords, is_quiet=True),
        Action("supplement", _("Add what the caller says"), tuple(OPEN_STATUSES), None, P.REGISTER, inputs.CallersWords,
               is_quiet=True),
        Action("supervise", _("Issue a supervision order"), WITH_DEPARTMENT, None, P.SUPERVISE, inputs.Supervise,
               clock=_("Starts the order's own clock.")),
        Action("circulate", _("Notice to all"), WITH_DEPARTMENT, None, P.SUPERVISE, inputs.Reason, tone="danger",
               guard=_was_urged),
        Action("escalate", _("Coordinate on site"),
               (S.REGISTERED, S.DISPATCHED, S.WORKING, S.RETURN_ASKED, S.RULING), S.COORDINATING, P.SUPERVISE,
               inputs.Escalate, tone="danger", clock=_("Starts the coordination clock; the answer clock runs on.")),
        Action("record_findings", _("Record findings"), (S.COORDINATING,), None, P.SUPERVISE, inputs.Findings,
               clock=_("Starts the coordination clock again.")),
        Action("determine", _("Determine who is responsible"), (S.COORDINATING,), S.DISPATCHED, P.SUPERVISE,
               inputs.Determine, tone="danger",
               clock=_("Sets the answer limit to the directive's deadline; starts the acceptance clock.")),
        Action("call_off", _("Call the coordination off"), (S.COORDINATING,), S.REGISTERED, P.SUPERVISE,
               inputs.Reason, clock=_("Starts the dispatch clock; the answer clock runs on.")),
        Action("follow_up", _("Record the follow-up call"), (S.FOLLOW_UP,), S.CLOSED, P.FOLLOW_UP,
               inputs.FollowUpInput, tone="primary", clock=_("Stops all clocks.")),
        Action("miss_follow_up", _("Caller not reached"), (S.FOLLOW_UP,), S.FOLLOW_UP, P.FOLLOW_UP,
               inputs.MissFollowUp, also_to=(S.CLOSED,),
               clock=_("Starts the follow-up clock again, or sets it to the time agreed; "
                       "the third try on a second day closes.")),
        Action("redo", _("Have it redone"), (S.FOLLOW_UP,), S.DISPATCHED, P.FOLLOW_UP, inputs.Redo, tone="danger",
               clock=_("A new round: starts the answer clock with half the limit, and the acceptance clock.")),
        Action("close", _("Close without a call"), (S.FOLLOW_UP,), S.CLOSED, P.CHECK_ANSWERS, inputs.Reason,
               clock=_("Stops all clocks.")),
        Action("reopen", _("Reopen"), (S.CLOSED,), S.DISPATCHED, P.FOLLOW_UP, inputs.Reason,
               clock=_("Within 7 days: a new round with half the limit.")),
        Action("link_praise", _("Link to the praised ticket"),
               (S.REGISTERED, S.DISPATCHED, S.WORKING, S.FOLLOW_UP, S.CLOSED), None, P.REGISTER, inputs.Praise,
               guard=_is_praise),
        Action("join_matter", _("Join to one matter"), tuple(Status), None, P.MANAGE_MATTERS, inputs.JoinMatter),
        Action("part_matter", _("Part from its matter"), tuple(Status), None, P.MANAGE_MATTERS, inputs.Remark,
               guard=_has_matter),
        Action("correct", _("Correct what was recorded"), tuple(OPEN_STATUSES), None, P.CORRECT, inputs.Correct,
               clock=_("Counts the limits anew; nobody becomes late by it.")),
        Action("mark_secret", _("Keep the caller secret"), tuple(Status), None, P.PROTECT_CALLERS, inputs.Reason,
               guard=_is_open_to_read, is_quiet=True),
        Action("lift_secrecy", _("Lift the secrecy"), tuple(Status), None, P.PROTECT_CALLERS, inputs.Reason,
               guard=_is_secret, is_quiet=True),
        Action("make_anonymous", _("Make the caller anonymous"), tuple(Status), None, P.PROTECT_CALLERS, inputs.Reason,
               guard=_is_named, is_quiet=True),
        Action("lift_anonymity", _("Lift the anonymity"), tuple(Status), None, P.PROTECT_CALLERS, inputs.NameCaller,
               guard=_is_anonymous, is_quiet=True),
        Action("forget_caller", _("Forget who called"), (S.CLOSED, S.NOT_ACCEPTED), None, BY_SYSTEM, inputs.Nothing,
               guard=_is_known, is_quiet=True),
        Action("recalculate", _("Move the deadlines"), tuple(OPEN_STATUSES), None, BY_SYSTEM, inputs.Recalculate,
               clock=_("Sets the limits as the changed calendar or time limit has them.")),
        Action("remark", _("Add a remark"), tuple(OPEN_STATUSES), None, P.SEE_ALL_TICKETS, inputs.Reason),
    )
}  # fmt: skip


STARTING = "register"
