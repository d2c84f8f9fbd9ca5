"""Where a call comes from, said while its address is typed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from hotline.accounts.access import requires
from hotline.accounts.models import Region
from hotline.accounts.permissions import Permission as P
from tickets.places import book

PLACES_SHOWN = 4


@requires(P.REGISTER)
@require_POST
def call_place(request: HttpRequest) -> HttpResponse:
    """Where the place book says that the call comes from, while it is typed; static/filling.js fills it in."""
    answer = book.place_of(request.POST.get("address", ""), request.POST.get("description", ""))
    city = Region.objects.filter(parent__isnull=True).first()
    context = {"answer": answer, "found": answer.found[:PLACES_SHOWN], "city": city}
    return render(request, "tickets/_place.html", context)
