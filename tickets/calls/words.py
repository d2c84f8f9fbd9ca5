"""What the words of a call say, read while they are typed; static/filling.js fills it into the form."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from hotline import telephone
from hotline.accounts.access import requires
from hotline.accounts.permissions import Permission as P
from tickets import elsewhere, facts
from tickets.places import book


@requires(P.REGISTER)
@require_POST
def call_words(request: HttpRequest) -> HttpResponse:
    """Fragment of the form of a call: when, how much, which car, whom to call back, and at which door; and whose matter
    it is where it is not the city's, which comes first.
    """
    text = f"{request.POST.get('title', '')}\n{request.POST.get('description', '')}".strip()
    caller = telephone.read_or_none(request.POST.get("caller_phone", ""))
    read = facts.read(text, timezone.now(), caller=caller.kept if caller else "")
    named = [found.words for found in book.place_of(text).found]
    fills = {
        "happened": read.happened,
        "contact_phone": telephone.shown(read.contact_phone),
        "plate": read.plate,
        "amount": read.amount,
        "address": facts.address(facts.folded(text), named),
    }
    return render(request, "tickets/_said.html", {"fills": fills, "belongs": elsewhere.whose(text)})
