"""Pages of the place book: finding, changing, merging and retiring places, and reading sheets in."""

from __future__ import annotations

from pathlib import PurePath

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from dispatch.places import sheet
from dispatch.places.forms import MergeForm, PlaceForm, PlaceSheetForm
from dispatch.sheets.grids import Unreadable
from dispatch.sheets.workbooks import ON_A_PAGE
from hotline.accounts.access import person, requires
from hotline.accounts.models import Region
from hotline.accounts.permissions import Permission as P
from hotline.downloads import download
from hotline.receipts import services as receipts
from hotline.shell import number_in
from hotline.text import one_line
from tickets.models import Place, PlaceProposal, PlaceSheet
from tickets.places import book, learning

PAGE_SIZE, SHOWN = 50, 40


@requires(P.SEE_PLACES)
@require_GET
def places(request: HttpRequest) -> HttpResponse:
    """The book, found by any name, community or region; and what it makes of an address that is tried."""
    tabs = {"held": _("In use"), "unsure": _("Unsure"), "retired": _("Retired")}
    tab = request.GET.get("tab", "held")
    tab = tab if tab in tabs else "held"
    held = Place.objects.filter(retired_at=None)
    rows = {
        "held": held,
        "unsure": held.filter(confidence__lt=book.TAKEN),
        "retired": Place.objects.exclude(retired_at=None),
    }[tab]
    words = one_line(request.GET.get("q", ""))[:40]
    if words:
        named = Q(name__icontains=words) | Q(aliases__icontains=words) | Q(community__icontains=words)
        regions = [one.pk for one in Region.objects.select_related("parent") if words in one.full_name]
        rows = rows.filter(named | Q(region__in=regions))
    kind = request.GET.get("kind", "")
    if kind in Place.Kind.values:
        rows = rows.filter(kind=kind)
    page = Paginator(rows.select_related("region__parent", "merged_into"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "tabs": tabs.items(), "tab": tab, "page": page, "words": words, "kind": kind, "kinds": Place.Kind.choices,
        "may_change": person(request).may(P.KEEP_PLACES), "taken": book.TAKEN,
        "waiting": PlaceProposal.objects.filter(state__in=learning.WAITING).count(),
    }  # fmt: skip
    return render(request, "dispatch/places/places.html", context)


@requires(P.KEEP_PLACES)
def new_place(request: HttpRequest) -> HttpResponse:
    asked = number_in(request.GET.get("proposal") or request.POST.get("proposal"))
    proposal = PlaceProposal.objects.filter(pk__in=asked, is_alias=False).select_related("region").first()
    known = {"name": proposal.name, "kind": proposal.kind, "region": proposal.region_id} if proposal else {}
    form = PlaceForm(request.POST or None, initial=known)
    if request.method == "POST" and form.is_valid():

        def add() -> str:
            form.instance.added_by = person(request)
            form.save()
            if proposal:
                learning.release_as(proposal, form.instance, person(request), timezone.now())
            learning.settle_what_stands(person(request), timezone.now())
            return str(form.instance)

        try:
            done = receipts.once_for(request, add, person=person(request))
        except IntegrityError:  # somebody else added it in this moment
            form.tell_taken()
        else:
            book.forget()
            messages.success(request, _t("“%(name)s” stands in the place book.") % {"name": done.outcome})
            return redirect("places")
    status = 422 if form.is_bound else 200
    context = {"form": form, "may_change": True, "proposal": proposal}
    return render(request, "dispatch/places/place.html", context, status=status)


@requires(P.SEE_PLACES)
def place(request: HttpRequest, pk: int) -> HttpResponse:
    """One place: changed, merged into another of its region, retired or taken up again by who may."""
    found = get_object_or_404(Place.objects.select_related("region__parent", "added_by", "changed_by"), pk=pk)
    may_change = person(request).may(P.KEEP_PLACES)
    then = request.POST.get("then", "")
    form = PlaceForm(request.POST if then == "change" else None, instance=found)
    merging = MergeForm(request.POST if then == "merge" else None, place=found)
    if request.method == "POST":
        return _changed(request, found, form, merging) if may_change else HttpResponse(status=403)
    return _shown(request, found, form, merging, may_change=may_change)


def _shown(
    request: HttpRequest, found: Place, form: PlaceForm, merging: MergeForm, *, may_change: bool, status: int = 200
) -> HttpResponse:
    context = {"place": found, "form": form, "merging": merging, "may_change": may_change}
    return render(request, "dispatch/places/place.html", context, status=status)


def _changed(request: HttpRequest, found: Place, form: PlaceForm, merging: MergeForm) -> HttpResponse:
    then = request.POST.get("then", "")
    found.changed_by = person(request)
    if then == "change" and form.is_valid():
        form.save()
    elif then == "merge" and merging.is_valid():
        _merge(found, merging.cleaned_data["into"])
    elif then == "retire":
        found.retired_at = timezone.now()
        found.save(update_fields=["retired_at", "changed_by", "changed_at"])
    elif then == "restore" and not _stands(found):
        found.retired_at, found.merged_into = None, None
        found.save(update_fields=["retired_at", "merged_into", "changed_by", "changed_at"])
    elif then == "restore":
        messages.error(request, _t("This region has a place of this name already."))
        return redirect(found)
    else:
        return _shown(request, found, form, merging, may_change=True, status=422)
    book.forget()
    messages.success(request, _t("“%(name)s” is changed.") % {"name": found.name})
    return redirect("places")


def _stands(found: Place) -> bool:
    """Whether another place in use has its name and region."""
    return Place.objects.filter(name=found.name, region=found.region, retired_at=None).exclude(pk=found.pk).exists()


@transaction.atomic
def _merge(found: Place, into: Place) -> None:
    """Retires a place; the other answers to its names from now on."""
    into.answer_to([found.name, *found.aliases], by=found.changed_by)
    found.retired_at, found.merged_into = timezone.now(), into
    found.save(update_fields=["retired_at", "merged_into", "changed_by", "changed_at"])


@requires(P.KEEP_PLACES)
def import_places(request: HttpRequest) -> HttpResponse:
    """A sheet is read; nothing is written into the book before somebody has looked at what it would change."""
    form = PlaceSheetForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]

        def read() -> str:
            table = sheet.table(file.read(ON_A_PAGE.size + 1))
            found = sheet.read(table)
            rejected = [(row.number, row.cells, reason) for row, reason in found.rejected]
            made = PlaceSheet.objects.create(
                made_by=person(request), name=one_line(PurePath(file.name).stem)[:200], rows=found.entries,
                heading=table.heading, rejected=rejected,
            )  # fmt: skip
            return made.get_absolute_url()

        try:
            return redirect(receipts.once_for(request, read, person=person(request)).outcome)
        except Unreadable as error:
            form.add_error("file", str(error))
    return render(request, "dispatch/places/import.html", {"form": form}, status=422 if form.is_bound else 200)


