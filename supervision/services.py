"""What happens at an on-site meeting beside the workflow: who came and what they said."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission
from tickets.workflow import NotAllowed, Refused

from .models import CoordinationTask, Participant

MAX_STATEMENT = 2000


def _open_task(task: CoordinationTask, actor: User) -> CoordinationTask:
    """The task locked for a change; only while it is called, only by who may supervise."""
    if not actor.may(Permission.SUPERVISE):
        raise NotAllowed(_t("You may not do this."))
    locked = CoordinationTask.objects.select_for_update().get(pk=task.pk)
    if locked.state != CoordinationTask.State.CALLED:
        raise Refused(_t("This coordination has ended; its record is kept as it is."))
    return locked


def record_participant(participant: Participant, *, arrived: bool, statement: str, actor: User) -> None:
    """Keeps that a party arrived and what it stated."""
    with transaction.atomic():
        _open_task(participant.task, actor)
        if arrived and participant.arrived_at is None:
            participant.arrived_at = timezone.now()
        elif not arrived:
            participant.arrived_at = None
        participant.statement = statement[:MAX_STATEMENT]
        participant.save(update_fields=["arrived_at", "statement"])


def add_participant(task: CoordinationTask, *, name: str, actor: User) -> Participant:
    """Adds a party who came without being invited."""
    with transaction.atomic():
        _open_task(task, actor)
        if not name.strip():
            raise Refused(_t("Write down who came."))
        return Participant.objects.create(task=task, name=name.strip()[:80], arrived_at=timezone.now())
