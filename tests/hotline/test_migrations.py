"""New migrations hold up nobody: what the checker refuses, and what it lets pass."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models.functions import Now

from deploy import held

INDEX = models.Index(fields=["title"], name="by_title")
CHECK = models.CheckConstraint(condition=models.Q(version__gte=0), name="version_is_one")
ADD, ALTER = migrations.AddField, migrations.AlterField
REFUSED: list[Any] = [
    migrations.AddIndex("ticket", INDEX),
    migrations.AddIndex("answer", models.Index(fields=["id"], name="of_what_refers_to_a_ticket")),
    migrations.AddConstraint("ticket", CHECK),
    ADD("ticket", "colour", models.CharField(max_length=9, default="")),
    ADD("ticket", "colour", models.CharField(max_length=9, null=True, db_index=True)),
    ADD("ticket", "colour", models.DateTimeField(db_default=Now())),
    ADD("ticket", "again", models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")),
    ALTER("ticket", "version", models.BigIntegerField()),
    ALTER("ticket", "title", models.CharField(max_length=20)),
    migrations.RemoveField("ticket", "title"),
    migrations.RenameField("cityrule", "key", "name"),
    migrations.RunPython(migrations.RunPython.noop),
    migrations.RunSQL("UPDATE tickets_ticket SET version = 1"),
    migrations.SeparateDatabaseAndState([migrations.AddIndex("ticket", INDEX)]),
]
LET_PASS: list[Any] = [
    AddIndexConcurrently("ticket", INDEX),
    AddConstraintNotValid("ticket", CHECK),
    ADD("ticket", "colour", models.CharField(max_length=9, null=True)),
    ADD("ticket", "colour", models.CharField(max_length=9, db_default="")),
    ALTER("ticket", "title", models.CharField(max_length=500)),
    ALTER("ticket", "title", models.TextField()),
    migrations.AddIndex("cityrule", models.Index(fields=["key"], name="of_a_small_table")),
]


@pytest.fixture(scope="module")
def now() -> ProjectState:
    return MigrationLoader(None, ignore_no_migrations=True).project_state()


def told_of(operation: Any, now: ProjectState, **more: Any) -> list[str]:
    given = type("Migration", (migrations.Migration,), {"operations": [operation], **more})
    return list(held.held(given("0999_planted", "tickets"), now.clone(), connection))


def test_no_new_migration_holds_up_who_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert held.main() == 0, capsys.readouterr().out


@pytest.mark.parametrize("operation", REFUSED)
def test_what_would_is_refused(operation: Any, now: ProjectState) -> None:
    assert len(told_of(operation, now)) == 1


@pytest.mark.parametrize("operation", LET_PASS)
def test_what_would_not_passes(operation: Any, now: ProjectState) -> None:
    assert told_of(operation, now) == []


def test_a_reason_lets_it_pass_and_rows_in_pieces_need_none(now: ProjectState) -> None:
    removed = migrations.RemoveField("ticket", "title")
    assert told_of(removed, now, harmless={"RemoveField tickets.ticket.title": "nothing has read it since 1.4"}) == []
    assert told_of(removed, now, harmless={"RemoveField tickets.ticket.title": ""}) != []
    assert told_of(migrations.RunPython(migrations.RunPython.noop), now, atomic=False) == []
