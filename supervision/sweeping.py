"""The sweep: each minute, whatever is due.

1. Take the tickets whose `next_due_at` has come, the longest due first, a batch at a time; skip those that
   another worker holds.
2. Ask of each what is true now; raise and clear flags accordingly.
3. Write the next instant at which something can become true.
4. Commit, and take the next batch until nothing is due.

It may run twice, late, or on several workers: step 2 depends on the ticket and the instant alone. A ticket
that cannot be evaluated is put an hour ahead and named in the log, so that it does not stop the others.
"""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from tickets.models import Ticket

from . import clocks, flags

BATCH = 500
SET_ASIDE = timedelta(hours=1)
COLUMNS = (
    "status", "status_since", "returns", "urgency", "kind", "department", "matter", "assigned_at",
    "answer_due_at", "stage_due_at", "warn_at", "next_due_at",
)  # fmt: skip
logger = logging.getLogger(__name__)


@dataclass
class SweepResult:
    """What one sweep did: tickets looked at, flags raised and cleared, tickets set aside, seconds taken."""

    due: int = 0
    raised: int = 0
    cleared: int = 0
    set_aside: int = 0
    seconds: float = 0.0

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def sweep(now: datetime | None = None) -> SweepResult:
    """Sweeps until nothing is due at `now`."""
    now = now or timezone.now()
    started = time.perf_counter()
    result = SweepResult()
    while _sweep_batch(now, result):
        pass
    result.seconds = round(time.perf_counter() - started, 3)
    if result.due:
        logger.info("sweep: %s", result.as_dict())
    return result


def _sweep_batch(now: datetime, result: SweepResult) -> bool:
    """Sweeps one batch; returns whether there may be more."""
    with transaction.atomic():
        batch = list(
            Ticket.objects.filter(next_due_at__lte=now)
            .order_by("next_due_at")
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("department")
            .only(*COLUMNS, "department__name")[:BATCH]
        )
        try:
            with transaction.atomic():
                raised, cleared = flags.sync(batch, now=now)
        except Exception:
            logger.exception("a batch of %d could not be evaluated; going one by one", len(batch))
            raised, cleared, sound = _one_by_one(batch, now, result)
        else:
            sound = batch
        for ticket in sound:
            ticket.next_due_at = clocks.next_instant(ticket, after=now)
        _write_next_instants(batch)
    result.due += len(batch)
    result.raised += raised
    result.cleared += cleared
    return len(batch) == BATCH


def _one_by_one(batch: list[Ticket], now: datetime, result: SweepResult) -> tuple[int, int, list[Ticket]]:
    raised = cleared = 0
    sound = []
    for ticket in batch:
        try:
            with transaction.atomic():
                more_raised, more_cleared = flags.sync([ticket], now=now)
        except Exception:
            logger.exception("ticket %s set aside for %s", ticket.pk, SET_ASIDE)
            ticket.next_due_at = now + SET_ASIDE
            result.set_aside += 1
        else:
            raised, cleared = raised + more_raised, cleared + more_cleared
            sound.append(ticket)
    return raised, cleared, sound


def _write_next_instants(batch: list[Ticket]) -> None:
    """One statement for the batch; Django's bulk_update would send a CASE of 500 branches."""
    if not batch:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tickets_ticket SET next_due_at = new.at"
            " FROM unnest(%s::bigint[], %s::timestamptz[]) AS new(id, at) WHERE tickets_ticket.id = new.id",
            [[ticket.pk for ticket in batch], [ticket.next_due_at for ticket in batch]],
        )
