from celery import shared_task

from matters import working


@shared_task(expires=600)
def work() -> None:
    """Looks at what is new, counts what has changed, raises and ends alerts; running it again does nothing more."""
    working.work()
