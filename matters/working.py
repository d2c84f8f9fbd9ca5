"""What is done by itself with matters: each minute, and soon after a ticket was recorded or joined.

1. Tickets that nobody looked at yet are looked at, in the order in which they were recorded (`linking`).
2. Matters whose totals may be others are counted anew, with what came back (`totals`, `recurring`).
3. Alerts are raised and ended by what was counted (`alerts`), and by what is only proposed (`perhaps`).

Each ticket and each batch of matters has a transaction of its own: whoever is killed leaves nothing half done, and the
next run goes on. Several runs at once wait for each other's rows and find the work done.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.core.cache import cache
from django.utils import timezone

from matters import alerts, linking, perhaps, totals
from matters.effects import ASKED

logger = logging.getLogger(__name__)


def work(now: datetime | None = None) -> None:
    """Works until nothing waits at `now`."""
    cache.delete(ASKED)  # what comes from here on sends for the next run
    now = now or timezone.now()
    linking.settle_waiting(now)
    totals.find_missed(now)
    alerts.look_at_surges(now)
    while batch := totals.due(now):
        totals.recount(batch, now=now)
    perhaps.look(now)
