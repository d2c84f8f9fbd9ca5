"""Every address of the house with an example of its arguments, so that a new one is walked by itself.

One that takes arguments which nobody has given an example of fails where it is asked for.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver

from dispatch.models import CitySheet
from hotline.accounts.models import Department, User
from hotline.setting_up.tables import TABLES
from knowledge.models import Article, ArticleFile
from matters.models import Proposal
from reports.models import Job, ReportRun
from supervision.models import CoordinationTask, Notice, SupervisionOrder
from tickets.models import (
    AnswerTemplate,
    Attachment,
    Caller,
    Category,
    Matter,
    MissedCall,
    Place,
    PlaceSheet,
    TicketExport,
)
from tickets.workflow.table import ACTIONS, STARTING

Arguments = dict[str, Any]
FULL_WALK = 3  # of the tickets given, so many are looked at with every action


def named_addresses(
    resolver: Any = None, namespace: str = "", above: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every address that has a name, with the names of its arguments."""
    for entry in (resolver or get_resolver()).url_patterns:
        arguments = (*above, *entry.pattern.regex.groupindex)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from named_addresses(entry, inner, arguments)
        elif isinstance(entry, URLPattern) and entry.name:
            yield f"{namespace}{entry.name}", arguments


def keys(rows: Any, name: str = "pk") -> list[Arguments]:
    return [{name: pk} for pk in rows.values_list("pk", flat=True)]


