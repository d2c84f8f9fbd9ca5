"""The one workflow table, and the one function that performs an action.

`ACTIONS` lists every action once: from which states it leads to which, who may do it, what must be given.
Pages show it as buttons, the API as routes, jobs and importers go the same way. Rooms above this one add what
an action means to them with `@effect` (runs inside the same transaction) and `after_every`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P

from . import inputs
from .choices import OPEN_STATUSES, Kind, Part, Status
from .models import Contribution, Ticket, TicketEvent
from .stores import DatabaseStore, Store

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
        Action("miss_follow_up", _("Caller not reached"), (S.FOLLOW_UP,), S.FOLLOW_UP, P.FOLLOW_UP, inputs.Remark,
               also_to=(S.CLOSED,), clock=_("Starts the follow-up clock again; the third try on a second day closes.")),
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
        Action("recalculate", _("Move the deadlines"), tuple(OPEN_STATUSES), None, BY_SYSTEM, inputs.Recalculate,
               clock=_("Sets the limits as the changed calendar or time limit has them.")),
        Action("remark", _("Add a remark"), tuple(OPEN_STATUSES), None, P.SEE_ALL_TICKETS, inputs.Reason),
    )
}  # fmt: skip

STARTING = "register"


# -- refusals -----------------------------------------------------------------------------------------------


class Refused(Exception):
    """An action that cannot be performed now. `message` is for the person who asked."""

    def __init__(self, message: Any) -> None:
        super().__init__(str(message))
        self.message = str(message)


class NotAllowed(Refused):
    """This person may not perform this action on this ticket."""


class Stale(Refused):
    """Somebody changed the ticket since the page was loaded."""


class InvalidInput(Refused):
    """What was given does not do; `errors` maps fields to messages."""

    def __init__(self, form: inputs.ActionInput) -> None:
        super().__init__(_t("Please check what was entered."))
        self.form = form
        self.errors = form.errors


# -- what upper rooms add -----------------------------------------------------------------------------------


@dataclass
class Performance:
    """One action being performed: what an effect reads and changes."""

    action: Action
    ticket: Ticket
    actor: User | None
    at: datetime
    given: dict[str, Any]
    store: Store
    before: dict[str, Any]
    status: str = ""
    note: str = ""
    data: dict[str, Any] = field(default_factory=dict)

    def go_to(self, status: str) -> None:
        """Leads to another state than the usual one; it must be among the action's `also_to`."""
        if status not in self.action.leads_to(self.ticket.status):
            raise AssertionError(f"{self.action.name} does not lead to {status}")
        self.status = status


Effect = Callable[[Performance], None]
Question = Callable[[Ticket], Any]
Filling = Callable[[Ticket], dict[str, Any]]
Registered = TypeVar("Registered", Effect, Question, Filling)
_effects: dict[str, list[Effect]] = defaultdict(list)
_checks: dict[str, list[Question]] = defaultdict(list)
_after_every: list[Effect] = []
_proposals: dict[str, list[Filling]] = defaultdict(list)


def _registrar(table: dict[str, list[Registered]], names: tuple[str, ...]) -> Callable[[Registered], Registered]:
    def register(function: Registered) -> Registered:
        for name in names:
            ACTIONS[name]  # a misspelt name fails at import
            table[name].append(function)
        return function

    return register


def effect(*names: str) -> Callable[[Effect], Effect]:
    """Registers what the actions `names` change beside the state, in the order of registration."""
    return _registrar(_effects, names)


def check(*names: str) -> Callable[[Question], Question]:
    """Registers a question asked before the actions `names`: it returns why not, or None."""
    return _registrar(_checks, names)


def after_every(function: Effect) -> Effect:
    """Registers what follows each action once the new state is set (the clocks)."""
    _after_every.append(function)
    return function


def proposes(*names: str) -> Callable[[Filling], Filling]:
    """Registers what the forms of the actions `names` are filled with before anybody types."""
    return _registrar(_proposals, names)


def proposal(action: Action, ticket: Ticket) -> dict[str, Any]:
    """What the form of `action` begins with for `ticket`."""
    return {name: value for propose in _proposals[action.name] for name, value in propose(ticket).items()}


# -- asking -------------------------------------------------------------------------------------------------


def may_perform(action: Action, ticket: Ticket | None, user: User) -> bool:
    """Whether `user` is one who may perform `action` on `ticket`; says nothing of its state."""
    if not action.permission or not user.may(action.permission):
        return False
    if action.whose is Whose.ANYBODY:
        return True
    if ticket is None:
        return False
    if action.whose is Whose.HOLDER:
        return ticket.department_id in user.department_ids
    return owed_by(ticket, action.whose.value, user.department_ids).exists()


def owed_by(ticket: Ticket, part: str, departments: Iterable[int]) -> QuerySet[Contribution]:
    """The contributions to `ticket` that these departments have still to give."""
    return Contribution.objects.owed().filter(ticket=ticket, part=part, department__in=departments)


