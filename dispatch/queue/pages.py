"""The dispatcher's queue, and what dispatch has to say on a ticket's page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from dispatch import categorising, concerns, precedents, returned_for, suggest
from dispatch.directory.book import holding
from dispatch.learned import measures, store
from dispatch.models import DirectoryEntry, DispatchModel, Learns, Return
from dispatch.precedents import Asked
from dispatch.queue import automation, many
from hotline import keyset, telephone
from hotline.accounts.access import person, requires
from hotline.accounts.models import Region
from hotline.accounts.permissions import Permission as P
from hotline.receipts import services as receipts
from hotline.shell import back, number_in
from tickets import kinds, load
from tickets.calls.forms import LEAST_WORDS
from tickets.choices import Status
from tickets.lists.listing import ticket_list
from tickets.matters import likeness
from tickets.models import Category, Ticket
from tickets.workflow import several
from tickets.workflow.pages import find_ticket
from tickets.workflow.performing import NotAllowed, Refused
from tickets.workflow.table import ACTIONS

JOINING_KEYS = ("Alt+J", "Alt+K", "Alt+L")  # beside the first rows of like matters
SHOWN_TO_UNDO = 25  # as many as a page of the queue can dispatch at once
# What a ticket's path from department to department is made of.
ON_THE_PATH = (
    "register", "dispatch", "dispatch_automatically", "recall", "undo_dispatch", "accept", "send_down", "hand_over",
    "ask_return", "grant_return", "refuse_return", "ask_ruling", "give_opinion", "rule", "escalate", "determine",
    "call_off", "redo", "reopen",
)  # fmt: skip
BY_LABELS = {
    "department": _("By department"), "category": _("By category"), "dispatcher": _("By dispatcher"),
    "cause": _("By cause"),
}  # fmt: skip


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
        request, tickets, title=_("Dispatch"), template="dispatch/queue.html", default_order="risk",
        filters=("q", "kind", "urgency", "region", "category"), tabs=tabs, tab=tab, after_page=proposals,
        one_department=one_department, automatic=automation.switch(),
        empty=_("Everything is dispatched."), empty_icon="check-circle",
    )  # fmt: skip


@requires(P.DISPATCH)
@require_POST
def many_at_once(request: HttpRequest) -> HttpResponse:
    """Dispatches the chosen tickets, each as suggested or all to one department; or takes dispatches back."""
    user, numbers = person(request), several.numbers_in(request)
    key = request.POST.get(receipts.KEY_FIELD, "")
    if request.POST.get("then") == "undo":
        last = request.POST.get("last")
        outcome = many.take_back([last] if last else numbers, actor=user, key=key)
        said = ngettext("%d dispatch undone.", "%d dispatches undone.", outcome.done) % outcome.done
    else:
        to_one = request.POST.get("department", "") if request.POST.get("then") == "department" else None
        if to_one == "":
            messages.error(request, _t("Choose the department that they shall go to."))
            return back(request, "dispatch-queue")
        outcome = many.dispatch((_chosen(request, number, to_one) for number in numbers), actor=user, key=key)
        said = ngettext("%d ticket dispatched.", "%d tickets dispatched.", outcome.done) % outcome.done
    several.tell(request, outcome, done=said, nothing_chosen="" if numbers else _t("Choose tickets first."))
    return back(request, "dispatch-queue")


def _chosen(request: HttpRequest, number: str, to_one: str | None) -> many.Chosen:
    """What was sent of one ticket: the version that was looked at, and where it shall go."""
    department = request.POST.get(f"suggested-{number}", "") if to_one is None else to_one
    return many.Chosen(number, several.version_of(request, number), department)


@require_GET
def ticket_panel(request: HttpRequest, number: str) -> HttpResponse:
    """Fragment of the ticket page: the proposed department, and the returns so far."""
    ticket = find_ticket(request, number)
    # A department that is heard is not told where the ticket is thought to belong, nor by which other one.
    undecided = ticket.status in (Status.REGISTERED, Status.RULING) and person(request).may(P.SEE_ALL_TICKETS)
    proposal = suggest.for_ticket(ticket) if undecided else None
    returns = ticket.return_requests.select_related("department", "proposed", "asked_by", "ruled_by").order_by(
        "asked_at", "pk"
    )
    context = {
        "ticket": ticket, "proposal": proposal, "returns": returns,
        "like": suggest.like_tickets(proposal, person(request)) if proposal else (),
    }  # fmt: skip
    return render(request, "dispatch/_ticket_panel.html", context)


@require_GET
def review(request: HttpRequest, number: str) -> HttpResponse:
    """Fragment for who grants a return or rules: the ticket's whole path, and beside it what the directory says."""
    ticket, user = find_ticket(request, number), person(request)
    if not (user.may(P.DISPATCH) or user.may(P.RULE)):
        return HttpResponse("<span hidden></span>")
    path = ticket.events.filter(action__in=ON_THE_PATH).select_related("department", "actor").order_by("sequence")
    context = {
        "ticket": ticket,
        "path": [(ACTIONS[event.action].label, event) for event in path],
        "returns": ticket.return_requests.select_related("department", "proposed").order_by("asked_at", "pk"),
        "lines": _lines_on_the_way(ticket),
        "precedent": precedents.speaking_for({0: suggest.asked_of(ticket)}).get(0),
    }
    return render(request, "dispatch/_review.html", context)


