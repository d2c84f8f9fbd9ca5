"""When jobs are due, on a machine whose clock may be put back.

Celery's beat remembers by the clock when each job ran last. Put back by an hour, it would send nothing for an hour: no
sweep, no seals, no messages, and nobody would be told.
"""

import logging
from datetime import timedelta
from typing import Any

from celery.beat import PersistentScheduler
from django.utils import timezone

AHEAD = timedelta(seconds=1)  # by which the clock may differ from itself, as when it is being set right
logger = logging.getLogger(__name__)


class Scheduler(PersistentScheduler):
    """Celery's own; a job that ran later than now has run now. Every job may run twice with the same result."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        now = timezone.now()
        ahead = [entry for entry in self.schedule.values() if entry.last_run_at and entry.last_run_at > now + AHEAD]
        if ahead:
            logger.warning("the clock went back: %d jobs are counted anew from now", len(ahead))
            for entry in ahead:
                entry.last_run_at = now
            self.populate_heap()
        return float(super().tick(*args, **kwargs))
