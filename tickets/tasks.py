"""What is done with tickets by itself."""

from celery import shared_task

from tickets.attachments import keeping


@shared_task
def sweep_attachments() -> int:
    """Takes files off the disk that a killed process left without a ticket."""
    return keeping.sweep()
