"""What waits for a manager's word: disputes, and extensions that were asked for."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hotline.accounts.access import requires
from hotline.accounts.permissions import Permission as P
from supervision.models import Extension
from tickets.choices import Part, Status
from tickets.models import Contribution, Ticket


def pending_extensions() -> QuerySet[Extension]:
    return (
        Extension.objects.filter(ruling=Extension.Ruling.PENDING)
        .select_related("ticket__department", "ticket__region__parent", "asked_by")
        .order_by("asked_at", "pk")
    )


@requires(P.RULE)
def rulings_page(request: HttpRequest) -> HttpResponse:
    """What waits for a manager's word: disputes and extensions."""
    disputes = (
        Ticket.objects.visible_to(request.user).filter(status=Status.RULING).for_list().order_by("stage_due_at", "pk")
    )
    heard = Prefetch(
        "contributions",
        Contribution.objects.filter(part=Part.OPINION, withdrawn_at__isnull=True).select_related("department", "names"),
        to_attr="opinions",
    )
    context = {"disputes": disputes.prefetch_related(heard)[:100], "extensions": pending_extensions()[:100]}
    return render(request, "supervision/rulings.html", context)
