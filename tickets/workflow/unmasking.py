"""Numbers of callers are masked (138****5678) wherever the act at hand needs none; who wants to see one says why.

The reason stands in the audit log, and who saw it on the caller's page. Acts that need a number show it by themselves
and are written down as the reason: calling back, recording, correcting who called.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST

from hotline.accounts.access import person
from hotline.accounts.models import User
from hotline.ledger.deeds import Deed
from hotline.ledger.writing import note
from tickets.models import Ticket
from tickets.reading import Reading, read


class Why(models.TextChoices):
    """For what somebody needs to see a number."""

    CONTACT = "contact", _("To ask the caller about the case")
    TELL = "tell", _("To tell the caller what was done")
    CHECK = "check", _("To make sure who called")
    OTHER = "other", _("Another reason")


class WhyForm(forms.Form):
    why = forms.ChoiceField(label=_("Why do you need the number?"), choices=Why.choices)
    words = forms.CharField(label=_("In your words"), max_length=100, required=False, strip=True)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"auto_id": "id_unmask_%s"} | options)  # it stands on a page beside other forms

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("why") == Why.OTHER and len(given.get("words") or "") < 2:
            self.add_error("words", _("Say why: it stands in the audit log."))
        return given

    @property
    def reason(self) -> str:
        """The reason as the audit log keeps it."""
        label, words = str(Why(self.cleaned_data["why"]).label), self.cleaned_data["words"]
        return f"{label}{pgettext('after a label', ': ')}{words}" if words else label


class Withheld(Exception):
    """The number is not for this reader, whatever the reason."""


def numbers(ticket: Ticket, reader: User, request: Any, why: str) -> Reading:
    """What may be read of the ticket, once it is noted that its numbers were seen and why. Raises Withheld."""
    reading = read(ticket, reader)
    if not reading.knows_caller:
        note(request, number=ticket.number, deed=Deed.REFUSED)
        raise Withheld
    note(request, number=ticket.number, deed=Deed.UNMASKED, why=why)
    return reading


@require_POST
def unmask(request: HttpRequest, number: str) -> HttpResponse:
    """The numbers of a ticket in full, for whoever may know them and has said why; a part of the ticket's page."""
    ticket = get_object_or_404(Ticket.objects.visible_to(request.user), number=number)
    form = WhyForm(request.POST)
    context: dict[str, Any] = {"ticket": ticket, "why": form, "read": read(ticket, person(request))}
    if form.is_valid():
        try:
            context["whole"] = numbers(ticket, person(request), request, form.reason)
        except Withheld:
            context["withheld"] = True
    else:
        note(request, deed=Deed.SEEN)
    fragment = "HX-Request" in request.headers
    return render(request, "tickets/_numbers.html" if fragment else "tickets/numbers.html", context)
