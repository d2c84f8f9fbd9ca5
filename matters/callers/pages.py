"""The page of a person who calls: all their calls, what they are about, what to say, and who may be they too."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_GET, require_POST

from hotline.accounts.access import person, requires
from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.ledger import looking
from hotline.ledger.models import Entry
from hotline.receipts import services as receipts
from hotline.telephone import masked
from hotline.waiting.busy import Busy
from matters.callers import persons
from matters.callers.persons import Person
from tickets.callers import book
from tickets.lists.listing import ticket_list
from tickets.models import Caller
from tickets.models.ticket import FORGOTTEN

LOOKED_AT = 200  # of their tickets, the latest
SAME, OTHER = "same", "other"


@requires(P.SEE_CALLERS)
@require_GET
def caller_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A person by one of their numbers; 404 where the reader may know of no call of theirs."""
    user = person(request)
    found = _known(pk, user)
    alike = persons.texts_of_others(found, user)
    return ticket_list(
        request, found.tickets, title=found.names[0] if found.names else masked(found.numbers[0].phone) or FORGOTTEN,
        template="matters/caller.html", filters=("status", "kind", "category", "recorded_from", "recorded_to"),
        keep=(), caller=found, alike=alike, may_decide=user.may(P.MANAGE_MATTERS),
        looked=_looked(found) if user.may(P.SEE_WHO_LOOKED) else (),
        perhaps=persons.perhaps(found, user, alike), words=persons.words_for(found, user),
    )  # fmt: skip


def _looked(found: Person) -> list[Entry]:
    """Who lately looked at this person: on this page, while they called, or at one of their tickets."""
    numbers = found.tickets.order_by("-pk").values_list("number", flat=True)[:LOOKED_AT]
    return looking.at_caller([one.pk for one in found.numbers], numbers)


@requires(P.MANAGE_MATTERS)
@require_POST
def settle_person(request: HttpRequest, pk: int, other: int, word: str) -> HttpResponse:
    """Says that the person behind another number is the same one, or is not."""
    user = person(request)
    if not user.may(P.SEE_CALLERS):
        raise PermissionDenied
    if word not in (SAME, OTHER) or pk == other:
        raise Http404
    for key in (pk, other):
        _known(key, user)
    one, second = Caller.objects.get(pk=pk), Caller.objects.get(pk=other)

    def do() -> str:
        book.decide(one, second, is_same=word == SAME, by=user)
        return word

    try:
        receipts.once_for(request, do, person=user)
    except Busy as busy:
        messages.error(request, busy.message)
        return redirect(one)
    numbers = {"one": masked(one.phone), "other": masked(second.phone)}
    if word == SAME:
        messages.success(request, _t("%(one)s and %(other)s count as one person from now on.") % numbers)
    else:
        messages.success(request, _t("%(one)s and %(other)s are two people; that is not asked again.") % numbers)
    return redirect(one)


def _known(pk: int, user: User) -> Person:
    found = persons.person_of(get_object_or_404(Caller, pk=pk), user)
    if found is None:
        raise Http404
    return found
