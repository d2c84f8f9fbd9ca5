"""Several workers at once, one that is killed, and a clock that goes back: nothing is doubled and nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import connection, connections

from supervision.clocks import sweeping
from supervision.clocks.sweeping import sweep
from supervision.ladder import messages, steps
from supervision.models import Delivery, Flag, Notice, Rung
from tests import scene
from tests.scene import at
from tickets.choices import Status
from tickets.models import Ticket

ROOT = Path(__file__).resolve().parent.parent.parent
LATER = scene.MONDAY + timedelta(days=10)


def dispatched(count: int) -> None:
    """So many tickets lie unclaimed, each of a caller of its own."""
    with time_machine.travel(scene.MONDAY, tick=False):
        for serial in range(count):
            scene.ticket_in(Status.DISPATCHED, caller_phone=f"1001237{serial:04d}")


def raised() -> list[tuple[int, str]]:
    return sorted(Flag.objects.filter(cleared_at=None).values_list("ticket", "kind"))


def test_five_sweeps_at_once_raise_each_flag_once(live_city: None) -> None:
    with time_machine.travel(scene.MONDAY, tick=False):
        tickets = [scene.ticket_in(Status.DISPATCHED) for _ in range(20)]
    later = scene.MONDAY + timedelta(days=10)
    scene.at_once(*[lambda: sweep(later)] * 5)
    kinds = ("unclaimed", "overdue")
    assert Flag.objects.filter(kind__in=kinds).count() == 2 * len(tickets)
    assert not Ticket.objects.filter(next_due_at__lte=later).exists()


def test_five_climbers_at_once_take_each_step_once(live_city: None) -> None:
    dispatched(8)
    moment = at(22, 10)
    sweep(moment)
    scene.at_once(*[lambda: steps.climb(moment)] * 5)
    assert Rung.objects.count() == 8 * 3
    assert Notice.objects.count() == 8 * 3
    assert set(Ticket.objects.values_list("urges", flat=True)) == {1}


def test_five_senders_at_once_send_once(live_city: None) -> None:
    with time_machine.travel(scene.MONDAY, tick=False):
        for serial in range(6):
            ticket = scene.ticket_in(Status.DISPATCHED, caller_phone=f"1001236{serial:04d}")
            scene.do(ticket, "urge", scene.SUPERVISOR)
        scene.at_once(*[lambda: messages.deliver(scene.MONDAY)] * 5)
    assert Notice.objects.filter(delivery=None).count() == 0
    assert sum(delivery.notices.count() for delivery in Delivery.objects.all()) == 6


# -- a worker that is killed ------------------------------------------------------------------------------------


def sweep_in_a_process(hold: float) -> subprocess.Popen[bytes]:
    """A sweep at `LATER` in a process of its own, which holds its transaction open before it commits a batch."""
    name = connection.settings_dict["NAME"]
    script = f"""
import django, time
django.setup()
from datetime import datetime
from supervision.clocks import sweeping
sweeping.BATCH = 7
write = sweeping._write
def slowly(batch):
    write(batch)
    print("batch", flush=True)
    time.sleep({hold})
sweeping._write = slowly
sweeping.sweep(datetime.fromisoformat({LATER.isoformat()!r}))
"""
    environment = os.environ | {
        "DATABASE_URL": os.environ["DATABASE_URL"].replace("/hotline?", f"/{name}?"),
        "DJANGO_SETTINGS_MODULE": "hotline.settings",
    }
    return subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=environment, stdout=subprocess.PIPE)


def backends() -> int:
    """Sessions of other processes with this database."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("batches", [1, 2, 4])
def test_a_worker_killed_in_the_middle_of_a_batch_loses_and_doubles_nothing(batches: int, live_city: None) -> None:
    dispatched(30)
    before = backends()
    worker = sweep_in_a_process(hold=0.05 if batches > 1 else 30)
    assert worker.stdout is not None
    for _ in range(batches):
        assert worker.stdout.readline() == b"batch\n"
    worker.send_signal(signal.SIGKILL)
    worker.wait(timeout=60)
    deadline = time.monotonic() + 120
    while backends() > before and time.monotonic() < deadline:
        time.sleep(0.05)  # until the database has noticed and rolled back
    assert backends() <= before
    sweep(LATER)
    expected = sorted(
        (ticket, kind) for ticket in Ticket.objects.values_list("pk", flat=True) for kind in ("overdue", "unclaimed")
    )
    assert raised() == expected
    assert Flag.objects.count() == len(expected), "none was raised a second time"
    assert not Ticket.objects.filter(next_due_at__lte=LATER).exists()


def test_a_clock_that_goes_back_an_hour_raises_and_tells_nothing_again(live_city: None) -> None:
    dispatched(5)
    moment = at(22, 10)
    for instant in (moment, moment - timedelta(hours=1), moment, moment + timedelta(minutes=5)):
        sweep(instant)
        steps.climb(instant)
        messages.deliver(instant)
    assert Flag.objects.count() == 5
    assert Rung.objects.count() == 15
    assert sum(delivery.notices.count() for delivery in Delivery.objects.all()) == 15


def test_from_the_cause_to_the_flag_two_minutes_at_most() -> None:
    """Beat has the sweep run each minute, and the board renews itself each quarter of one."""
    from django.conf import settings

    seconds = settings.CELERY_BEAT_SCHEDULE["sweep"]["schedule"]
    assert seconds <= 60
    assert timedelta(minutes=2) == sweeping.LATE_AFTER
    board = (ROOT / "templates/supervision/_board.html").read_text(encoding="utf-8")
    assert "every 15s" in board
