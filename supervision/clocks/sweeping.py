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

from django.core.cache import cache
from django.db import DataError, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from hotline import health, many
from supervision.clocks import flags
from supervision.models import SetAside, SweepRun
from tickets.models import Ticket
from tickets.workflow.stores import INSTANTS

BATCH = 500
SET_ASIDE = timedelta(hours=1)
KEPT = timedelta(days=7)  # runs are kept
LATE_AFTER = timedelta(minutes=2)  # from a cause to its flag, at the most
LAST_RUN = "sweep:last-run"
COLUMNS = (
    "status", "status_since", "round", "returns", "urges", "urgency", "kind", "department", "matter", "caller",
    "is_secret", "is_anonymous", "assigned_at", "clock_from", "stage_from", *INSTANTS, "next_due_at", "risk",
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
    """Sweeps until nothing is due at `now`; a run that had something to do, or failed, is kept for the page."""
    now = now or timezone.now()
    started = time.perf_counter()
    result, late, error = SweepResult(), lag(now), ""
    try:
        while _sweep_batch(now, result):
            pass
    except Exception as failure:
        error = _in_short(failure)[:200]
        raise
    finally:
        result.seconds = round(time.perf_counter() - started, 3)
        _keep_run(result, now, late, error)
    return result


def _keep_run(result: SweepResult, now: datetime, late: timedelta, error: str) -> None:
    cache.set(LAST_RUN, now.isoformat(), timeout=None)
    if not (result.due or error):
        return
    logger.info("sweep: %s", result.as_dict())
    SweepRun.objects.filter(started_at__lt=now - KEPT).delete()
    SweepRun.objects.create(
        started_at=now, seconds=result.seconds, lag_seconds=late.total_seconds(), due=result.due, raised=result.raised,
        cleared=result.cleared, set_aside=result.set_aside, error=error,
    )  # fmt: skip


def lag(now: datetime | None = None) -> timedelta:
    """How long the longest due ticket has been waiting to be looked at."""
    now = now or timezone.now()
    oldest = Ticket.objects.filter(next_due_at__lte=now).order_by("next_due_at").values_list("next_due_at", flat=True)
    first = oldest.first()
    return now - first if first else timedelta(0)


def last_run() -> datetime | None:
    """When the sweep last ran, whether it had something to do or not; None where nobody remembers."""
    kept = cache.get(LAST_RUN)
    return parse_datetime(kept) if kept else None


@health.notice
def late_clocks() -> str:
    """For the health page: flags do not come in time."""
    if lag() > LATE_AFTER:
        return "the sweep is late: flags are not raised in time (see the page on the state of the clocks)"
    return ""


def _sweep_batch(now: datetime, result: SweepResult) -> bool:
    """Sweeps one batch; returns whether there may be more."""
    with transaction.atomic():
        due = Ticket.objects.filter(next_due_at__lte=now).order_by("next_due_at")
        taken = due.select_for_update(skip_locked=True, no_key=True)
        ids = list(taken.values_list("pk", flat=True)[:BATCH])
        batch = _read(ids, now, result)
        try:
            with transaction.atomic():
                raised, cleared = flags.sync(batch, now=now)
        except Exception:
            logger.exception("a batch of %d could not be evaluated; going one by one", len(batch))
            raised, cleared = _one_by_one(batch, now, result)
        else:
            _name_no_more(batch, now)
        _write(batch)
    result.due += len(ids)
    result.raised += raised
    result.cleared += cleared
    return len(ids) == BATCH


def _read(ids: list[int], now: datetime, result: SweepResult) -> list[Ticket]:
    """The rows that are held; one by one where a row among them holds what Python cannot, such as a year before 1."""
    rows = Ticket.objects.select_related("department").only(*COLUMNS, "department__name")
    try:
        return list(rows.filter(pk__in=ids).order_by("next_due_at", "pk"))
    except (ValueError, OverflowError, DataError):
        logger.exception("a batch of %d could not be read; going one by one", len(ids))
    found = []
    for pk in ids:
        try:
            found.append(rows.get(pk=pk))
        except (ValueError, OverflowError, DataError) as error:
            logger.exception("ticket %s set aside for %s", pk, SET_ASIDE)
            Ticket.objects.filter(pk=pk).update(next_due_at=now + SET_ASIDE)
            _name(pk, error, now, result)
    return found


def _one_by_one(batch: list[Ticket], now: datetime, result: SweepResult) -> tuple[int, int]:
    raised = cleared = 0
    for ticket in batch:
        try:
            with transaction.atomic():
                more_raised, more_cleared = flags.sync([ticket], now=now)
        except Exception as error:
            logger.exception("ticket %s set aside for %s", ticket.pk, SET_ASIDE)
            ticket.next_due_at = now + SET_ASIDE
            _name(ticket.pk, error, now, result)
        else:
            _name_no_more([ticket], now)
            raised, cleared = raised + more_raised, cleared + more_cleared
    return raised, cleared


def _in_short(failure: Exception) -> str:
    """What failed, without what the database adds of the row: that would be read by people who see no tickets."""
    return f"{type(failure).__name__}: {str(failure).partition(chr(10))[0]}"


def _name(ticket_id: int, error: Exception, now: datetime, result: SweepResult) -> None:
    """Counts a ticket that was set aside, and keeps which and why, for people to look into."""
    result.set_aside += 1
    row, made = SetAside.objects.get_or_create(
        ticket_id=ticket_id, defaults={"error": _in_short(error)[:300], "first_at": now, "last_at": now}
    )
    if not made:
        row.error, row.last_at, row.times, row.cleared_at = _in_short(error)[:300], now, row.times + 1, None
        row.save()


def _name_no_more(tickets: list[Ticket], now: datetime) -> None:
    """Tickets that could be evaluated again are no longer set aside."""
    SetAside.objects.filter(ticket__in=tickets, cleared_at__isnull=True).update(cleared_at=now)


def _write(batch: list[Ticket]) -> None:
    """Writes when to look again, and the risk."""
    many.update(batch, ("next_due_at", "risk"))
