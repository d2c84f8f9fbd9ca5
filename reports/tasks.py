"""Reports on their schedule: the week's after Sunday, the month's after its last day; and the days of operators."""

from celery import shared_task

from hotline.waiting import patience

from . import kept, sums
from .runs import jobs


@shared_task(expires=590)
def build_due_reports() -> None:
    """Builds the report of each period that has ended and has none yet; running it again builds nothing."""
    jobs.catch_up()
    jobs.work()


@shared_task(expires=55)
def build_reports() -> None:
    """Builds what was asked for, what is to be tried again, and what a killed worker has left."""
    jobs.work()


@shared_task(expires=55)
def keep_dashboard() -> None:
    """Counts what the dashboard shows; running it again counts it again."""
    with patience.of(patience.LONG):
        for name in kept.NAMES:
            kept.refresh(name)


@shared_task(expires=55)
def sum_up_days() -> None:
    """Sums up the days of operators in which something changed; running it again changes nothing."""
    with patience.of(patience.LONG):
        sums.catch_up()
