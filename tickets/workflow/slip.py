"""The slip on which an office handles a ticket on paper (工单处理笺)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from hotline.accounts.access import person
from tickets.reading import read
from tickets.workflow import timeline
from tickets.workflow.pages import find_ticket

DISPATCHES = ("dispatch", "dispatch_automatically", "rule", "determine", "send_down")


@require_GET
def slip(request: HttpRequest, number: str) -> HttpResponse:
    """What is known of a ticket, as whoever prints it may read it, with room to write by hand; on A4."""
    ticket = find_ticket(request, number)
    reading = read(ticket, person(request))
    sent = ticket.events.filter(action__in=DISPATCHES).order_by("-sequence").values_list("note", flat=True).first()
    context = {
        "ticket": ticket,
        "read": reading,
        "instruction": timeline.stored_text(sent or "", reading),
        "answer": ticket.answers.filter(round=ticket.round, sent_back_at__isnull=True).order_by("-at", "-pk").first(),
    }
    return render(request, "tickets/slip.html", context)
