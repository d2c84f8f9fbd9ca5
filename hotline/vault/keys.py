"""The keys of personal data: which there are, and that they are the ones that the database was written with.

`PERSONAL_KEYS` holds one secret, or several parted by commas, and `CRYPTO_SUITE` one suite or several. The first of
each write; all of them read and find. So a key or a suite is changed by putting the new one first, running `manage.py
rotate_keys`, and taking the old one away when it says that nothing is left of it.

The database remembers the names of keys (a part of their digest, never they themselves) that something in it may be
written with. With one of these missing nothing is written and nobody is looked for: a wrong key would else start a
second life of every caller.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hotline import shut
from hotline.vault.suites import SUITES, Suite

NAMED = 4  # bytes of a key's name
INDEX = 32  # bytes of a key that finds


class VaultClosed(shut.Shut):
    """Personal data can be neither read nor written. `message` is for people."""

    message = _("Who called cannot be read just now, so nothing was done. Tell whoever looks after the system.")


class WrongKey(VaultClosed):
    """A key is missing that something in the database is encrypted with."""


@dataclass(frozen=True)
class Key:
    """One secret under one suite: `cipher` encrypts, `index` finds. `name` stands before all that it encrypted."""

    name: bytes
    suite: Suite
    cipher: bytes
    index: bytes


PROVEN_FOR = 30  # seconds, after which the database is asked again
_proven: dict[tuple[Key, ...], float] = {}  # when that was


@lru_cache(maxsize=32)
def _made(secret: str, suite: str) -> Key:
    chosen = SUITES[suite]
    name = hashlib.sha256(f"name of a key of personal data\0{suite}\0{secret}".encode()).digest()[:NAMED]
    given = secret.encode()
    return Key(name, chosen, chosen.derived(given, "cipher", chosen.length), chosen.derived(given, "index", INDEX))


def ring() -> tuple[Key, ...]:
    """The keys that find, the one that writes first. Raises WrongKey where there is none."""
    found = tuple(_made(secret, suite) for suite in settings.CRYPTO_SUITE for secret in settings.PERSONAL_KEYS)
    if not found:
        raise WrongKey("PERSONAL_KEYS is not set: who called can be neither read nor written")
    return found


def named(name: bytes) -> Key:
    """The key of this name, of whatever suite. Raises WrongKey where it was not given."""
    for suite in SUITES:
        for secret in settings.PERSONAL_KEYS:
            if (key := _made(secret, suite)).name == name:
                return key
    raise WrongKey(f"something is encrypted with the key {name.hex()}, which PERSONAL_KEYS does not hold")


def usable() -> tuple[Key, ...]:
    """The ring, once it is known to be the one that the database was written with. Raises WrongKey where it is not.

    Asked again and again: a process that was forgotten when keys were changed may not write with what was taken away.
    """
    found = ring()
    if found in _proven and time.monotonic() - _proven[found] < PROVEN_FOR:
        return found
    known = _known()
    if missing := known - {key.name.hex() for key in found}:
        raise WrongKey(
            f"the database was written with the keys {', '.join(sorted(missing))}, which PERSONAL_KEYS and CRYPTO_SUITE"
            " do not hold; put them after the new ones and run manage.py rotate_keys"
        )
    if found[0].name.hex() in known:
        _proven[found] = time.monotonic()  # not where it is noted only now: that may be rolled back
    else:
        _note(found[0])
    return found


def _known() -> set[str]:
    from hotline.vault.models import KeyInUse

    return set(KeyInUse.objects.values_list("name", flat=True))


def _note(key: Key) -> None:
    from hotline.vault.models import KeyInUse

    KeyInUse.objects.get_or_create(name=key.name.hex())


def forget() -> None:
    """For tests, and after a rotation: the database is asked again."""
    _proven.clear()


def fingerprints() -> dict[str, str]:
    """The names of the keys that write and read, each with its suite; they tell nothing of the keys."""
    return {key.name.hex(): key.suite.name for key in ring()}


__all__ = ["Key", "VaultClosed", "WrongKey", "fingerprints", "forget", "named", "ring", "usable"]
