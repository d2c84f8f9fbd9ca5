"""What is done with tickets by itself."""

from celery import shared_task

from tickets.attachments import keeping
from tickets.telephony import missed


@shared_task
def sweep_attachments() -> int:
    """Takes files off the disk that a killed process left without a ticket."""
    return keeping.sweep()


@shared_task(expires=3600)
def lapse_missed_calls() -> int:
    """Ends the missed calls that nobody has settled for days."""
    return missed.lapse()
