"""Reports on their schedule: the week's after Sunday, the month's after its last day; and the days of operators."""

from celery import shared_task

from hotline.locks import one_at_a_time
from hotline.waiting import patience

from . import building, periods, sums
from .models import ReportKind, ReportRun


@shared_task(expires=590)
def build_due_reports() -> None:
    """Builds the report of each period that has ended and has none yet; running it again builds nothing."""
    with patience.of(patience.LONG), one_at_a_time("reports"):  # of two workers at once the second finds it built
        for kind in ReportKind.values:
            period = periods.last_complete(kind)
            if not ReportRun.objects.filter(kind=kind, period=period.label).exists():
                building.build(period)


@shared_task(expires=55)
def sum_up_days() -> None:
    """Sums up the days of operators in which something changed; running it again changes nothing."""
    with patience.of(patience.LONG):
        sums.catch_up()
