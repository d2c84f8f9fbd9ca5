"""Training on its schedule."""

import logging

from celery import shared_task

from dispatch.models import Learns

logger = logging.getLogger(__name__)


@shared_task(expires=3600)
def train() -> None:
    """Learns departments and categories anew from the city's tickets; running it again only measures again."""
    from dispatch.learned import (  # scikit-learn is loaded by the worker that trains, and by no other process
        model,
        training,
    )

    for learns in Learns:
        try:
            training.train(learns)
        except model.TooLittle as error:
            logger.info("nothing to learn %s from yet: %s", learns, error)


@shared_task(expires=55)
def dispatch_automatically() -> None:
    """Lets what is sure enough go out by itself, where that is switched on."""
    from dispatch.queue import automation

    if count := automation.run():
        logger.info("dispatched automatically: %d", count)
