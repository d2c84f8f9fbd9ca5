"""Writing an entry into the audit log: one row, added and never changed."""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections.abc import Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from hotline.accounts.models import User
from hotline.addresses import client_address
from hotline.ledger import keys
from hotline.ledger.deeds import Deed, Of
from hotline.ledger.models import Block, Entry

DIGITS = re.compile(r"(?<!\d)(\d{3})\d{4,}(\d{4})(?!\d)")  # a number, or an identity number
CHANCE_BITS = 11  # of a key, after the microseconds
MARKED = (
    "id", "deed", "person", "who", "role", "department", "address", "of", "key", "number", "page", "words", "why",
    "told", "key_name",
)  # fmt: skip
acting: ContextVar[HttpRequest | None] = ContextVar("acting", default=None)  # the request that is being answered
_lock = threading.Lock()
_last_key = 0
_proven: set[str] = set()


def _next_key() -> int:
    """A key that nobody else has and that grows with time: microseconds, and chance after them.

    It comes from no sequence of the database, so that the entry's mark can cover it and needs no second query.
    """
    global _last_key
    with _lock:
        drawn = (time.time_ns() // 1000) << CHANCE_BITS | secrets.randbits(CHANCE_BITS)
        _last_key = max(_last_key + 1, drawn)
        return _last_key


def first_key_at(instant: datetime) -> int:
    """The lowest key of an entry written at `instant` or later."""
    return int(instant.timestamp() * 1_000_000) << CHANCE_BITS


def masked(words: str) -> str:
    """Words with the middle of every number in them hidden."""
    return DIGITS.sub(r"\1****\2", words)


def mark_of(entry: Entry, key: keys.Key) -> bytes:
    """The mark that an entry must bear."""
    return mark_of_values(entry.at, [getattr(entry, name) for name in MARKED], key)


def mark_of_values(at: datetime, values: Iterable[Any], key: keys.Key) -> bytes:
    """The same, of what stands in the columns MARKED."""
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    said = json.dumps([instant, *values], ensure_ascii=False, separators=(",", ":"))
    return keys.mark(key, said.encode())


def check_key() -> None:
    """Once in each process: what was written last bears the mark of a key that is given. Raises WrongKey."""
    known = keys.all_of_them()
    if set(known) <= _proven:
        return
    last = Block.objects.order_by("-number").values_list("key_name", flat=True).first()
    last = last or Entry.objects.order_by("-id").values_list("key_name", flat=True).first()
    if last is not None and last not in known:
        raise keys.WrongKey(f"the audit log was last marked with the key {last}, which LEDGER_KEYS does not hold")
    _proven.update(known)


def forget() -> None:
    """For tests: the key is looked at again."""
    _proven.clear()


def record(
    deed: Deed, *, user: Any = None, request: HttpRequest | None = None, of: str = "", key: Any = "", number: str = "",
    page: str = "", words: str = "", why: str = "", told: str = "",
) -> Entry:  # fmt: skip
    """Writes down that `user` did `deed`, now. Raises LedgerClosed where no key fits, so that nothing goes unmarked."""
    check_key()
    request = request or acting.get()
    person = user if isinstance(user, User) else None
    work = getattr(request, "work", None)  # an administrator's session: hotline.administering.working
    if work is not None:
        why, told = why or work.reason, f"{work_mark(work.pk)} {told}"
    name, secret = keys.current()
    entry = Entry(
        id=_next_key(), at=timezone.now(), deed=deed, person=person.pk if person else None,
        who=_cut("who", f"{person} ({person.username})" if person else str(user or "")),
        role=person.role if person else "", department=str(person.department or "") if person else "",
        address=(client_address(request) or "") if request else "", of=of, key=_cut("key", str(key)),
        number=_cut("number", number), page=_cut("page", page), words=_cut("words", masked(words)),
        why=_cut("why", why), told=_cut("told", masked(told)), key_name=name,
    )  # fmt: skip
    entry.mark = mark_of(entry, secret)
    entry.save(force_insert=True)
    return entry


def work_mark(number: int) -> str:
    """How the details of an entry begin that was written in an administrator's working session."""
    return f"work={number};"


def _cut(name: str, text: str) -> str:
    most = Entry._meta.get_field(name).max_length  # type: ignore[union-attr]
    return text.replace("\0", "")[:most]


def note(request: Any, **details: Any) -> None:
    """Says more of a request that is written down once it is answered: its `key`, `number`, `words`, `why`, `deed`."""
    request = getattr(request, "_request", request)
    request.ledger_notes = getattr(request, "ledger_notes", {}) | details


__all__ = ["Deed", "Of", "acting", "check_key", "first_key_at", "mark_of", "masked", "note", "record"]
