"""Who is told of a report: of what was issued, those who may read it; of what cannot be built, those who approve.

Word goes the way of all messages: to the messages page and by the department's channel, gathered, in working time.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _t

from hotline.accounts.models import Department, User
from hotline.accounts.permissions import Permission as P
from hotline.accounts.permissions import roles_with
from reports.models import REPORT_LANGUAGE, Edition, Job, ReportKind
from supervision.models import Notice, Step

from . import jobs, life


def tell_of_issue(edition: Edition) -> None:
    """Writes down for each department that may read it, and for the leaders of the hotline, that it was issued."""
    with translation.override(REPORT_LANGUAGE):
        text = _t("Issue %(number)d") % {"number": edition.report.number or 0}
        if edition.version and edition.version > 1:
            said = _t("%(issue)s, version %(version)d, which replaces the one before: %(reason)s")
            text = said % {"issue": text, "version": edition.version, "reason": edition.reason}
    about = {"step": Step.REPORT, "title": edition.run.title, "text": text, "link": edition.run.get_absolute_url()}
    leaders = _people(P.SEE_REPORTS).exclude(pk=edition.issued_by_id)
    _tell(about, departments=_readers(edition), people=leaders)


def _readers(edition: Edition) -> Any:
    """The departments with somebody in them who may read it."""
    if edition.report.unit_id:
        return Department.objects.filter(pk=edition.report.unit_id)
    somebody = Q(people__is_active=True, people__role__in=roles_with(P.READ_REPORTS))
    return Department.objects.filter(somebody, is_open=True).distinct()


def tell_of_failure(job: Job) -> None:
    """Writes down for those who approve reports that one could not be built, and why."""
    with translation.override(REPORT_LANGUAGE):
        title = f"{ReportKind(job.kind).label} {job.period}"
        text = job.error
        if job.is_open:
            moment = timezone.localtime(job.try_at).strftime("%m-%d %H:%M")
            text += _t(" The next try is at %(time)s.") % {"time": moment}
    about = {"step": Step.REPORT_FAILED, "title": title, "text": text, "link": reverse("reports")}
    _tell(about, people=_people(P.APPROVE_REPORTS))


def _people(permission: str) -> Any:
    return User.objects.filter(is_active=True, role__in=roles_with(permission))


def _tell(about: dict[str, str], *, people: Any, departments: Any = ()) -> None:
    now = timezone.now()
    Notice.objects.bulk_create(
        [Notice(**about, to_department=department, made_at=now) for department in departments]
        + [Notice(**about, to_user=user, made_at=now) for user in people],
        batch_size=1000,
    )


life.when_issued.append(tell_of_issue)
jobs.when_failed.append(tell_of_failure)
