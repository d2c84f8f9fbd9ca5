"""The heartbeat: beat marks sending it, a worker marks running it, `/healthz` reads both marks."""

from typing import Any

from celery import shared_task
from celery.signals import beat_init, before_task_publish, worker_ready

from hotline import health


@shared_task(expires=30)
def heartbeat() -> None:
    health.mark_alive("worker")


@before_task_publish.connect(sender=heartbeat.name)
def mark_beat(**kwargs: Any) -> None:
    """Only beat publishes the heartbeat, so publishing it shows that beat lives."""
    health.mark_alive("beat")


@worker_ready.connect
def mark_worker(**kwargs: Any) -> None:
    health.mark_alive("worker")


@beat_init.connect
def first_beat(**kwargs: Any) -> None:
    """Sends the first heartbeat at once instead of after the first interval."""
    heartbeat.delay()
