"""The page of one step for several tickets of a matter: each with its caller's words, one text for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_http_methods

from hotline.accounts.access import person
from hotline.accounts.models import User
from hotline.receipts import services as receipts
from hotline.shell import number_in
from hotline.waiting.busy import Busy, with_retry
from matters.together import doing
from matters.together.doing import NotTogether
from tickets.attachments.keeping import FilesRefused, taken_in
from tickets.models import Matter, Ticket
from tickets.reading import Reading, matter_name, read
from tickets.workflow import inputs, performing
from tickets.workflow.performing import InvalidInput, Refused
from tickets.workflow.several import Wanted
from tickets.workflow.table import Action

EXCERPT = 120  # characters of what a caller said
NUMBER = 20  # characters of a ticket's number at most; what is longer is none
MOST_READ = 200  # numbers that are read of what was sent; more come from no page of ours


@dataclass
class Row:
    """One ticket on the page; `ticket` is None where it has left the reader's sight: what they typed is left."""

    number: str
    ticket: Ticket | None
    reading: Reading | None
    own: str = ""
    is_chosen: bool = True
    can: bool = True
    said: str = ""  # why it refused

    @property
    def excerpt(self) -> str:
        words = self.reading.description if self.reading else ""
        return words if len(words) <= EXCERPT else f"{words[:EXCERPT]}…"


