"""How tickets stood at the end of a period, as their events tell: a report that is built again later says the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reports.indicators import Window
from tickets.choices import OPEN_STATUSES, Status
from tickets.models import Ticket, TicketEvent


@dataclass(frozen=True)
class Stood:
    """A ticket's status at an instant, and who held it then; empty where nobody did."""

    status: str
    department: str

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def label(self) -> str:
        return str(Status(self.status).label)


def stood(tickets: Iterable[Ticket], window: Window) -> dict[int, Stood]:
    """Each of the tickets that was recorded by the window's end, by its id."""
    events = TicketEvent.objects.filter(ticket__in=[ticket.pk for ticket in tickets], at__lt=window.known)
    last = events.order_by("ticket", "-sequence").distinct("ticket")
    rows = last.values_list("ticket", "to_status", "department__name")
    return {ticket: Stood(status, department or "") for ticket, status, department in rows}
