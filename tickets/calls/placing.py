"""Where a call comes from, said while its address is typed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from hotline.accounts.access import requires
from hotline.accounts.models import Region
from hotline.accounts.permissions import Permission as P
from tickets.places import book, naming

PLACES_SHOWN = 4


@requires(P.REGISTER)
@require_POST
def call_place(request: HttpRequest) -> HttpResponse:
    """Where the place book says that the call comes from, while it is typed; static/filling.js fills it in."""
    answer = book.place_of(request.POST.get("address", ""), request.POST.get("description", ""))
    city = Region.objects.filter(parent__isnull=True).first()
    context = {"answer": answer, "found": answer.found[:PLACES_SHOWN], "city": city}
    return render(request, "tickets/_place.html", context)


@requires(P.SEE_PLACES)
@require_POST
def regions_of_places(request: HttpRequest) -> HttpResponse:
    """Regions by the names of places in them, for the box in which a region is chosen; static/pick.js asks."""
    found = naming.places_named(request.POST.get("typed", ""))
    return JsonResponse({"found": [{"value": one.region, "text": one.name, "group": one.region_name} for one in found]})
