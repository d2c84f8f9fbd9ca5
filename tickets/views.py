"""Pages of tickets. A view reads what was sent, calls one service or query, and renders."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from hotline.accounts.access import person, requires
from hotline.accounts.models import Region
from hotline.accounts.permissions import Permission as P
from hotline.keyset import Page
from hotline.shell import back

from . import services, timeline, workflow
from .choices import Kind, Part, Status
from .forms import CallForm
from .lists import ticket_list
from .models import Attachment, Contribution, Matter, Ticket, caller_of
from .services import normalise_phone
from .visibility import may_see_caller
from .workflow import ACTIONS, InvalidInput, NotAllowed, Refused, Stale

HISTORY = 8  # earlier tickets shown while the telephone rings
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
        "category__parent__parent", "region__parent", "department", "matter", "registered_by", "praises", "split_from"
    )
    return get_object_or_404(tickets, number=number)


# -- recording a call ---------------------------------------------------------------------------------------


@requires(P.REGISTER)
def new_ticket(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        form = CallForm(request.POST)
        answer = request.POST.get("answer", "").strip()
        if form.is_valid():
            return _record(request, form, answer)
        return render(request, "tickets/new.html", {"form": form, "answer": answer}, status=422)
    city = Region.objects.filter(parent__isnull=True).first()
    form = CallForm(initial={"form_key": uuid.uuid4(), "kind": Kind.COMPLAINT, "region": city})
    form.fields["caller_phone"].widget.attrs["data-focus"] = "1"
    return render(request, "tickets/new.html", {"form": form, "answer": ""})


def _record(request: HttpRequest, form: CallForm, answer: str) -> HttpResponse:
    user = person(request)
    key = f"form:{form.cleaned_data['form_key']}" if form.cleaned_data.get("form_key") else None
    if key and (known := Ticket.objects.filter(import_key=key).first()):
        return redirect(known)
    directly = request.POST.get("then") == "answer"
    if directly and not answer:
        form.add_error(None, _t("Write down the answer that was given, or send the ticket on."))
        return render(request, "tickets/new.html", {"form": form, "answer": answer}, status=422)
    ticket = services.register(actor=user, details=form.details, import_key=key)
    if directly:
        try:
            workflow.perform("answer_directly", ticket, actor=user, given={"answer": answer})
        except Refused as refused:
            messages.error(request, refused.message)
            return redirect(ticket)
    messages.success(request, _t("Recorded as %(number)s.") % {"number": ticket.number})
    return redirect(ticket)


@requires(P.REGISTER)
@require_GET
def caller_history(request: HttpRequest) -> HttpResponse:
    """The caller's earlier tickets, while they are on the line."""
    phone = normalise_phone(request.GET.get("caller_phone", ""))
    earlier: Any = ()
    if len(phone) >= 5:
        found = Ticket.objects.visible_to(request.user).filter(caller__phone=phone)
        earlier = found.for_list().order_by("-registered_at")[:HISTORY]
    return render(request, "tickets/_caller.html", {"phone": phone, "earlier": earlier})


# -- lists --------------------------------------------------------------------------------------------------


def all_tickets(request: HttpRequest) -> HttpResponse:
    """Every ticket that the person may see; the search box of the frame leads here."""
    user = person(request)
    if not (user.may(P.SEE_ALL_TICKETS) or user.may(P.SEE_DEPARTMENT_TICKETS)):
        raise PermissionDenied
    tickets = Ticket.objects.visible_to(user)
    return ticket_list(request, tickets, title=_("All tickets"), selectable=user.may(P.MANAGE_MATTERS))


@requires(P.REGISTER)
def my_tickets(request: HttpRequest) -> HttpResponse:
    tickets = Ticket.objects.visible_to(request.user).filter(registered_by=person(request))
    return ticket_list(request, tickets, title=_("My tickets"), filters=("q", "status", "kind", "recorded_from"))


