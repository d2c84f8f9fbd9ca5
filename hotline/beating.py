"""When jobs are due: on a machine whose clock may be put back, and on several machines of which one may die.

Celery's beat remembers by the clock when each job ran last. Put back by an hour, it would send nothing for an hour: no
sweep, no seals, no messages, and nobody would be told.

Each machine may run a beat. One of them leads, by a lock in the broker that it renews at each tick, and sends; the
others count along and send nothing. Where the lock ends, whoever takes it sends what fell due meanwhile: that may be
twice, and is never lost.
"""

import logging
import time
from datetime import timedelta
from typing import Any

import redis
from celery.beat import PersistentScheduler
from django.conf import settings
from django.utils import timezone
from redis.exceptions import LockError
from redis.lock import Lock

from hotline import health

AHEAD = timedelta(seconds=1)  # by which the clock may differ from itself, as when it is being set right
LEADS_FOR = 20.0  # seconds that the lock of a beat lasts which was killed
TICK = 5.0  # seconds between two ticks, at most
logger = logging.getLogger(__name__)


class Scheduler(PersistentScheduler):
    """Celery's own; a job that ran later than now has run now. Every job may run twice with the same result."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Of a city; several may share a broker.
        name = f"hotline:beat:{settings.DATABASES['default']['NAME']}"
        self._lead = Lock(health.broker(), name, timeout=LEADS_FOR, thread_local=False)
        self._leads = False
        self._passed: dict[str, tuple[float, Any]] = {}  # what this one did not send, and when
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        now = timezone.now()
        ahead = [entry for entry in self.schedule.values() if entry.last_run_at and entry.last_run_at > now + AHEAD]
        if ahead:
            logger.warning("the clock went back: %d jobs are counted anew from now", len(ahead))
            for entry in ahead:
                entry.last_run_at = now
            self.populate_heap()
        self._take_or_keep_the_lead()
        return min(float(super().tick(*args, **kwargs)), TICK)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        if self._leads:
            super().apply_entry(entry, producer)
        else:
            self._passed[entry.name] = time.monotonic(), entry

    def close(self) -> None:
        super().close()
        if self._leads:
            try:
                self._lead.release()
            except redis.RedisError:
                logger.info("the lead ends by itself")

    def _take_or_keep_the_lead(self) -> None:
        led = self._leads
        try:
            self._leads = self._is_kept() or bool(self._lead.acquire(blocking=False))
        except redis.RedisError:
            return  # nothing can be sent now, and who leads is found out when it can
        if led != self._leads:
            logger.warning("this beat leads" if self._leads else "another beat leads")
        if self._leads and self._passed:
            since = time.monotonic() - 2 * LEADS_FOR
            for at, entry in self._passed.values():
                if at > since:  # nobody may have sent it: whoever led before was gone by then, or going
                    self.apply_entry(entry, self.producer)
            self._passed.clear()

    def _is_kept(self) -> bool:
        """Whether the lead is still ours, and now for its whole time."""
        try:
            return bool(self._lead.reacquire())
        except LockError:
            return False