@require_http_methods(["GET", "POST"])
def together(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """GET shows the tickets that can take the step now; POST takes it for those that are chosen, or for none."""
    matter, action, user = get_object_or_404(Matter, pk=pk), doing.step_of(name), person(request)
    if action is None or not Ticket.objects.visible_to(user).filter(matter=matter).exists():
        raise Http404
    if not user.may(action.permission):
        raise PermissionDenied
    if request.method == "POST":
        return _perform(request, matter, action, user)
    found = doing.find(matter, action, user)
    if not found.tickets:
        why = found.hindered[0][1] if found.hindered else ""
        said = _t("“%(action)s” is possible for no ticket of this matter just now. %(why)s")
        messages.error(request, (said % {"action": action.label, "why": why}).strip())
        return redirect(matter)
    return _page(request, matter, action, action.input(user=user), found, _rows(found.tickets, action, user))


def _page(
    request: HttpRequest, matter: Matter, action: Action, form: inputs.ActionInput, found: doing.Found,
    rows: list[Row], *, status: int = 200, **context: Any,
) -> HttpResponse:  # fmt: skip
    user = person(request)
    hindered = [(read(ticket, user), why) for ticket, why in found.hindered[: doing.TOLD]]
    context |= {
        "matter": matter, "name": matter_name(matter, user, [row.ticket for row in rows if row.ticket]),
        "action": action, "form": form, "rows": rows, "left": found.left, "most": doing.MOST_AT_ONCE,
        "hindered": hindered, "hindered_more": len(found.hindered) - len(hindered),
        "has_own": action.name in doing.OWN_WORDS,
    }  # fmt: skip
    return render(request, "matters/together.html", context, status=status)


def _rows(tickets: Iterable[Ticket], action: Action, user: User) -> list[Row]:
    word = doing.OWN_WORDS.get(action.name)
    return [
        Row(
            ticket.number, ticket, read(ticket, user),
            own=performing.proposal(action, ticket).get(word, "") if word else "",
        )
        for ticket in tickets
    ]  # fmt: skip


# -- what was sent --------------------------------------------------------------------------------------------------


def _numbers(sent: QueryDict, name: str = "number") -> list[str]:
    """The numbers of tickets that were sent, each once, in the order of the page."""
    numbers = [number for number in sent.getlist(name)[:MOST_READ] if number.isalnum() and len(number) <= NUMBER]
    return list(dict.fromkeys(numbers))


def _own(sent: QueryDict, number: str) -> str:
    return sent.get(f"own-{number}", "")


def _wanted(sent: QueryDict, action: Action) -> list[Wanted]:
    """What is to be done with each chosen ticket: the common text, or what is said to this caller in its place."""
    word, found = doing.OWN_WORDS.get(action.name), []
    for number in _numbers(sent):
        given: dict[str, Any] = {key: sent.get(key) for key in action.input.base_fields if key in sent}
        if word and (own := _own(sent, number)).strip():
            given[word] = own
        found.append(Wanted(number, action.name, given, next(iter(number_in(sent.get(f"version-{number}"))), None)))
    return found


def _perform(request: HttpRequest, matter: Matter, action: Action, user: User) -> HttpResponse:
    wanted = _wanted(request.POST, action)

    def perform() -> str:
        def give(ticket: Ticket) -> None:
            files.give_to(ticket, actor=user, with_last_event=True)

        return str(len(doing.perform(matter, action, wanted, actor=user, also=give)))

    try:
        with taken_in(request.FILES.getlist("file"), request.POST.getlist("shows")) as files:
            done = receipts.once_for(request, perform, person=user)
    except FilesRefused as refused:
        return _again(request, matter, action, {}, status=422, file_errors=refused.reasons)
    except NotTogether as refused:
        if all(isinstance(reason, InvalidInput) for reason in refused.reasons.values()):
            said = _t("Please check what was entered.")
            return _again(request, matter, action, refused.reasons, status=422, said=said)
        return _again(request, matter, action, refused.reasons, status=409, said=refused.message)
    except Busy as busy:
        return with_retry(_again(request, matter, action, {}, status=503, said=busy.message))
    except Refused as refused:
        return _again(request, matter, action, {}, status=422, said=refused.message)
    if done.now:
        said = _t("%(action)s: done for %(count)s tickets, each of which goes on by itself.")
        messages.success(request, said % {"action": action.label, "count": done.outcome})
    else:
        messages.warning(request, _t("%(action)s: sent before, and not done twice.") % {"action": action.label})
    is_seen = Ticket.objects.visible_to(user).filter(matter=matter).exists()
    return redirect(matter) if is_seen else redirect("home")


def _again(
    request: HttpRequest, matter: Matter, action: Action, reasons: dict[str, Refused], *, status: int, said: str = "",
    **context: Any,
) -> HttpResponse:  # fmt: skip
    """The page as it was sent, with the reasons of those that refused: whatever was typed stands there."""
    user, sent = person(request), request.POST
    form = action.input(data=sent, user=user)
    form.errors.clear()  # what is asked of each ticket has been asked of each; without one nothing is
    word = doing.OWN_WORDS.get(action.name)
    for number, reason in reasons.items():
        if isinstance(reason, InvalidInput) and not (word and _own(sent, number).strip()):
            for name, errors in reason.errors.items():
                form.add_error(name if name in form.fields else None, [str(error) for error in errors])
            break  # it is the same text for all who have none of their own
    if said:
        form.add_error(None, said)
    found = doing.find(matter, action, user)
    rows = _rows_again(found, matter, user, sent, reasons, common=word)
    return _page(request, matter, action, form, found, rows, status=status, **context)


def _rows_again(
    found: doing.Found, matter: Matter, user: User, sent: QueryDict, reasons: dict[str, Refused], *, common: str | None
) -> list[Row]:
    """What was shown before, in its order, then what has become possible since."""
    chosen, shown = set(_numbers(sent)), _numbers(sent, "shown")
    known = {ticket.number: ticket for ticket in found.tickets}
    gone = [number for number in dict.fromkeys([*shown, *_numbers(sent)]) if number not in known]
    seen = Ticket.objects.visible_to(user).filter(matter=matter, number__in=gone)
    others = {ticket.number: ticket for ticket in seen.select_related("category", "region__parent", "department")}
    rows = []
    for number in dict.fromkeys([*shown, *_numbers(sent), *known]):
        ticket = known.get(number) or others.get(number)
        row = Row(
            number, ticket, read(ticket, user) if ticket else None, own=_own(sent, number),
            is_chosen=number in chosen, can=number in known, said=_said(reasons.get(number), sent, number, common),
        )  # fmt: skip
        if row.can or row.own.strip() or row.is_chosen:
            rows.append(row)
    return rows


def _said(reason: Refused | None, sent: QueryDict, number: str, common: str | None) -> str:
    if reason is None:
        return ""
    if not isinstance(reason, InvalidInput):
        return reason.message
    if not (common and _own(sent, number).strip()):
        return ""  # stands at the text that is common to all
    return reason.details
