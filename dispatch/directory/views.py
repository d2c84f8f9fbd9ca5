"""Pages of the responsibility directory: reading, changing by line or by sheet, checking, and its versions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from dispatch.directory import check, preview, sheet, versions
from dispatch.directory.book import Line, holding, lines_of, standing
from dispatch.directory.forms import LineForm, SheetForm, as_settled, as_written
from dispatch.models import DirectoryEntry, DirectoryVersion, Precedent
from dispatch.sheets.tables import Table
from dispatch.sheets.workbooks import ON_A_PAGE
from hotline.accounts.access import person, requires
from hotline.accounts.models import Department, Region
from hotline.accounts.permissions import Permission as P
from hotline.downloads import download
from hotline.receipts import services as receipts
from hotline.shell import number_in
from tickets.models import Category, Ticket

PAGE_SIZE = 50
DRAFTS_SHOWN, VERSIONS_SHOWN, PRECEDENTS_SHOWN, PROBLEMS_SHOWN = 10, 100, 100, 40
State = DirectoryVersion.State


@requires(P.SEE_DIRECTORY)
@require_GET
def lines(request: HttpRequest) -> HttpResponse:
    """The lines that hold today, or all that are to hold or have held, found by any of their names."""
    tabs = {"today": _("Holds today"), "down": _("Sent down by departments"), "other": _("To come and past")}
    tab = request.GET.get("tab", "today")
    tab = tab if tab in tabs else "today"
    today = timezone.localdate()
    rows = {
        "today": holding(today).filter(sender__isnull=True),
        "down": holding(today).filter(sender__isnull=False),
        "other": standing().exclude(pk__in=holding(today).values("pk")),
    }[tab]
    words = request.GET.get("q", "").strip()[:40]
    if words:
        named = ("category__name", "region__name", "department__name", "assisting__name", "sender__name", "basis")
        rows = rows.filter(pk__in=_naming(rows, words, named).values("pk"))
    page = Paginator(_shown(rows), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "tabs": tabs.items(), "tab": tab, "page": page, "words": words, "number": versions.latest(),
        "drafts": DirectoryVersion.objects.filter(state=State.DRAFT).order_by("-made_at", "-pk")[:DRAFTS_SHOWN],
        "may_change": person(request).may(P.KEEP_DIRECTORY),
    }  # fmt: skip
    return render(request, "dispatch/directory/lines.html", context)


def _naming(rows: QuerySet[DirectoryEntry], words: str, columns: tuple[str, ...]) -> QuerySet[DirectoryEntry]:
    """The rows in which some column holds the words; a category is found by those above it too."""
    condition = Q()
    for column in columns:
        condition |= Q(**{f"{column}__icontains": words})
    above = Category.objects.filter(name__icontains=words).values_list("path", flat=True)[:PAGE_SIZE]
    for path in above:
        condition |= Q(category__path__startswith=path)
    return rows.filter(condition)


def _shown(rows: QuerySet[DirectoryEntry]) -> QuerySet[DirectoryEntry]:
    return (
        rows.select_related("sender", "category__parent__parent", "region__parent", "department")
        .prefetch_related("assisting")
        .order_by("category__code", "region__code", "valid_from", "pk")
    )


@requires(P.KEEP_DIRECTORY)
def line(request: HttpRequest) -> HttpResponse:
    """One line, new or instead of another or from a precedent; it becomes a draft."""
    entry = standing().filter(pk__in=number_in(request.GET.get("instead"))).first()
    # The directory is kept by administrators too, who see no tickets and nothing that was settled of one.
    readable = Precedent.objects.filter(ticket__in=Ticket.objects.visible_to(request.user))
    precedent = readable.filter(pk__in=number_in(request.GET.get("precedent"))).first()
    initial = as_written(entry) if entry else as_settled(precedent) if precedent else {}
    form = LineForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        old = Line.of(entry) if entry else None

        def draft() -> str:
            made = versions.draft_line(
                form.line(), instead_of=old, note=form.cleaned_data["note"], actor=person(request)
            )
            return made.get_absolute_url() if made else ""

        try:
            done = receipts.once_for(request, draft, person=person(request))
        except versions.Unfit as unfit:
            for fault in unfit.faults:
                form.add_error(None, fault.text)
        else:
            if done.outcome:
                return redirect(done.outcome)
            form.add_error(None, _t("The directory says this already."))
    return render(request, "dispatch/directory/line.html", {"form": form, "entry": entry, "precedent": precedent})


@requires(P.KEEP_DIRECTORY)
def import_sheet(request: HttpRequest) -> HttpResponse:
    """A workbook that shall become the directory: a draft, or everything that is wrong with it by row."""
    form = SheetForm(request.POST or None, request.FILES or None)
    problems: list[sheet.Problem] = []
    if request.method == "POST" and form.is_valid():

        def draft() -> str:
            table = sheet.table(form.cleaned_data["file"].read(ON_A_PAGE.size + 1))
            made = versions.draft_whole(sheet.lines(table), note=form.cleaned_data["note"], actor=person(request))
            if others := sheet.not_read(table):
                messages.info(request, _read_only_from(table, others))
            return made.get_absolute_url() if made else ""

        try:
            done = receipts.once_for(request, draft, person=person(request))
        except sheet.Refused as refused:
            problems = list(refused.problems)
        else:
            if done.outcome:
                return redirect(done.outcome)
            messages.info(request, _t("The sheet is the directory as it stands; nothing is to be changed."))
            return redirect("directory")
    context = {"form": form, "problems": problems[:PROBLEMS_SHOWN], "more": len(problems[PROBLEMS_SHOWN:])}
    return render(request, "dispatch/directory/import.html", context, status=422 if problems else 200)


def _read_only_from(table: Table, others: list[str]) -> str:
    """Says which sheet of a workbook was taken, where there are others."""
    return _t("Read from the sheet “%(name)s”, %(count)d rows. Not read: %(others)s.") % {
        "name": table.sheet, "count": len(table.rows), "others": _t(", ").join(others),
    }  # fmt: skip


@requires(P.SEE_DIRECTORY)
@require_GET
def export_sheet(request: HttpRequest) -> HttpResponse:
    """The directory as it stands, or as it stood in version `?version=`, as a workbook."""
    number = next(iter(number_in(request.GET.get("version"))), None)
    found = lines_of(standing()) if number is None else versions.lines_in(number)
    return download(sheet.write(found), f"directory-{number or versions.latest()}.xlsx")


@requires(P.SEE_DIRECTORY)
@require_GET
def check_page(request: HttpRequest) -> HttpResponse:
    found = check.findings()
    kinds = [(kind, kind.label, sum(one.kind == kind for one in found)) for kind in check.Kind]
    kind = request.GET.get("kind", "")
    shown = [one for one in found if one.kind == kind] if kind in check.Kind.values else found
    page = Paginator(shown, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "kinds": kinds, "kind": kind, "count": len(found),
               "may_change": person(request).may(P.KEEP_DIRECTORY)}  # fmt: skip
    return render(request, "dispatch/directory/check.html", context)


@requires(P.SEE_DIRECTORY)
@require_GET
def version_list(request: HttpRequest) -> HttpResponse:
    found = DirectoryVersion.objects.select_related("made_by", "settled_by").order_by("-made_at", "-pk")[
        :VERSIONS_SHOWN
    ]
    return render(request, "dispatch/directory/versions.html", {"versions": found, "number": versions.latest()})


@requires(P.SEE_DIRECTORY)
def version(request: HttpRequest, pk: int) -> HttpResponse:
    """What a version brings and withdraws; of a draft also what it would change, and the word that puts it in force."""
    found = get_object_or_404(DirectoryVersion.objects.select_related("made_by", "settled_by"), pk=pk)
    may_change = person(request).may(P.KEEP_DIRECTORY)
    if request.method == "POST":
        return _settle(request, found, may_change)
    withdrawn = DirectoryEntry.objects.filter(pk__in=found.withdrawn)
    context: dict[str, Any] = {
        "version": found, "withdrawn": _shown(withdrawn), "may_change": may_change,
        "brought": _named(versions.brought_by(found)),
    }  # fmt: skip
    if found.state == State.DRAFT:
        context["preview"] = preview.of(found)
        context["findings"] = _new_findings(found)
        context["is_old"] = found.base != versions.latest()
    return render(request, "dispatch/directory/version.html", context)


def _settle(request: HttpRequest, found: DirectoryVersion, may_change: bool) -> HttpResponse:
    if not may_change:
        raise PermissionDenied
    try:
        if request.POST.get("then") == "put_in_force":
            done = versions.put_in_force(found, actor=person(request))
            messages.success(request, _t("Version %(number)d is in force.") % {"number": done.number})
        else:
            versions.discard(found, actor=person(request))
            messages.success(request, _t("The draft is discarded."))
    except versions.Unfit as unfit:
        for fault in unfit.faults:
            messages.error(request, fault.text)
        return redirect(found)
    return redirect("directory")


def _new_findings(draft: DirectoryVersion) -> list[check.Finding]:
    """What the check would find with the draft that it does not find now."""
    known = {one.text for one in check.findings()}
    return [one for one in check.findings(lines=versions.lines_with(draft)) if one.text not in known]


def _named(found: list[Line]) -> list[dict[str, Any]]:
    """Lines that are no rows yet, with the names of what they point to."""
    departments, categories = Department.objects.in_bulk(), Category.objects.select_related("parent__parent").in_bulk()
    regions = {region.pk: region for region in Region.objects.select_related("parent")}
    return [
        {
            "sender": departments.get(one.sender or 0), "category": categories[one.category],
            "region": regions[one.region], "department": departments[one.department],
            "assisting": {"all": [departments[pk] for pk in one.assisting]}, "basis": one.basis,
            "valid_from": one.valid_from, "valid_until": one.valid_until,
        }
        for one in found
    ]  # fmt: skip


@requires(P.SEE_SUGGESTIONS)
@require_GET
def precedent_list(request: HttpRequest) -> HttpResponse:
    """Settled responsibilities; each can be put into the directory, so that it holds for all of its kind."""
    # First which they are, apart: PostgreSQL would else read the tickets of all precedents before it picks these.
    latest = list(Precedent.objects.order_by("-made_at", "-pk").values_list("pk", flat=True)[:PRECEDENTS_SHOWN])
    found = (
        Precedent.objects.filter(pk__in=latest)
        .select_related("ticket", "category__parent__parent", "region__parent", "department")
        .order_by("-made_at", "-pk")
    )
    context = {"precedents": found, "may_change": person(request).may(P.KEEP_DIRECTORY)}
    return render(request, "dispatch/directory/precedents.html", context)