@requires(P.KEEP_PLACES)
def place_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """What a sheet would change, and the word that takes it in."""
    found = get_object_or_404(PlaceSheet, pk=pk)
    entries = [sheet.Entry(*row) for row in found.rows]
    if request.method == "POST":
        with transaction.atomic():
            found = PlaceSheet.objects.select_for_update(no_key=True).get(pk=pk)
            if found.taken_at is None:
                sheet.take_in(entries, actor=person(request))
                found.taken_at = timezone.now()
                found.save(update_fields=["taken_at"])
        messages.success(request, _t("The sheet is taken into the place book."))
        return redirect("places")
    regions = {one.pk: one for one in Region.objects.select_related("parent")}
    changing = [one for one in entries if one.becomes != sheet.SAME]
    context = {
        "sheet": found, "new": sum(one.becomes == sheet.NEW for one in entries),
        "changed": sum(one.becomes == sheet.CHANGED for one in entries),
        "same": sum(one.becomes == sheet.SAME for one in entries), "more": len(changing[SHOWN:]),
        "entries": [
            (one, Place.Kind(one.kind).label, regions[one.region], "、".join(one.aliases)) for one in changing[:SHOWN]
        ],
        "rejected": [(number, reason) for number, _cells, reason in found.rejected[:SHOWN]],
        "more_rejected": len(found.rejected[SHOWN:]),
    }  # fmt: skip
    return render(request, "dispatch/places/sheet.html", context)


@requires(P.KEEP_PLACES)
@require_GET
def rejected_rows(request: HttpRequest, pk: int) -> HttpResponse:
    """The refused rows of a sheet, with the reasons."""
    found = get_object_or_404(PlaceSheet, pk=pk)
    return download(sheet.rejected_csv(found), f"places-{found.pk}.rejected.csv")


@requires(P.SEE_PLACES)
@require_GET
def export_places(request: HttpRequest) -> HttpResponse:
    """The book as a workbook that can be changed and read in again."""
    rows = Place.objects.filter(retired_at=None).select_related("region__parent").order_by("region__code", "name")
    return download(sheet.write(rows), "places.xlsx")
