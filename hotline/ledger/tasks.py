"""The worker's part of the audit log."""

from __future__ import annotations

import logging

from celery import shared_task

from hotline.ledger import sealing
from hotline.ledger.keys import LedgerClosed

logger = logging.getLogger(__name__)


@shared_task
def seal() -> int:
    """Seals what was committed since the last round; a wrong key is told and seals nothing."""
    try:
        return sealing.seal()
    except LedgerClosed as closed:
        logger.error("the audit log is not sealed: %s", closed)
        return 0
