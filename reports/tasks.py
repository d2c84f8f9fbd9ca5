"""Reports on their schedule: the week's after Sunday, the month's after its last day."""

from celery import shared_task
from django.db import connection, transaction

from . import building, periods
from .models import ReportKind, ReportRun

LOCK = 12345  # any number that nothing else in this database locks by


@shared_task(expires=590)
def build_due_reports() -> None:
    """Builds the report of each period that has ended and has none yet; running it again builds nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])  # two workers at once: the second finds it built
        for kind in ReportKind.values:
            period = periods.last_complete(kind)
            if not ReportRun.objects.filter(kind=kind, period=period.label).exists():
                building.build(period)
