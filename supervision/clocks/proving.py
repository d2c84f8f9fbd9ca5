"""Every limit that anybody had, worked out anew from the events, for the proof of the audit log."""

from __future__ import annotations

from collections.abc import Iterator

from hotline.ledger.verifying import proof
from supervision.clocks.rebuilding import rebuild


@proof("limits", is_long=True)
def limits() -> Iterator[str]:
    """Tickets of which other limits are kept than follow from their events."""
    told = rebuild(writes=False)
    if told.differing:
        first = told.differences[0] if told.differences else ""
        yield f"{told.differing} tickets have other limits than follow from their events; the first: {first}"
