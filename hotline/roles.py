"""Two roles of the database: one that owns the tables and sets them up, one that serves pages and jobs.

What is kept for good, such as the events of tickets, the serving role may read and add to; it can neither change nor
delete nor empty it, nor take away the triggers that stand before it, because it owns nothing. A model says `@kept`, and
`migrate` sets triggers and rights by that. `DATABASE_OWNER_URL`
names the owner, and only `prepare` and `migrate` are given it; `DATABASE_URL` names the role that serves. Where only
the latter is set, one role does both, the triggers alone keep the events, and the health page says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.conf import settings
from django.core.management.base import CommandError
from django.db import ProgrammingError, connection, models, transaction
from psycopg2 import errorcodes as codes
from psycopg2 import sql

from hotline import health

FIELDS = ("USER", "PASSWORD", "HOST", "PORT")  # by which a role reaches the database
KEPT: dict[str, tuple[str, ...]] = {}  # tables whose rows are kept for good, each with the columns that may change
# Stands before each of them. What it is given are the columns that may change.
GUARD = """
CREATE OR REPLACE FUNCTION refuse_change_of_what_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(OLD) - TG_ARGV[0]::text[] = to_jsonb(NEW) - TG_ARGV[0]::text[] THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'TRUNCATE' AND current_setting('hotline.maintenance', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
TRIGGERS = {
    "rows_are_kept": "BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW",
    "rows_are_not_emptied": "BEFORE TRUNCATE ON {table} FOR EACH STATEMENT",
}
UNPREPARED = (codes.INSUFFICIENT_PRIVILEGE, codes.UNDEFINED_TABLE, codes.UNDEFINED_COLUMN)
Kept = TypeVar("Kept", bound=type[models.Model])
logger = logging.getLogger(__name__)


def kept(*, but: tuple[str, ...] = ()) -> Callable[[Kept], Kept]:
    """Says of a model that its rows are kept for good: they are added and read, never changed, deleted or emptied.

    `but` names the columns that are filled in later, such as when an answer was sent back.
    """

    def keep(model: Kept) -> Kept:
        KEPT[model._meta.db_table] = but
        return model

    return keep


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
        for table, may_change in _kept_there(cursor):
            named = {"table": sql.Identifier(table), "role": role}
            cursor.execute(
                sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON {table} FROM {role}").format(**named)
            )
            if may_change:
                columns = sql.SQL(", ").join(map(sql.Identifier, may_change))
                cursor.execute(
                    sql.SQL("GRANT UPDATE ({columns}) ON {table} TO {role}").format(columns=columns, **named)
                )


def guard() -> None:
    """Sets the triggers before all kept tables there are; again after each migration, for new tables."""
    with as_owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(GUARD)
        cursor.execute("SELECT tgrelid::regclass::text, tgname, encode(tgargs, 'hex') FROM pg_trigger")
        standing = set(cursor.fetchall())
        for table, may_change in _kept_there(cursor):
            given = "{" + ",".join(may_change) + "}"
            for name, when in TRIGGERS.items():
                if (table, name, f"{given}\0".encode().hex()) in standing:  # setting it anew would wait for who writes
                    continue
                statement = f"CREATE OR REPLACE TRIGGER {{name}} {when} EXECUTE FUNCTION refuse_change_of_what_is_kept"
                cursor.execute(
                    sql.SQL(statement + "({given})").format(
                        name=sql.Identifier(name), table=sql.Identifier(table), given=sql.Literal(given)
                    )
                )


def _kept_there(cursor: Any) -> list[tuple[str, tuple[str, ...]]]:
    """The kept tables that the database has already; in the middle of the migrations some are still to come."""
    there = set(connection.introspection.table_names(cursor))
    return [(table, may_change) for table, may_change in KEPT.items() if table in there]


def not_prepared(error: ProgrammingError, arguments: list[str]) -> str:
    """What to do where a command fails because the database was not prepared for it, in one line; empty elsewhere.

    Such is one of an earlier version, or one whose serving role has been given no rights yet.
    """
    if getattr(error.__cause__, "pgcode", "") not in UNPREPARED or arguments[:1] in (["prepare"], ["migrate"]):
        return ""
    told = str(error).strip().splitlines()[0]
    return f"The database is not prepared for this ({told}). Run: manage.py prepare"


def may_change_what_is_kept(cursor: Any) -> bool:
    """Whether this session's role could take away or get round what keeps the kept tables."""
    cursor.execute(
        "SELECT bool_or(has_table_privilege(name, privilege)) FROM unnest(%s::text[]) AS name,"
        " unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS privilege",
        [list(KEPT)],
    )
    return bool(cursor.fetchone()[0])


@health.notice
def one_role_for_all() -> str:
    """For the health page: the role that serves pages could change what happened."""
    with connection.cursor() as cursor:
        if may_change_what_is_kept(cursor):
            return (
                "the database role that serves pages also owns the tables: what happened is kept by triggers alone"
                " (docs/deploy.md, two roles of the database)"
            )
    return ""
