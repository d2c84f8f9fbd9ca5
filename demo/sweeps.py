"""What a sweep costs: so many tickets due among millions, and everything due at once."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from demo.multiplying import NUMBER
from supervision.clocks import sweeping
from supervision.models import Flag
from tickets.choices import OPEN_STATUSES, Status
from tickets.models import Ticket

ROUNDS = 7  # sweeps measured; the first warms up and is not counted
SWEPT = (Status.DISPATCHED, Status.WORKING)


def measure(due: int) -> dict[str, Any]:
    """Sweeps of exactly `due` tickets, again and again: each raises a flag, which is taken away for the next round."""
    chosen = list(Ticket.objects.filter(status__in=SWEPT, number__startswith=NUMBER).values_list("pk", flat=True)[:due])
    Ticket.objects.filter(next_due_at__lte=timezone.now() + timedelta(hours=1)).update(
        next_due_at=timezone.now() + timedelta(days=9)
    )
    times, raised = [], set()
    for _ in range(ROUNDS):
        Flag.objects.filter(ticket__in=chosen).delete()
        now = timezone.now()
        Ticket.objects.filter(pk__in=chosen).update(
            stage_due_at=now - timedelta(minutes=1), next_due_at=now - timedelta(minutes=1),
            answer_due_at=now + timedelta(days=3), half_at=None, warn_at=None,
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE supervision_flag")
        started = time.perf_counter()
        result = sweeping.sweep(now)
        times.append(time.perf_counter() - started)
        assert result.due == due, (result.due, due)
        raised.add(result.raised)
    counted = times[1:]
    return {
        "tickets": Ticket.objects.count(),
        "open": Ticket.objects.filter(status__in=OPEN_STATUSES).count(),
        "due": due,
        "flags_raised": sorted(raised),
        "median_seconds": round(statistics.median(counted), 3),
        "slowest_seconds": round(max(counted), 3),
        "rounds": len(counted),
    }


def flag_many(share: float) -> dict[str, Any]:
    """Has so large a share of the open tickets flagged at once, as after a week in which nobody worked; one sweep."""
    chosen = Ticket.objects.filter(status__in=SWEPT, number__startswith=NUMBER).values_list("pk", flat=True)
    many = list(chosen[: int(chosen.count() * share)])
    now = timezone.now()
    Ticket.objects.filter(pk__in=many).update(
        stage_due_at=now - timedelta(minutes=1), next_due_at=now - timedelta(minutes=1)
    )
    result = sweeping.sweep(now)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE supervision_flag")
    return {"due": result.due, "raised": result.raised, "seconds": result.seconds}


def of_what_is_due() -> dict[str, float]:
    """A sweep over everything that has become due since the tickets were made, and one with nothing to do."""
    first, second = sweeping.sweep(timezone.now()), sweeping.sweep(timezone.now())
    return {"due": first.due, "raised": first.raised, "seconds": first.seconds, "idle_seconds": second.seconds}
