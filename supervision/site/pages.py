"""On-site coordination: the list of meetings, the page on the spot that works with one thumb, and its papers."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_POST

from hotline import errors
from hotline.accounts.access import person, requires
from hotline.accounts.permissions import Permission as P
from hotline.downloads import download
from hotline.shell import number_in
from supervision.models import CoordinationTask, Participant, SiteEntry
from supervision.site import effects, papers, visit
from tickets.choices import Status
from tickets.models import Ticket
from tickets.workflow.performing import InvalidInput, NotAllowed, Refused
from tickets.workflow.table import ACTIONS

LISTED = 100
State, Kind = CoordinationTask.State, SiteEntry.Kind


@requires(P.SUPERVISE)
def coordinations(request: HttpRequest) -> HttpResponse:
    state = request.GET.get("state", State.CALLED)
    tasks = CoordinationTask.objects.select_related("ticket__matter", "department")
    tasks = tasks.filter(state=state) if state in State.values else tasks
    context = {"tasks": tasks.order_by("-meets_at", "-pk")[:LISTED], "states": State.choices, "state": state}
    return render(request, "supervision/coordinations.html", context)


@requires(P.SEE_REPORTS)
@require_GET
def coordination(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _task(pk))


def _task(pk: int) -> CoordinationTask:
    return get_object_or_404(
        CoordinationTask.objects.select_related("ticket__region__parent", "ticket__matter", "department"), pk=pk
    )


def _page(request: HttpRequest, task: CoordinationTask, *, status: int = 200, **context: Any) -> HttpResponse:
    """The page on the spot: who came, what they say, what is found, who is responsible, and what was done."""
    user = person(request)
    may_note = user.may(P.SUPERVISE)
    may = {kind: may_note and task.state in states for kind, states in visit.NOTED_WHILE.items()}
    tickets = (
        Ticket.objects.visible_to(user).filter(coordinated_in__task=task).for_list().order_by("registered_at", "pk")
    )
    entries = task.entries.filter(attachment__isnull=False).select_related("attachment", "by")
    context = {
        "task": task,
        "ticket": task.ticket,
        "participants": task.participants.select_related("department", "signature"),
        "tickets": tickets,
        "photos": [entry for entry in entries if entry.kind != Kind.SIGNED],
        "others": task.ticket.attachments.exclude(pk__in=[entry.attachment_id for entry in entries]),
        "may": may,
        "first": effects.first_caller(task) if task.state == State.DONE else None,
        "limit_mb": settings.MAX_ATTACHMENT_BYTES // 2**20,
    } | context
    if may[Kind.DETERMINED] and task.ticket.status == Status.COORDINATING:
        initial = {"findings": task.findings}
        context.setdefault("determine", ACTIONS["determine"].input(ticket=task.ticket, user=user, initial=initial))
    return render(request, "supervision/coordination.html", context, status=status)


@requires(P.SUPERVISE)
@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Keeps one entry; the page's script asks for JSON, a browser without it is sent back to the page."""
    task = _task(pk)
    by_script = "application/json" in request.headers.get("Accept", "")
    party = Participant.objects.filter(pk__in=number_in(request.POST.get("participant"))).first()
    try:
        visit.record(
            task, kind=request.POST.get("kind", ""), actor=person(request),
            key=_key(request.POST.get("key") or request.POST.get("form_key")),
            at=_moment(request.POST.get("at")), participant=party, text=request.POST.get("text", ""),
            upload=request.FILES.get("file"), given=request.POST,
        )  # fmt: skip
    except InvalidInput as refused:
        if by_script:
            return _refused(refused.details)
        return _page(request, task, status=422, determine=refused.form)
    except NotAllowed as refused:
        raise PermissionDenied from refused
    except Refused as refused:
        if by_script:
            return _refused(refused.message)
        if errors.typed(request):
            return errors.page(
                request, 409, refused.message
            )  # with what was typed, which the meeting's page would drop
        messages.error(request, refused.message)
    else:
        if by_script:
            return JsonResponse({"kept": True})
    kind = request.POST.get("kind", "")
    return redirect(f"{task.get_absolute_url()}#{kind}" if kind in visit.NOTED_WHILE else task.get_absolute_url())


def _refused(message: str) -> JsonResponse:
    return JsonResponse({"message": message}, status=422)


def _key(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None


def _moment(text: str | None) -> datetime | None:
    try:
        found = parse_datetime(text or "")
        return found.astimezone(UTC) if found is not None and timezone.is_aware(found) else None
    except (ValueError, OverflowError):
        return None


@requires(P.SEE_REPORTS)
@require_GET
def minutes(request: HttpRequest, pk: int) -> HttpResponse:
    task = _task(pk)
    return download(papers.minutes(task), f"minutes-{task.pk}.docx")


@requires(P.SEE_REPORTS)
@require_GET
def invitation(request: HttpRequest, pk: int) -> HttpResponse:
    task = _task(pk)
    content = papers.invitation(task, request.build_absolute_uri(task.get_absolute_url()))
    return download(content, f"meeting-{task.pk}.ics")


@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The script that keeps the page of a meeting on the telephone; it must stand above the pages that it keeps."""
    script = (settings.BASE_DIR / "static" / "site-worker.js").read_text(encoding="utf-8")
    return HttpResponse(script, content_type="text/javascript")
