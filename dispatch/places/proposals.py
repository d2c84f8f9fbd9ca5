"""What the place book has learned from calls: looked at, taken in or refused, one by one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET

from dispatch.places import sheet
from hotline.accounts.access import person, requires
from hotline.accounts.permissions import Permission as P
from hotline.downloads import download
from hotline.shell import number_in
from tickets.models import Place, PlaceProposal, PlaceSaying
from tickets.places import learning

PAGE_SIZE = 50
State = PlaceProposal.State
TABS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "open": (_("To be decided"), (State.OPEN,)),
    "learned": (_("Taken in by itself"), (State.LEARNED,)),
    "released": (pgettext_lazy("of a place", "Taken in"), (State.RELEASED,)),
    "refused": (pgettext_lazy("of a place", "Not taken in"), (State.REFUSED,)),
}


@requires(P.KEEP_PLACES)
def proposals(request: HttpRequest) -> HttpResponse:
    """Names that calls were placed by and the book does not know: how often they were said, and by whom.

    No ticket is named: who keeps the book need not be somebody who may know of them.
    """
    if request.method == "POST":
        return _decided(request)
    tab = request.GET.get("tab", "open")
    tab = tab if tab in TABS else "open"
    rows = (
        PlaceProposal.objects.filter(state__in=TABS[tab][1])
        .select_related("region__parent", "place", "decided_by")
        .prefetch_related(Prefetch("sayings", PlaceSaying.objects.select_related("by").order_by("at", "pk")))
        .annotate(said=Count("sayings"))
        .order_by("-said", "-last_at", "pk")
    )
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    elsewhere = _elsewhere(page.object_list)
    context = {
        "tabs": [(name, label) for name, (label, _states) in TABS.items()], "tab": tab, "page": page,
        "rows": [(one, _people(one), elsewhere.get(one.name, ())) for one in page],
        "agreed": learning.AGREED, "learned": learning.LEARNED_CONFIDENCE, "released": learning.RELEASED_CONFIDENCE,
    }  # fmt: skip
    return render(request, "dispatch/places/proposals.html", context)


def _people(proposal: PlaceProposal) -> list[str]:
    return list(dict.fromkeys(str(saying.by) for saying in proposal.sayings.all()))


def _elsewhere(proposals: Any) -> dict[str, list[str]]:
    """Where else the book has places of these names, so that nobody releases one without having seen it."""
    regions = {one.name: one.region_id for one in proposals}
    found: dict[str, list[str]] = {}
    for place in Place.objects.filter(name__in=regions, retired_at=None).select_related("region__parent"):
        if place.region_id != regions[place.name]:
            found.setdefault(place.name, []).append(place.region.full_name)
    return found


def _decided(request: HttpRequest) -> HttpResponse:
    user, now = person(request), timezone.now()
    then = "release" if "release" in request.POST else "refuse"
    with transaction.atomic():
        proposal = (
            PlaceProposal.objects.select_for_update(of=("self",), no_key=True)
            .prefetch_related("region", "place").filter(pk__in=number_in(request.POST.get(then))).first()
        )  # fmt: skip
        if proposal is None:
            messages.error(request, _t("Choose a name first."))
        elif proposal.state not in learning.WAITING:
            said = _t("“%(name)s” has been decided already: %(state)s.")
            messages.warning(request, said % {"name": proposal.name, "state": proposal.get_state_display()})
        elif then == "release":
            learning.release(proposal, user, now)
            messages.success(request, _t("“%(name)s” stands in the place book.") % {"name": proposal.name})
        else:
            learning.refuse(proposal, user, now)
            messages.success(request, _t("“%(name)s” is not taken into the place book.") % {"name": proposal.name})
    tab = request.POST.get("tab", "")
    return redirect(f"{reverse('place-proposals')}?tab={tab if tab in TABS else 'open'}")


@requires(P.KEEP_PLACES)
@require_GET
def export_proposals(request: HttpRequest) -> HttpResponse:
    """The names that wait as a sheet of the book: put right in Excel, it is read in as every other."""
    waiting = PlaceProposal.objects.filter(state__in=learning.WAITING, is_alias=False).select_related("region__parent")
    places = [
        Place(name=one.name, kind=one.kind, region=one.region, confidence=learning.RELEASED_CONFIDENCE)
        for one in waiting.order_by("region__code", "name")
    ]
    return download(sheet.write(places), "place-proposals.xlsx")