def objection(action: Action, ticket: Ticket) -> Any:
    """Why `action` cannot be performed on `ticket` as it stands; None where it can."""
    if ticket.status not in action.sources:
        return _("“%(action)s” is not possible while the ticket is “%(status)s”.") % {
            "action": action.label,
            "status": ticket.get_status_display(),
        }
    questions = [action.guard] if action.guard else []
    for question in (*questions, *_checks[action.name]):
        if reason := question(ticket):
            return reason
    return None


def available(ticket: Ticket, user: User) -> list[Action]:
    """The actions that `user` can perform on `ticket` now: the buttons of the page."""
    return [
        action
        for action in ACTIONS.values()
        if ticket.status in action.sources and may_perform(action, ticket, user) and not objection(action, ticket)
    ]


# -- doing --------------------------------------------------------------------------------------------------


def perform(
    name: str,
    ticket: Ticket,
    *,
    actor: User | None,
    given: Mapping[str, Any] | None = None,
    version: int | None = None,
    at: datetime | None = None,
) -> Ticket:
    """Performs the action `name` on `ticket` in one transaction and returns the ticket as it then is.

    `actor` None is the system itself (a job, an importer). `given` is what the action's input asks for, raw or
    clean. `version` is the one that the person saw; None where nobody looked (a job). `at` is when it happened,
    for importers; now by default.

    Raises NotAllowed, Stale, InvalidInput or Refused; then nothing has changed.
    """
    action = ACTIONS[name]
    with transaction.atomic():
        locked = Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)
        if actor is not None and not may_perform(action, locked, actor):
            raise NotAllowed(_t("You may not do this."))
        if version is not None and version != locked.version and not _only_quiet_since(locked, version):
            raise Stale(_what_happened_since(locked, version))
        if reason := objection(action, locked):
            raise Refused(reason)
        form = action.input(data=_raw(given or {}), ticket=locked, user=actor)
        if not form.is_valid():
            raise InvalidInput(form)
        apply(action, locked, actor=actor, given=form.cleaned_data, at=at or timezone.now(), store=DatabaseStore())
    return locked


def apply(
    action: Action, ticket: Ticket, *, actor: User | None, given: dict[str, Any], at: datetime, store: Store
) -> None:
    """Writes an action that has been found possible: effects, new state, event, clocks.

    `perform` comes here with a store that writes to the database at once; the bulk generator of the demo city
    with one that gathers rows.
    """
    performance = Performance(
        action=action, ticket=ticket, actor=actor, at=at, given=given, store=store,
        before={"status": ticket.status, "answer_due_at": ticket.answer_due_at},
        status=action.to if action.to is not None else ticket.status,
        note=str(given.get("note") or ""),
    )  # fmt: skip
    for function in _effects[action.name]:
        function(performance)
    moved = ticket.status != performance.status or ticket.version == 0
    source = "" if ticket.version == 0 else ticket.status
    if moved:
        ticket.status_since = at
    ticket.status = performance.status
    ticket.version += 1
    for function in _after_every:
        function(performance)
    if performance.before["answer_due_at"] != ticket.answer_due_at:
        performance.data["answer_due"] = [
            moment.isoformat() if moment else None
            for moment in (performance.before["answer_due_at"], ticket.answer_due_at)
        ]
    store.save_ticket(ticket)
    store.add(
        TicketEvent(
            ticket=ticket, sequence=ticket.version, action=action.name, from_status=source,
            to_status=ticket.status, actor=actor, at=at, department=ticket.department, round=ticket.round,
            note=performance.note, data=performance.data,
        )
    )  # fmt: skip


def _raw(given: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a form reads them: rows as their ids. A browser's QueryDict passes as it is."""
    if hasattr(given, "getlist"):
        return given  # type: ignore[return-value]
    return {name: _as_ids(value) for name, value in given.items()}


def _as_ids(value: Any) -> Any:
    if isinstance(value, list | tuple | set) or hasattr(value, "_result_cache"):
        return [getattr(item, "pk", item) for item in value]
    return getattr(value, "pk", value)


def _only_quiet_since(ticket: Ticket, version: int) -> bool:
    """Whether all that happened since `version` leaves what was looked at as it is, such as an urging."""
    if version > ticket.version:
        return False
    since = TicketEvent.objects.filter(ticket=ticket, sequence__gt=version).values_list("action", flat=True)
    return all(name in ACTIONS and ACTIONS[name].is_quiet for name in since)


def _what_happened_since(ticket: Ticket, version: int) -> str:
    """Who did what since `version`, for the person whose page is old."""
    since: Iterable[TicketEvent] = (
        TicketEvent.objects.filter(ticket=ticket, sequence__gt=version).select_related("actor").order_by("sequence")
    )
    deeds = _t("; ").join(
        _t("%(time)s %(person)s: %(action)s")
        % {
            "time": timezone.localtime(event.at).strftime("%H:%M"),
            "person": event.actor or _t("System"),
            "action": ACTIONS[event.action].label if event.action in ACTIONS else event.action,
        }
        for event in since
    )
    return _t("The ticket has changed since you opened it (%(deeds)s). Look at it again, then decide.") % {
        "deeds": deeds
    }
