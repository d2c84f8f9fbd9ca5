"""What the words of a call say: read while they are typed, where static/filling.js fills it into the form, and of calls
that other systems bring.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from hotline import telephone
from hotline.accounts.access import requires
from hotline.accounts.permissions import Permission as P
from tickets import elsewhere, facts, kinds
from tickets.places import book


@requires(P.REGISTER)
@require_POST
def call_words(request: HttpRequest) -> HttpResponse:
    """Fragment of the form of a call: when, how much, which car, whom to call back, and at which door; and whose matter
    it is where it is not the city's, which comes first.
    """
    title, text = request.POST.get("title", ""), request.POST.get("description", "")
    fills = said(title, text, timezone.now(), phone=request.POST.get("caller_phone", ""))
    fills["contact_phone"] = telephone.shown(fills["contact_phone"])
    return render(
        request, "tickets/_said.html", {"fills": fills, "belongs": elsewhere.whose(f"{title}\n{text}".strip())}
    )


def said(title: str, text: str, at: datetime, *, phone: str = "") -> dict[str, str]:
    """The facts of a call that came `at` from `phone`, by columns of a ticket; empty where it names none."""
    whole = f"{title}\n{text}".strip()
    caller = telephone.read_or_none(phone)
    read = facts.read(whole, at, caller=caller.kept if caller else "")
    named = [found.words for found in book.place_of(whole).found]
    return asdict(read) | {"address": facts.address(facts.folded(whole), named)}


def filled_in(given: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """What a source gave of a call, and of what it did not give what the page of a call would propose."""
    title, text = str(given.get("title") or ""), str(given.get("description") or "")
    proposed: dict[str, str] = said(title, text, at, phone=str(given.get("caller_phone") or ""))
    proposed["kind"] = kinds.kind_of(title, text) or ""
    return dict(given) | {name: value for name, value in proposed.items() if value and not given.get(name)}
