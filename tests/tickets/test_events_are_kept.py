"""The database itself refuses to change or take away what has happened, whoever asks."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.db import Error, connection, transaction

from hotline import embedded, roles
from hotline.accounts import journal
from hotline.accounts.models import AccountEvent
from tests import scene
from tickets.choices import Status
from tickets.models import Answer, TicketEvent

pytestmark = pytest.mark.django_db
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET at = now()",
        "DELETE FROM {}",
        "SET LOCAL hotline.maintenance = off; TRUNCATE {}",
        "SET LOCAL hotline.maintenance = on; DELETE FROM {}",
    ],
)
def test_events_cannot_be_changed(statement: str) -> None:
    scene.ticket_in(Status.WORKING)
    journal.record(AccountEvent.Kind.TOKEN_ISSUED, scene.user(scene.CLERK), by=None)
    for model in (TicketEvent, AccountEvent):
        before = list(model._default_manager.values())
        assert before
        with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(model._meta.db_table))
        assert list(model._default_manager.values()) == before


def test_nor_through_the_models() -> None:
    event = scene.ticket_in(Status.WORKING).events.first()
    assert event is not None
    event.note = "改过"
    with pytest.raises(Error), transaction.atomic():
        event.save()
    with pytest.raises(Error), transaction.atomic():
        event.delete()


def test_of_an_answer_only_that_it_was_sent_back_is_filled_in_later() -> None:
    ticket = scene.do(scene.ticket_in(Status.FOLLOW_UP), "send_back", scene.DISPATCHER)
    answer = Answer.objects.get(ticket=ticket)
    assert answer.sent_back_at is not None
    answer.text = "改过"
    with pytest.raises(Error), transaction.atomic():
        answer.save(update_fields=["text", "sent_back_at"])


def test_every_model_that_says_it_is_kept_is_guarded_from_both_roles() -> None:
    """By triggers from its owner, by its rights from the role that serves pages, but for what it names."""
    scene.serving_address()  # gives the role its rights
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgenabled = 'O'")
        triggers = defaultdict(set)
        for table, name in cursor.fetchall():
            triggers[table].add(name)
        for table, may_change in roles.KEPT.items():
            assert set(roles.TRIGGERS) <= triggers[table], table
            cursor.execute(
                "SELECT p FROM unnest(%s) AS p WHERE has_table_privilege(%s, %s, p)",
                [list(PRIVILEGES), embedded.SERVING_ROLE, table],
            )
            assert {row[0] for row in cursor.fetchall()} == {"SELECT", "INSERT"}, table
            cursor.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
                " AND has_column_privilege(%s, attrelid, attnum, 'UPDATE')",
                [table, embedded.SERVING_ROLE],
            )
            assert {row[0] for row in cursor.fetchall()} == set(may_change), table


def test_what_is_an_event_is_kept_and_the_operator_is_told_what_is() -> None:
    events = {model._meta.db_table for model in apps.get_models() if model.__name__.endswith("Event")}
    assert events
    assert events | {LogEntry._meta.db_table} <= set(roles.KEPT)
    told = (Path(__file__).parents[2] / "docs/deploy.md").read_text(encoding="utf-8")
    assert [table for table in roles.KEPT if f"`{table}`" not in told] == []
