"""The closed file that a backup is: enciphered in chunks, so that of one of any size only a chunk is in memory.

    head: how a file of its suite begins, 16 bytes of chance, 8 bytes by which a key is known
    chunks: CHUNK bytes enciphered, each with its tag; the last is shorter, or empty

The suite is the first of `CRYPTO_SUITE`: AES-256-GCM, or SM4-GCM with keys drawn by SM3. A file says which it is, so
that either is opened whatever is set here. The key of a file is drawn from `HOTLINE_BACKUP_KEY` and its chance, so that
no two files share one. A chunk's nonce is its number, and whether it is the last: what is cut off, moved, doubled or
altered is found, and so is another key.
"""

from __future__ import annotations

import hmac
import io
import os
from typing import IO, Any

from django.conf import settings

from hotline.vault.suites import SUITES, TAG, Broken, Suite

MAGICS = {"aes": b"hotline backup 1\n", "sm": b"hotline backup 2\n"}
MAGIC, SALT, MARK = 17, 16, 8  # bytes
CHUNK = 1 << 20  # bytes
SHORTEST = 32  # characters of a key


class NoKey(Exception):
    """HOTLINE_BACKUP_KEY is not set, too short, or not the one that the file was closed with."""


class Damaged(Exception):
    """The file is no backup, was cut off, or is not as it was written."""


def _drawn(suite: Suite, secret: str, salt: bytes, what: bytes, length: int) -> bytes:
    return suite.drawn(secret.encode(), b"hotline backup " + what, length, salt)


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def check(secret: str) -> None:
    """Raises NoKey where a key cannot be one."""
    if not secret:
        raise NoKey("HOTLINE_BACKUP_KEY is not set: a backup is never written or read without a key")
    if len(secret) < SHORTEST:
        raise NoKey(f"HOTLINE_BACKUP_KEY must hold a secret of at least {SHORTEST} characters")


class Sealed(io.RawIOBase):
    """What is written here goes into `file` enciphered. Only `finish` makes it whole."""

    def __init__(self, file: IO[bytes], secret: str) -> None:
        check(secret)
        salt, self._suite = os.urandom(SALT), SUITES[settings.CRYPTO_SUITE[0]]
        self._file, self._number, self._waiting = file, 0, bytearray()
        self._head = MAGICS[self._suite.name] + salt + _drawn(self._suite, secret, salt, b"mark", MARK)
        self._key = _drawn(self._suite, secret, salt, b"key", self._suite.length)
        file.write(self._head)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting += data
        while len(self._waiting) >= CHUNK:
            self._put(bytes(self._waiting[:CHUNK]), is_last=False)
            del self._waiting[:CHUNK]
        return memoryview(data).nbytes

    def finish(self) -> None:
        """Writes the last chunk, without which the file is not taken for whole."""
        self._put(bytes(self._waiting), is_last=True)
        self._waiting.clear()

    def _put(self, plain: bytes, *, is_last: bool) -> None:
        nonce = _nonce(self._number, is_last=is_last)
        self._file.write(self._suite.encrypt(self._key, nonce, plain, self._head))
        self._number += 1


class Opened(io.RawIOBase):
    """What was written into a `Sealed`. Reading raises Damaged where the file is not as it was, NoKey at once."""

    def __init__(self, file: IO[bytes], secret: str) -> None:
        check(secret)
        self._file, self._number, self._plain, self._is_over = file, 0, memoryview(b""), False
        self._head = file.read(MAGIC + SALT + MARK)
        suite = next((name for name, magic in MAGICS.items() if self._head.startswith(magic)), None)
        if suite is None:
            raise Damaged("this is no backup of the hotline, or its beginning was altered")
        if len(self._head) < MAGIC + SALT + MARK:
            raise Damaged("the backup was cut off")
        self._suite, salt, mark = SUITES[suite], self._head[MAGIC:-MARK], self._head[-MARK:]
        if not hmac.compare_digest(mark, _drawn(self._suite, secret, salt, b"mark", MARK)):
            raise NoKey("HOTLINE_BACKUP_KEY is not the key that this backup was made with (or its head was altered)")
        self._key = _drawn(self._suite, secret, salt, b"key", self._suite.length)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        into = memoryview(buffer)
        while not self._plain and not self._is_over:
            self._plain = memoryview(self._next())
        taken = min(len(into), len(self._plain))
        into[:taken] = self._plain[:taken]
        self._plain = self._plain[taken:]
        return taken

    def _next(self) -> bytes:
        closed = self._file.read(CHUNK + TAG)
        self._is_over = len(closed) < CHUNK + TAG
        try:
            nonce = _nonce(self._number, is_last=self._is_over)
            plain = self._suite.decrypt(self._key, nonce, closed, self._head)
        except Broken:
            raise Damaged(f"the backup was cut off or altered (after {self._number * CHUNK:,} bytes)") from None
        self._number += 1
        return plain
