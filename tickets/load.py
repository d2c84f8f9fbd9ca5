"""How much lies with each department: what a dispatcher sees beside its name."""

from __future__ import annotations

from django.db.models import Count

from hotline.remembered import Remembered
from tickets.choices import UNANSWERED_STATUSES
from tickets.models import Ticket

CACHE_SECONDS = 30


def _count() -> dict[int, int]:
    held = Ticket.objects.filter(status__in=UNANSWERED_STATUSES, department__isnull=False)
    return dict(held.values_list("department").annotate(count=Count("pk")).order_by())


by_department = Remembered(_count, seconds=CACHE_SECONDS)