def _lines_on_the_way(ticket: Ticket) -> list[tuple[bool, DirectoryEntry]]:
    """Every line of the directory that could speak for a ticket, the one that holds first and marked."""
    if ticket.category is None:
        return []
    categories, regions = ticket.category.ancestor_ids, ticket.region.ancestor_ids
    rows = (
        holding(timezone.localdate())
        .filter(sender__isnull=True, category__in=categories, region__in=regions)
        .select_related("category", "region__parent", "department")
        .prefetch_related("assisting")
    )
    ordered = sorted(rows, key=lambda row: (categories.index(row.category_id), regions.index(row.region_id)))
    return [(index == 0, row) for index, row in enumerate(ordered)]


@requires(P.SEE_SUGGESTIONS)
@require_GET
def suggestions(request: HttpRequest) -> HttpResponse:
    """How good suggestions are, by what they rest on; and the models that were trained."""
    row, learned = store.current()
    by_category, category_model = store.current(Learns.CATEGORY)
    by = request.GET.get("by", "")
    by = by if by in measures.BY else "department"
    user = person(request)
    context = {
        "automatic": automation.switch(),
        "offers": automation.offers(row) if learned else (),
        "least_right": automation.LEAST_RIGHT,
        "may_automate": user.may(P.AUTOMATE),
        "by": by,
        "by_labels": BY_LABELS,
        "lines": measures.BY[by](),
        "days": measures.DAYS,
        "sources": measures.by_source(),
        "first": measures.first_dispatch(),
        "models": DispatchModel.objects.order_by("-trained_at", "-pk")[:12],
        "is_broken": row is not None and learned is None,
        "are_categories_broken": by_category is not None and category_model is None,
    }
    return render(request, "dispatch/suggestions.html", context)


@requires(P.SEE_SUGGESTIONS)
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Turns automatic dispatch on at a measured confidence, or stops it."""
    user = person(request)
    try:
        if request.POST.get("then") == "stop":
            automation.stop(actor=user)
            messages.success(request, _t("Automatic dispatch is stopped."))
        else:
            automation.turn_on(_fraction(request.POST.get("confidence")), actor=user)
            messages.success(request, _t("Automatic dispatch is on."))
    except NotAllowed as refused:
        raise PermissionDenied from refused
    except Refused as refused:
        messages.error(request, refused.message)
    return back(request, "suggestions")


def _fraction(text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        return -1  # no confidence that was measured


@requires(P.REGISTER)
@require_POST
def call_panel(request: HttpRequest) -> HttpResponse:
    """Fragment of the new-ticket page: category and department that fit what is being typed.

    Posted: a complaint stands in no address, and may be as long as it is.
    """
    title, text = request.POST.get("title", ""), request.POST.get("description", "")
    region = Region.objects.filter(pk__in=number_in(request.POST.get("region"))).first()
    chosen = Category.objects.filter(pk__in=number_in(request.POST.get("category"))).first()
    guess = categorising.for_text(title, text)
    address = request.POST.get("address", "").strip()
    proposal = (
        suggest.for_call(Asked(title, text, chosen or (guess.category if guess else None), region, address))
        if region
        else None
    )
    context = {
        "guess": guess, "chosen": chosen, "proposal": proposal, "typed": text,
        "answered_like": suggest.like_tickets(proposal, person(request)) if proposal else (),
        **_said(request, title, text),
        "two": None if request.POST.get("rest", "").strip() else concerns.in_two(text),
        "hints": returned_for.hints(chosen or (guess.category if guess else None), request.POST),
    }  # fmt: skip
    return render(request, "dispatch/_call_panel.html", context)


@requires(P.REGISTER)
@require_POST
def call_like(request: HttpRequest) -> HttpResponse:
    """Fragment of the new-ticket page: open matters that the call may be about too, each joined by one key."""
    title, text, user = request.POST.get("title", ""), request.POST.get("description", ""), person(request)
    region = Region.objects.filter(pk__in=number_in(request.POST.get("region"))).first()
    category = Category.objects.filter(pk__in=number_in(request.POST.get("category"))).first()
    if category is None and (guess := categorising.for_text(title, text)):
        category = guess.category
    phone = telephone.read_or_none(request.POST.get("caller_phone", ""))
    told = likeness.Told(
        title, text, request.POST.get("address", "").strip(), region, category, phone.kept if phone else ""
    )
    rows = list(zip(likeness.like(told, user), JOINING_KEYS, strict=False))
    context = {"rows": rows, "typed": len(text) >= LEAST_WORDS, "may_join": user.may(P.MANAGE_MATTERS)}
    return render(request, "dispatch/_call_like.html", context)


def _said(request: HttpRequest, title: str, text: str) -> dict[str, Any]:
    """The kind and the secrecy that the words ask for, which fill themselves in; where the form has something else that
    the operator chose, they are proposed. A name that is there already is not thrown away by filling in anonymity.
    """
    kind, wish = kinds.kind_of(title, text, least=kinds.CLEAR), kinds.wish_of(f"{title}\n{text}")
    return {
        "said_kind": kind,
        "said_wish": wish,
        "has_name": request.POST.get("caller_name", "").strip(),
        "kind": kind if kind != request.POST.get("kind") else None,
        "wish": kinds.Wish(
            is_secret=wish.is_secret and "is_secret" not in request.POST,
            is_anonymous=wish.is_anonymous and "is_anonymous" not in request.POST,
        ),
    }
