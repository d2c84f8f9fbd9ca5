"""The stuck board, on-site coordination, rulings, and what supervision has to say on a ticket's page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from hotline import keyset
from hotline.accounts.access import person, requires
from hotline.accounts.permissions import Permission as P
from tickets.choices import FlagKind, Part, Status
from tickets.lists import ticket_list
from tickets.models import Contribution, Ticket
from tickets.views import find_ticket
from tickets.workflow import ACTIONS, Refused, available

from . import queries, services
from .models import CoordinationTask, Participant

BOARD_STEPS = ("urge", "escalate")  # offered in each row of the board


@requires(P.SUPERVISE)
def board(request: HttpRequest) -> HttpResponse:
    """Tickets that are stuck, by cause, the longest stuck first; renews itself."""
    user = person(request)
    kind = request.GET.get("flag", "")
    counts = queries.counts(user)

    def rows(page: keyset.Page) -> dict[str, Any]:
        return {
            "lines": {ticket.pk: queries.lines(ticket.open_flags) for ticket in page},
            "steps": {
                ticket.pk: [action for action in available(ticket, user) if action.name in BOARD_STEPS]
                for ticket in page
            },
        }

    return ticket_list(
        request, queries.flagged_tickets(user, kind), title=_("Stuck board"), template="supervision/board.html",
        default_order="oldest", filters=("q", "status", "kind", "department", "region"), after_page=rows,
        flag=kind if kind in FlagKind.values else "", empty=_("Nothing is stuck."),
        empty_icon="check-circle", keep=("flag",),
        tabs=[(name, FlagKind(name).label, count) for name, count in counts.items()],
    )  # fmt: skip


@require_GET
def ticket_panel(request: HttpRequest, number: str) -> HttpResponse:
    """Fragment of the ticket page: flags, extensions, orders and coordination of this ticket."""
    ticket = find_ticket(request, number)
    flags = ticket.flags.order_by("cleared_at", "since")
    context = {
        "ticket": ticket,
        "open": queries.lines(flag for flag in flags if flag.cleared_at is None),
        "cleared": queries.lines(flag for flag in flags if flag.cleared_at is not None),
        "extensions": ticket.extensions.order_by("asked_at"),
        "orders": ticket.supervision_orders.select_related("department").order_by("issued_at"),
        "tasks": CoordinationTask.objects.filter(coordinated__ticket=ticket).order_by("called_at"),
        "may_open_tasks": person(request).may(P.SUPERVISE) or person(request).may(P.SEE_REPORTS),
    }
    return render(request, "supervision/_ticket_panel.html", context)


@requires(P.SUPERVISE)
def coordinations(request: HttpRequest) -> HttpResponse:
    state = request.GET.get("state", CoordinationTask.State.CALLED)
    states = CoordinationTask.State
    tasks = CoordinationTask.objects.select_related("ticket", "department")
    tasks = tasks.filter(state=state) if state in states.values else tasks
    context = {"tasks": tasks.order_by("-meets_at")[:100], "states": states.choices, "state": state}
    return render(request, "supervision/coordinations.html", context)


@requires(P.SEE_REPORTS)
def coordination(request: HttpRequest, pk: int) -> HttpResponse:
    """The page on the spot: who came, what they say, what is found, who is responsible."""
    task = get_object_or_404(CoordinationTask.objects.select_related("ticket__region__parent", "department"), pk=pk)
    ticket = task.ticket
    user = person(request)
    may_act = user.may(P.SUPERVISE) and task.state == CoordinationTask.State.CALLED
    context: dict[str, Any] = {
        "task": task,
        "ticket": ticket,
        "participants": task.participants.select_related("department"),
        "tickets": Ticket.objects.visible_to(user)
        .filter(coordinated_in__task=task)
        .for_list()
        .order_by("registered_at"),
        "photos": ticket.attachments.all(),
        "may_act": may_act,
    }
    if may_act and ticket.status == Status.COORDINATING:
        initial = {"findings": task.findings}
        context["determine"] = ACTIONS["determine"].input(ticket=ticket, user=user, initial=initial)
        context["findings"] = ACTIONS["record_findings"].input(ticket=ticket, user=user, auto_id="findings_%s")
    return render(request, "supervision/coordination.html", context)


@requires(P.SUPERVISE)
@require_POST
def participant(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Participant.objects.select_related("task"), pk=pk)
    try:
        services.record_participant(
            found, arrived=bool(request.POST.get("arrived")), statement=request.POST.get("statement", ""),
            actor=person(request),
        )  # fmt: skip
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect(f"{found.task.get_absolute_url()}#participants")


@requires(P.SUPERVISE)
@require_POST
def add_participant(request: HttpRequest, pk: int) -> HttpResponse:
    task = get_object_or_404(CoordinationTask, pk=pk)
    try:
        services.add_participant(task, name=request.POST.get("name", ""), actor=person(request))
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect(f"{task.get_absolute_url()}#participants")


@requires(P.RULE)
def rulings(request: HttpRequest) -> HttpResponse:
    """What waits for a manager's word: disputes and extensions."""
    disputes = Ticket.objects.visible_to(request.user).filter(status=Status.RULING).for_list().order_by("stage_due_at")
    heard = Prefetch(
        "contributions",
        Contribution.objects.filter(part=Part.OPINION, withdrawn_at__isnull=True).select_related("department", "names"),
        to_attr="opinions",
    )
    context = {"disputes": disputes.prefetch_related(heard)[:100], "extensions": queries.pending_extensions()[:100]}
    return render(request, "supervision/rulings.html", context)