@requires(P.FOLLOW_UP)
def follow_ups(request: HttpRequest) -> HttpResponse:
    tickets = Ticket.objects.visible_to(request.user).filter(status=Status.FOLLOW_UP)
    return ticket_list(
        request, tickets, title=_("Follow-up calls"), template="tickets/follow_ups.html", default_order="step",
        filters=("q", "kind", "department", "region"), empty=_("Nobody is waiting for a call."),
        empty_icon="phone",
    )  # fmt: skip


@requires(P.HANDLE)
def inbox(request: HttpRequest) -> HttpResponse:
    """What lies with the person's department, what is to be accepted first."""
    tabs = {
        "dispatched": (_("To be accepted"), (Status.DISPATCHED,)),
        "working": (_("In work"), (Status.WORKING, Status.SUSPENDED, Status.COORDINATING, Status.RETURN_ASKED)),
        "owed": (_("To assist or to be heard"), tuple(Part)),
        "answered": (_("Answered"), (Status.FOLLOW_UP, Status.CLOSED)),
    }
    user = person(request)
    tab = request.GET.get("tab", "dispatched")
    tab = tab if tab in tabs else "dispatched"
    tickets = Ticket.objects.visible_to(user)
    owed = Contribution.objects.owed().filter(department__in=user.department_ids).select_related("department")
    if tab == "owed":
        tickets = tickets.filter(pk__in=owed.values("ticket"))
    else:
        tickets = tickets.filter(status__in=tabs[tab][1], department__in=user.department_ids)

    def parts(page: Page) -> dict[str, Any]:
        return {"owed": {one.ticket_id: one for one in owed.filter(ticket__in=[t.pk for t in page])}}

    return ticket_list(
        request, tickets, title=_("Inbox"), template="tickets/inbox.html",
        default_order={"answered": "newest", "owed": "oldest"}.get(tab, "due"),
        filters=("q", "kind", "urgency", "region"), after_page=parts,
        tabs={name: label for name, (label, _what) in tabs.items()}, tab=tab,
        empty=_("Nothing lies here. Well done."),
    )  # fmt: skip


# -- one ticket ---------------------------------------------------------------------------------------------


@require_GET
def ticket_page(request: HttpRequest, number: str) -> HttpResponse:
    return render_ticket(request, find_ticket(request, number))


def render_ticket(request: HttpRequest, ticket: Ticket, *, status: int = 200, **context: Any) -> HttpResponse:
    """The page of a ticket; with `action` and `form` also the form of one action."""
    user = person(request)
    name, phone = caller_of(ticket, user)
    current = next((i for i, (_label, statuses) in enumerate(STEPS) if ticket.status in statuses), 0)
    siblings = Ticket.objects.none()
    if ticket.matter_id:
        siblings = Ticket.objects.visible_to(user).filter(matter_id=ticket.matter_id).exclude(pk=ticket.pk)
    context |= {
        "ticket": ticket,
        "caller_name": name,
        "caller_phone": phone,
        "may_see_caller": may_see_caller(ticket, user),
        "actions": workflow.available(ticket, user),
        "steps": [
            (label, "now" if i == current else "done" if i < current else "") for i, (label, _s) in enumerate(STEPS)
        ],
        "entries": timeline.entries(ticket),
        "answers": ticket.answers.filter(sent_back_at__isnull=True).select_related("department", "by").order_by("-at"),
        "attachments": ticket.attachments.select_related("by"),
        "contributions": ticket.contributions.filter(withdrawn_at__isnull=True).select_related(
            "department", "names", "by"
        ),
        "split_into": ticket.split_into.filter(pk__in=Ticket.objects.visible_to(user).values("pk"))[:5],
        "siblings": siblings.for_list().order_by("registered_at")[:20],
        "praised_by": ticket.praised_by.filter(pk__in=Ticket.objects.visible_to(user).values("pk"))[:5],
    }
    return render(request, "tickets/detail.html", context, status=status)


