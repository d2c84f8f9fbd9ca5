"""The page of the audit log, for whoever audits: what everybody did, found by person, deed, day, ticket and kind."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET

from hotline import keyset
from hotline.accounts.access import requires
from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.administering.models import WorkSession
from hotline.fields import DayField
from hotline.ledger.deeds import Deed, Of
from hotline.ledger.models import Block, Entry
from hotline.ledger.writing import first_key_at, work_mark

ORDERS = {"newest": ("-id",)}
NAMED = 200  # people whom a name may fit


class LedgerFilter(forms.Form):
    who = forms.CharField(label=_("Name or user name"), required=False, max_length=40)
    deed = forms.ChoiceField(
        label=pgettext_lazy("audit log", "What was done"), required=False, choices=[("", _("All")), *Deed.choices]
    )
    of = forms.ChoiceField(
        label=pgettext_lazy("audit log", "Of what"), required=False,
        choices=[("", _("All")), *[one for one in Of.choices if one[0]]],
    )  # fmt: skip
    number = forms.CharField(label=_("Ticket number"), required=False, max_length=20)
    work = forms.IntegerField(
        label=_("Working session"), required=False, min_value=1, max_value=10**15,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    first = DayField(
        label=pgettext_lazy("audit log", "From day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    last = DayField(
        label=pgettext_lazy("audit log", "To day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


def found(asked: Any) -> QuerySet[Entry]:
    """The entries that are asked for; a field that says nothing readable asks for nothing."""
    form = LedgerFilter(asked)
    form.is_valid()
    given, rows = getattr(form, "cleaned_data", {}), Entry.objects.all()
    if who := given.get("who"):
        people = User.objects.filter(Q(full_name__icontains=who) | Q(username__icontains=who))
        rows = rows.filter(person__in=list(people.values_list("pk", flat=True)[:NAMED]))
    for name in ("deed", "of", "number"):
        if value := given.get(name):
            rows = rows.filter(**{name: value.strip()})
    if work := given.get("work"):
        rows = _in_session(rows, work)
    if first := given.get("first"):
        rows = rows.filter(id__gte=_begin_of(first))
    if last := given.get("last"):
        rows = rows.filter(id__lt=_begin_of(last + timedelta(days=1)))
    return rows


def _in_session(rows: QuerySet[Entry], number: int) -> QuerySet[Entry]:
    """What was written while an administrator's working session was open."""
    session = WorkSession.objects.filter(pk=number).first()
    if session is None:
        return rows.none()
    since = first_key_at(session.begun_at)  # not until when: after a clock that ran ahead keys are those of later
    return rows.filter(person=session.person_id, id__gte=since, told__startswith=work_mark(number))


def _begin_of(day: Any) -> int:
    try:
        return first_key_at(timezone.make_aware(datetime.combine(day, time())))
    except (OverflowError, ValueError):  # a day of another age
        return 0


@requires(P.READ_LEDGER)
@require_GET
def ledger(request: HttpRequest) -> HttpResponse:
    """The newest entries first. Looking at this page stands in the log like everything else."""
    form = LedgerFilter(request.GET)
    page, _order = keyset.paginate(request, found(request.GET), ORDERS, "newest")
    asked = {name: value for name, value in request.GET.items() if name in form.fields and value}
    context = {
        "form": form, "page": page, "asked": asked,
        "sealed": Block.objects.order_by("-number").only("number", "at").first(),
    }  # fmt: skip
    return render(request, "ledger/log.html", context)
