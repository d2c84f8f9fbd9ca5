"""The keys of the audit log. They stand outside the database: whoever can alter its rows cannot alter their marks.

`LEDGER_KEYS` holds one key, or several parted by commas: the first marks what is written from now on, the others prove
what was written before. A key is named by a part of its own digest, so that none can be taken for another.
"""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hotline.shut import Shut

SHORTEST = 32  # characters


class LedgerClosed(Shut):
    """The audit log cannot be written, so that what must be written down cannot be done. `message` is for people."""

    message = _("The audit log cannot be written just now, so nothing was done. Tell whoever looks after the system.")


class WrongKey(LedgerClosed):
    """No key was given, or another one than what was written last is marked with."""


def name_of(key: bytes) -> str:
    return hashlib.sha256(b"name of a key of the audit log\0" + key).hexdigest()[:8]


def all_of_them() -> dict[str, bytes]:
    """The keys by their names, the one that marks what is new first. Raises WrongKey where there is none."""
    given = {name_of(key.encode()): key.encode() for key in settings.LEDGER_KEYS}
    if not given:
        raise WrongKey("LEDGER_KEYS is not set: nothing can be written into the audit log")
    return given


def current() -> tuple[str, bytes]:
    return next(iter(all_of_them().items()))


def mark(key: bytes, *parts: bytes) -> bytes:
    """The keyed digest of `parts`, each with its length before it so that none runs into the next."""
    made = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        made.update(len(part).to_bytes(8, "big"))
        made.update(part)
    return made.digest()
