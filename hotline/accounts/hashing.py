"""How passwords are hashed, and how many at once: guessing must be dear for who guesses and cheap for everybody else.

A check takes some 30 ms of one core. Each web process does one at a time and lets a few wait; whoever comes when the
places are taken is told to try again. So some of its threads are always free for people who are at work. And the check
itself is the work of a thread that steps back: where others want the core, they have it first.
"""

from __future__ import annotations

import os
import secrets
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher

STEP_BACK = 10  # of the kernel's niceness: a tenth of a core's time against one who wants all of it


class PasswordHasher(Argon2PasswordHasher):
    """Argon2id as OWASP's Password Storage Cheat Sheet has it at least: 19 MiB, two passes, one lane."""

    memory_cost = 19 * 1024  # KiB
    time_cost = 2
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        return str(_stepping_back(os.getpid()).submit(super().encode, password, salt).result())

    def verify(self, password: str, encoded: str) -> bool:
        return bool(_stepping_back(os.getpid()).submit(super().verify, password, encoded).result())


@cache
def _stepping_back(process: int) -> ThreadPoolExecutor:
    """The one thread of this process that checks passwords; a forked process has its own."""
    return ThreadPoolExecutor(1, "passwords", initializer=_step_back)


def _step_back() -> None:
    if sys.platform == "linux":  # where niceness is a thread's own
        thread = threading.get_native_id()
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, min(19, os.getpriority(os.PRIO_PROCESS, thread) + STEP_BACK))


class _QuickHasher(PasswordHasher):
    """The same with less work; what it makes is checked as every other, and made anew at the first sign-in."""

    memory_cost = 1024  # KiB
    time_cost = 1


LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that are taken for each other
DRAWN = 16  # letters, 79 bits: nobody guesses them, however quickly a guess is checked


def drawn() -> tuple[str, str]:
    """A password drawn by lot, and its hash: for thousands of people who sign in with it once."""
    password = "".join(secrets.choice(LETTERS) for _letter in range(DRAWN))
    hasher = _QuickHasher()
    return password, hasher.encode(password, hasher.salt())


class TooBusy(Exception):
    """Too many passwords are being checked just now."""


places = threading.BoundedSemaphore(settings.PASSWORD_CHECKS_AT_ONCE)
_hashing = threading.Lock()


@contextmanager
def password_check() -> Iterator[None]:
    """Around the check of one password; raises `TooBusy` where no place is left to wait in."""
    if not places.acquire(blocking=False):
        raise TooBusy
    try:
        with _hashing:
            yield
    finally:
        places.release()
