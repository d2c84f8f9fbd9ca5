"""The pair decision in use: what was learned from this city's own choices, else what is shipped."""

from __future__ import annotations

import logging

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from hotline.remembered import Remembered
from matters import pairs
from matters.models import PairModel
from matters.pairs import Learned

SALT = "matters.store"  # the key that marks what was learned is derived for this use alone
SECONDS = 30  # how long another process may go on with the one before
logger = logging.getLogger(__name__)


def signed(numbers: str, key: str | None = None) -> str:
    """The mark by which numbers are known for such that this installation wrote: only who holds the key can make it."""
    return salted_hmac(SALT, numbers, key, algorithm="sha256").hexdigest()


def load(row: PairModel) -> Learned | None:
    """What a row holds; None, with a line in the log, where it is not what was written here."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    if not any(constant_time_compare(signed(row.numbers, key), row.digest) for key in keys):
        logger.warning("pair model %s was not written here and is done without", row.pk)
        return None
    try:
        return Learned.read(row.numbers)
    except ValueError as error:
        logger.warning("pair model %s cannot be read: %s", row.pk, error)
        return None


def _read() -> Learned:
    row = PairModel.objects.filter(is_used=True).first()
    return (load(row) if row else None) or pairs.default()


current = Remembered(_read, seconds=SECONDS)


def forget() -> None:
    """Has the next question read the table again."""
    current.forget()
