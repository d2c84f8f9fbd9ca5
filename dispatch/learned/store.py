"""The models in use: read from their files once, known by their mark, done without where one is broken or not ours."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.utils.crypto import constant_time_compare, salted_hmac

from dispatch.models import DispatchModel, Learns
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


_used = Remembered(
    lambda: {row.learns: row for row in DispatchModel.objects.filter(is_used=True)}, seconds=CACHE_SECONDS
)
_opened: dict[str, tuple[DispatchModel, Learned | None]] = {}  # by what they name: the row, and what its file held


def current(learns: Learns = Learns.DEPARTMENT) -> tuple[DispatchModel | None, Learned | None]:
    """The model in use, as its row and as what can be asked; the second is None where the file is broken."""
    row = _used().get(learns)
    return row, _load_once(row) if row else None


def _load_once(row: DispatchModel) -> Learned | None:
    """The file of a row in use, read when it comes into use and not again."""
    opened = _opened.get(row.learns)
    if opened is None or opened[0] != row:
        opened = _opened[row.learns] = (row, load(row))
    return opened[1]


def load(row: DispatchModel) -> Learned | None:
    """What a row's file holds; None, with a line in the log, where it is missing or not what was written here."""
    content = _read(row)
    if content is None:
        return None
    from dispatch.learned import packing  # with scikit-learn it takes a second to load, which only suggesting pays

    try:
        return packing.unpack(content)
    except (ValueError, MemoryError) as error:
        logger.warning("%s model %s cannot be unpacked: %s", row.learns, row.pk, error)
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
        logger.warning("%s model %s cannot be read: %s", row.learns, row.pk, error)
        return None
    if not _is_ours(content, row.digest):
        logger.warning("%s model %s is no file that was written here and is done without", row.learns, row.pk)
        return None
    return content


def _look_at_files() -> set[str]:
    """What the models name whose file cannot be read, or not unpacked where this process has tried."""
    return {learns for learns, row in _used().items() if _read(row) is None or _opened.get(learns) == (row, None)}


_broken = Remembered(_look_at_files, seconds=CHECK_SECONDS)
WITHOUT = {
    Learns.DEPARTMENT: "suggestions go by precedents and the directory",
    Learns.CATEGORY: "categories are proposed by keywords",
}


@health.notice
def broken_model() -> str:
    """For the health page; looked at every few minutes without loading what the file holds."""
    return "; ".join(
        f"the {learns} model is missing or damaged or was not written here: {WITHOUT[Learns(learns)]} until the next "
        "training (manage.py train_dispatch)"
        for learns in sorted(_broken())
    )


def forget() -> None:
    """Has the next question read row and file again."""
    _used.forget()
    _broken.forget()
    _opened.clear()
