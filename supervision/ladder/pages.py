"""The messages page, and supervision orders as papers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET

from hotline.accounts.access import person, requires
from hotline.accounts.permissions import Permission as P
from hotline.ledger.writing import note
from hotline.shell import number_in
from supervision import words
from supervision.ladder import messages
from supervision.models import SupervisionOrder
from tickets.models import Ticket
from tickets.reading import read

SHOWN = 100


@requires(P.SEE_MESSAGES)
def inbox(request: HttpRequest) -> HttpResponse:
    """What the person and their department were told, unread first; what was looked at is marked as read on request."""
    user = person(request)
    if request.method == "POST":
        messages.mark_read(user, [pk for value in request.POST.getlist("notice") for pk in number_in(value)])
        return redirect("messages")
    found = messages.as_told(messages.for_person(user)[:SHOWN], user)
    context = {
        "unread": [one for one in found if one.notice.read_at is None],
        "read": [one for one in found if one.notice.read_at is not None],
    }
    return render(request, "supervision/messages.html", context)


@require_GET
def order(request: HttpRequest, number: str) -> HttpResponse:
    """A supervision order (督办单) as it is printed; for whoever may see its ticket."""
    visible = Ticket.objects.visible_to(request.user)
    orders = SupervisionOrder.objects.select_related("ticket__region__parent", "department", "issued_by")
    found = get_object_or_404(orders.filter(ticket__in=visible), number=number)
    note(request, number=found.ticket.number, key=number)
    on_paper = read(found.ticket, None)  # the rest stands on the ticket's page, for who may open it
    lines = words.lines(found.ticket.flags.order_by("since", "pk"), on_paper)
    context = {"order": found, "ticket": found.ticket, "read": on_paper, "lines": lines}
    return render(request, "supervision/order.html", context)
