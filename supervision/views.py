"""The stuck board, on-site coordination, rulings, and what supervision has to say on a ticket's page."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from hotline.accounts.access import person, requires
from hotline.accounts.permissions import Permission as P
from hotline.shell import back, number_in
from tickets import several
from tickets.choices import FlagKind, Part, Status
from tickets.filters import TicketFilter
from tickets.models import Contribution, Ticket
from tickets.views import find_ticket
from tickets.workflow import ACTIONS, Refused, objection, proposal

from . import board, queries, services, words
from .models import CoordinationTask

MOST_PAGES = 1000
FILTERS = ("q", "kind", "urgency", "department", "region", "category")


@requires(P.SUPERVISE)
def board_page(request: HttpRequest) -> HttpResponse:
    """What is stuck: whole matters by cause, the largest and oldest first; renews itself.

    `?wall=1` shows it for a wall screen.
    """
    user = person(request)
    kind = request.GET.get("flag", "")
    kind = kind if kind in FlagKind.values else ""
    number = min(next(iter(number_in(request.GET.get("page"))), 1), MOST_PAGES)
    filterset = TicketFilter(request.GET, queryset=Ticket.objects.visible_to(user), request=request)
    for name in set(filterset.filters) - set(FILTERS):
        del filterset.filters[name]
    narrowed = filterset.qs if filterset.is_narrowed else None
    rows, has_more = board.rows(user, kind, narrowed=narrowed, page=max(number, 1))
    kept = {"flag": kind} if kind else {}
    context = {
        "filter": filterset,
        "kept": kept,
        "kept_query": urlencode(kept),
        "flag": kind,
        "tabs": [(name, FlagKind(name).label, n) for name, n in board.counts(user).items() if n or name == kind],
        "groups": board.grouped(rows, kind),
        "previous": _with_page(request, number - 1) if number > 1 else "",
        "next": _with_page(request, number + 1) if has_more else "",
        "now": timezone.now(),
        "is_wall": "wall" in request.GET,
    }
    return render(request, "supervision/board.html", context)


def _with_page(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"


@requires(P.SUPERVISE)
@require_POST
def board_many(request: HttpRequest) -> HttpResponse:
    """Urges the departments of all chosen matters at once; each ticket on its own, with a word on each refusal."""
    user = person(request)
    keys = request.POST.getlist("key")
    if request.POST.get("then") == "escalate":
        return redirect(f"{reverse('escalate-many')}?{urlencode({'key': keys}, doseq=True)}")
    tickets = board.tickets_of(keys, user)
    note = request.POST.get("note", "").strip() or _t("This has been stuck for long. Take it up at once and report.")
    outcome = services.urge_many(tickets, note=note, actor=user)
    said = ngettext("%d ticket urged.", "%d tickets urged.", outcome.done) % outcome.done
    several.tell(request, outcome, done=said, nothing_chosen="" if tickets else _t("Choose matters first."))
    return back(request, "board")


@requires(P.SUPERVISE)
def escalate_many(request: HttpRequest) -> HttpResponse:
    """One meeting on the spot about several matters: all their tickets come along."""
    user = person(request)
    tickets = [t for t in board.tickets_of(request.GET.getlist("key"), user) if not objection(ACTIONS["escalate"], t)]
    if not tickets:
        messages.error(request, _t("Choose matters that can go to the spot."))
        return redirect("board")
    first = tickets[0]
    action = ACTIONS["escalate"]
    if request.method == "POST":
        form = action.input(data=request.POST, ticket=first, user=user)
        if form.is_valid():
            try:
                task = services.escalate_together(tickets, given=request.POST, actor=user)
            except Refused as refused:
                messages.error(request, refused.message)
            else:
                return redirect(task)
        return render(request, "supervision/escalate.html", {"form": form, "tickets": tickets}, status=422)
    parties = sorted({pk for ticket in tickets for pk in proposal(action, ticket).get("departments", ())})
    form = action.input(ticket=first, user=user, initial=proposal(action, first) | {"departments": parties})
    return render(request, "supervision/escalate.html", {"form": form, "tickets": tickets})


@require_GET
def ticket_panel(request: HttpRequest, number: str) -> HttpResponse:
    """Fragment of the ticket page: flags, extensions, orders and coordination of this ticket."""
    ticket = find_ticket(request, number)
    flags = ticket.flags.order_by("cleared_at", "since")
    context = {
        "ticket": ticket,
        "open": words.lines(flag for flag in flags if flag.cleared_at is None),
        "cleared": words.lines(flag for flag in flags if flag.cleared_at is not None),
        "extensions": ticket.extensions.select_related("ruled_by").order_by("asked_at"),
        "orders": ticket.supervision_orders.select_related("department").order_by("issued_at"),
        "tasks": CoordinationTask.objects.filter(coordinated__ticket=ticket).order_by("called_at"),
        "may_open_tasks": person(request).may(P.SUPERVISE) or person(request).may(P.SEE_REPORTS),
    }
    return render(request, "supervision/_ticket_panel.html", context)


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
