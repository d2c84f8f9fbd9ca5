"""One-time passwords drawn by lot: good for one sign-in, after which their owner must choose another."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from hotline.accounts import hashing, journal
from hotline.accounts.models import AccountEvent, ApiToken, User

Drawn = dict[int, tuple[str, str]]  # by person: the password and its hash


def draw(people: Iterable[User]) -> Drawn:
    """A password for each. Takes about a millisecond a person, so it is done before any transaction."""
    return {one.pk: hashing.drawn() for one in people}


@transaction.atomic
def give(people: Iterable[User], drawn: Drawn, *, by: User | None) -> dict[str, str]:
    """Gives each the password drawn for them, ends their API tokens, and writes it down; returns them by user name.

    They are kept nowhere else: whoever loses one is given another.
    """
    given, now = list(people), timezone.now()
    for one in given:
        one.password, one.reset_at, one.reset_by = drawn[one.pk][1], now, by
    User.objects.bulk_update(given, ["password"], batch_size=500)
    User.objects.filter(pk__in=[one.pk for one in given]).update(reset_at=now, reset_by=by)
    ApiToken.objects.filter(user__in=given).delete()
    journal.record_of_many(AccountEvent.Kind.PASSWORD_RESET, given, by=by)
    return {one.username: drawn[one.pk][0] for one in given}
