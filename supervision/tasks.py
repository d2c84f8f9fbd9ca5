from celery import shared_task

from supervision.changes import moving
from supervision.clocks import sweeping
from supervision.ladder import articles, messages, steps


@shared_task(expires=55)
def sweep() -> None:
    sweeping.sweep()


@shared_task(expires=3600)
def notice_new_years() -> None:
    """Once a day: whether the package behind the calendar has come to know another year."""
    moving.notice_new_years()


@shared_task(expires=3600)
def tell_of_articles() -> None:
    """Once a day: who keeps an article is told that it ends, and that it has ended."""
    articles.tell()


@shared_task(expires=55)
def climb() -> None:
    """Takes the steps of the ladder that are due, and delivers what is to be told."""
    steps.climb()
    messages.deliver()
