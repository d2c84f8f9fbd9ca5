"""Two people who decide of a report at one moment, a worker killed over it, a disk that takes no more."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.db import connection

from reports import building, periods
from reports.models import Edition, Job, Report, ReportEvent, ReportRun
from reports.runs import jobs, life
from tests import scene

ROOT = Path(__file__).resolve().parent.parent.parent
WEEK = periods.parse("weekly", "2026-W16")


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def files(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


def outcomes(*deeds: Callable[[], Edition]) -> list[str]:
    """What became of each deed, done at the same moment: `done`, or why not."""
    found: list[str] = []

    def tried(deed: Callable[[], Edition]) -> None:
        try:
            deed()
        except life.Objection as objection:
            found.append(objection.message)
        else:
            found.append("done")

    scene.at_once(*(lambda deed=deed: tried(deed) for deed in deeds))
    return sorted(found)


def test_of_two_who_decide_at_one_moment_one_is_told_of_the_other(live_city: None) -> None:
    manager = scene.user(scene.MANAGER)
    editions = [building.build(periods.parse("weekly", label)).edition for label in ("2026-W15", "2026-W16")]
    for one in editions:
        told = outcomes(*(lambda one=one: life.approve(one, seen=0, actor=manager) for _ in range(2)))
        assert told[0] == "done"
        assert "审定" in told[1]
    both = outcomes(*(lambda one=one: life.issue(one, seen=1, actor=manager) for one in editions for _ in range(2)))
    assert both[:2] == ["done", "done"]
    assert all("印发" in why for why in both[2:])
    assert list(Report.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    done = ReportEvent.objects.exclude(what="built").order_by("what").values_list("what", flat=True)
    assert list(done) == ["approved", "approved", "issued", "issued"]


def test_a_worker_that_is_killed_over_a_report_leaves_no_half_of_it(live_city: None, media: Path) -> None:
    """It is killed when both files are written and the report is not kept: somebody else holds its row."""
    job = jobs.ask(WEEK)
    script = (
        "import django; django.setup(); from django.conf import settings; "
        f"settings.MEDIA_ROOT = {str(media)!r}; from reports.runs import jobs; jobs.work()"
    )
    environment = os.environ | {
        "DATABASE_URL": os.environ["DATABASE_URL"].replace("/hotline?", f"/{connection.settings_dict['NAME']}?"),
        "DJANGO_SETTINGS_MODULE": "hotline.settings",
    }
    with closing(psycopg2.connect(**connection.get_connection_params())) as other, other.cursor() as holding:
        holding.execute(
            'INSERT INTO reports_report (kind, period, scope, start, "end") VALUES (%s, %s, %s, %s, %s)',
            ["weekly", WEEK.label, "", WEEK.start, WEEK.end],
        )
        worker = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=environment)
        blocked = "SELECT pid FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
        wait_until("it waits to keep the report", lambda: bool(asked(blocked, other.info.backend_pid)))
        [pid] = asked(blocked, other.info.backend_pid)
        job.refresh_from_db()
        assert (job.state, len(files(media))) == ("running", 2)
        worker.send_signal(signal.SIGKILL)
        worker.wait(timeout=60)
        other.rollback()
    wait_until("its session is gone", lambda: not asked("SELECT 1 FROM pg_stat_activity WHERE pid = %s", pid))
    left = files(media)
    assert not ReportRun.objects.exists()
    assert jobs.work() == 1
    job.refresh_from_db()
    assert (job.state, job.attempts, ReportRun.objects.count()) == ("done", 2, 1)
    assert len(files(media)) == 2
    assert not set(left) & set(files(media)), "what the killed one wrote is gone"


def asked(statement: str, value: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [value])
        return [int(row[0]) for row in cursor.fetchall()]


def wait_until(what: str, condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@pytest.fixture
def full_disk() -> Iterator[None]:
    """The system refuses to write more than 20 kB into any file of this process, as a full disk refuses it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_takes_no_more_leaves_no_half_file_and_is_said(full_disk: None, db: None, media: Path) -> None:
    job = jobs.ask(WEEK)
    assert jobs.work() == 1
    job.refresh_from_db()
    assert (job.state, files(media), ReportRun.objects.count(), Job.objects.count()) == ("waiting", [], 0, 1)
    assert "磁盘已满" in job.error
