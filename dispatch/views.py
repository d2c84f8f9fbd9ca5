"""The dispatcher's queue, and what dispatch has to say on a ticket's page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from hotline import keyset
from hotline.accounts.access import person, requires
from hotline.accounts.models import Region
from hotline.accounts.permissions import Permission as P
from hotline.shell import back, number_in
from tickets import load
from tickets.choices import OPEN_STATUSES, Status
from tickets.lists import ticket_list
from tickets.models import Category, Ticket
from tickets.views import find_ticket
from tickets.workflow import ACTIONS

from . import many, measures, store, suggest
from .models import DispatchModel, Return
from .precedents import Asked

SIMILAR = 5
SHOWN_TO_UNDO = 25  # as many as a page of the queue can dispatch at once
REASONS_SHOWN = 5


@requires(P.DISPATCH)
def queue(request: HttpRequest) -> HttpResponse:
    """Tickets to be dispatched, returns to be ruled on; each with its proposal and the reason for it."""
    tabs = {"registered": _("To be dispatched"), "return_asked": _("Return under review")}
    tab = request.GET.get("tab", "registered")
    tab = tab if tab in tabs else "registered"
    tickets = Ticket.objects.visible_to(request.user).filter(status=tab)

    def proposals(page: keyset.Page) -> dict[str, Any]:
        asked = Return.objects.filter(ticket__in=[t.pk for t in page], ruling=Return.Ruling.PENDING)
        return {
            "proposals": suggest.for_tickets(page.rows),
            "just_dispatched": list(many.just_dispatched(person(request))[:SHOWN_TO_UNDO]),
            "load": load.by_department(),
            "returns": {row.ticket_id: row for row in asked.select_related("department", "proposed")},
        }

    one_department = ACTIONS["dispatch"].input(auto_id="many_%s")["department"]
    return ticket_list(
        request, tickets, title=_("Dispatch"), template="dispatch/queue.html", default_order="step",
        filters=("q", "kind", "urgency", "region", "category"), tabs=tabs, tab=tab, after_page=proposals,
        one_department=one_department, empty=_("Everything is dispatched."), empty_icon="check-circle",
    )  # fmt: skip


@requires(P.DISPATCH)
@require_POST
def many_at_once(request: HttpRequest) -> HttpResponse:
    """Dispatches the chosen tickets, each as suggested or all to one department; or takes dispatches back."""
    user, numbers = person(request), request.POST.getlist("number")
    if request.POST.get("then") == "undo":
        outcome = many.take_back(numbers, actor=user)
        said = ngettext("%d dispatch undone.", "%d dispatches undone.", outcome.done) % outcome.done
    else:
        to_one = request.POST.get("department", "") if request.POST.get("then") == "department" else None
        outcome = many.dispatch((_chosen(request, number, to_one) for number in numbers), actor=user)
        said = ngettext("%d ticket dispatched.", "%d tickets dispatched.", outcome.done) % outcome.done
    if not numbers:
        messages.error(request, _t("Choose tickets first."))
    elif outcome.done:
        messages.success(request, said)
    for reason in outcome.refused[:REASONS_SHOWN]:
        messages.error(request, reason)
    if left := outcome.refused[REASONS_SHOWN:]:
        messages.error(request, _t("… and %(count)d more.") % {"count": len(left)})
    return back(request, "dispatch-queue")


def _chosen(request: HttpRequest, number: str, to_one: str | None) -> many.Chosen:
    """What was sent of one ticket: the version that was looked at, and where it shall go."""
    version = request.POST.get(f"version-{number}", "")
    department = request.POST.get(f"suggested-{number}", "") if to_one is None else to_one
    return many.Chosen(number, int(version) if version.isdecimal() and len(version) < 9 else 0, department)


@require_GET
def ticket_panel(request: HttpRequest, number: str) -> HttpResponse:
    """Fragment of the ticket page: the proposed department, and the returns so far."""
    ticket = find_ticket(request, number)
    proposal = suggest.for_ticket(ticket) if ticket.status in (Status.REGISTERED, Status.RULING) else None
    returns = ticket.return_requests.select_related("department", "proposed", "asked_by", "ruled_by").order_by(
        "asked_at"
    )
    return render(request, "dispatch/_ticket_panel.html", {"ticket": ticket, "proposal": proposal, "returns": returns})


@requires(P.SEE_SUGGESTIONS)
@require_GET
def suggestions(request: HttpRequest) -> HttpResponse:
    """How good suggestions are, by what they rest on; and the models that were trained."""
    row, learned = store.current()
    context = {
        "days": measures.DAYS,
        "sources": measures.by_source(),
        "first": measures.first_dispatch(),
        "models": DispatchModel.objects.order_by("-trained_at")[:12],
        "is_broken": row is not None and learned is None,
    }
    return render(request, "dispatch/suggestions.html", context)


@requires(P.REGISTER)
@require_GET
def call_panel(request: HttpRequest) -> HttpResponse:
    """Fragment of the new-ticket page: category and department that fit what is being typed, and like tickets."""
    title, text = request.GET.get("title", ""), request.GET.get("description", "")
    region = Region.objects.filter(pk__in=number_in(request.GET.get("region"))).first()
    chosen = Category.objects.filter(pk__in=number_in(request.GET.get("category"))).first()
    guess = None if chosen else suggest.guess_category(title, text)
    address = request.GET.get("address", "").strip()
    proposal = suggest.for_call(Asked(title, text, chosen or guess, region, address)) if region else None
    like: Any = ()
    if region and len(address) >= 2:
        like = (
            Ticket.objects.visible_to(request.user).matching(address, person(request))
            .filter(status__in=OPEN_STATUSES, region__in=region.subtree())
            .for_list().order_by("-registered_at")[:SIMILAR]
        )  # fmt: skip
    return render(
        request, "dispatch/_call_panel.html", {"guess": guess, "proposal": proposal, "like": like, "typed": text}
    )
