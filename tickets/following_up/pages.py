"""The follow-up desk: one call after the other, and the list of all that wait for one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hotline.accounts.access import person, requires
from hotline.accounts.permissions import Permission as P
from hotline.keyset import Page
from hotline.ledger.deeds import Deed
from hotline.ledger.writing import note
from hotline.receipts import services as receipts
from hotline.shell import number_in
from hotline.waiting.busy import Busy, with_retry
from hotline.worktime import calendar
from tickets.choices import NOT_SATISFIED, Cause, ClosingReason, Contacted, NotReached, Satisfaction, Solved, Status
from tickets.following_up import queue
from tickets.lists.listing import ticket_list
from tickets.models import FollowUpClaim, Ticket
from tickets.reading import Reading, read
from tickets.workflow import inputs, performing, saying
from tickets.workflow.pages import find_ticket
from tickets.workflow.performing import InvalidInput, NotAllowed, Refused
from tickets.workflow.table import ACTIONS

LATER, PUT_OFF = "follow_ups_later", timedelta(minutes=30)
TRIES_SHOWN = 10
# What a call can come to, in the order of their keys; each is an action of the workflow table.
OUTCOMES = {
    "follow_up": _("Close it"),
    "redo": _("Have it redone"),
    "miss_follow_up": _("Try again later"),
}
IN_ORDER = ("contacted", "solved", "satisfaction", "cause", "outcome", "closing_reason", "why")
PROPOSES_REDO = {"solved": (Solved.NO,), "satisfaction": NOT_SATISFIED}
TABS = {"follow-ups": _("Next call"), "follow-up-list": _("All that wait")}


# -- the questions ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Option:
    """One answer to a question, and the key that chooses it; `objection` is why it cannot be chosen now."""

    value: str
    label: Any
    key: int
    is_chosen: bool = False
    objection: Any = ""


@dataclass(frozen=True)
class Question:
    """One question of the call, with its answers and what was wrong with what was chosen."""

    name: str
    label: Any
    options: list[Option]
    errors: list[str] = field(default_factory=list)


def _questions(
    sent: Mapping[str, Any], errors: Mapping[str, list[str]], objections: Mapping[str, Any]
) -> list[Question]:
    """The questions in the order in which they are asked; "0" is the key of no answer, where that is one."""
    asked: dict[str, tuple[Any, Iterable[tuple[Any, Any]]]] = {
        name: (inputs.FollowUpInput.base_fields[name].label, choices)
        for name, choices in (
            ("contacted", Contacted.choices), ("solved", Solved.choices),
            ("satisfaction", [*Satisfaction.choices, ("", _("Not rated"))]), ("cause", Cause.choices),
            ("closing_reason", ClosingReason.choices),
        )
    }  # fmt: skip
    asked["outcome"] = (_("What comes of it"), OUTCOMES.items())
    asked["why"] = (inputs.MissFollowUp.base_fields["why"].label, NotReached.choices)
    return [
        Question(name, label, _options(name, choices, sent, objections), errors.get(name, []))
        for name, (label, choices) in sorted(asked.items(), key=lambda pair: IN_ORDER.index(pair[0]))
    ]


def _options(
    name: str, choices: Iterable[tuple[Any, Any]], sent: Mapping[str, Any], objections: Mapping[str, Any]
) -> list[Option]:
    return [
        Option(
            value, label, key if value else 0, is_chosen=name in sent and sent[name] == value,
            objection=objections.get(value, "") if name == "outcome" else "",
        )
        for key, (value, label) in enumerate(choices, 1)
    ]  # fmt: skip


# -- pages --------------------------------------------------------------------------------------------------


@requires(P.FOLLOW_UP)
@require_GET
def next_call(request: HttpRequest) -> HttpResponse:
    """Leads to the call that comes next; where there is none, says so. With `?all` also to those that were put off."""
    user, put_off = person(request), _put_off(request)
    ticket = queue.take_next(user, but=() if "all" in request.GET else put_off)
    if ticket is not None:
        return redirect("follow-ups", ticket.number)
    context = {"tabs": TABS, "tab": "follow-ups", "counts": queue.counts(user), "put_off": put_off}
    return render(request, "tickets/follow_up_none.html", context)


@requires(P.FOLLOW_UP)
@require_http_methods(["GET", "POST"])
def call(request: HttpRequest, number: str) -> HttpResponse:
    """GET shows one call with its questions and holds it; POST records what came of it and leads to the next."""
    ticket = find_ticket(request, number)
    if request.method == "POST":
        return _record(request, ticket)
    holder = queue.claim(ticket, by=person(request)) if ticket.status == Status.FOLLOW_UP else None
    if read(ticket, person(request)).knows_caller:
        note(request, deed=Deed.UNMASKED, why=_t("Follow-up call"))
    return _page(request, ticket, holder=holder)


@requires(P.FOLLOW_UP)
@require_POST
def later(request: HttpRequest, number: str) -> HttpResponse:
    """Puts a call off: it comes up again half an hour later, or sooner if it is asked for when the others are made."""
    ticket = find_ticket(request, number)
    queue.let_go(ticket, by=person(request))
    until = timezone.now() + PUT_OFF
    request.session[LATER] = _put_off(request) | {ticket.number: until.isoformat()}
    messages.success(request, _t("%(number)s comes up again later.") % {"number": ticket.number})
    return redirect("follow-ups")


def _put_off(request: HttpRequest) -> dict[str, str]:
    """The calls that this person put off a short while ago, by number, each with the instant it comes up again."""
    kept: dict[str, str] = request.session.get(LATER, {})
    return {number: until for number, until in kept.items() if datetime.fromisoformat(until) > timezone.now()}


@requires(P.FOLLOW_UP)
@require_GET
def everybody(request: HttpRequest) -> HttpResponse:
    """All tickets that wait for a call, with who is on which."""

    def holders(page: Page) -> dict[str, Any]:
        return {"holders": queue.holders_of(page.rows)}

    return ticket_list(
        request, queue.waiting(person(request)), title=_("Follow-up calls"), template="tickets/follow_ups.html",
        default_order="step", filters=("q", "kind", "department", "region"), after_page=holders,
        empty=_("Nobody is waiting for a call."), empty_icon="phone", tabs=TABS, tab="follow-up-list",
    )  # fmt: skip


def _page(
    request: HttpRequest, ticket: Ticket, *, status: int = 200, holder: FollowUpClaim | None = None,
    errors: Mapping[str, list[str]] | None = None, said: str = "", anyway: str = "",
) -> HttpResponse:  # fmt: skip
    user, sent, errors = person(request), request.POST.dict(), errors or {}
    is_waiting, reading = ticket.status == Status.FOLLOW_UP, read(ticket, user)
    objections = {name: performing.objection(ACTIONS[name], ticket) or "" for name in OUTCOMES}
    context = {
        "tabs": TABS, "tab": "follow-ups", "counts": queue.counts(user),
        "ticket": ticket, "read": reading, "who": _name(reading), "is_waiting": is_waiting,
        "numbers": reading.numbers,
        "objection": objections["follow_up"],
        "answers": (
            ticket.answers.filter(sent_back_at__isnull=True).select_related("department", "by").order_by("-at", "-pk")
        ),
        "tries": ticket.follow_ups.select_related("by").order_by("-at", "-pk")[:TRIES_SHOWN],
        "holder": holder, "is_held": holder is not None and holder.by_id != user.pk,
        "questions": _questions(sent, errors, objections),
        "errors": errors, "said": said, "anyway": anyway or sent.get("anyway", ""), "sent": sent,
        "agreed": calendar.current().add_days(timezone.now(), 1),
        "rules": json.dumps({
            "cause": inputs.ASKS_CAUSE, "reason": inputs.ASKS_REASON,
            "redo": {} if objections["redo"] else PROPOSES_REDO,
        }),
    }  # fmt: skip
    return render(request, "tickets/follow_up.html", context, status=status)


def _name(reading: Reading) -> str:
    """Whom to ask for, beside the numbers; or why they are not named."""
    if not reading.knows_caller:
        return reading.caller
    return _t("anonymous") if reading.ticket.is_anonymous else reading.caller_name


def _record(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    user, name = person(request), request.POST.get("outcome", "")
    if name not in OUTCOMES:
        return _page(request, ticket, status=422, errors={"outcome": [_t("Choose what comes of the call.")]})
    if warning := _somebody_else_is_on_it(request, ticket):
        return warning
    version = next(iter(number_in(request.POST.get("version"))), None)

    def perform() -> str:
        return performing.perform(name, ticket, actor=user, given=request.POST, version=version).number

    try:
        done = receipts.once_for(request, perform, person=user)
    except InvalidInput as refused:
        errors = {field: [str(error) for error in found] for field, found in refused.errors.items()}
        return _page(request, ticket, status=422, errors=errors)
    except Busy as busy:
        return with_retry(_page(request, ticket, status=503, said=busy.message))
    except NotAllowed as refused:
        raise PermissionDenied from refused
    except Refused as refused:
        return _page(request, find_ticket(request, ticket.number), status=409, said=refused.message)
    if done.now:
        fresh = Ticket.objects.select_related("department").get(pk=ticket.pk)
        told = saying.done(ACTIONS[name], fresh)
        messages.success(request, told if ticket.number in told else f"{ticket.number} {told}")
    else:
        messages.warning(request, str(receipts.SENT_BEFORE))
    return redirect("follow-ups")


def _somebody_else_is_on_it(request: HttpRequest, ticket: Ticket) -> HttpResponse | None:
    """Says once who is on this call; sent again all the same, it is recorded. None where nobody else is."""
    holder = queue.holder_of(ticket)
    if holder is None or holder.by_id == person(request).pk or request.POST.get("anyway") == str(holder.by_id):
        return None
    said = _t(
        "%(person)s has been on this call since %(time)s. Nothing was recorded yet, and what you typed stands here: "
        "record it once more if it shall count all the same."
    ) % {"person": holder.by, "time": timezone.localtime(holder.at).strftime("%H:%M")}
    return _page(request, ticket, status=409, holder=holder, said=said, anyway=str(holder.by_id))
