"""What is to be said of an answer while it is written."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from hotline.accounts.access import person, requires
from hotline.accounts.permissions import Permission as P
from tickets.answers import checking
from tickets.workflow.inputs import MAX_TEXT
from tickets.workflow.pages import find_ticket


@requires(P.HANDLE)
@require_POST
def answer_check(request: HttpRequest, number: str = "") -> HttpResponse:
    """Fragment of the form of an answer, to the ticket `number` or to several tickets at once: what is found of it.

    Answers of the ticket's department are looked up only for its own people.
    """
    ticket = find_ticket(request, number) if number else None
    text = request.POST.get("answer", "")[:MAX_TEXT].strip()
    compared = ticket is not None and ticket.department_id in person(request).department_ids
    found = checking.check(text, ticket, compared=compared)
    return render(
        request, "tickets/_answer_check.html", {"found": [(one, checking.quoted(one, text)) for one in found]}
    )
