"""What supervision has to say on a ticket's page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from hotline.accounts.access import person
from hotline.accounts.permissions import Permission as P
from supervision import words
from supervision.models import CoordinationTask
from tickets.reading import read
from tickets.workflow.pages import find_ticket


@require_GET
def ticket_panel(request: HttpRequest, number: str) -> HttpResponse:
    """Fragment of the ticket page: flags, extensions, orders and coordination of this ticket."""
    ticket = find_ticket(request, number)
    flags = words.lines(ticket.flags.order_by("cleared_at", "since", "pk"), read(ticket, person(request)))
    context = {
        "ticket": ticket,
        "open": [line for line in flags if line.cleared_at is None],
        "cleared": [line for line in flags if line.cleared_at is not None],
        "extensions": ticket.extensions.select_related("ruled_by").order_by("asked_at", "pk"),
        "orders": ticket.supervision_orders.select_related("department").order_by("issued_at", "pk"),
        "tasks": CoordinationTask.objects.filter(coordinated__ticket=ticket).order_by("called_at", "pk"),
        "may_open_tasks": person(request).may(P.SUPERVISE) or person(request).may(P.SEE_REPORTS),
    }
    return render(request, "supervision/_ticket_panel.html", context)
