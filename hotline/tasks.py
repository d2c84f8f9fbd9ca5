"""The heartbeat: beat marks sending it, a worker marks running it, `/healthz` reads both marks.

The builder is at one piece of work for minutes: it marks by itself that it lives.
"""

import threading
from contextlib import suppress
from typing import Any

from celery import shared_task
from celery.signals import beat_init, before_task_publish, worker_ready
from django.conf import settings
from redis import RedisError

from hotline import health


@shared_task(expires=30)
def heartbeat() -> None:
    health.mark_alive("worker")


@before_task_publish.connect(sender=heartbeat.name)
def mark_beat(**kwargs: Any) -> None:
    """Only beat publishes the heartbeat, so publishing it shows that beat lives."""
    health.mark_alive("beat")


@worker_ready.connect
def mark_worker(sender: Any, **kwargs: Any) -> None:
    part = str(sender.hostname).partition("@")[0]
    if part == "builder":
        threading.Thread(target=_go_on_marking, args=(part,), daemon=True).start()
    else:
        health.mark_alive("worker")


def _go_on_marking(part: str) -> None:
    """As long as this process lives; while the broker is gone nobody can be told."""
    while True:
        with suppress(RedisError):
            health.mark_alive(part)
        threading.Event().wait(settings.HEARTBEAT_SECONDS)


@beat_init.connect
def first_beat(**kwargs: Any) -> None:
    """Sends the first heartbeat at once instead of after the first interval."""
    heartbeat.delay()
