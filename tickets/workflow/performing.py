"""The one function that performs an action of the workflow table.

Pages, API, jobs and importers all come here. Rooms above this one add what an action means to them with `@effect`
(runs inside the same transaction) and `after_every`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import User
from hotline.waiting import busy
from tickets.models import Contribution, EventCaller, Ticket, TicketEvent
from tickets.workflow import inputs
from tickets.workflow.stores import DatabaseStore, Store
from tickets.workflow.table import ACTIONS, Action, Whose

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

    @property
    def details(self) -> str:
        """What is wrong with each field, in one line."""
        return " ".join(str(error) for errors in self.errors.values() for error in errors)


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
    of_caller: dict[str, list[str]] = field(default_factory=dict)  # of who called: kept apart from the event

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
_once_saved: list[Effect] = []
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


def once_saved(function: Effect) -> Effect:
    """Registers what is written of each action beside its event, once the ticket has its key."""
    _once_saved.append(function)
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


def open_to(action: Action, user: User) -> QuerySet[Ticket]:
    """The tickets that `user` sees, in a state in which `action` is possible, and on which they may perform it.

    What `may_perform` says of one ticket, of all of them; what else stands against it on one says `objection`.
    """
    if not action.permission or not user.may(action.permission):
        return Ticket.objects.none()
    found = Ticket.objects.visible_to(user).filter(status__in=action.sources)
    if action.whose is Whose.HOLDER:
        return found.filter(department_id__in=user.department_ids)
    if action.whose is not Whose.ANYBODY:
        owed = Contribution.objects.owed().filter(part=action.whose.value, department__in=user.department_ids)
        return found.filter(pk__in=owed.values("ticket_id"))
    return found


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

    Raises NotAllowed, Stale, InvalidInput, Refused or Busy (somebody holds the ticket); then nothing has changed.
    """
    action = ACTIONS[name]
    with busy.told(), transaction.atomic():
        locked = Ticket.objects.select_for_update(of=("self",), no_key=True).get(pk=ticket.pk)
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
        before={"status": ticket.status if ticket.version else "", "answer_due_at": ticket.answer_due_at,
                "stage_due_at": ticket.stage_due_at},
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
    if performance.before["stage_due_at"] != ticket.stage_due_at:
        performance.data["stage_due"] = ticket.stage_due_at.isoformat() if ticket.stage_due_at else None
    store.save_ticket(ticket)
    for function in _once_saved:
        function(performance)
    event = TicketEvent(
        ticket=ticket, sequence=ticket.version, action=action.name, from_status=source,
        to_status=ticket.status, actor=actor, at=at, department=ticket.department, round=ticket.round,
        note=performance.note, data=performance.data,
    )  # fmt: skip
    apart = EventCaller.of(event, performance.of_caller) if performance.of_caller else None
    store.add(event)
    if apart:
        store.add(apart)


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
