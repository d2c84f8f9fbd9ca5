"""The page on which a call is recorded, and what appears beside it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_POST

from hotline import telephone
from hotline.accounts.access import person, requires
from hotline.accounts.models import Region, User
from hotline.accounts.permissions import Permission as P
from hotline.receipts import services as receipts
from hotline.waiting.busy import Busy, with_retry
from tickets.attachments.keeping import Files, FilesRefused, taken_in
from tickets.calls import recording
from tickets.calls.forms import CallForm
from tickets.choices import Kind
from tickets.models import Ticket
from tickets.workflow.performing import Refused

HISTORY = 8  # earlier tickets shown while the telephone rings


@requires(P.REGISTER)
def new_ticket(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        form = CallForm(request.POST)
        if form.is_valid():
            return _record(request, form)
        return _again(request, form)
    city = Region.objects.filter(parent__isnull=True).first()
    form = CallForm(initial={"form_key": uuid.uuid4(), "kind": Kind.COMPLAINT, "region": city})
    form.fields["caller_phone"].widget.attrs["data-focus"] = "1"
    return render(request, "tickets/new.html", {"form": form})


def _record(request: HttpRequest, form: CallForm) -> HttpResponse:
    user = person(request)

    try:
        with taken_in(request.FILES.getlist("file")) as files:
            done = receipts.once_for(request, lambda: _recorded(form, files, user), person=user)
    except FilesRefused as refused:
        return _again(request, form, file_errors=refused.reasons)
    except Refused as refused:
        form.add_error("answer", refused.message)
        form.data = typed = request.POST.copy()
        typed["article"] = ""  # told once: what is sent again is the operator's own word
        return _again(request, form)
    except Busy as busy:
        form.add_error(None, busy.message)
        return with_retry(_again(request, form, status=503))
    if done.now:
        messages.success(request, _t("Recorded as %(number)s.") % {"number": done.outcome})
    else:
        messages.warning(request, _t("Already recorded as %(number)s, not a second time.") % {"number": done.outcome})
    return redirect("ticket", done.outcome)


def _again(request: HttpRequest, form: CallForm, *, status: int = 422, **context: Any) -> HttpResponse:
    """The form as it was sent, with why it was not taken."""
    return render(request, "tickets/new.html", {"form": form, **context}, status=status)


def _recorded(form: CallForm, files: Files, user: User) -> str:
    """Records the call with its answer and its files; returns the number of its ticket."""
    given = form.cleaned_data
    ticket = recording.register(
        actor=user, details=form.details, answer=given["answer"], article=given["article"] if given["answer"] else None
    )
    files.give_to(ticket, actor=user, with_last_event=True)
    return ticket.number


@requires(P.REGISTER)
@require_POST
def caller_history(request: HttpRequest) -> HttpResponse:
    """The caller's earlier tickets, while they are on the line. Posted: a number stands in no address."""
    number = telephone.read_or_none(request.POST.get("caller_phone", ""))
    phone = number.kept if number else ""
    earlier: Any = ()
    if phone:
        found = Ticket.objects.visible_to(request.user).filter(caller__phone=phone)
        earlier = found.for_list().order_by("-registered_at")[:HISTORY]
    return render(request, "tickets/_caller.html", {"phone": phone, "earlier": earlier})
