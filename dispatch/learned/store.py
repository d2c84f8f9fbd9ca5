"""The model in use: read from its file once, known by its mark, and done without where it is broken or not ours."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.utils.crypto import constant_time_compare, salted_hmac

from dispatch.models import DispatchModel
from hotline import health
from hotline.accounts.models import Region
from hotline.remembered import Remembered
from tickets.models import Category

if TYPE_CHECKING:
    from dispatch.learned.model import Learned

SALT = "dispatch.learned.store"  # the key that marks files is derived for this use alone
CHECK_SECONDS = 300  # between two looks of the health page at the file
CACHE_SECONDS = 30  # how long another process may go on with the model before
logger = logging.getLogger(__name__)


def facts(category: Category | None, region: Region) -> tuple[str, ...]:
    """What is known of a ticket beside its text, as words: the way down both trees."""
    ways = [f"region:{pk}" for pk in region.ancestor_ids]
    return tuple(ways + ([f"category:{pk}" for pk in category.ancestor_ids] if category else []))


_used = Remembered(lambda: DispatchModel.objects.filter(is_used=True).first(), seconds=CACHE_SECONDS)


def current() -> tuple[DispatchModel | None, Learned | None]:
    """The model in use, as its row and as what can be asked; the second is None where the file is broken."""
    row = _used()
    return row, _load_once(row) if row else None


@lru_cache(maxsize=1)
def _load_once(row: DispatchModel) -> Learned | None:
    """The file of the row in use, read when it comes into use and not again."""
    return load(row)


def load(row: DispatchModel) -> Learned | None:
    """What a row's file holds; None, with a line in the log, where it is missing or not what was written here."""
    content = _read(row)
    if content is None:
        return None
    from dispatch.learned import packing  # with scikit-learn it takes a second to load, which only suggesting pays

    try:
        return packing.unpack(content)
    except (ValueError, MemoryError) as error:
        logger.warning("dispatch model %s cannot be unpacked: %s", row.pk, error)
        return None


def signed(content: bytes, key: str | None = None) -> str:
    """The mark by which a file is known for one that this installation wrote: only who holds the key can make it."""
    return salted_hmac(SALT, content, key, algorithm="sha256").hexdigest()


def _is_ours(content: bytes, mark: str) -> bool:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(constant_time_compare(signed(content, key), mark) for key in keys)


def _read(row: DispatchModel) -> bytes | None:
    """The file as it was written; None, with a line in the log, where it is not that any more.

    A row may name any file at all, so that it is not even opened outside the folder where files of ours lie.
    """
    try:
        with row.file.open("rb") as file:
            content: bytes = file.read()
    except (OSError, ValueError, SuspiciousOperation) as error:
        logger.warning("dispatch model %s cannot be read: %s", row.pk, error)
        return None
    if not _is_ours(content, row.digest):
        logger.warning("dispatch model %s is no file that was written here; suggestions go by the directory", row.pk)
        return None
    return content


def _look_at_file() -> bool:
    """Whether the file in use can be read, and unpacked where this process has tried."""
    row = _used()
    if row is None:
        return True
    return _read(row) is not None and not (_load_once.cache_info().currsize and _load_once(row) is None)


_is_sound = Remembered(_look_at_file, seconds=CHECK_SECONDS)


@health.notice
def broken_model() -> str:
    """For the health page; looked at every few minutes without loading what the file holds."""
    if _is_sound():
        return ""
    return (
        "the dispatch model is missing or damaged or was not written here: suggestions go by precedents and the "
        "directory until the next training (manage.py train_dispatch)"
    )


def forget() -> None:
    """Has the next question read row and file again."""
    _used.forget()
    _is_sound.forget()
    _load_once.cache_clear()
