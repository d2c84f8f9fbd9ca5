from celery import shared_task

from . import services


@shared_task
def forget_old() -> int:
    """Every night: receipts of a month ago."""
    return services.forget_old()
