"""Reports are built by workers: one job for one report, seen on the page, cancelled, resumed, tried again, told of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hotline import health
from reports import building, periods
from reports.models import Job, ReportRun
from reports.runs import jobs, life
from reports.tasks import build_due_reports, build_reports
from supervision.ladder import messages
from supervision.models import Delivery, Notice
from tests import scene
from tests.scene import at

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def ask(label: str = "2026-W16") -> Job:
    return jobs.ask(periods.parse("weekly" if "W" in label else "monthly", label))


def files(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


def test_asking_twice_builds_once_and_the_page_tells_how_far_it_has_come(
    monday: time_machine.Traveller, signed_in: Callable[[str], Client], media: Path
) -> None:
    client = signed_in(scene.MANAGER)
    for _ in range(2):
        client.post(reverse("build-report"), {"kind": "weekly", "period": "2026-W16"}, follow=True)
    job = Job.objects.get()
    watch = jobs._Watch(job)
    Job.objects.update(state="running", by=None)  # the system builds it: nobody piles up a second draft
    pressed = client.post(reverse("build-report"), {"kind": "weekly", "period": "2026-W16"}, follow=True)
    assert "正在生成，进度见下" in pressed.content.decode()
    assert Job.objects.count() == 1
    watch.at(1, 4, "正在绘图")
    shown = client.get(reverse("report-progress")).content.decode()
    assert "正在绘图 (1/4)" in shown
    assert 'hx-trigger="every 2s"' in shown
    assert jobs.work() == 1, "said to run, held by nobody"
    run = ReportRun.objects.get()
    shown = client.get(reverse("report-progress")).content.decode()
    assert run.get_absolute_url() in shown
    assert "every 2s" not in shown, "nothing is asked any more when nothing is built"
    assert len(files(media)) == 2
    pressed = client.post(reverse("build-report"), {"kind": "weekly", "period": "2026-W16"})
    assert (pressed["Location"], Job.objects.count()) == (run.get_absolute_url(), 1), "it was built just now"
    with pytest.raises(jobs.Cancelled):
        watch.at(2, 4, "")  # a worker that was thought dead


def test_what_is_cancelled_is_not_built_and_leaves_nothing(
    monday: time_machine.Traveller, signed_in: Callable[[str], Client], media: Path
) -> None:
    client, waits, runs = signed_in(scene.MANAGER), ask(), ask("2026-03")
    client.post(reverse("report-cancel", args=[waits.pk]))
    assert jobs._taken(waits.pk) is None
    taken = jobs._taken(runs.pk)
    assert taken

    class Watch(jobs._Watch):
        def at(self, done: int, steps: int, step: str) -> None:
            if done == 3:
                client.post(reverse("report-cancel", args=[runs.pk]))
            super().at(done, steps, step)

    with pytest.raises(jobs.Cancelled):
        building.build(periods.parse("monthly", "2026-03"), watch=Watch(taken))
    assert not ReportRun.objects.exists()
    assert files(media) == [], "the Word file was written already"
    assert signed_in(scene.SUPERVISOR).post(reverse("report-cancel", args=[runs.pk])).status_code == 403


def test_a_job_whose_worker_was_killed_is_done_again_without_its_half_file(
    monday: time_machine.Traveller, media: Path
) -> None:
    half, done = ask(), ask("2026-03")
    place = default_storage.save("reports/half.docx", ContentFile(b"PK"))
    Job.objects.filter(pk=half.pk).update(state="running", attempts=1, files=[place])
    kept = building.build(periods.parse("monthly", "2026-03"))
    Job.objects.filter(pk=done.pk).update(state="running", attempts=1, files=[kept.docx.name, kept.xlsx.name])
    build_reports()
    half.refresh_from_db()
    done.refresh_from_db()
    assert (half.state, half.attempts, done.state, done.run) == ("done", 2, "done", kept)
    assert not default_storage.exists(place)
    assert kept.docx.size, "killed after it was kept: it is not built a second time"
    assert ReportRun.objects.count() == 2


def test_a_full_disk_is_said_waits_and_is_tried_again_later_each_time(
    monday: time_machine.Traveller, settings: Any, media: Path, signed_in: Callable[[str], Client]
) -> None:
    floor, settings.DISK_FLOOR_BYTES = settings.DISK_FLOOR_BYTES, 2**60
    job, other = ask(), ask("2026-W15")
    Job.objects.filter(pk=other.pk).update(period="2026-W99")
    jobs.work()
    job.refresh_from_db()
    other.refresh_from_db()
    assert (job.state, job.try_at - timezone.now()) == ("waiting", timedelta(minutes=5))
    assert (other.state, files(media)) == ("failed", [])
    assert "磁盘" in job.error
    assert any("2026-W16" in said and "tried 1" in said for said in health.notices_now())
    assert jobs.work() == 0, "not before its time"
    monday.shift(timedelta(minutes=6))
    jobs.work()
    job.refresh_from_db()
    assert job.try_at - timezone.now() == timedelta(minutes=10)
    notices = Notice.objects.filter(to_user=scene.user(scene.MANAGER), step="report_fail")
    assert notices.count() == 1, "told once, not at every try"
    messages.deliver()
    assert "磁盘" in signed_in(scene.MANAGER).get(reverse("messages")).content.decode()
    settings.DISK_FLOOR_BYTES = floor
    monday.shift(timedelta(minutes=11))
    jobs.work()
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("done", 3)
    assert "2026-W16" not in " ".join(health.notices_now())


def test_missed_periods_are_caught_up_from_seven_in_the_morning(monday: time_machine.Traveller) -> None:
    building.build(periods.parse("weekly", "2026-W13"))
    monday.move_to(at(20, 6, 59))
    build_due_reports()
    assert set(ReportRun.objects.values_list("period", flat=True)) == {"2026-W13", "2026-W14", "2026-W15", "2026-03"}
    monday.move_to(at(20, 7))
    build_due_reports()
    build_due_reports()
    assert ReportRun.objects.filter(kind="weekly").count() == 4


def test_who_may_read_an_issue_is_told_and_its_files_bear_its_number(
    monday: time_machine.Traveller, signed_in: Callable[[str], Client]
) -> None:
    run = building.build(periods.parse("weekly", "2026-W16"))
    edition = life.approve(run.edition, seen=0, actor=scene.user(scene.MANAGER))
    life.issue(edition, seen=1, actor=scene.user(scene.MANAGER))
    jobs.work()
    edition.refresh_from_db()
    assert edition.docx.size > 1000
    assert edition.xlsx.name != run.xlsx.name
    messages.deliver()
    for reader in (scene.CLERK, scene.SUPERVISOR):
        inbox = signed_in(reader).get(reverse("messages")).content.decode()
        assert run.get_absolute_url() in inbox, reader
        assert "总第1期" in inbox
    delivery = Delivery.objects.get(notices__to_department__name=scene.DEPARTMENT)
    title, body = messages.written(delivery)
    assert run.title in title
    assert "总第1期" in body
