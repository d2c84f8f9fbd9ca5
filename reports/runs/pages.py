"""Pages of reports: the list, one report with what can be done with it, two editions side by side, the files."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_GET, require_POST

from hotline.accounts.access import person, requires
from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.keyset import paginate
from hotline.receipts import services as receipts
from hotline.shell import number_in
from hotline.waiting.busy import Busy, with_retry
from reports import building, periods
from reports.content import cells, withholding
from reports.models import SCHEDULED, Edition, Report, ReportEvent, ReportKind, ReportRun

from . import jobs, life, versions, written
from .forms import OwnForm, ReasonForm, RemarkForm, SpecialForm

State = Edition.State


@requires(P.READ_REPORTS)
@require_GET
def reports(request: HttpRequest) -> HttpResponse:
    return _listed(request)


def _listed(request: HttpRequest, *, typed: dict[str, str] | None = None, status: int = 200) -> HttpResponse:
    """Reports, the newest period first, each with its editions; for who only reads, those that were issued to them."""
    user, kind = person(request), request.GET.get("kind", "")
    runs = ReportRun.objects.visible_to(user)
    editions = Edition.objects.filter(run__in=runs).select_related("run__built_by", "approved_by", "issued_by")
    found = Report.objects.select_related("unit").prefetch_related(
        Prefetch("editions", editions.defer("run__sections"), "seen")
    )
    if not user.may(P.SEE_REPORTS):
        found = found.filter(pk__in=editions.values("report"))
    if kind in ReportKind.values:
        found = found.filter(kind=kind)
    page, _order = paginate(request, found, {"newest": ("-start", "-id")}, "newest")
    periods_offered = {kind.value: periods.last_complete(kind).label for kind in SCHEDULED} | (typed or {})
    context = {
        "page": page,
        "kind": kind,
        "kinds": ReportKind.choices,
        "jobs": jobs.shown(user) if user.may(P.SEE_REPORTS) or user.may(P.ASK_OWN_REPORT) else [],
        "scheduled": [(kind.value, kind.label, periods_offered[kind]) for kind in SCHEDULED],
    }
    return render(request, "reports/list.html", context, status=status)


@requires(P.BUILD_REPORTS)
@require_POST
def build_report(request: HttpRequest) -> HttpResponse:
    """Has the report of a week or a month built by a worker."""
    kind, label = request.POST.get("kind", ""), request.POST.get("period", "").strip()[:24]
    try:
        if kind not in SCHEDULED:
            raise life.Objection(_t("Choose weekly or monthly."))
        period = _period(kind, label)
        if run := jobs.just_built(period):
            messages.info(
                request, _t("It was built just now; this is it. To build it once more, press “Build it anew”.")
            )
            return redirect(run)
        _ask(request, period)
    except life.Objection as objection:
        messages.error(request, objection.message)
        return _listed(request, typed={kind: label}, status=422)
    return redirect("reports")


def _ask(request: HttpRequest, period: periods.Period, **what: Any) -> None:
    """Leaves a job for the workers, once for a form; none where one is open. Raises life.Objection."""
    user = person(request)
    if jobs.under_way(period, what.get("kind", ""), scope=what.get("scope", ""), unit_id=what.get("unit_id")):
        messages.info(request, _t("This report is being built already; below is how far it has come."))
        return
    receipts.once_for(request, lambda: str(jobs.ask(period, by=user, **what).pk), person=user)
    if period.end > timezone.now():
        messages.warning(request, _t("The period is not over: the report will be marked as partial."))


def _period(kind: str, label: str) -> periods.Period:
    """The period that somebody has written. Raises Objection where it is none, or has not begun."""
    try:
        period = periods.parse(kind, label)
    except ValueError as error:
        raise life.Objection(str(error)) from error
    if period.start > timezone.now():
        raise life.Objection(_t("This period has not begun."))
    return period


@requires(P.BUILD_REPORTS)
def special(request: HttpRequest) -> HttpResponse:
    """The form of a special report, and having it built."""
    form = SpecialForm(request.POST or None)
    if request.method == "POST":
        try:
            if form.is_valid():
                _ask(request, form.period, kind=ReportKind.SPECIAL, scope=form.scope, unit_id=form.unit_id)
                return redirect("reports")
        except life.Objection as objection:
            form.add_error(None, objection.message)
        except Busy as busy:
            form.add_error(None, busy.message)
            return with_retry(render(request, "reports/special.html", {"form": form}, status=503))
    return render(request, "reports/special.html", {"form": form}, status=422 if form.errors else 200)


@requires(P.ASK_OWN_REPORT)
def own_report(request: HttpRequest) -> HttpResponse:
    """The form of a department's report on itself (本单位报告), and having it built."""
    user = person(request)
    form = OwnForm(request.POST or None, unit=user.department)
    if request.method == "POST":
        try:
            if form.is_valid():
                jobs.check_room(user)
                _ask(request, form.period, kind=ReportKind.SPECIAL, scope=form.scope, unit_id=form.unit_id)
                return redirect("reports")
        except life.Objection as objection:
            form.add_error(None, objection.message)
        except Busy as busy:
            form.add_error(None, busy.message)
            return with_retry(render(request, "reports/own.html", {"form": form}, status=503))
    return render(request, "reports/own.html", {"form": form}, status=422 if form.errors else 200)


