"""The map: where calls come from, and the matters that several called about."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_GET

from hotline.accounts.access import person
from hotline.accounts.models import Region
from hotline.accounts.permissions import Permission as P
from matters.map import drawing
from tickets.models import Category

DAYS = (7, 1, 30)


class MapForm(forms.Form):
    """What the map shows; a value that is none is told, and the map shows what it shows at first."""

    days = forms.TypedChoiceField(
        label=_("Days"), coerce=int, required=False, empty_value=None,
        choices=[(days, ngettext_lazy("%(n)d day", "%(n)d days", days) % {"n": days}) for days in DAYS],
    )  # fmt: skip
    category = forms.ModelChoiceField(
        label=_("Category"), queryset=Category.objects.filter(parent__isnull=True), required=False, empty_label=_("All")
    )
    region = forms.ModelChoiceField(
        label=_("Region"), required=False, empty_label=_("The whole city"),
        queryset=Region.objects.filter(level=Region.Level.DISTRICT, children__longitude__isnull=False).distinct(),
    )  # fmt: skip


@require_GET
def map_page(request: HttpRequest) -> HttpResponse:
    """The city, or one district, by how many tickets its parts have; its matters as points that open."""
    user = person(request)
    if not user.may(P.SEE_ALL_TICKETS):
        raise PermissionDenied
    form = MapForm(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    days = given.get("days") or DAYS[0]
    city = Region.objects.filter(parent__isnull=True).order_by("code").first()
    whole = given.get("region") or city
    found = drawing.drawn(user, whole, days=days, category=given.get("category")) if whole else None
    since = timezone.localdate() - timedelta(days=days)
    context = {"form": form, "map": found, "since": since, "days": days, "city": city}
    return render(request, "matters/map.html", context)