# By the name of the address, from the numbers of the tickets that are walked.
EXAMPLES: dict[str, Callable[[list[str]], list[Arguments]]] = {
    "about-earlier": lambda numbers: [{"number": number, "deed": "pass_on"} for number in numbers],
    "answer-template": lambda numbers: keys(AnswerTemplate.objects.all()[:1]),
    "attachment": lambda numbers: keys(Attachment.objects.all()),
    "api-department-detail": lambda numbers: keys(Department.objects.all()[:1]),
    "api-category-detail": lambda numbers: keys(Category.objects.all()[:1]),
    "api-place-detail": lambda numbers: keys(Place.objects.all()[:1]),
    "missed-take": lambda numbers: keys(MissedCall.objects.all()[:2]),
    "missed-end": lambda numbers: keys(MissedCall.objects.all()[:2]),
    "call-back": lambda numbers: keys(MissedCall.objects.all()[:2]),
    "api-missed-call-detail": lambda numbers: keys(MissedCall.objects.all()[:1]),
    "person": lambda numbers: keys(User.objects.filter(is_active=True)[:2]),
    "set-up-table": lambda numbers: [{"name": name} for name in TABLES],
    "set-up-add": lambda numbers: [{"name": name} for name in TABLES],
    "set-up-row": lambda numbers: [
        {"name": name, "pk": pk}
        for name, table in TABLES.items()
        for pk in table.rows().values_list("pk", flat=True)[:1]
    ],
    "city-import": lambda numbers: [{"name": name} for name in ("people", "departments", "regions", "categories")],
    "city-export": lambda numbers: [{"name": name} for name in ("people", "departments", "regions", "categories")],
    "city-sheet": lambda numbers: keys(CitySheet.objects.all()[:2]),
    "place": lambda numbers: keys(Place.objects.all()[:1]),
    "place-sheet": lambda numbers: keys(PlaceSheet.objects.all()[:1]),
    "place-sheet-rejected": lambda numbers: keys(PlaceSheet.objects.all()[:1]),
    "revoke-token": lambda numbers: [{"digest": "0" * 128}],
    "caller": lambda numbers: keys(Caller.objects.all()[:4]),
    "settle-person": lambda numbers: [
        {"pk": one, "other": other, "word": word}
        for one, other in itertools.pairwise(Caller.objects.values_list("pk", flat=True)[:2])
        for word in ("same", "other")
    ],
    "matter-change": lambda numbers: [
        {"pk": pk, "deed": deed}
        for pk in Matter.objects.values_list("pk", flat=True)[:1]
        for deed in ("name", "lead", "merge", "split")
    ],
    "matter-proposal": lambda numbers: [
        {"pk": pk, "word": word}
        for pk in Proposal.objects.values_list("pk", flat=True)[:1]
        for word in ("take", "refuse")
    ],
    "matter-together": lambda numbers: [
        {"pk": pk, "name": name}
        for pk in Matter.objects.values_list("pk", flat=True)[:1]
        for name in ("accept", "progress", "answer", "ask_extension", "close")
    ],
    "matter": lambda numbers: keys(Matter.objects.all()),
    "order": lambda numbers: [
        {"number": number} for number in SupervisionOrder.objects.values_list("number", flat=True)
    ],
    "ticket-export-file": lambda numbers: keys(TicketExport.objects.all()[:1]),
    "ticket-export-end": lambda numbers: keys(TicketExport.objects.all()[:1]),
    "ticket-action": lambda numbers: [
        {"number": number, "name": name} for number in numbers[:FULL_WALK] for name in ACTIONS if name != STARTING
    ],
    "article": lambda numbers: keys(Article.objects.all()[:1]),
    "api-article-detail": lambda numbers: keys(Article.objects.all()[:1]),
    "api-message-detail": lambda numbers: keys(Notice.objects.all()[:1]),
    "api-message-read": lambda numbers: keys(Notice.objects.all()[:1]),
    "article-edit": lambda numbers: keys(Article.objects.all()[:1]),
    "article-settle": lambda numbers: keys(Article.objects.all()[:1]),
    "article-file": lambda numbers: keys(ArticleFile.objects.all()[:1]),
    "directory-version": lambda numbers: [{"pk": 1}],
    "coordination": lambda numbers: keys(CoordinationTask.objects.all()),
    "site-note": lambda numbers: keys(CoordinationTask.objects.all()),
    "minutes": lambda numbers: keys(CoordinationTask.objects.all()),
    "meeting": lambda numbers: keys(CoordinationTask.objects.all()),
    "guide": lambda numbers: [{"role": "operator"}],
    "figure-tickets": lambda numbers: [
        {"name": name} for name in ("received", "on_time_rate", "call_back_on_time_rate", "picked_up")
    ],
    "abnormal-tickets": lambda numbers: [{"way": "overdue"}],
    "report": lambda numbers: keys(ReportRun.objects.all()),
    "report-template-file": lambda numbers: [{"which": which} for which in ("current", "shipped", "example")],
    "report-cancel": lambda numbers: keys(Job.objects.all()[:1]),
    "api-report-detail": lambda numbers: keys(ReportRun.objects.all()[:1]),
    "report-again": lambda numbers: keys(ReportRun.objects.all()[:1]),
    "report-step": lambda numbers: keys(ReportRun.objects.all()),
    "report-against": lambda numbers: [
        {"pk": one, "other": other}
        for one, other in itertools.pairwise(ReportRun.objects.order_by("pk").values_list("pk", flat=True)[:2])
    ],
    "report-file": lambda numbers: [
        {"pk": pk, "form": form} for pk in ReportRun.objects.values_list("pk", flat=True) for form in ("docx", "xlsx")
    ],
}


def admin_arguments(name: str, arguments: tuple[str, ...]) -> list[Arguments]:
    """Arguments of a page of Django's set-up: the first row of its table."""
    for model in admin.site._registry:
        if name.startswith(f"admin:{model._meta.app_label}_{model._meta.model_name}_"):
            return [dict.fromkeys(arguments, model._default_manager.values_list("pk", flat=True).first() or 1)]
    known: Arguments = {"app_label": "tickets", "content_type_id": 1, "object_id": 1, "id": 1}
    return [{argument: known[argument] for argument in arguments}]


def examples(name: str, arguments: tuple[str, ...], numbers: list[str]) -> list[Arguments]:
    """Arguments to open `name` with, for the tickets of `numbers`."""
    if not arguments:
        return [{}]
    if name in EXAMPLES:
        return EXAMPLES[name](numbers)
    if name.startswith("admin:"):
        return admin_arguments(name, arguments)
    assert arguments == ("number",), f"{name} takes {arguments}: give an example of it, so that it is walked too"
    return [{"number": number} for number in numbers]
