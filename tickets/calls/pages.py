"""The page on which a call is recorded, and what appears beside it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_GET

from hotline import telephone
from hotline.accounts.access import person, requires
from hotline.accounts.models import Region
from hotline.accounts.permissions import Permission as P
from hotline.waiting.busy import Busy, with_retry
from tickets.attachments.keeping import FilesRefused, taken_in
from tickets.calls import recording
from tickets.calls.forms import CallForm
from tickets.choices import Kind
from tickets.models import Ticket
from tickets.workflow import performing
from tickets.workflow.performing import Refused

HISTORY = 8  # earlier tickets shown while the telephone rings


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
    try:
        with taken_in(request.FILES.getlist("file")) as files, transaction.atomic():
            ticket = recording.register(actor=user, details=form.details, import_key=key)
            files.give_to(ticket, actor=user, with_last_event=True)
            if directly:
                performing.perform("answer_directly", ticket, actor=user, given={"answer": answer})
    except FilesRefused as refused:
        context = {"form": form, "answer": answer, "file_errors": refused.reasons}
        return render(request, "tickets/new.html", context, status=422)
    except Refused as refused:
        form.add_error(None, refused.message)
        return render(request, "tickets/new.html", {"form": form, "answer": answer}, status=422)
    except Busy as busy:
        form.add_error(None, busy.message)
        return with_retry(render(request, "tickets/new.html", {"form": form, "answer": answer}, status=503))
    messages.success(request, _t("Recorded as %(number)s.") % {"number": ticket.number})
    return redirect(ticket)


@requires(P.REGISTER)
@require_GET
def caller_history(request: HttpRequest) -> HttpResponse:
    """The caller's earlier tickets, while they are on the line."""
    number = telephone.read_or_none(request.GET.get("caller_phone", ""))
    phone = number.kept if number else ""
    earlier: Any = ()
    if phone:
        found = Ticket.objects.visible_to(request.user).filter(caller__phone=phone)
        earlier = found.for_list().order_by("-registered_at")[:HISTORY]
    return render(request, "tickets/_caller.html", {"phone": phone, "earlier": earlier})
