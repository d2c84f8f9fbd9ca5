"""The list of missed calls, and taking one to call back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from hotline import finding, telephone
from hotline.accounts.access import person, requires
from hotline.accounts.permissions import Permission as P
from hotline.keyset import paginate
from hotline.waiting.busy import Busy
from tickets.models import MissedCall
from tickets.reading import missed_number
from tickets.telephony import missed
from tickets.telephony.missed import End, Objection

TABS = {"open": _("To be called back"), "settled": pgettext_lazy("missed calls", "Settled")}
ORDERS = {"newest": ("-missed_at", "-id")}


class EndForm(forms.Form):
    """How a call back ended, and a word on it."""

    how = forms.ChoiceField(choices=End.choices)
    note = forms.CharField(
        label=_("Note"), max_length=200, error_messages={"required": _("Write down what came of the call back.")}
    )


@requires(P.SEE_MISSED_CALLS)
@require_GET
def missed_calls(request: HttpRequest) -> HttpResponse:
    """Who has to be called back; renews itself. The other tab has those that are settled, searched by number."""
    user = person(request)
    given, is_forgotten = finding.asked(request)
    tab = given.get("tab", "open")
    tab = tab if tab in TABS else "open"
    context: dict[str, Any] = {
        "tabs": TABS, "tab": tab, "may_call": user.may(P.CALL_BACK), "is_forgotten": is_forgotten,
        "words": given.get(finding.WORDS, ""),
    }  # fmt: skip
    if tab == "open":
        found = missed.waiting()
        context["waiting"] = [(one, missed_number(one.first, user)) for one in found]
        context["next"] = next((one.first.pk for one in found if one.holder is None), None)
    else:
        page, _order = paginate(request, _settled(context["words"], user), ORDERS, "newest")
        names = missed.names_of({row.phone for row in page if missed_number(row, user)})
        context |= {"page": page, "rows": [(row, missed_number(row, user), names.get(row.phone, "")) for row in page]}
    return render(request, "tickets/missed_calls.html", context)


def _settled(words: str, user: Any) -> QuerySet[MissedCall]:
    rows = MissedCall.objects.filter(settled_at__isnull=False).select_related("settled_by", "ticket")
    if words:
        number = telephone.read_or_none(words)
        rows = rows.filter(phone=number.kept) if number else rows.none()
        if not rows or not missed_number(MissedCall(phone="1"), user):  # a number that may not be read is not found
            return rows.none()
    return rows


@requires(P.CALL_BACK)
@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """Fragment of the form of a call: how many callers wait to be called back."""
    open_calls, overdue = missed.counts()
    return render(request, "tickets/_missed_waiting.html", {"open": open_calls, "overdue": overdue})


@requires(P.CALL_BACK)
@require_POST
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a missed call to call back; nobody else is offered it meanwhile."""
    one = get_object_or_404(MissedCall, pk=pk)
    try:
        missed.take(one, by=person(request))
    except (Objection, Busy) as refused:
        messages.error(request, refused.message)
        return redirect("missed-calls")
    return redirect("call-back", pk)


@requires(P.CALL_BACK)
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """How a call back ended that no ticket is recorded from."""
    one = get_object_or_404(MissedCall, pk=pk)
    form = EndForm(request.POST)
    if "how" in form.errors:
        raise Http404
    if not form.is_valid():
        messages.error(request, str(form.errors["note"][0]))
        return redirect("call-back", pk)
    try:
        missed.end(one, by=person(request), **form.cleaned_data)
    except (Objection, Busy) as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _t("Noted: %(how)s.") % {"how": End(form.cleaned_data["how"]).label})
    return redirect("missed-calls")
