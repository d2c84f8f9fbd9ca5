"""The model in use: read from its file once, checked by its digest, and done without where it is broken."""

from __future__ import annotations

import hashlib
import io
import logging
from functools import lru_cache
from typing import TYPE_CHECKING

from dispatch.models import DispatchModel
from hotline import health
from hotline.accounts.models import Region
from hotline.remembered import Remembered
from tickets.models import Category

if TYPE_CHECKING:
    from dispatch.learned.model import Learned

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
    """What a row's file holds; None, with a line in the log, where it is missing or not what was written."""
    content = _read(row)
    if content is None:
        return None
    import joblib  # with scikit-learn it takes a second to load, which only processes that suggest pay

    learned: Learned = joblib.load(io.BytesIO(content))  # only what `training.train` wrote passes the digest
    return learned


def _read(row: DispatchModel) -> bytes | None:
    """The file as it was written; None, with a line in the log, where it is not that any more."""
    try:
        with row.file.open("rb") as file:
            content: bytes = file.read()
    except OSError as error:
        logger.warning("dispatch model %s cannot be read: %s", row.pk, error)
        return None
    if hashlib.sha256(content).hexdigest() != row.digest:
        logger.warning("dispatch model %s is not the file that was written; suggestions go by the directory", row.pk)
        return None
    return content


def _look_at_file() -> bool:
    row = _used()
    return row is None or _read(row) is not None


_is_sound = Remembered(_look_at_file, seconds=CHECK_SECONDS)


@health.notice
def broken_model() -> str:
    """For the health page; looked at every few minutes without loading what the file holds."""
    if _is_sound():
        return ""
    return "the dispatch model is missing or damaged: suggestions go by precedents and the directory"


def forget() -> None:
    """Has the next question read row and file again."""
    _used.forget()
    _is_sound.forget()
    _load_once.cache_clear()
