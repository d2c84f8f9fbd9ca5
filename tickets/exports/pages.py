"""The page of one's own exports: asked for on a list, watched, fetched, withdrawn. Nobody sees another's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_GET, require_POST

from hotline import finding
from hotline.accounts.access import person, requires
from hotline.accounts.permissions import Permission as P
from hotline.ledger.pages import LedgerFilter
from hotline.receipts import services as receipts
from tickets.exports import jobs
from tickets.lists.filters import TicketFilter
from tickets.lists.listing import DEFAULT_ORDER, ORDERS
from tickets.models import TicketExport
from tickets.tasks import export_tickets

SHOWN = 20
LONGEST_VALUE = 200  # characters of one filter
State = TicketExport.State


@requires(P.EXPORT_TICKETS, P.READ_LEDGER)
@require_GET
def exports(request: HttpRequest) -> HttpResponse:
    """One's own exports, the newest first; the page renews itself while one is in the making."""
    found = list(TicketExport.objects.filter(owner=person(request)).order_by("-pk")[:SHOWN])
    context = {"exports": found, "is_open": any(one.is_open for one in found), "hours": jobs.KEPT // timedelta(hours=1)}
    return render(request, "tickets/exports.html", context)


@requires(P.EXPORT_TICKETS)
@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """Has the list at `address` made into a file; the words that were searched for are those of the session."""
    user, address = person(request), QueryDict(request.POST.get("address", "")[:2000], mutable=True)
    words = request.session.get(finding.SESSION, {}).get(address.get(finding.KEY, ""))
    if finding.KEY in address and words is None:
        messages.error(request, _t("The words that were searched for are kept no longer. Search again."))
        return redirect("tickets")
    if words:
        address[finding.WORDS] = words
    asked = {name: address[name][:LONGEST_VALUE] for name in TicketFilter.base_filters if address.get(name)}
    checked = TicketFilter(QueryDict(mutable=True) | asked, request=request)
    if not checked.form.is_valid():
        messages.error(request, _t("This list is narrowed by something that finds nothing. Look at its filters."))
        return redirect("tickets")
    order = address.get("sort", DEFAULT_ORDER)

    def ask() -> str:
        made = TicketExport.objects.create(
            owner=user, asked=asked, order=order if order in ORDERS else DEFAULT_ORDER, narrowed_by=_in_words(checked),
        )  # fmt: skip
        transaction.on_commit(lambda: export_tickets.delay(made.pk))
        return str(made.pk)

    try:
        receipts.once_for(request, ask, person=user)
    except IntegrityError:
        messages.error(request, _t("One of your exports is still in the making. Wait for it, or cancel it."))
    return redirect("ticket-exports")


@requires(P.READ_LEDGER)
@require_POST
def export_ledger(request: HttpRequest) -> HttpResponse:
    """Has the entries of the audit log that are asked for made into a file."""
    user, form = person(request), LedgerFilter(request.POST)
    if not form.is_valid():
        messages.error(request, _t("This list is narrowed by something that finds nothing. Look at its filters."))
        return redirect("ledger")
    asked = {name: request.POST[name][:LONGEST_VALUE] for name in form.fields if request.POST.get(name)}

    def ask() -> str:
        made = TicketExport.objects.create(
            of=TicketExport.Of.LEDGER, owner=user, asked=asked, order="newest", narrowed_by=_asked_in_words(form),
        )  # fmt: skip
        transaction.on_commit(lambda: export_tickets.delay(made.pk))
        return str(made.pk)

    try:
        receipts.once_for(request, ask, person=user)
    except IntegrityError:
        messages.error(request, _t("One of your exports is still in the making. Wait for it, or cancel it."))
    return redirect("ticket-exports")


def _in_words(checked: Any) -> str:
    """What a list is narrowed by, as its page has it; the words that were searched for are not kept in sight."""
    return _asked_in_words(checked.form)


def _asked_in_words(form: Any) -> str:
    told = []
    for name, value in form.cleaned_data.items():
        if value in (None, ""):
            continue
        field = form.fields[name]
        shown = dict(field.choices).get(value, value) if hasattr(field, "_choices") else value
        value_told = "…" if name == finding.WORDS else shown
        told.append(_t("%(where)s: %(what)s") % {"where": field.label, "what": value_told})
    return _t(", ").join(told)[:300]


@requires(P.EXPORT_TICKETS, P.READ_LEDGER)
@require_GET
def export_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file, for whoever asked for it and nobody else."""
    found = get_object_or_404(TicketExport, pk=pk, owner=person(request), state=State.READY)
    try:
        file = found.file.open("rb")
    except FileNotFoundError as missing:
        raise Http404 from missing
    what = _t("Audit log") if found.of == TicketExport.Of.LEDGER else _t("Exported tickets")
    name = what + f"-{timezone.localtime(found.finished_at):%Y%m%d-%H%M}.xlsx"
    response = FileResponse(file, as_attachment=True, filename=name)
    response["Cache-Control"] = "private, no-store"
    return response


@requires(P.EXPORT_TICKETS, P.READ_LEDGER)
@require_POST
def export_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancels an export that is being made, or withdraws one that is ready."""
    found = get_object_or_404(TicketExport, pk=pk, owner=person(request))
    if found.state == State.READY:
        jobs.withdraw(found)
        messages.success(request, _t("The file is gone."))
    else:
        open_ones = TicketExport.objects.filter(pk=pk, state__in=[State.WAITING, State.RUNNING])
        if open_ones.update(state=State.CANCELLED, finished_at=timezone.now()):
            messages.success(request, _t("The export is cancelled."))
    return redirect("ticket-exports")
