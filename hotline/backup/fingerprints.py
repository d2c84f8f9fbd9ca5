"""Which keys a backup needs beside it, by their fingerprints. No key is ever written into one.

A restored server that lacks one of them reads less than the one that was backed up, so it is told before anything is
done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from django.conf import settings

# Each setting that holds keys, how its keys are found, and what cannot be read or proven without them.
KEYS: dict[str, tuple[Callable[[], Iterable[str]], str]] = {
    "SECRET_KEY": (
        lambda: [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS],
        "recovery codes and learned models are lost, and everybody signs in anew",
    ),
    "LEDGER_KEYS": (lambda: settings.LEDGER_KEYS, "the audit log can be read and no longer proven or written"),
    "PERSONAL_KEYS": (
        lambda: settings.PERSONAL_KEYS,
        "names and numbers of callers and second factors stay unreadable",
    ),
}


def of_all() -> dict[str, list[str]]:
    """The fingerprints of the keys that are given here, by the setting that holds them."""
    return {name: [_fingerprint(name, str(key)) for key in held()] for name, (held, _loss) in KEYS.items()}


def lacking(needed: dict[str, list[str]]) -> list[str]:
    """What is lost without those of the `needed` keys that are not given here, a line for each setting."""
    here = of_all()
    told = []
    for name, wanted in needed.items():
        if missing := [one for one in wanted if one not in here.get(name, ())]:
            loss = KEYS[name][1] if name in KEYS else "what it keeps stays closed"
            told.append(f"{name} lacks the key with the fingerprint {', '.join(missing)}: {loss}")
    return told


def _fingerprint(name: str, key: str) -> str:
    return hashlib.sha256(f"fingerprint of {name}\0{key}".encode()).hexdigest()[:16]
