"""The stuck board, on-site coordination, rulings, and what supervision has to say on a ticket's page."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from hotline import finding
from hotline.accounts.access import person, requires
from hotline.accounts.permissions import Permission as P
from hotline.receipts import services as receipts
from hotline.shell import back, number_in
from supervision.board import many, stuck
from tickets.choices import FlagKind
from tickets.lists.filters import TicketFilter
from tickets.models import Ticket
from tickets.telephony import missed
from tickets.workflow import several
from tickets.workflow.performing import Refused, objection, proposal
from tickets.workflow.table import ACTIONS

MOST_PAGES = 1000
FILTERS = ("q", "kind", "urgency", "department", "region", "category")


@requires(P.SEE_BOARD)
def board_page(request: HttpRequest) -> HttpResponse:
    """What is stuck: whole matters by cause, the largest and oldest first; renews itself.

    `?wall=1` shows it for a wall screen.
    """
    user = person(request)
    kind = request.GET.get("flag", "")
    kind = kind if kind in FlagKind.values else ""
    number = min(next(iter(number_in(request.GET.get("page"))), 1), MOST_PAGES)
    given, _is_forgotten = finding.asked(request)
    filterset = TicketFilter(given, queryset=Ticket.objects.visible_to(user), request=request)
    for name in set(filterset.filters) - set(FILTERS):
        del filterset.filters[name]
    narrowed = filterset.qs if filterset.is_narrowed else None
    rows, has_more = stuck.rows(user, kind, narrowed=narrowed, page=max(number, 1), on_paper="wall" in request.GET)
    kept = {"flag": kind} if kind else {}
    context = {
        "filter": filterset,
        "kept": kept,
        "kept_query": urlencode(kept),
        "flag": kind,
        "tabs": [(name, FlagKind(name).label, n) for name, n in stuck.counts(user).items() if n or name == kind],
        "groups": stuck.grouped(rows, kind),
        "previous": _with_page(request, number - 1) if number > 1 else "",
        "next": _with_page(request, number + 1) if has_more else "",
        "now": timezone.now(),
        "missed_overdue": missed.counts()[1],
        "is_wall": "wall" in request.GET,
        "may_act": user.may(P.SUPERVISE) and "wall" not in request.GET,
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
    tickets = stuck.tickets_of(keys, user)
    note = request.POST.get("note", "").strip() or _t("This has been stuck for long. Take it up at once and report.")

    def urge() -> str:
        outcome = many.urge_many(tickets, note=note, actor=user)
        said = ngettext("%d ticket urged.", "%d tickets urged.", outcome.done) % outcome.done
        several.tell(request, outcome, done=said)
        return ""

    if not tickets:
        messages.error(request, _t("Choose matters first."))
    elif not receipts.once_for(request, urge, person=user).now:
        messages.warning(request, receipts.SENT_BEFORE)
    return back(request, "board")


@requires(P.SUPERVISE)
def escalate_many(request: HttpRequest) -> HttpResponse:
    """One meeting on the spot about several matters: all their tickets come along."""
    user = person(request)
    tickets = [t for t in stuck.tickets_of(request.GET.getlist("key"), user) if not objection(ACTIONS["escalate"], t)]
    if not tickets:
        messages.error(request, _t("Choose matters that can go to the spot."))
        return redirect("board")
    first = tickets[0]
    action = ACTIONS["escalate"]
    if request.method == "POST":
        form = action.input(data=request.POST, ticket=first, user=user)
        if form.is_valid():
            try:
                done = receipts.once_for(
                    request,
                    lambda: many.escalate_together(tickets, given=request.POST, actor=user).get_absolute_url(),
                    person=user,
                )
            except Refused as refused:
                form.add_error(None, refused.message)
            else:
                return redirect(done.outcome)
        return render(request, "supervision/escalate.html", {"form": form, "tickets": tickets}, status=422)
    parties = sorted({pk for ticket in tickets for pk in proposal(action, ticket).get("departments", ())})
    form = action.input(ticket=first, user=user, initial=proposal(action, first) | {"departments": parties})
    return render(request, "supervision/escalate.html", {"form": form, "tickets": tickets})
