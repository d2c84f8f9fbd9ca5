"""What a closed department leaves behind goes to its successor."""

from __future__ import annotations

from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from hotline.accounts.models import Department
from tickets.models import Ticket
from tickets.workflow import performing, table


def hand_over_from(department: Department) -> int:
    """Takes the tickets that a closed department has not answered from it; returns how many.

    They go to its successor, else back to the dispatchers. Those answered stay, so that the answer keeps its author.
    """
    held = Ticket.objects.filter(department=department, status__in=table.ACTIONS["hand_over"].sources)
    with transaction.atomic():
        for ticket in held.order_by("pk"):
            performing.perform("hand_over", ticket, actor=None)
    return len(held)


@receiver(post_save, sender=Department)
def hand_over_when_closed(instance: Department, raw: bool = False, **kwargs: object) -> None:
    """Closing a department takes its tickets from it in the same transaction, wherever it is closed."""
    if not instance.is_open and not raw:
        hand_over_from(instance)
