"""The heartbeat: beat marks sending it, a worker marks running it, `/healthz` reads both marks."""

from typing import Any

from celery import shared_task
from celery.signals import before_task_publish

from hotline import health


@shared_task(expires=30)
def heartbeat() -> None:
    health.mark_alive("worker")


@before_task_publish.connect(sender=heartbeat.name)
def mark_beat(**kwargs: Any) -> None:
    """Only beat publishes the heartbeat, so publishing it shows that beat lives."""
    health.mark_alive("beat")
