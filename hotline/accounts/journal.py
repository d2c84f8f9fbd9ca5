"""What happened to an account: kept for good, told to its owner, open to the administrators. It holds no secrets."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from hotline.accounts.models import AccountEvent, User

logger = logging.getLogger(__name__)


def record(kind: str, person: User, *, by: User | None, detail: str = "", address: str | None = None) -> AccountEvent:
    """Writes down that `by` did `kind` to the account of `person`; `detail` names a token, never its key."""
    logger.info("%s: account %s by %s from %s %s", kind, person.username, by.username if by else "-", address, detail)
    return AccountEvent.objects.create(kind=kind, person=person, by=by, detail=detail, address=address)


def record_of_many(kind: str, people: Iterable[User], *, by: User | None) -> None:
    """The same for many accounts at once."""
    events = [AccountEvent(kind=kind, person=one, by=by) for one in people]
    AccountEvent.objects.bulk_create(events, batch_size=1000)
    logger.info("%s: %d accounts by %s", kind, len(events), by.username if by else "-")
