"""Who looked at something, for those who answer for it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from hotline.ledger.deeds import Deed, Of
from hotline.ledger.models import Entry

LOOKS = (Deed.SEEN, Deed.SEARCHED, Deed.PRINTED, Deed.UNMASKED, Deed.DOWNLOADED)
SHOWN = 30


def at_caller(callers: Iterable[int], numbers: Iterable[str]) -> list[Entry]:
    """Who lately looked at one of these callers or at one of these tickets, the newest first."""
    of_caller = Entry.objects.filter(of=Of.CALLER, key__in=[str(one) for one in callers], deed__in=LOOKS)
    of_ticket = Entry.objects.filter(number__in=list(numbers), deed__in=LOOKS)
    found = {entry.pk: entry for entry in chain(of_caller.order_by("-id")[:SHOWN], of_ticket.order_by("-id")[:SHOWN])}
    return sorted(found.values(), key=lambda entry: -entry.pk)[:SHOWN]
