"""Second concerns of calls: kept in the database until they are recorded or dropped, whoever signs out meanwhile."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from hotline.accounts.models import User
from tickets.models import SecondConcern, Ticket


def waiting(operator: User) -> QuerySet[SecondConcern]:
    """What this operator has still to record, the oldest first."""
    return SecondConcern.objects.filter(operator=operator).select_related("first").order_by("since", "pk")


def wait(operator: User, number: str, words: str) -> None:
    """Keeps the words of the second concern of the call that ticket `number` was recorded from.

    A ticket about which its operator was called twice may have two: then both stand in one text.
    """
    words = words.strip()
    if not words:
        return
    first = Ticket.objects.get(number=number)
    one, is_new = SecondConcern.objects.select_for_update(no_key=True).get_or_create(
        operator=operator, first=first, defaults={"words": words, "since": timezone.now()}
    )
    if not is_new and words not in one.words:
        one.words = f"{one.words}\n{words}"
        one.save(update_fields=["words"])


def settle(operator: User, number: str) -> None:
    """The second concern of the call of ticket `number` is recorded, or dropped."""
    if number:
        SecondConcern.objects.filter(operator=operator, first__number=number).delete()
