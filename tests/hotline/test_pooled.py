"""The hotline behind a real PgBouncer in transaction mode, which gives each transaction whatever session is free."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hotline.ledger import sealing
from hotline.locks import held_through
from hotline.waiting import patience
from reports import kept, periods
from reports.models import ReportRun
from reports.runs import jobs
from supervision.clocks.sweeping import sweep
from tests import scene
from tests.hotline.test_receipts import call_data, key
from tickets.exports import jobs as exports
from tickets.models import Ticket, TicketExport

POOLER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
SESSIONS = 3  # of the database, for all
pytestmark = pytest.mark.skipif(not POOLER, reason="pgbouncer is not installed")


@pytest.fixture
def pooler(live_city: None, settings: Any, tmp_path: Path) -> Iterator[None]:
    """This process reaches the database by the pooler alone."""
    folder = Path(tempfile.mkdtemp(prefix="pooler-"))
    folder.chmod(0o755)
    here = connection.settings_dict
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "users").write_text(f'"{here["USER"]}" ""\n')
    (folder / "ini").write_text(f"""
[databases]
* = host={here["HOST"]}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = transaction
default_pool_size = {SESSIONS}
auth_type = trust
auth_file = {folder / "users"}
ignore_startup_parameters = options
""")
    owner = ["-u", Path(here["HOST"]).owner()] if os.geteuid() == 0 else []  # who may reach the server's socket
    running = subprocess.Popen([str(POOLER), "-q", *owner, str(folder / "ini")])
    before = {name: here[name] for name in ("HOST", "PORT", "DISABLE_SERVER_SIDE_CURSORS")}
    connection.close()
    here.update(HOST="127.0.0.1", PORT=port, DISABLE_SERVER_SIDE_CURSORS=True)
    settings.DATABASE_POOLED, settings.MEDIA_ROOT, settings.LEDGER_ANCHORS = True, tmp_path, str(tmp_path)
    sealing.forget()
    _until_it_answers(port)
    with patience.of(patience.WEB):
        yield
    connection.close()
    here.update(before)
    connection.execute_wrappers.clear()
    running.terminate()
    running.wait()
    shutil.rmtree(folder)


def _until_it_answers(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError("pgbouncer does not answer")


def test_a_day_behind_a_pooler(pooler: None, signed_in: Callable[[str], Client]) -> None:
    operator = signed_in(scene.OPERATOR)
    assert operator.post(reverse("new-ticket"), call_data(form_key=key())).status_code == 302
    ticket = Ticket.objects.get()
    assert operator.get(reverse("ticket", args=[ticket.number])).status_code == 200
    assert operator.get(reverse("tickets"), {"q": ticket.title[:4]}).status_code == 200
    closed = scene.ticket_in("closed", caller_phone="10012340007")
    sweep(timezone.now())
    week = periods.parse("weekly", f"{timezone.now():%G-W%V}")
    jobs.ask(week, by=scene.user(scene.MANAGER))
    jobs.work()
    assert ReportRun.objects.get().sections
    export = TicketExport.objects.create(
        owner=scene.user(scene.MANAGER), of=TicketExport.Of.TICKETS, seen_at=timezone.now()
    )
    exports.make(export.pk)
    export.refresh_from_db()
    assert (export.state, export.done) == (TicketExport.State.READY, 2), export.said
    assert kept.refresh("day").now["received"][0] == 2
    assert sealing.seal() > 0
    deeds = [partial(scene.call, caller_phone=f"1001234100{nth}") for nth in range(2 * SESSIONS)]
    scene.at_once(*deeds)
    assert Ticket.objects.count() == 2 + 2 * SESSIONS
    assert Ticket.objects.get(pk=closed.pk).status == "closed"


def limits() -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout'),"
                       " current_setting('work_mem')")  # fmt: skip
        return tuple(cursor.fetchone())


def test_limits_are_those_of_the_work_and_stay_with_nobody(pooler: None) -> None:
    usual = limits()[2]
    assert limits() == ("3s", "12s", usual)
    with patience.of(patience.LONG):
        assert limits() == ("1min", "30min", "64MB")
    with transaction.atomic():
        assert limits() == limits() == ("3s", "12s", usual)
    with patience.of(patience.ENDLESS):
        assert limits() == ("0", "0", usual)
    brief = patience.Patience(lock=0.1, statement=0.2, idle=5)
    with patience.of(brief), connection.cursor() as cursor, pytest.raises(OperationalError):
        cursor.execute("SELECT pg_sleep(5)")


def test_a_job_is_held_by_one(pooler: None) -> None:
    with held_through("report-job", 7) as is_ours:
        assert is_ours
        for _time in range(SESSIONS):
            with held_through("report-job", 7) as again:
                assert not again
    with held_through("report-job", 7) as is_ours:
        assert is_ours
