"""Whether a new migration would stop those who work: a lock held for long on a large table, or a column that goes away
under the processes of the version before, which serve until they are restarted.

`python deploy/held.py` names each such operation and ends with 1. What is harmless all the same is noted in its
migration, with the reason: `harmless = {"RemoveField tickets.ticket.colour": "nothing has read it since 1.4"}`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

# The last migration of each application that this was not asked of.
BEFORE = {
    "accounts": 13, "administering": 2, "backup": 1, "demo": 0, "dispatch": 7, "knowledge": 2, "ledger": 2,
    "matters": 5, "receipts": 1, "reports": 9, "supervision": 14, "tickets": 44, "unified": 1, "vault": 1,
    "worktime": 3,
}  # fmt: skip
# What grows with calls, and so does everything that refers to one of these.
GROWING = {"tickets.ticket", "tickets.call", "tickets.caller", "tickets.missedcall", "ledger.entry", "receipts.receipt",
           "accounts.accountevent", "matters.matter"}  # fmt: skip


def main() -> int:
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None, ignore_no_migrations=True)
    told = []
    for app, name in sorted(loader.disk_migrations):
        if app in BEFORE and int(name[:4]) > BEFORE[app]:
            state = loader.project_state((app, name), at_end=False)
            told += [f"{app} {name}: {one}" for one in held(loader.disk_migrations[app, name], state, connection)]
    print("\n".join(told) or "No new migration holds up who works.")
    return bool(told)


def held(migration: Any, state: Any, connection: Any) -> Iterator[str]:
    """What of a migration would hold up who works, but for what it notes as harmless. Changes `state`."""
    app, notes = migration.app_label, dict(getattr(migration, "harmless", {}))
    fresh: set[str] = set()  # tables that it makes itself
    for operation in _in_turn(migration.operations):
        kind = type(operation).__name__
        model = f"{app}.{str(getattr(operation, 'model_name', None) or getattr(operation, 'name', '')).lower()}"
        if kind == "CreateModel":
            fresh.add(model)
        wrong = "" if model in fresh else _wrong(operation, kind, model, migration, state, connection)
        what = kind if kind in ("RunPython", "RunSQL") else f"{kind} {model}"
        what += f".{operation.name}" if kind.endswith("Field") and hasattr(operation, "name") else ""
        if wrong and not notes.get(what):
            yield f"{what}: {wrong}"
        operation.state_forwards(app, state)


def _in_turn(operations: Iterable[Any]) -> Iterator[Any]:
    for one in operations:
        yield from getattr(one, "database_operations", None) or [one]


def _wrong(operation: Any, kind: str, model: str, migration: Any, state: Any, connection: Any) -> str:
    if kind in ("RunPython", "RunSQL"):
        return "one transaction over however many rows; in pieces, with atomic = False" if migration.atomic else ""
    if kind in ("RenameField", "RenameModel", "RemoveField", "DeleteModel", "AlterModelTable"):
        return "the version before still reads it; first a version that does not"
    if model not in _growing(state):
        return ""
    if kind == "AddIndex":
        return "nobody writes until it is built; AddIndexConcurrently"
    if kind == "AddConstraint":
        return "all rows are looked at under its lock; AddConstraintNotValid, or a unique index made concurrently"
    if kind in ("AddField", "AlterField"):
        fields = state.models[tuple(model.split("."))].fields
        before = fields.get(operation.name) if kind == "AlterField" else None
        return _wrong_field(operation.field, before, connection)
    return ""


def _wrong_field(field: Any, before: Any, connection: Any) -> str:
    if field.many_to_many:
        return ""
    if _has_index(field) and not (before and _has_index(before)):
        return "an index is built while nobody writes; db_index=False, then AddIndexConcurrently"
    if before is None:
        if field.generated:
            return "every row is written anew"
        if not field.null and not field.has_db_default():
            return "the version before writes rows without it; null=True or db_default"
        if field.has_db_default() and not isinstance(field.db_default, str | int | float | bool):
            return "a default that is worked out may write every row anew; a plain one"
        return ""
    if before.null and not field.null:
        return "all rows are looked at under its lock; a check of NOT NULL that is not valid yet, then this"
    if bool(field.remote_field) != bool(before.remote_field) or (
        not field.remote_field and _rewrites(field, before, connection)
    ):
        return "every row is written anew; another column"
    return ""


def _has_index(field: Any) -> bool:
    return bool(field.db_index or field.unique)


def _rewrites(field: Any, before: Any, connection: Any) -> bool:
    now, then = str(field.db_type(connection)), str(before.db_type(connection))
    if then.startswith("varchar") and (
        now == "text" or (now.startswith("varchar") and field.max_length >= before.max_length)
    ):
        return False
    return now != then


def _growing(state: Any) -> set[str]:
    """The tables that grow with calls: those above, and all that refers to one that does."""
    refers = {
        ".".join(key): {
            str(getattr(field.remote_field.model, "_meta", field.remote_field.model)).lower()
            for field in model.fields.values()
            if field.remote_field and not field.many_to_many
        }
        for key, model in state.models.items()
    }
    found = set(GROWING)
    while more := {name for name, others in refers.items() if name not in found and others & found}:
        found |= more
    return found


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hotline.settings")
    import django

    django.setup()
    sys.exit(main())
