"""Reports are built by workers: who asks leaves a job, a worker takes it, and the page shows how far it has come.

1. A job is a row. At most one is open for the same report, so that asking twice gives one.
2. A worker holds a lock of the database as long as it is at a job (`hotline.locks`). Where it is killed the lock ends
   with its connection: the next beat finds a job that is said to run and that nobody holds, takes the files of the dead
   one off the disk and does it from its beginning.
3. What fails waits for its next try, longer each time, and holds up no other. It is told on the health page and to
   those who approve reports.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _t

from hotline import disk, health
from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.locks import held_through
from hotline.waiting import busy
from reports import building, periods
from reports.models import REPORT_LANGUAGE, SCHEDULED, Edition, Job, Report, ReportRun
from reports.periods import Period

from . import life

State = Job.State
OPEN = (State.WAITING, State.RUNNING)
MOST = 20  # attempts; with the pauses between them that is four days
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=6)
BUILT_AT = timedelta(hours=7)  # after a period's end: seven in the morning
CAUGHT_UP = {"weekly": 13, "monthly": 12}  # periods back that are built when they were missed
MOST_OF_A_DEPARTMENT = 2  # reports in the making that one asked for itself
JUST_NOW, SHOWN = timedelta(minutes=5), 12
logger = logging.getLogger(__name__)
when_failed: list[Callable[[Job], None]] = []  # who is told of the first failure of a job, and of its last


class Cancelled(Exception):
    """Somebody does not want the report any more, or another worker has taken the job over."""


def ask(
    period: Period, *, by: User | None = None, kind: str = "", scope: str = "", unit_id: int | None = None,
    reason: str = "",
) -> Job:  # fmt: skip
    """Has a report built; the job that is open for the same one, where there is one.

    Raises life.Objection where the report was issued and `reason` does not say what is to be corrected.
    """
    what: dict[str, Any] = {"kind": kind or period.kind, "period": period.label, "scope": scope, "unit_id": unit_id}
    life.check_reason(Report.objects.filter(**what).first(), reason)
    return _open(by=by, reason=reason, **what)


def under_way(period: Period, kind: str = "", *, scope: str = "", unit_id: int | None = None) -> Job | None:
    """The job that is open for a report, whoever asked for it."""
    what: dict[str, Any] = {"kind": kind or period.kind, "period": period.label, "scope": scope, "unit_id": unit_id}
    return Job.objects.filter(edition=None, state__in=OPEN, **what).first()


def just_built(period: Period) -> ReportRun | None:
    """The draft of a week or a month that has been built in the last minutes: pressing again would give the same."""
    drafts = ReportRun.objects.filter(
        kind=period.kind, period=period.label, edition__report__scope="", edition__report__unit=None,
        edition__state=Edition.State.DRAFT, built_at__gte=timezone.now() - JUST_NOW,
    )  # fmt: skip
    return drafts.order_by("-pk").first()


def ask_for_files(edition: Edition) -> Job:
    """Has the files of an issue written."""
    report = edition.report
    return _open(
        edition=edition, kind=report.kind, period=report.period, scope=report.scope, unit_id=report.unit_id,
        by=edition.issued_by,
    )  # fmt: skip


life.when_issued.append(ask_for_files)


def _open(*, by: User | None, reason: str = "", edition: Edition | None = None, **what: Any) -> Job:
    now = timezone.now()
    for _ in range(2):  # the second time it is there, or has just ended
        if found := Job.objects.filter(edition=edition, state__in=OPEN, **what).first():
            break
        try:
            with transaction.atomic():
                found = Job.objects.create(
                    by=by, reason=reason[:500], edition=edition, asked_at=now, try_at=now, **what
                )
                break
        except IntegrityError:
            continue
    assert found is not None
    transaction.on_commit(send)
    return found


def send() -> None:
    """Tells a worker that there is something to do. Without a broker the schedule finds it."""
    from reports import tasks  # which do the jobs

    try:
        tasks.build_reports.apply_async(retry=False, expires=600)
    except Exception:
        logger.warning("the broker does not answer; the report is built by the schedule", exc_info=True)


def cancel(job: Job) -> bool:
    """Ends a job that waits, at once, or one that runs, before its next step; returns whether there was one to end."""
    found = Job.objects.filter(pk=job.pk, state__in=OPEN)
    return bool(found.update(state=State.CANCELLED, ended_at=timezone.now(), step=""))


def shown(user: User) -> list[Job]:
    """What a page tells of: what is open, what has just ended, and what has failed in the last days; to a department
    what it asked for itself."""
    now = timezone.now()
    just = Q(ended_at__gte=now - JUST_NOW)
    failed = Q(state=State.FAILED, ended_at__gte=now - timedelta(days=7))
    found = Job.objects.filter(Q(state__in=OPEN) | just | failed, edition=None).select_related("by", "unit")
    if not user.may(P.SEE_REPORTS):
        found = found.filter(_asked_by(user))
    return list(found.order_by("-asked_at", "-pk")[:SHOWN])


def _asked_by(user: User) -> Q:
    """Jobs that people of somebody's department asked for."""
    return Q(by__department__in=user.department_ids, unit__in=user.department_ids)