@requires(P.BUILD_REPORTS)
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Has a report built anew: a further draft; of one that was issued a correction, which has a reason."""
    run, reason = _visible(request, pk), request.POST.get("reason", "").strip()[:500]
    report = run.edition.report
    try:
        period = periods.parse(report.kind, report.period)
        _ask(request, period, kind=report.kind, scope=report.scope, unit_id=report.unit_id, reason=reason)
    except life.Objection as objection:
        messages.error(request, objection.message)
        return _shown(request, run, forms={"typed_reason": reason}, status=422)
    return redirect("reports")


@requires(P.READ_REPORTS)
@require_GET
def progress(request: HttpRequest) -> HttpResponse:
    """Fragment of the list: how far the reports have come that are being built, and what has become of the last."""
    if not person(request).may(P.SEE_REPORTS) and not person(request).may(P.ASK_OWN_REPORT):
        raise PermissionDenied
    return render(request, "reports/_jobs.html", {"jobs": jobs.shown(person(request))})


@requires(P.READ_REPORTS)
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    if not user.may(P.BUILD_REPORTS) and not user.may(P.ASK_OWN_REPORT):
        raise PermissionDenied
    job = get_object_or_404(jobs.may_cancel(user), pk=pk)
    if jobs.cancel(job):
        messages.success(request, _t("Cancelled: the report is not built."))
    else:
        messages.error(request, _t("It had ended already: nothing was cancelled."))
    return redirect("reports")


# -- one report ---------------------------------------------------------------------------------------------


def _visible(request: HttpRequest, pk: int) -> ReportRun:
    rows = ReportRun.objects.visible_to(person(request))
    people = ("built_by", "edition__report__unit", "edition__approved_by", "edition__issued_by")
    return get_object_or_404(rows.select_related(*people), pk=pk)


@requires(P.READ_REPORTS)
@require_GET
def report(request: HttpRequest, pk: int) -> HttpResponse:
    return _shown(request, _visible(request, pk))


def _shown(
    request: HttpRequest, run: ReportRun, *, forms: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    user, edition = person(request), run.edition
    editions = list(edition.report.editions.select_related("run", "issued_by").defer("run__sections"))
    shown = editions if user.may(P.SEE_REPORTS) else _seen_by(user, editions)
    events = list(edition.events.select_related("by")) if user.may(P.SEE_REPORTS) else []
    remarks = _remarks(events)
    sections = withholding.sections_of(run)
    issued = [one for one in shown if one.version]
    before = next((one for one in issued if one.draft < edition.draft), None)
    context = {
        "run": run,
        "edition": edition,
        "report": edition.report,
        "sections": [
            section
            | {
                "body": body,
                "key": versions.key_of(section),
                "svg": svg,
                "heads": _heads(section),
                "remarks": remarks.get(versions.key_of(section), []),
            }
            for section, (body, svg) in zip(
                sections, written.of(run, sections, leads=user.may(P.SEE_REPORTS)), strict=True
            )
        ],
        "editions": shown,
        "newest": shown[0],
        "replaced_by": next((one for one in issued if edition.version and (one.version or 0) > edition.version), None),
        "before": before,
        "differences": _differences(before, sections) if before else [],
        "events": [event for event in events if event.what != ReportEvent.What.REMARK],
        "remarks": remarks.get("", []),
        "steps": _steps(edition, shown[0], user),
        "remark_form": RemarkForm(sections=_choices(sections)),
        "reason_form": ReasonForm(),
        "is_over": run.end <= timezone.now(),
    }
    return render(request, "reports/run.html", context | (forms or {}), status=status)


def _heads(section: versions.Section) -> list[tuple[str, bool]]:
    """The columns of a section, each with whether figures stand in it, to the right as they do."""
    columns = zip(section["columns"], zip(*section["rows"], strict=True), strict=False)
    return [(label, any(map(cells.is_number, column))) for label, column in columns]


def _seen_by(user: User, editions: list[Edition]) -> list[Edition]:
    """Those of a report's editions that somebody who makes no reports may read."""
    seen = set(ReportRun.objects.visible_to(user).filter(edition__in=editions).values_list("pk", flat=True))
    return [one for one in editions if one.run_id in seen]


