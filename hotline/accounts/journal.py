"""What happened to an account: kept for good, told to its owner, open to the administrators. It holds no secrets."""

from __future__ import annotations

import logging

from hotline.accounts.models import AccountEvent, User

logger = logging.getLogger(__name__)


def record(kind: str, person: User, *, by: User | None, detail: str = "", address: str | None = None) -> AccountEvent:
    """Writes down that `by` did `kind` to the account of `person`; `detail` names a token, never its key."""
    logger.info("%s: account %s by %s from %s %s", kind, person.username, by.username if by else "-", address, detail)
    return AccountEvent.objects.create(kind=kind, person=person, by=by, detail=detail, address=address)
