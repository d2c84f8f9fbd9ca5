"""Pages of tickets. A view reads what was sent, calls one service or query, and renders."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from hotline.accounts.access import person
from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.errors import typed
from hotline.ledger.deeds import Deed
from hotline.ledger.writing import note
from hotline.receipts import services as receipts
from hotline.shell import back, number_in
from hotline.waiting.busy import Busy, with_retry
from tickets.attachments.keeping import FilesRefused, taken_in
from tickets.choices import Status
from tickets.models import Attachment, Intake, Ticket
from tickets.models.attachments import Shows
from tickets.reading import matter_name, read
from tickets.workflow import performing, saying, table, timeline, unmasking
from tickets.workflow.performing import InvalidInput, NotAllowed, Refused, Stale
from tickets.workflow.table import ACTIONS

SIBLINGS, LINKED = 20, 5  # tickets of the same matter, and linked ones, that a page shows
TOGETHER = ("accept", "answer")  # what a department does with all its tickets of a matter, from the page of one
STEPS = (
    (_("Recorded"), (Status.REGISTERED, Status.RETURN_ASKED, Status.RULING, Status.NOT_ACCEPTED)),
    (_("Dispatched"), (Status.DISPATCHED, Status.COORDINATING)),
    (_("In work"), (Status.WORKING, Status.SUSPENDED)),
    (_("Answered"), (Status.FOLLOW_UP,)),
    (_("Closed"), (Status.CLOSED,)),
)


def find_ticket(request: HttpRequest, number: str) -> Ticket:
    """The ticket, if this person may know of it; else the same 404 as for one that does not exist."""
    tickets = Ticket.objects.visible_to(request.user).select_related(
        "category__parent__parent", "region__parent", "department", "matter", "registered_by"
    )
    return get_object_or_404(tickets, number=number)


@require_GET
def ticket_page(request: HttpRequest, number: str) -> HttpResponse:
    return render_ticket(request, find_ticket(request, number))


def render_ticket(request: HttpRequest, ticket: Ticket, *, status: int = 200, **context: Any) -> HttpResponse:
    """The page of a ticket; with `action` and `form` also the form of one action."""
    user = person(request)
    visible = Ticket.objects.visible_to(user)
    current = next((i for i, (_label, statuses) in enumerate(STEPS) if ticket.status in statuses), 0)
    siblings: list[Ticket] = []
    if ticket.matter_id:
        others = visible.filter(matter_id=ticket.matter_id).exclude(pk=ticket.pk)
        siblings = list(others.for_list().order_by("registered_at", "pk")[:SIBLINGS])
    actions = performing.available(ticket, user)
    attachments = list(ticket.attachments.select_related("by"))
    context |= {
        "ticket": ticket,
        "read": read(ticket, user),
        "actions": actions,
        "together": _together(ticket, user, actions) if ticket.matter_id else None,
        "steps": [
            (label, "now" if i == current else "done" if i < current else "") for i, (label, _s) in enumerate(STEPS)
        ],
        "entries": timeline.entries(ticket, user),
        "answers": ticket.answers.filter(sent_back_at__isnull=True)
        .select_related("department", "by")
        .order_by("-at", "-pk"),
        "attachments": attachments,
        "pictures": _before_and_after(attachments),
        "contributions": ticket.contributions.filter(withdrawn_at__isnull=True).select_related(
            "department", "names", "by"
        ),
        "matter_name": matter_name(ticket.matter, user, [ticket, *siblings]) if ticket.matter else "",
        "siblings": siblings,
        "links": _links(ticket, user),
        "phoned": _phoned(ticket, user),
        "why": unmasking.WhyForm(),
        "sees_callers": user.may(P.SEE_CALLERS),
        "sees_findings": user.may(P.FOLLOW_UP) or user.may(P.CHECK_ANSWERS),
    }
    return render(request, "tickets/detail.html", context, status=status)


def _together(ticket: Ticket, user: User, actions: list[table.Action]) -> tuple[table.Action, int] | None:
    """The step that `user` can take for other tickets of the same matter too, with how many others; None for none."""
    step = next((action for action in actions if action.name in TOGETHER), None)
    if step is None:
        return None
    others = performing.open_to(step, user).filter(matter=ticket.matter).exclude(pk=ticket.pk).count()
    return (step, others) if others else None


def _before_and_after(attachments: list[Attachment]) -> list[tuple[Any, list[Attachment]]]:
    """The pictures that show the place before and after, each side under its name; nothing where there are none."""
    sides = [(side.label, [one for one in attachments if one.shows == side]) for side in Shows]
    return sides if any(pictures for _label, pictures in sides) else []


def _links(ticket: Ticket, user: User) -> list[tuple[str, list[Ticket]]]:
    """Other tickets that this one names or is named by, those that `user` may know of, under what they are to it."""
    visible = Ticket.objects.visible_to(user)
    here = [pk for pk in (ticket.praises_id, ticket.split_from_id) if pk]
    above = {other.pk: other for other in visible.filter(pk__in=here)} if here else {}
    found = (
        (_t("Praises"), [above[pk] for pk in (ticket.praises_id,) if pk in above]),
        (_t("Split from"), [above[pk] for pk in (ticket.split_from_id,) if pk in above]),
        (_t("Split off"), list(visible.filter(split_from=ticket)[:LINKED])),
        (_t("Praised by"), list(visible.filter(praises=ticket)[:LINKED])),
    )
    return [(label, others) for label, others in found if others]


def _phoned(ticket: Ticket, user: User) -> dict[str, Any]:
    """The call that a ticket was recorded from, and the other tickets of it; for whoever may know who called."""
    intake = None
    if read(ticket, user).knows_caller:
        intake = Intake.objects.filter(ticket=ticket).select_related("call__operator").first()
    if intake is None or intake.call is None:
        return {}
    others = Ticket.objects.visible_to(user).filter(intake__call=intake.call).exclude(pk=ticket.pk)
    known = [other for other in others[:LINKED] if read(other, user).knows_caller]
    return {"call": intake.call, "others": known}


def ticket_action(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """GET shows the action's form within the ticket's page; POST performs it."""
    ticket = find_ticket(request, number)
    action = ACTIONS.get(name)
    if action is None or name == table.STARTING:
        raise Http404
    user = person(request)
    if not performing.may_perform(action, ticket, user):
        raise PermissionDenied
    if request.method == "POST":
        return _perform(request, ticket, action)
    if reason := performing.objection(action, ticket):
        messages.error(request, str(reason))
        return redirect(ticket)
    form = action.input(
        ticket=ticket, user=user, initial=performing.proposal(action, ticket) | _initial(request, action)
    )
    if "caller_phone" in form.fields:  # which shows it, to whoever may know it
        note(request, deed=Deed.UNMASKED, why=str(action.label))
    return render_ticket(request, ticket, action=action, form=form)


def _initial(request: HttpRequest, action: table.Action) -> dict[str, Any]:
    """Values that a link carries into the form, such as the suggested department."""
    return {name: request.GET[name] for name in action.input.base_fields if name in request.GET}


def _form_again(
    request: HttpRequest, ticket: Ticket, action: table.Action, *, status: int, said: str = "", **context: Any
) -> HttpResponse:
    """The form as it was sent: what was typed stays on the page, whatever the reason of the refusal."""
    form = action.input(data=request.POST, ticket=ticket, user=person(request))
    if said:
        form.add_error(None, said)
    return render_ticket(request, ticket, action=action, form=form, status=status, **context)


def _perform(request: HttpRequest, ticket: Ticket, action: table.Action) -> HttpResponse:
    version, user = next(iter(number_in(request.POST.get("version"))), None), person(request)

    def perform() -> str:
        done = performing.perform(action.name, ticket, actor=user, given=request.POST, version=version)
        files.give_to(done, actor=user, with_last_event=True)
        return done.number

    try:
        with taken_in(request.FILES.getlist("file"), request.POST.getlist("shows")) as files:
            done = receipts.once_for(request, perform, person=user)
    except FilesRefused as refused:
        return _form_again(request, ticket, action, status=422, file_errors=refused.reasons)
    except InvalidInput as refused:
        return render_ticket(request, ticket, action=action, form=refused.form, status=422)
    except Busy as busy:
        return with_retry(_form_again(request, ticket, action, status=503, said=busy.message))
    except NotAllowed as refused:
        raise PermissionDenied from refused
    except Refused as refused:
        if isinstance(refused, Stale) or typed(request):
            return _form_again(request, ticket, action, status=409, said=refused.message)
        messages.error(request, refused.message)
        return redirect(ticket)
    return _after(request, Ticket.objects.select_related("department").get(pk=ticket.pk), action, done)


def _said_with_next(request: HttpRequest, ticket: Ticket, said: str, action: table.Action) -> str:
    """What is said of a ticket accepted from a list, with the way to its answer: on a phone the next thing to tap."""
    following = ACTIONS["answer"]
    is_next = action.name == "accept" and "back" in request.POST and performing.objection(following, ticket) is None
    if not is_next or not performing.may_perform(following, ticket, person(request)):
        return said
    address = reverse("ticket-action", args=[ticket.number, following.name])
    return format_html('{} <a class="btn btn-sm btn-light" href="{}">{}</a>', said, address, following.label)


def _after(request: HttpRequest, ticket: Ticket, action: table.Action, done: receipts.Done) -> HttpResponse:
    """Where a person goes on from what they did to `ticket`, and what they are told there."""
    if done.now:
        messages.success(request, _said_with_next(request, ticket, saying.done(action, ticket), action))
    else:
        messages.warning(request, _t("%(action)s: sent before, and not done twice.") % {"action": action.label})
    if Ticket.objects.visible_to(request.user).filter(pk=ticket.pk).exists():
        return back(request, ticket)
    return redirect("home")  # it has left this person's sight, as after a granted return
