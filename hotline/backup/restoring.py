"""Restoring a backup into an empty server.

1. The whole file is read: that it is as it was written, to its last byte, and what it holds.
2. Version, keys, room and emptiness are looked at. Until here nothing is touched, and everything is refused in words.
3. Files are laid ready beside their places; tables are filled in one transaction and counted.
4. Files get their names, the transaction ends, and the server begins with its messages held.

A backup of an older version is laid into a database of that version, which is then migrated.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction

from hotline import roles
from hotline.backup import files, fingerprints, holding, tables, versions
from hotline.backup.content import FILES, TABLES, Begin, Reader, Sums
from hotline.backup.envelope import Damaged
from hotline.backup.models import Hold
from hotline.ledger import anchors
from hotline.processes import PROGRAMS

MADE_BY_ITSELF = ("tickets_ticket", "accounts_user")  # an empty server has no rows in any of these
READ = 1 << 20


class Refused(Exception):
    """The backup is not restored here; the reason is for people, and nothing has been touched."""


@dataclass
class Content:
    begin: Begin
    sums: Sums
    older: int  # migrations that the backup does not have


def look_through(path: Path, secret: str) -> Content:
    """Reads all of a backup and changes nothing. Raises Damaged, NoKey, OSError, Newer."""
    found = Sums()
    with path.open("rb") as file:
        reader = Reader(file, secret)
        for kind, name, content, size in reader.parts():
            if kind == FILES:
                files.place_of(name)
                found.files, found.bytes = found.files + 1, found.bytes + size
            else:
                lines = 0
                while piece := content.read(READ):
                    lines += piece.count(b"\n")
                found.rows[name] = lines
    assert reader.end is not None
    expected = {name: rows for name, rows in reader.end.rows.items() if rows}
    if (found.rows, found.files, found.bytes) != (expected, reader.end.files, reader.end.bytes):
        raise Damaged("the backup does not hold as much as its end says")
    taken = [(app, name) for app, name in reader.begin.migrations]
    return Content(reader.begin, reader.end, versions.is_older(taken))


def check(content: Content, *, replace: bool, other_keys: bool) -> None:
    """Raises Refused where this server is not one to restore into."""
    lacking = fingerprints.lacking(content.begin.keys)
    if lacking and not other_keys:
        raise Refused(
            "this server does not hold the keys of the backup:\n  " + "\n  ".join(lacking)
            + "\nGive it those keys, or restore without them by --other-keys."
        )  # fmt: skip
    if others := _at_work():
        raise Refused(f"the hotline is at work here ({', '.join(others)}): stop web, worker, beat and builder first")
    if is_empty():
        _check_room(content)
        return
    if not replace:
        raise Refused("this server is not empty; --replace throws away what it holds")
    if content.older:
        raise Refused("a backup of an older version is only restored into an empty server, not over another")
    _check_room(content)


def _at_work() -> list[str]:
    """What else of the hotline is connected to the database."""
    names = [f"hotline {name}" for name in PROGRAMS]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND application_name = ANY(%s) ORDER BY 1",
            [names],
        )
        return [name.removeprefix("hotline ") for (name,) in cursor.fetchall()]


def _check_room(content: Content) -> None:
    media = files.folders()[files.MEDIA]
    media.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(media).free - content.sums.bytes < settings.DISK_FLOOR_BYTES:
        raise Refused(f"the disk has no room for the files of the backup ({content.sums.bytes:,} bytes)")


def is_empty() -> bool:
    """Whether nobody has worked with this server: it has no tables yet, or no people and no tickets."""
    there = tables.all_of_them()
    with connection.cursor() as cursor:
        for table in MADE_BY_ITSELF:
            if table in there:
                cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}")')  # noqa: S608 - a table of our own
                if cursor.fetchone()[0]:
                    return False
    return not files.any_there()


def restore(path: Path, secret: str, content: Content) -> None:
    """Puts everything back, or leaves the server as it was; one that a migration fails for stays empty."""
    roles.make()
    if content.older:
        with roles.as_owner():
            tables.drop_all()
            versions.migrate_to([(app, name) for app, name in content.begin.migrations])
    else:
        call_command("migrate", verbosity=0)
    with roles.as_owner():
        _lay_in(path, secret, content)
    if content.older:
        call_command("migrate", verbosity=0)
    if not holding.is_on():  # a version that knew nothing of it
        _hold(content)
    anchors.catch_up()
    cache.clear()


def _hold(content: Content) -> None:
    holding.begin(taken_at=datetime.fromisoformat(content.begin.taken_at))


def _lay_in(path: Path, secret: str, content: Content) -> None:
    files.begin()
    swapped = False
    try:
        with transaction.atomic():
            with path.open("rb") as file, tables.being_filled(_columns(content), content.sums.rows):
                _fill(Reader(file, secret), content)
            tables.set_sequences(content.sums.sequences)
            if told := differences(content):
                raise Damaged("what was restored is not what was backed up: " + "; ".join(told))
            if Hold._meta.db_table in content.begin.tables:
                _hold(content)
            swapped = True
            files.swap()
    except BaseException:
        if swapped:
            files.swap_back()
        files.forget()
        raise
    files.settle()


def _columns(content: Content) -> tables.Tables:
    """The tables of the backup. Raises Damaged where the database has others."""
    here = tables.all_of_them()
    for table, columns in content.begin.tables.items():
        if set(here.get(table, ())) != set(columns):
            raise Damaged(f"the table {table} has other columns here than in the backup")
    if more := sorted(set(here) - set(content.begin.tables)):
        raise Damaged(f"the backup does not hold the table {more[0]}")
    return content.begin.tables


def _fill(reader: Reader, content: Content) -> None:
    for kind, name, part, _size in reader.parts():
        if kind == TABLES:
            tables.copy_in(name, content.begin.tables[name], part)
            continue
        place = files.place_of(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as file:
            shutil.copyfileobj(part, file, READ)


def differences(content: Content) -> list[str]:
    """Tables that do not have as many rows as the backup, each in words."""
    told = []
    with connection.cursor() as cursor:
        for table, rows in content.sums.rows.items():
            cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608 - a table of our own
            if (there := cursor.fetchone()[0]) != rows:
                told.append(f"{table} has {there} rows instead of {rows}")
    return told
