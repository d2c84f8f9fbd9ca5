"""Several workers, a worker that ends in the middle, and a person who splits while the machine joins."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from django.core.cache import cache
from django.db import connection, transaction

from hotline.waiting import patience
from hotline.waiting.busy import Busy
from matters import byhand, linking, working
from matters.models import Looked
from supervision.clocks import rebuilding
from tests import scene
from tests.matters.test_linking import called
from tickets.models import Matter, Ticket, TicketEvent
from tickets.workflow.performing import Refused

ROOT = Path(__file__).resolve().parent.parent.parent
LIMIT = 120.0  # seconds until something of another process must have been seen


def joinings() -> int:
    return TicketEvent.objects.filter(action="join_matter").count()


def test_three_workers_at_once_join_each_ticket_once(live_city: None) -> None:
    """Thirty copies of one text within a minute are one matter, whoever looks at which of them."""
    for serial in range(30):
        called(serial)
    scene.at_once(*[linking.settle_waiting] * 3)
    working.work()
    assert Matter.objects.filter(tickets__isnull=False).distinct().count() == 1
    assert joinings() == Ticket.objects.filter(matter__isnull=False).count() == Looked.objects.count() == 30


def test_whoever_ends_in_the_middle_leaves_nothing_half_done(live_city: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The word that a ticket was looked at is the last that is written: without it nothing was."""
    first, other = called(1), called(2)
    linking.settle(first.pk)
    before = joinings()

    def ends(*args: object, **given: object) -> None:
        raise SystemExit

    with monkeypatch.context() as stopped:
        stopped.setattr(Looked.objects, "update_or_create", ends)
        with pytest.raises(SystemExit):
            linking.settle(other.pk)
    assert joinings() == before
    working.work()
    assert Looked.objects.count() == 2
    assert Ticket.objects.filter(matter=None).count() == 0


def test_a_ticket_that_the_database_could_not_be_asked_about_is_looked_at_later(live_city: None) -> None:
    ticket = called(1)
    with closing(psycopg2.connect(**connection.get_connection_params())) as other, other.cursor() as cursor:
        cursor.execute("LOCK TABLE matters_trace IN ACCESS EXCLUSIVE MODE")
        with patience.of(patience.Patience(lock=0.05, statement=5, idle=30)):
            assert linking.settle_waiting() == 0
        other.rollback()
    assert not Looked.objects.filter(pk=ticket.pk).exists(), "it is not given up for what was no fault of its own"
    assert linking.settle_waiting() == 1


def test_who_waited_for_a_dispatch_joins_with_the_department_of_then(live_city: None) -> None:
    """Else the event would say that it lay with nobody, for good."""
    linking.settle(called(1).pk)
    other = called(2)
    with ThreadPoolExecutor(1) as one:
        with transaction.atomic():
            scene.do(other, "dispatch", scene.DISPATCHER)
            waiting = one.submit(in_a_thread, linking.settle, other.pk)
            scene.until_somebody_waits()
        waiting.result(timeout=60)
    joined = TicketEvent.objects.get(ticket=other, action="join_matter")
    assert joined.department == Ticket.objects.get(pk=other.pk).department
    assert joined.department is not None
    assert rebuilding.rebuild(writes=False).differing == 0


def in_a_thread(do: Callable[..., object], *given: object) -> None:
    try:
        do(*given)
    finally:
        connection.close()


def worker() -> subprocess.Popen[bytes]:
    """A process of its own that settles whatever waits."""
    script = "import django; django.setup(); from matters import linking; linking.settle_waiting()"
    environment = os.environ | {
        "DATABASE_URL": os.environ["DATABASE_URL"].replace("/hotline?", f"/{connection.settings_dict['NAME']}?"),
        "DJANGO_SETTINGS_MODULE": "hotline.settings",
    }
    return subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=environment)


def wait_until(what: str, condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def asked(statement: str, value: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, [value])
        return int(cursor.fetchone()[0])


def test_a_worker_that_is_killed_in_the_middle_of_a_joining_leaves_nothing_half_done(live_city: None) -> None:
    """It is killed after it has joined the third ticket and before the word that it was looked at is written."""
    tickets = [called(serial) for serial in range(5)]
    parameters = connection.get_connection_params()
    with closing(psycopg2.connect(**parameters)) as other, other.cursor() as holding:
        # Whoever writes the same word waits for what becomes of this one, with all that it did before in its hands.
        holding.execute(
            "INSERT INTO matters_looked (ticket_id, outcome, probability, at) VALUES (%s, 'alone', 0, now())",
            [tickets[2].pk],
        )
        holder = other.info.backend_pid
        process = worker()
        blocked = "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
        wait_until("the worker waits", lambda: asked(blocked, holder) == 1 or process.poll() is not None)
        pid = asked("SELECT pid FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))", holder)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
        other.rollback()
    wait_until("its session is gone", lambda: not asked("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", pid))
    # The first began a thread, the second joined it; of the third, which was in its hands, nothing is left.
    assert [Looked.objects.filter(pk=one.pk).exists() for one in tickets] == [True, True, False, False, False]
    assert [Ticket.objects.get(pk=one.pk).matter_id is None for one in tickets] == [False, False, True, True, True]
    assert joinings() == 2
    assert linking.settle_waiting() == 0, "the killed one's lease has not ended"
    cache.clear()  # it ends by itself a quarter of a minute later
    working.work()
    assert Matter.objects.filter(tickets__isnull=False).distinct().count() == 1
    assert joinings() == Looked.objects.count() == Ticket.objects.filter(matter__isnull=False).count() == 5


def test_a_person_splits_while_the_machine_joins(live_city: None) -> None:
    """Who comes second sees what the first did: nothing is lost, and what was chosen is where the person put it."""
    tickets = [called(serial) for serial in range(4)]
    working.work()
    matter = Matter.objects.get(tickets=tickets[0])
    chosen = [ticket.number for ticket in tickets[:2]]
    fresh = called(9)

    def split() -> None:
        with contextlib.suppress(Busy, Refused):
            byhand.split(matter, chosen, actor=scene.user(scene.SUPERVISOR), reason="另一处。")

    scene.at_once(split, lambda: linking.settle_waiting())
    working.work()
    of_chosen = set(Ticket.objects.filter(number__in=chosen).values_list("matter", flat=True))
    assert len(of_chosen) == 1, "split whole or not at all"
    assert Ticket.objects.get(pk=fresh.pk).matter_id in {matter.pk, *of_chosen}
    assert not Ticket.objects.filter(matter=None).exists()
