"""What supervisors and managers look at beside the board: extensions that wait."""

from __future__ import annotations

from django.db.models import QuerySet

from .models import Extension


def pending_extensions() -> QuerySet[Extension]:
    return (
        Extension.objects.filter(ruling=Extension.Ruling.PENDING)
        .select_related("ticket__department", "ticket__region__parent", "asked_by")
        .order_by("asked_at")
    )
