"""Two roles of the database: one that owns the tables and sets them up, one that serves pages and jobs.

What is kept for good, such as the events of tickets, the serving role may read and add to; it can neither change nor
delete nor empty it, nor take away the triggers that stand before it, because it owns nothing. `DATABASE_OWNER_URL`
names the owner, and only `prepare` and `migrate` are given it; `DATABASE_URL` names the role that serves. Where only
the latter is set, one role does both, the triggers alone keep the events, and the health page says so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection, transaction
from psycopg2 import sql

from hotline import health

FIELDS = ("USER", "PASSWORD", "HOST", "PORT")  # by which a role reaches the database
_kept: list[str] = []
logger = logging.getLogger(__name__)


def keep(table: str) -> None:
    """Says of a table that its rows are kept for good: the serving role may read them and add to them, no more."""
    _kept.append(table)


def are_two() -> bool:
    """Whether the tables have an owner other than the role that serves."""
    return _owner().get("USER", settings.DATABASE_SERVING_ROLE) != settings.DATABASE_SERVING_ROLE


def _owner() -> dict[str, Any]:
    return dict(settings.DATABASE_OWNER or {})


@contextmanager
def as_owner() -> Iterator[None]:
    """What is inside speaks to the database as the owner of its tables."""
    mine = connection.settings_dict
    before = {name: mine[name] for name in FIELDS}
    if not are_two() or before["USER"] == _owner()["USER"]:
        yield
        return
    connection.close()
    mine.update({name: _owner()[name] for name in FIELDS})
    try:
        yield
    finally:
        connection.close()
        mine.update(before)


def make() -> None:
    """Makes the serving role with the password of `DATABASE_URL`, as the owner.

    Raises CommandError where the owner may not make it, or where it is a superuser.
    """
    if not are_two():
        return
    name, password = settings.DATABASE_SERVING_ROLE, connection.settings_dict["PASSWORD"]
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [name])
        known = cursor.fetchone()
        if known and known[0]:
            raise CommandError(f"DATABASE_URL names {name}, a superuser; it must be a role without such rights.")
        cursor.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone()[0]:
            verb = sql.SQL("ALTER" if known else "CREATE")
            with_password = sql.SQL("PASSWORD {}").format(sql.Literal(password)) if password else sql.SQL("")
            cursor.execute(sql.SQL("{} ROLE {} LOGIN {}").format(verb, sql.Identifier(name), with_password))
        elif not known:
            raise CommandError(
                "The owner may not make roles. Have the database's administrator run:"
                f" CREATE ROLE {name} LOGIN PASSWORD '…'"
            )


def grant(name: str | None = None) -> None:
    """Gives the serving role its rights on all tables there are; again after each migration, for new tables."""
    if name is None:
        if not are_two():
            return
        name = settings.DATABASE_SERVING_ROLE
    role = sql.Identifier(name)
    with as_owner(), transaction.atomic(), connection.cursor() as cursor:
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {role}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
            "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
        ):
            cursor.execute(sql.SQL(statement).format(role=role))
        for table in _kept:
            cursor.execute(
                sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON {table} FROM {role}").format(
                    table=sql.Identifier(table), role=role
                )
            )


def may_change_what_is_kept(cursor: Any) -> bool:
    """Whether this session's role could take away or get round what keeps the kept tables."""
    cursor.execute(
        "SELECT bool_or(has_table_privilege(name, 'TRUNCATE') OR has_table_privilege(name, 'UPDATE')"
        " OR has_table_privilege(name, 'TRIGGER')) FROM unnest(%s::text[]) AS name",
        [_kept],
    )
    return bool(cursor.fetchone()[0])


@health.notice
def one_role_for_all() -> str:
    """For the health page: the role that serves pages could change events."""
    with connection.cursor() as cursor:
        if may_change_what_is_kept(cursor):
            return (
                "the database role that serves pages also owns the tables: events are kept by triggers alone"
                " (docs/deploy.md, two roles of the database)"
            )
    return ""
