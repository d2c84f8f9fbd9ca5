from celery import shared_task

from . import sweeping


@shared_task(expires=55)
def sweep() -> None:
    sweeping.sweep()