def may_cancel(user: User) -> QuerySet[Job]:
    """The jobs that somebody may end: all, or those that the own department asked for."""
    if user.may(P.BUILD_REPORTS):
        return Job.objects.all()
    return Job.objects.filter(_asked_by(user)) if user.may(P.ASK_OWN_REPORT) else Job.objects.none()


def check_room(user: User) -> None:
    """Raises life.Objection where a department has as many reports in the making as one may have at a time."""
    if Job.objects.filter(_asked_by(user), state__in=OPEN).count() >= MOST_OF_A_DEPARTMENT:
        said = _t("%(count)d reports of your department are being built already; ask for more when one is done.")
        raise life.Objection(said % {"count": MOST_OF_A_DEPARTMENT})


# -- what is due --------------------------------------------------------------------------------------------


def catch_up(now: datetime | None = None) -> int:
    """Asks for each week and month that has ended and has no whole report; returns for how many."""
    now = now or timezone.now()
    asked = 0
    for kind in SCHEDULED:
        for period in _missed(kind, now):
            ask(period)
            asked += 1
    return asked


def _missed(kind: str, now: datetime) -> Iterator[Period]:
    """Ended periods since the first report of this kind, or since there are people here, that nobody has built."""
    ended = [period := periods.last_complete(kind, now - BUILT_AT)]
    first = Report.objects.filter(kind=kind, scope="", unit=None).order_by("start").first()
    began = User.objects.order_by("date_joined").values_list("date_joined", flat=True).first() or now
    since = min(first.start, began) if first else began
    while len(ended) < CAUGHT_UP[kind] and (period := period.before()).start >= since:
        ended.append(period)
    whole = ReportRun.objects.filter(kind=kind, built_at__gte=F("end"), edition__report__scope="")
    known = set(whole.filter(edition__report__unit=None).values_list("period", flat=True))
    given_up = Q(state=State.FAILED) | Q(state=State.CANCELLED, ended_at__gte=now - timedelta(days=1))
    asked = Job.objects.filter(kind=kind, scope="", unit=None, edition=None)
    known |= set(asked.filter(Q(state__in=OPEN) | given_up).values_list("period", flat=True))
    yield from (period for period in reversed(ended) if period.label not in known)


# -- doing them ---------------------------------------------------------------------------------------------


def work() -> int:
    """Does every job that is due and that nobody is at; returns how many."""
    taken = 0
    now = timezone.now()
    due = Job.objects.filter(Q(state=State.WAITING, try_at__lte=now) | Q(state=State.RUNNING)).order_by(
        "asked_at", "pk"
    )
    for pk in list(due.values_list("pk", flat=True)):
        with held_through("report-job", pk) as is_ours:
            if is_ours and (job := _taken(pk)):
                _do(job)
                taken += 1
    return taken


