"""Celery's worker, which ends where it cannot go on.

When the broker dies at an unlucky moment, Celery meets an error that it calls unrecoverable and wants to end in good
order: it waits for its pool, which waits for it. Such a worker does nothing and never ends, so nobody starts another.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

from celery.apps.worker import Worker as CelerysWorker
from celery.platforms import EX_FAILURE


class Worker(CelerysWorker):
    """Ends at once on what it cannot recover from: tasks are acknowledged late, so what was under way is done again."""

    def stop(self, in_sighandler: bool = False, exitcode: int | None = None) -> Any:
        if exitcode == EX_FAILURE:
            logging.getLogger(__name__).critical("the worker cannot go on and ends")
            logging.shutdown()
            sys.stdout.flush()
            os._exit(EX_FAILURE)
        return super().stop(in_sighandler, exitcode)
