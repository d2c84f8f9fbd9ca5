"""The keys of the audit log. They stand outside the database: whoever can alter its rows cannot alter their marks.

`LEDGER_KEYS` holds one key, or several parted by commas: the first marks what is written from now on, the others prove
what was written before. A key is named by a part of its own digest, so that none can be taken for another. With the
suite `sm` (CRYPTO_SUITE) what is new is marked by HMAC-SM3; what HMAC-SHA256 marked before is proven by that as ever.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hotline.shut import Shut
from hotline.vault.suites import SUITES

SHORTEST = 32  # characters


class LedgerClosed(Shut):
    """The audit log cannot be written, so that what must be written down cannot be done. `message` is for people."""

    message = _("The audit log cannot be written just now, so nothing was done. Tell whoever looks after the system.")


class WrongKey(LedgerClosed):
    """No key was given, or another one than what was written last is marked with."""


@dataclass(frozen=True)
class Key:
    """A secret and the digest by which it marks."""

    secret: bytes
    suite: str

    @property
    def name(self) -> str:
        said = b"name of a key of the audit log\0" + (b"sm\0" if self.suite == "sm" else b"")
        return hashlib.sha256(said + self.secret).hexdigest()[:8]


def all_of_them() -> dict[str, Key]:
    """The keys by their names, the one that marks what is new first. Raises WrongKey where there is none."""
    suites = sorted(SUITES, key=lambda suite: suite != settings.CRYPTO_SUITE[0])
    given = [Key(secret.encode(), suite) for suite in suites for secret in settings.LEDGER_KEYS]
    if not given:
        raise WrongKey("LEDGER_KEYS is not set: nothing can be written into the audit log")
    return {key.name: key for key in given}


def current() -> tuple[str, Key]:
    return next(iter(all_of_them().items()))


def mark(key: Key, *parts: bytes) -> bytes:
    """The keyed digest of `parts`, each with its length before it so that none runs into the next."""
    return SUITES[key.suite].digest(key.secret, b"".join(len(part).to_bytes(8, "big") + part for part in parts))