def _taken(pk: int) -> Job | None:
    """The job, said to run now; none where it ended meanwhile, or was interrupted too often."""
    job = Job.objects.select_related("by", "edition__run__built_by", "edition__report", "edition__approved_by").get(
        pk=pk
    )
    if job.state not in OPEN or job.try_at > timezone.now():
        return None
    if _is_kept(job):  # the worker was killed between keeping it and saying so
        _end(job, State.DONE, "")
        return None
    building.take_away(job.files)  # of a worker that was killed over it
    was_interrupted = job.state == State.RUNNING
    job.attempts += 1
    job.state, job.files, job.done = State.RUNNING, [], 0
    if was_interrupted and job.attempts > MOST:
        with translation.override(REPORT_LANGUAGE):
            _give_up(job, _t("The worker was interrupted over it again and again."))
        return None
    job.save(update_fields=["attempts", "state", "files", "done"])
    return job


def _is_kept(job: Job) -> bool:
    """Whether a row speaks of the files that the job has written."""
    if job.edition:
        return bool(job.files) and Edition.objects.filter(docx__in=job.files).exists()
    job.run = ReportRun.objects.filter(docx__in=job.files).first() if job.files else None
    return job.run is not None


class _Watch(building.Watch):
    """Writes down how far a job has come, and ends it where it was cancelled."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def at(self, done: int, steps: int, step: str) -> None:
        self._note(done=done, steps=steps, step=step)

    def writes(self, places: list[str]) -> None:
        self._note(files=places)

    def _note(self, **columns: object) -> None:
        mine = Job.objects.filter(pk=self.job.pk, attempts=self.job.attempts, state=State.RUNNING)
        if not mine.update(**columns):
            raise Cancelled


def _do(job: Job) -> None:
    try:
        watch = _Watch(job)
        if job.edition:
            building.write_issued(job.edition, watch=watch)
        else:
            job.run = building.build(
                periods.parse(job.kind, job.period), by=job.by, kind=job.kind, scope=job.scope, unit_id=job.unit_id,
                reason=job.reason, watch=watch,
            )  # fmt: skip
    except Cancelled:
        return
    except (life.Objection, ValueError) as refused:
        _end(job, State.FAILED, str(refused))
    except Exception as error:
        logger.exception("report %s was not built, attempt %s", job, job.attempts)
        with translation.override(REPORT_LANGUAGE):
            _failed(job, error)
    else:
        job.done = job.steps = building.STEPS
        _end(job, State.DONE, "")


def _failed(job: Job, error: Exception) -> None:
    if job.attempts >= MOST:
        _give_up(job, _words(error))
        return
    pause = min(FIRST_PAUSE * 2 ** (job.attempts - 1), LONGEST_PAUSE)
    job.state, job.error, job.try_at, job.files = State.WAITING, _words(error), timezone.now() + pause, []
    job.save(update_fields=["state", "error", "try_at", "files"])
    if job.attempts == 1:
        _tell(job)


def _give_up(job: Job, words: str) -> None:
    _end(job, State.FAILED, words)
    _tell(job)


def _end(job: Job, state: str, error: str) -> None:
    job.state, job.error, job.ended_at, job.files, job.step = state, error[:300], timezone.now(), [], ""
    job.save()


def _tell(job: Job) -> None:
    for told in when_failed:
        told(job)


def _words(error: Exception) -> str:
    """What went wrong, for a person."""
    cause = busy.cause_of(error)
    if disk.is_full(error) or cause == busy.Cause.FULL:
        return _t("The disk of the server is full: the report could not be written. No part of a file is left.")
    if cause == busy.Cause.SLOW:
        return _t("The database took too long.")
    return f"{type(error).__name__}: {error}"[:300]


@health.notice
def reports_that_failed() -> str:
    """For the health page: reports that are not built because their building fails."""
    failing = Job.objects.filter(Q(state=State.WAITING, attempts__gt=0) | Q(state=State.FAILED, edition=None))
    recent = failing.filter(asked_at__gte=timezone.now() - timedelta(days=30)).order_by("-asked_at", "-pk")
    built = set(Job.objects.filter(state=State.DONE).values_list("kind", "period", "scope", "unit"))
    said = [
        f"{job.kind} {job.period} (tried {job.attempts} times: {job.error})"
        for job in recent[:20]
        if (job.kind, job.period, job.scope, job.unit_id) not in built
    ]
    return f"reports could not be built: {'; '.join(said[:5])}" if said else ""
