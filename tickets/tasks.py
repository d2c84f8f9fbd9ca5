"""What is done with tickets by itself."""

from contextlib import suppress

from celery import shared_task

from tickets.attachments import keeping
from tickets.exports import jobs
from tickets.forgetting import doing
from tickets.telephony import missed


@shared_task
def sweep_attachments() -> int:
    """Takes files off the disk that a killed process left without a ticket."""
    return keeping.sweep()


@shared_task
def export_tickets(pk: int) -> None:
    """Makes an export; while another is in the making it is asked for again a little later."""
    if jobs.waits(pk):
        export_tickets.apply_async((pk,), countdown=jobs.AGAIN)
    else:
        jobs.make(pk)


@shared_task(expires=590)
def tidy_exports() -> int:
    """Withdraws the files of exports a day later, and what killed workers left of them."""
    return jobs.tidy()


@shared_task(expires=3600)
def lapse_missed_calls() -> int:
    """Ends the missed calls that nobody has settled for days."""
    return missed.lapse()


@shared_task(expires=3600)
def forget_callers() -> None:
    """Makes the callers anonymous whose time has come; while keys are being changed it waits for another night."""
    with suppress(doing.TwoKeys):
        doing.forget(by="forget_callers")
