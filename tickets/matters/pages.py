"""Joining tickets from a list."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_POST

from hotline.accounts.access import person, requires
from hotline.accounts.permissions import Permission as P
from hotline.receipts import services as receipts
from hotline.shell import back
from tickets.matters import joining
from tickets.models import Matter, Ticket
from tickets.workflow.performing import Refused


@requires(P.MANAGE_MATTERS)
@require_POST
def join_tickets(request: HttpRequest) -> HttpResponse:
    """Joins the tickets ticked in a list to one matter."""
    numbers = [number for number in request.POST.getlist("number") if number.isalnum()]
    tickets = list(Ticket.objects.visible_to(request.user).filter(number__in=numbers))
    user = person(request)
    try:
        done = receipts.once_for(request, lambda: str(joining.join(tickets, actor=user).pk), person=user)
    except Refused as refused:
        messages.error(request, refused.message)
        return back(request, "tickets")
    matter = get_object_or_404(Matter, pk=done.outcome)
    messages.success(request, _t("%(count)d tickets belong to one matter now.") % {"count": matter.tickets.count()})
    return redirect(matter)