def ticket_action(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """GET shows the action's form within the ticket's page; POST performs it."""
    ticket = find_ticket(request, number)
    action = ACTIONS.get(name)
    if action is None or name == workflow.STARTING:
        raise Http404
    user = person(request)
    if not workflow.may_perform(action, ticket, user):
        raise PermissionDenied
    if request.method == "POST":
        return _perform(request, ticket, action)
    if reason := workflow.objection(action, ticket):
        messages.error(request, str(reason))
        return redirect(ticket)
    form = action.input(ticket=ticket, user=user, initial=workflow.proposal(action, ticket) | _initial(request, action))
    return render_ticket(request, ticket, action=action, form=form)


def _initial(request: HttpRequest, action: workflow.Action) -> dict[str, Any]:
    """Values that a link carries into the form, such as the suggested department."""
    return {name: request.GET[name] for name in action.input.base_fields if name in request.GET}


def _perform(request: HttpRequest, ticket: Ticket, action: workflow.Action) -> HttpResponse:
    version = request.POST.get("version", "")
    try:
        done = workflow.perform(
            action.name, ticket, actor=person(request), given=request.POST,
            version=int(version) if version.isdecimal() else None,
        )  # fmt: skip
    except InvalidInput as refused:
        return render_ticket(request, ticket, action=action, form=refused.form, status=422)
    except Stale as refused:
        form = action.input(data=request.POST, ticket=ticket, user=person(request))
        messages.error(request, refused.message)
        return render_ticket(request, ticket, action=action, form=form, status=409)
    except NotAllowed as refused:
        raise PermissionDenied from refused
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect(ticket)
    messages.success(request, _t("%(action)s: done.") % {"action": action.label})
    if Ticket.objects.visible_to(request.user).filter(pk=done.pk).exists():
        return back(request, done)
    return redirect("home")  # it has left this person's sight, as after a granted return


@require_POST
def attach(request: HttpRequest, number: str) -> HttpResponse:
    ticket = find_ticket(request, number)
    upload = request.FILES.get("file")
    try:
        if upload is None:
            raise Refused(_t("Choose a file first."))
        services.attach(ticket, upload, actor=person(request))
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _t("Attached."))
    return back(request, ticket)


@require_GET
def attachment(request: HttpRequest, pk: int) -> FileResponse:
    """A file, for whoever may see its ticket; pictures open, everything else is saved."""
    visible = Ticket.objects.visible_to(request.user)
    found = get_object_or_404(Attachment.objects.filter(ticket__in=visible), pk=pk)
    response = FileResponse(found.file.open("rb"), as_attachment=not found.is_image, filename=found.name)
    response["Content-Type"] = found.content_type
    response["Content-Security-Policy"] = "sandbox"
    return response


# -- matters ------------------------------------------------------------------------------------------------


@requires(P.MANAGE_MATTERS)
@require_POST
def join_tickets(request: HttpRequest) -> HttpResponse:
    """Joins the tickets ticked in a list to one matter."""
    numbers = [number for number in request.POST.getlist("number") if number.isalnum()]
    tickets = list(Ticket.objects.visible_to(request.user).filter(number__in=numbers))
    try:
        matter = services.join(tickets, actor=person(request))
    except Refused as refused:
        messages.error(request, refused.message)
        return back(request, "tickets")
    messages.success(request, _t("%(count)d tickets belong to one matter now.") % {"count": matter.tickets.count()})
    return redirect(matter)


@require_GET
def matter_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A matter with those of its tickets that the person may see; 404 where there is none."""
    matter = get_object_or_404(Matter, pk=pk)
    tickets = Ticket.objects.visible_to(request.user).filter(matter=matter).for_list().order_by("registered_at")
    if not tickets:
        raise Http404
    return render(request, "tickets/matter.html", {"matter": matter, "tickets": tickets})
