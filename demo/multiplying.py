"""Millions of tickets in minutes: a few generated ones multiplied inside the database, to measure what size costs.

A copy is a whole ticket: its search vectors, its caller, its events and everything else that hangs on it, with a number
and a telephone of its own. Copies of open tickets stand where their models stand and fall due in the next days; copies
of closed ones are a city's history: as many a day, each day's together as they would have been written, and what is
added by growing lies before what was there.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models
from django.db.models import DateTimeField, Min
from django.utils import timezone

from demo.generator import Generator
from hotline.vault import blind, cipher
from reports import sums
from tickets import search
from tickets.choices import OPEN_STATUSES, Status
from tickets.models import Caller, Ticket
from tickets.models.ticket import NUMBER as NUMBER_OF_CALLER
from tickets.workflow.stores import searched

MODELS = 2000  # generated tickets that are multiplied
MODEL_DAYS = 60  # over which they came in
CHUNK = 250_000  # tickets an insert
PER_DAY = 1000  # closed ones
MOST_DAYS = 4000  # before today in which they came in; of more tickets, each day has more
CALLS = 5  # of each caller of closed tickets; the open ones are of as many people
NUMBER, PHONE = "XX", "199"  # with which numbers of copies begin: neither is given out otherwise
OPEN_ONES = "status IN ('registered', 'dispatched', 'working', 'follow_up')"
OF_ITS_OWN = {"id", "number", "import_key", "search", "caller_search", "next_due_at", "matter_id", "split_from_id",
              "praises_id", "caller_id", "caller_phone"}  # fmt: skip


def grow(tickets: int, open_tickets: int, per_day: int = PER_DAY) -> None:
    """Brings the database to so many tickets, so many of them open with nothing due yet, and so many closed a day."""
    if Ticket.objects.count() < MODELS:
        generator = Generator(now=timezone.now(), days=MODEL_DAYS, seed=11)
        generator.make(MODELS)
        generator.make_hot_matters(40)
    missing_open = open_tickets - Ticket.objects.filter(status__in=OPEN_STATUSES).count()
    if missing_open <= 0 and Ticket.objects.count() >= tickets:
        return
    with connection.cursor() as cursor, _without_indices(cursor):
        _lay_out_models(cursor)
        _multiply(cursor, missing_open, OPEN_ONES, "now() + random() * interval '20 days'", calls=1, back="0")
        missing = tickets - Ticket.objects.count()
        _multiply(cursor, missing, "status = 'closed'", "NULL", calls=CALLS, back=_further_back(missing, per_day))
    sums.rebuild()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _lay_out_models(cursor: Any) -> None:
    """The tickets that are multiplied, with what they are found by but for number and telephone."""
    cursor.execute("CREATE TEMP TABLE IF NOT EXISTS found_by (ticket bigint PRIMARY KEY, asked text[], caller text[])")
    cursor.execute("TRUNCATE found_by")
    rows = []
    for ticket in Ticket.objects.exclude(number__startswith=NUMBER).order_by("pk")[:MODELS]:
        (_number, *asked), (name, _phone, *others) = searched(ticket)
        rows.append((ticket.pk, search.entries(*asked), search.hidden_entries(name, *others)))
    cursor.executemany("INSERT INTO found_by VALUES (%s, %s, %s)", rows)


def _further_back(count: int, per_day: int = PER_DAY) -> str:
    """By how many days the copy `nth` of so many lies before its model `m`: its day is nearer to today the later it
    is written, and all days are before those of earlier copies. No copy lies after its model, or it might be closed
    tomorrow: the models' own days have more tickets instead.
    """
    earlier = Ticket.objects.filter(number__startswith=NUMBER, status=Status.CLOSED)
    first = earlier.aggregate(first=Min("registered_at"))["first"]
    until = (timezone.now() - first).days + 1 if first else 0  # days before today
    days = min(count // per_day + 1, max(MOST_DAYS - until, 1))
    age = "extract(day FROM now() - m.registered_at)"
    return f"greatest(0, {until} + {days} - nth::bigint * {days} / {max(count, 1)} - {age})"


def _multiply(cursor: Any, count: int, which: str, next_due: str, *, calls: int, back: str) -> None:
    """Copies the tickets `which` `count` times in all; `back` is by how many days the copy `nth` lies before its
    model `m`.
    """
    done = 0
    while done < count:
        rows = min(CHUNK, count - done)
        people = rows // calls + 1
        first_caller = _callers(cursor, people)
        begin = Ticket.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        # S608 throughout: no value comes from outside
        cursor.execute("DROP TABLE IF EXISTS copies")
        cursor.execute(
            "CREATE TEMP TABLE copies AS"  # noqa: S608
            " WITH models AS (SELECT row_number() OVER (ORDER BY id) - 1 AS place, id, registered_at"
            f" FROM tickets_ticket JOIN found_by ON found_by.ticket = tickets_ticket.id WHERE {which})"
            f" SELECT {begin} + g AS id, m.id AS model, {back} * interval '1 day' AS back,"
            f" {first_caller} + g %% {people} AS caller, '{NUMBER}' || lpad(({begin} + g)::text, 14, '0') AS number"
            f" FROM generate_series(1, {rows}) g CROSS JOIN LATERAL (SELECT {done} + g AS nth) n"
            " JOIN models m ON m.place = g %% (SELECT count(*) FROM models)",
            [],
        )
        _copy_tickets(cursor, next_due)
        for relation in Ticket._meta.related_objects:
            _copy_what_hangs(cursor, relation)
        cursor.execute("SELECT setval('tickets_ticket_id_seq', (SELECT max(id) FROM tickets_ticket))")
        done += rows
        sys.stderr.write(f"{done} of {count}\n")


def _copy_tickets(cursor: Any, next_due: str) -> None:
    known = [field for field in Ticket._meta.concrete_fields if not field.generated]
    fields = [field for field in known if field.column not in OF_ITS_OWN]
    endings = (
        "(SELECT array_agg(DISTINCT e) FROM (SELECT lower(c.number) AS e UNION ALL"  # noqa: S608
        f" SELECT substr(c.number, i) FROM generate_series({len(NUMBER) + 1}, length(c.number) - 3) i) ends)"
    )
    cursor.execute(
        f"INSERT INTO tickets_ticket (id, number, caller_id, caller_phone, next_due_at, search, caller_search,"  # noqa: S608
        f" {', '.join(str(field.column) for field in fields)})"
        " SELECT c.id, c.number, CASE WHEN m.is_anonymous THEN NULL ELSE c.caller END,"
        f" CASE WHEN m.is_anonymous THEN ''::bytea ELSE p.phone END, {next_due},"
        f" array_to_tsvector(f.asked || {endings}),"
        f" array_to_tsvector(f.caller || p.found_by), {', '.join(_moved(field) for field in fields)}"
        " FROM copies c JOIN tickets_ticket m ON m.id = c.model JOIN found_by f ON f.ticket = c.model"
        " JOIN people p ON p.id = c.caller ORDER BY c.id"
    )


def _copy_what_hangs(cursor: Any, relation: Any) -> None:
    """The rows of one table that belong to the models, once more for each copy."""
    table = relation.related_model._meta
    others = [field for field in table.concrete_fields if not field.primary_key and field is not relation.field]
    if table.model is Ticket or any(field.unique for field in others):
        return
    columns = "".join(f", {field.column}" for field in others)
    cursor.execute(
        f"INSERT INTO {table.db_table} ({relation.field.column}{columns})"  # noqa: S608
        f" SELECT c.id{''.join(f', {_moved(field)}' for field in others)}"
        f" FROM copies c JOIN {table.db_table} m ON m.{relation.field.column} = c.model ORDER BY c.id"
    )


def _moved(field: models.Field[Any, Any]) -> str:
    """The column of a copy: instants lie as far back as the copy does."""
    return f"m.{field.column} - c.back" if isinstance(field, DateTimeField) else f"m.{field.column}"


def _callers(cursor: Any, count: int) -> int:
    """So many more callers, who also stand in `people` with what their tickets are found by; the id of the first."""
    last = Caller.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    cursor.execute("DROP TABLE IF EXISTS people")
    cursor.execute("CREATE TEMP TABLE people (id bigint, phone bytea, phone_mark bytea, found_by text[])")
    lines = io.StringIO()
    for pk in range(last + 1, last + count + 1):
        number = f"{PHONE}{pk:08d}"
        mark = blind.mark(number, NUMBER_OF_CALLER) or b""
        found_by = ",".join(search.hidden_entries(number))
        lines.write(
            f"{pk}\t\\\\x{cipher.encrypted(number, NUMBER_OF_CALLER).hex()}\t\\\\x{mark.hex()}\t{{{found_by}}}\n"
        )
    lines.seek(0)
    cursor.cursor.copy_expert("COPY people FROM STDIN", lines)
    cursor.execute(
        "INSERT INTO tickets_caller (id, phone, phone_mark, name, note)"
        " SELECT id, phone, phone_mark, ''::bytea, ''::bytea FROM people"
    )
    cursor.execute("SELECT setval('tickets_caller_id_seq', %s)", [last + count])
    return int(last + 1)


@contextmanager
def _without_indices(cursor: Any) -> Iterator[None]:
    """Takes indices away while millions of rows are written, and the checks of rows known to be sound."""
    tables = [relation.related_model._meta.db_table for relation in Ticket._meta.related_objects]
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), conname, indrelid::regclass::text,"
        " pg_get_constraintdef(c.oid) FROM pg_index LEFT JOIN pg_constraint c ON conindid = indexrelid AND contype = 'u'"
        " WHERE indrelid = ANY(%s::regclass[]) AND NOT indisprimary",
        [tables],
    )
    taken = cursor.fetchall()
    for index, _definition, constraint, table, _rule in taken:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}" if constraint else f"DROP INDEX {index}")
    cursor.execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'")
    yield
    cursor.execute("RESET session_replication_role; RESET maintenance_work_mem; RESET work_mem")
    for _index, definition, constraint, table, rule in taken:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {rule}" if constraint else definition)
