"""Where the rows of an action go: into the database at once, or into a heap that is written in bulk.

`GatheringStore` is for the same action on many stored tickets, `BulkStore` for tickets that are not stored yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from django.db import models

from hotline import many, roles
from tickets import search
from tickets.models import Ticket, TicketEvent
from tickets.reading import as_worked_on

Row = TypeVar("Row", bound=models.Model)
BATCH = 2000  # rows a statement when writing in bulk


def index_for_search(ticket: Ticket) -> None:
    """Sets the ticket's search vectors to expressions that the next save writes."""
    asked, caller = searched(ticket)
    ticket.search, ticket.caller_search = search.vector(*asked), search.hidden_vector(*caller)


def searched(ticket: Ticket) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The texts by which a ticket is found, and those by which it is found where the reader may see the caller.

    A protected caller's name or number in what is asked is found by nobody who may not read it there.
    """
    asked = (ticket.title, ticket.description, ticket.address, ticket.plate, ticket.amount)
    reading = as_worked_on(ticket)
    told = (reading.name(ticket.title), *(reading.text(written) for written in asked[1:]))
    hidden = tuple(written for written, shown in zip(asked, told, strict=True) if written != shown)
    return (ticket.number, *told), (ticket.caller_name, ticket.caller_phone, ticket.contact_phone, *hidden)


# What `correct` may make another.
CORRECTED_FIELDS = (
    "caller_phone", "caller_name", "contact_phone", "region", "address", "kind", "category", "urgency", "happened",
    "plate", "amount",
)  # fmt: skip


class Store(Protocol):
    is_read: bool  # whether what stands in the database is asked for while it writes

    def save_ticket(self, ticket: Ticket) -> None: ...
    def add(self, row: models.Model) -> None: ...
    def add_all(self, rows: Sequence[Row]) -> None: ...
    def change(self, row: models.Model) -> None: ...
    def latest(self, model: type[Row], ticket: Ticket) -> Row | None: ...
    def all(self, model: type[Row], ticket: Ticket) -> list[Row]: ...


class DatabaseStore:
    """Writes each row as it comes, inside the caller's transaction."""

    is_read = True

    def save_ticket(self, ticket: Ticket) -> None:
        if ticket.pk is None:
            index_for_search(ticket)
            ticket.save(force_insert=True)
        else:
            reindexed = [name for name in VECTORS if hasattr(ticket.__dict__.get(name), "resolve_expression")]
            ticket.save(update_fields=(*CHANGING_FIELDS, *reindexed))

    def add(self, row: models.Model) -> None:
        row.save(force_insert=True)

    def add_all(self, rows: Sequence[Row]) -> None:
        if rows:
            type(rows[0])._default_manager.bulk_create(rows)

    def change(self, row: models.Model) -> None:
        row.save(update_fields=roles.KEPT.get(row._meta.db_table) or None)

    def in_the_end(self, work: Callable[[set[int]], object], about: int) -> None:
        """Has `work` done about all that is named to it: at once here, where each row goes by itself."""
        work({about})

    def latest(self, model: type[Row], ticket: Ticket) -> Row | None:
        return model._default_manager.filter(ticket=ticket).order_by("-pk").first()

    def all(self, model: type[Row], ticket: Ticket) -> list[Row]:
        return list(model._default_manager.filter(ticket=ticket).order_by("pk"))


