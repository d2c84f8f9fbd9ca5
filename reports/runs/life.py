"""The life of a report: draft → remarks → approved → issued, and the corrections of what was issued.

Each step locks the report, looks whether it is still as its reader saw it, changes the edition and leaves an event. Of
two people who decide at once the second is told what the first has done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.locks import one_at_a_time
from hotline.waiting import busy
from reports.models import Edition, Report, ReportEvent, ReportRun

State, What = Edition.State, ReportEvent.What
MAY = {"approve": P.APPROVE_REPORTS, "take_back": P.APPROVE_REPORTS, "issue": P.ISSUE_REPORTS}


class Objection(Exception):
    """Why something cannot be done with a report now, for the person who asked."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Changed(Objection):
    """Somebody else was faster."""


def keep(run: ReportRun, *, scope: str = "", unit_id: int | None = None, reason: str = "") -> Edition:
    """Keeps a run that was just built, as the newest draft of its report.

    Raises Objection where its report was issued and no `reason` is given: what was issued is corrected, not replaced.
    """
    with transaction.atomic():
        span = {"start": run.start, "end": run.end}
        report, _is_new = Report.objects.get_or_create(
            kind=run.kind, period=run.period, scope=scope, unit_id=unit_id, defaults=span
        )
        report = _locked(report.pk)
        check_reason(report, reason)
        run.save()
        drafts = report.editions.aggregate(last=Max("draft"))["last"] or 0
        edition = Edition.objects.create(
            report=report, run=run, draft=drafts + 1, reason=reason if report.number else ""
        )
        _note(edition, What.BUILT, run.built_by, edition.reason)
    return edition


def check_reason(report: Report | None, reason: str) -> None:
    """Raises Objection where a report was issued and nobody says why it is built again."""
    if report and report.number and not reason.strip():
        raise Objection(
            _t("This report was issued as number %(number)d. To correct it, say why.") % {"number": report.number}
        )


def obstacle(edition: Edition, step: str, newest: Edition | None) -> str:
    """Why a step cannot be taken now, for the person who would; empty where it can."""
    if step == "take_back":
        return "" if edition.state == State.APPROVED else _t("Only what is approved and not issued can be taken back.")
    if edition.state == State.ISSUED:
        return _t("It was issued already; what is wrong in it is corrected by a new version.")
    if edition.run.is_partial:
        return _t("It was built before its period was over and stands for a part of it: build it anew after the end.")
    if newest and newest.pk != edition.pk:
        return _t("There is a newer draft of this report: %(name)s.") % {"name": newest.name}
    if step == "approve" and edition.state == State.APPROVED:
        return _t("It is approved already.")
    if step == "issue" and edition.state != State.APPROVED:
        return _t("Only what was approved can be issued.")
    return ""


def approve(edition: Edition, *, seen: int, actor: User) -> Edition:
    def do(edition: Edition) -> None:
        edition.state, edition.approved_by, edition.approved_at = State.APPROVED, actor, timezone.now()
        _note(edition, What.APPROVED, actor)

    return _step("approve", edition, seen, do)


def take_back(edition: Edition, *, seen: int, actor: User, text: str) -> Edition:
    """Makes what was approved a draft again."""

    def do(edition: Edition) -> None:
        edition.state, edition.approved_by, edition.approved_at = State.DRAFT, None, None
        _note(edition, What.TAKEN_BACK, actor, text)

    return _step("take_back", edition, seen, do)


def issue(edition: Edition, *, seen: int, actor: User) -> Edition:
    """Issues what was approved: with the next number of its kind, or as the next version of the number it has."""

    def do(edition: Edition) -> None:
        report = edition.report
        if report.number is None:
            report.number = _next_number(report.kind)
            report.save(update_fields=["number"])
        last = report.editions.aggregate(last=Max("version"))["last"] or 0
        edition.state, edition.version = State.ISSUED, last + 1
        edition.issued_by, edition.issued_at = actor, timezone.now()
        _note(edition, What.ISSUED, actor, edition.reason)
        for told in when_issued:
            told(edition)

    return _step("issue", edition, seen, do)


when_issued: list[Callable[[Edition], Any]] = []  # what else happens then, in the same transaction


def remark(edition: Edition, *, actor: User, text: str, section: str = "") -> ReportEvent:
    """Keeps what somebody has to say of an edition, or of one section of it."""
    return _note(edition, What.REMARK, actor, text, section)


def _step(step: str, edition: Edition, seen: int, do: Callable[[Edition], None]) -> Edition:
    with busy.told(), transaction.atomic():
        report = _locked(edition.report_id)
        edition = Edition.objects.select_related("run").get(pk=edition.pk)
        edition.report = report
        if edition.changes != seen:
            raise Changed(_what_happened(edition))
        if why := obstacle(edition, step, report.editions.order_by("-draft").first()):
            raise Objection(why)
        edition.changes += 1
        do(edition)
        edition.save(
            update_fields=["state", "version", "approved_by", "approved_at", "issued_by", "issued_at", "changes"]
        )
    return edition


def _locked(report_id: int) -> Report:
    return Report.objects.select_for_update(no_key=True).get(pk=report_id)


def _next_number(kind: str) -> int:
    """The number after the last of a kind. Who comes meanwhile waits, so that none is left out or given twice."""
    with one_at_a_time(f"report-number-{kind}"):
        return (Report.objects.filter(kind=kind).aggregate(last=Max("number"))["last"] or 0) + 1


def _note(edition: Edition, what: str, by: User | None, text: str = "", section: str = "") -> ReportEvent:
    return ReportEvent.objects.create(
        edition=edition, what=what, by=by, at=timezone.now(), text=text.strip(), section=section
    )


def _what_happened(edition: Edition) -> str:
    last = edition.events.exclude(what=What.REMARK).select_related("by").order_by("-pk").first()
    if last is None:
        return _t("Somebody changed it meanwhile. Look at it again.")
    told = {"who": last.by or _t("System"), "when": timezone.localtime(last.at).strftime("%m-%d %H:%M"),
            "what": last.get_what_display()}  # fmt: skip
    return _t("Meanwhile: %(what)s, %(who)s, %(when)s. Nothing was done a second time; look at it again.") % told
