"""The Celery application: two queues, one schedule (settings.CELERY_BEAT_SCHEDULE)."""

import os
from functools import cached_property
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init, worker_process_init

from hotline.running import memory
from hotline.waiting import patience

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hotline.settings")


class Hotline(Celery):
    """Celery with a worker of ours."""

    @cached_property
    def Worker(self) -> Any:
        return self.subclass_with_self("hotline.running.worker:Worker")  # type: ignore[arg-type]  # a name does


app = Hotline("hotline")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def wait_as_jobs_do(**kwargs: object) -> None:
    """A job waits longer for the database than a page, and not without end (the worker's children inherit it)."""
    patience.adopt(patience.JOB)


@worker_process_init.connect
def settle(**kwargs: object) -> None:
    """What a child has from its parent stays."""
    memory.settle()
