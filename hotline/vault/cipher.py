"""Encrypting a text and reading it again.

What is kept is one byte for the form, the name of the key, a nonce, and what the cipher made. An empty text is kept as
nothing at all, so that the database can say where something is not known.
"""

from __future__ import annotations

import os

from hotline.vault import keys
from hotline.vault.suites import NONCE, Broken

FORM = b"\x01"
NONCE_AT = len(FORM) + keys.NAMED
HEAD = NONCE_AT + NONCE


def encrypted(clear: str, purpose: str) -> bytes:
    """`clear` under the key that writes. `purpose` says what it is, so that it cannot be taken for anything else."""
    if not clear:
        return b""
    key, nonce = keys.usable()[0], os.urandom(NONCE)
    head = FORM + key.name + nonce
    return head + key.suite.encrypt(key.cipher, nonce, clear.encode(), head + purpose.encode())


def decrypted(kept: bytes | memoryview, purpose: str) -> str:
    """What `encrypted` was given. Raises WrongKey where its key is not here, Broken where it was altered."""
    whole = bytes(kept)
    if not whole:
        return ""
    if len(whole) <= HEAD or whole[:1] != FORM:
        raise Broken("this was not encrypted here")
    key, head = keys.named(whole[1:NONCE_AT]), whole[:HEAD]
    return key.suite.decrypt(key.cipher, head[NONCE_AT:], whole[HEAD:], head + purpose.encode()).decode()


def prefix(key: keys.Key) -> bytes:
    """How all begins that this key encrypted."""
    return FORM + key.name