class GatheringStore(DatabaseStore):
    """Gathers what actions change of stored tickets that the caller holds; `flush` writes it with few statements."""

    def __init__(self, tickets: Iterable[Ticket]) -> None:
        self._tickets = {ticket.pk: ticket for ticket in tickets}
        self._before = {pk: _changing(ticket) for pk, ticket in self._tickets.items()}
        self._added: dict[type[models.Model], list[Any]] = defaultdict(list)
        self._changed: dict[type[models.Model], dict[int, Any]] = defaultdict(dict)
        self._stored: dict[type[models.Model], dict[int, list[Any]]] = {}
        self._last: dict[Callable[[set[int]], object], set[int]] = defaultdict(set)

    def save_ticket(self, ticket: Ticket) -> None:
        assert self._tickets[ticket.pk] is ticket

    def add(self, row: models.Model) -> None:
        self._added[type(row)].append(row)

    def add_all(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self.add(row)

    def change(self, row: models.Model) -> None:
        self._changed[type(row)][row.pk] = row

    def in_the_end(self, work: Callable[[set[int]], object], about: int) -> None:
        self._last[work].add(about)

    def latest(self, model: type[Row], ticket: Ticket) -> Row | None:
        return next(reversed(self.all(model, ticket)), None)

    def all(self, model: type[Row], ticket: Ticket) -> list[Row]:
        if model not in self._stored:
            found = self._stored[model] = defaultdict(list)
            for row in model._default_manager.filter(ticket__in=list(self._tickets)).order_by("pk"):
                found[getattr(row, "ticket_id")].append(row)  # noqa: B009 - rows of all kinds of models
        added = (row for row in self._added[model] if row.ticket_id == ticket.pk)
        return [*self._stored[model][ticket.pk], *added]

    def flush(self) -> None:
        """Writes everything gathered, and does what was left for the end."""
        changed = {pk: now for pk, ticket in self._tickets.items() if (now := _changing(ticket)) != self._before[pk]}
        if changed:
            names = {name for pk, now in changed.items() for name in now if now[name] != self._before[pk][name]}
            many.update([self._tickets[pk] for pk in changed], sorted(names))
        for model, rows in self._added.items():
            model._default_manager.bulk_create(rows, batch_size=BATCH)
        for model, known in self._changed.items():
            fields = [field.name for field in model._meta.concrete_fields if not field.primary_key]
            many.update(list(known.values()), roles.KEPT.get(model._meta.db_table) or fields)
        for work, about in self._last.items():
            work(about)


def _changing(ticket: Ticket) -> dict[str, Any]:
    """What actions may change of a ticket, as it is now."""
    fields = (field for field in Ticket._meta.concrete_fields if field.name in CHANGING_FIELDS)
    return {field.name: getattr(ticket, field.attname) for field in fields}


class BulkStore:
    """Gathers tickets and their rows in memory; `flush` writes them with few statements."""

    is_read = False

    def __init__(self) -> None:
        self.tickets: list[Ticket] = []
        self.rows: dict[type[models.Model], list[Any]] = defaultdict(list)
        self.by_ticket: dict[tuple[type[models.Model], int], list[Any]] = defaultdict(list)

    def save_ticket(self, ticket: Ticket) -> None:
        if ticket.version == 1:
            self.tickets.append(ticket)

    def add(self, row: Any) -> None:
        self.rows[type(row)].append(row)
        if not isinstance(row, TicketEvent) and hasattr(row, "ticket"):
            self.by_ticket[type(row), id(row.ticket)].append(row)

    def add_all(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self.add(row)

    def change(self, row: models.Model) -> None:
        """Nothing to do: the row is written once, as it is at the end."""

    def latest(self, model: type[Row], ticket: Ticket) -> Row | None:
        rows = self.by_ticket[model, id(ticket)]
        return rows[-1] if rows else None

    def all(self, model: type[Row], ticket: Ticket) -> list[Row]:
        return list(self.by_ticket[model, id(ticket)])

    def flush(self) -> None:
        """Writes everything gathered, parents before children, and forgets it."""
        for ticket in self.tickets:
            index_for_search(ticket)
            if ticket.is_open:  # it was lived through in the past: the first sweep raises what has become true
                instants = [getattr(ticket, name) for name in INSTANTS]
                ticket.next_due_at = min((instant for instant in instants if instant), default=None)
        Ticket.objects.bulk_create(self.tickets, batch_size=BATCH)
        for model, rows in self.rows.items():
            for row in rows:
                for name in ("ticket", "task", "event"):  # unsaved parents have their keys only now
                    if name in row._state.fields_cache:
                        setattr(row, name, getattr(row, name))
            model._default_manager.bulk_create(rows, batch_size=BATCH)
        self.__init__()  # type: ignore[misc]


# The instants at which something becomes true of a ticket.
INSTANTS = (
    "stage_due_at", "answer_due_at", "half_at", "warn_at", "contribution_due_at", "order_due_at", "task_due_at",
)  # fmt: skip
VECTORS = ("search", "caller_search")  # written only where they were set anew
# What actions may change of a ticket. The words of the call and when it was recorded stay as they were.
CHANGING_FIELDS = (
    "is_secret", "is_anonymous", *CORRECTED_FIELDS, "caller", "earlier_callers", "forgotten_at",
    "forgotten_words",
    "status", "version", "round", "department", "is_binding", "hops", "returns", "urges", "matter", "praises",
    "dispatched_at", "assigned_at", "accept_due_at", "accepted_at", "progress_at", "answered_at", "closed_at",
    "status_since", "clock_from", "stage_from", *INSTANTS, "next_due_at", "risk", "closing", "refusal_ground",
    "contacted", "solved", "satisfaction", "cause", "closing_reason",
)  # fmt: skip
