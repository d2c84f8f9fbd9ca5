"""The database itself refuses to change or take away what has happened."""

from __future__ import annotations

import pytest
from django.db import Error, connection, transaction

from tests import scene
from tickets.choices import Status
from tickets.models import TicketEvent

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tickets_ticketevent SET note = '改过'",
        "DELETE FROM tickets_ticketevent",
        "SET LOCAL hotline.maintenance = off; TRUNCATE tickets_ticketevent",
        "SET LOCAL hotline.maintenance = on; DELETE FROM tickets_ticketevent",
    ],
)
def test_events_cannot_be_changed(statement: str) -> None:
    scene.ticket_in(Status.WORKING)
    before = list(TicketEvent.objects.values())
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(TicketEvent.objects.values()) == before


def test_nor_through_the_models() -> None:
    event = scene.ticket_in(Status.WORKING).events.first()
    assert event is not None
    event.note = "改过"
    with pytest.raises(Error), transaction.atomic():
        event.save()
    with pytest.raises(Error), transaction.atomic():
        event.delete()
