"""The page of the handbook, opened at the part that speaks of the page one comes from."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from hotline import handbook
from hotline.accounts.access import person
from hotline.accounts.permissions import Role


@require_GET
def own_guide(request: HttpRequest) -> HttpResponse:
    """The guide of one's own role; `at` names the page that it is opened for."""
    role = person(request).role
    guide = handbook.guide_of(role)
    if guide is None:
        raise Http404
    anchor = guide.anchor_of(request.GET.get("at", ""))
    address = reverse("guide", args=[role])
    return redirect(f"{address}#{anchor}" if anchor else address)


@require_GET
def guide(request: HttpRequest, role: str) -> HttpResponse:
    """The guide of any role: who works together may know what the others do."""
    found = handbook.guide_of(role) if role in Role.values else None
    if found is None:
        raise Http404
    guides = [(one, label) for one, label in Role.choices if handbook.guide_of(one)]
    return render(request, "handbook.html", {"guide": found, "guides": guides, "label": Role(role).label})