def _remarks(events: list[ReportEvent]) -> dict[str, list[ReportEvent]]:
    found: dict[str, list[ReportEvent]] = defaultdict(list)
    for event in events:
        if event.what == ReportEvent.What.REMARK:
            found[event.section].append(event)
    return found


def _choices(sections: list[versions.Section]) -> list[tuple[str, str]]:
    return [(versions.key_of(section), f"{at}. {section['title']}") for at, section in enumerate(sections, 1)]


def _differences(before: Edition, sections: list[versions.Section]) -> list[versions.Compared]:
    """What differs from the edition that was issued before, as both may be read now."""
    return versions.differences(withholding.sections_of(ReportRun.objects.get(pk=before.run_id)), sections)


def _steps(edition: Edition, newest: Edition, user: User) -> dict[str, str]:
    """The steps that this person may take or could take, each with what stands in its way."""
    names = {State.DRAFT: ("approve",), State.APPROVED: ("issue", "take_back"), State.ISSUED: ()}[State(edition.state)]
    return {name: life.obstacle(edition, name, newest) for name in names if user.may(life.MAY[name])}


@requires(P.SEE_REPORTS)
@require_POST
def step(request: HttpRequest, pk: int) -> HttpResponse:
    """Approves a report, takes the approval back, issues it, or keeps a remark, as `do` says."""
    run, user, what = _visible(request, pk), person(request), request.POST.get("do", "")
    if what == "remark":
        return _remark(request, run)
    if what not in life.MAY:
        raise Http404
    if not user.may(life.MAY[what]):
        raise PermissionDenied
    seen = next(iter(number_in(request.POST.get("seen"))), -1)
    form = ReasonForm(request.POST)
    try:
        if what == "approve":
            life.approve(run.edition, seen=seen, actor=user)
            messages.success(request, _t("Approved. It can be issued now."))
        elif what == "issue":
            edition = life.issue(run.edition, seen=seen, actor=user)
            messages.success(request, _t("Issued as number %(number)d.") % {"number": edition.report.number or 0})
        elif form.is_valid():
            life.take_back(run.edition, seen=seen, actor=user, text=form.cleaned_data["text"])
            messages.success(request, _t("The approval was taken back; it is a draft again."))
        else:
            return _shown(request, run, forms={"reason_form": form}, status=422)
    except life.Objection as objection:
        messages.error(request, objection.message)
        typed: dict[str, Any] = {"reason_form": form} if what == "take_back" else {}
        status = 409 if isinstance(objection, life.Changed) else 422
        return _shown(request, _visible(request, pk), forms=typed, status=status)
    except Busy as busy:
        messages.error(request, busy.message)
        return with_retry(_shown(request, run, status=503))
    return redirect(run)


def _remark(request: HttpRequest, run: ReportRun) -> HttpResponse:
    user = person(request)
    if not user.may(P.REMARK_ON_REPORTS):
        raise PermissionDenied
    form = RemarkForm(request.POST, sections=_choices(run.sections))
    if not form.is_valid():
        return _shown(request, run, forms={"remark_form": form}, status=422)
    try:
        receipts.once_for(
            request, lambda: str(life.remark(run.edition, actor=user, **form.cleaned_data).pk), person=user
        )
    except Busy as busy:
        form.add_error(None, busy.message)
        return with_retry(_shown(request, run, forms={"remark_form": form}, status=503))
    messages.success(request, _t("The remark is kept."))
    return redirect(run)


@requires(P.READ_REPORTS)
@require_GET
def against(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Two editions of a report side by side: what differs, or with `all` everything."""
    one, two = _visible(request, pk), _visible(request, other)
    if one.pk == two.pk or one.edition.report_id != two.edition.report_id:
        raise Http404
    before, after = sorted((one, two), key=lambda run: run.edition.draft)
    sides = withholding.sections_of(before), withholding.sections_of(after)
    is_whole = "all" in request.GET
    context = {
        "before": before,
        "after": after,
        "is_whole": is_whole,
        "sections": versions.compared(*sides) if is_whole else versions.differences(*sides),
    }
    return render(request, "reports/against.html", context)


@requires(P.READ_REPORTS)
@require_GET
def report_file(request: HttpRequest, pk: int, form: str) -> FileResponse:
    run = _visible(request, pk)
    if form not in building.FORMS:
        raise Http404
    return FileResponse(building.file_of(run, form), as_attachment=True, filename=f"{_file_name(run)}.{form}")


def _file_name(run: ReportRun) -> str:
    edition = run.edition
    if not edition.version:
        return f"{run.title} {edition.name}"
    name = f"{run.title} {_t('Issue %(number)d') % {'number': edition.report.number or 0}}"
    return name if edition.version == 1 else f"{name} {edition.name}"
