"""Pages on which people, departments, regions and categories are read in from a sheet, and written out.

What a sheet would do is found by doing it and taking it back (`laying.one_sheet`), so that the page and the command go
by the same rules. It is taken in by one button, while no row is wrong and what the page said still holds.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from dispatch.city import laying, sheets, writing
from dispatch.models import CitySheet
from dispatch.sheets.grids import Unreadable
from dispatch.sheets.tables import Row, Table
from dispatch.sheets.workbooks import ON_A_PAGE
from hotline.accounts.access import person, requires
from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.downloads import download
from hotline.receipts import services as receipts
from hotline.setting_up.changing import log
from hotline.setting_up.people import FILTERS
from hotline.text import one_line

MOST_ROWS = 10_000
SHOWN = 200  # changes; of what is wrong all is shown, up to:
WRONG_SHOWN = 1000
LABELS = {
    "people": _("People"), "departments": _("Departments of the city"), "regions": _("Regions"),
    "categories": _("Categories"),
}  # fmt: skip


class SheetForm(forms.Form):
    file = forms.FileField(label=_("Excel workbook or CSV"), widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}))


class _Otherwise(Exception):
    """What a sheet does is not what its page said."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__()
        self.told = told


def _label(name: str) -> Any:
    if name not in LABELS:
        raise Http404
    return LABELS[name]


def _home(name: str) -> str:
    """The page of the rows that a sheet is about."""
    return reverse("people") if name == "people" else reverse("set-up-table", args=[name])


@requires(P.SET_UP)
@require_GET
def export_sheet(request: HttpRequest, name: str) -> HttpResponse:
    """The rows as they stand, as a workbook that can be changed and read in again. It holds no passwords."""
    _label(name)
    return download(writing.workbook(name), f"{name}.xlsx")


@requires(P.SET_UP)
def import_sheet(request: HttpRequest, name: str) -> HttpResponse:
    """A sheet is read and tried; nothing is changed before somebody has looked at what it would change."""
    label, form = _label(name), SheetForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]

        def read() -> str:
            table = sheets.ALL[name].read_sent(file.read(ON_A_PAGE.size + 1))
            if len(table.rows) > MOST_ROWS:
                raise Unreadable(_t("The sheet has more than %(count)d rows.") % {"count": MOST_ROWS})
            made = CitySheet.objects.create(
                sheet=name, made_by=person(request), name=one_line(PurePath(file.name).stem)[:200],
                rows=[[row.number, row.values, row.fault] for row in table.rows],
                told=_told(laying.one_sheet(name, table, actor=person(request), keep=False)),
            )  # fmt: skip
            return made.get_absolute_url()

        try:
            return redirect(receipts.once_for(request, read, person=person(request)).outcome)
        except Unreadable as error:
            form.add_error("file", str(error))
    sheet = sheets.ALL[name]
    context = {
        "form": form, "label": label, "sheet": name, "home": _home(name), "columns": sheet.columns.values(),
        "needed": [sheet.columns[column] for column in sheet.needed],
    }  # fmt: skip
    return render(request, "dispatch/city/import.html", context, status=422 if form.is_bound else 200)


def _told(work: laying.Work) -> dict[str, Any]:
    """What is kept of trying a sheet, as JSON keeps it."""
    return {
        "counts": dict(work.counts),
        "entries": [[entry.row, entry.what, entry.becomes, list(map(list, entry.changes))] for entry in work.entries],
        "problems": [[problem.row, problem.text] for problem in sorted(work.problems, key=lambda one: one.row)],
    }


@requires(P.SET_UP)
def city_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """What a sheet would change, and the button that takes it in."""
    found = get_object_or_404(CitySheet, pk=pk)
    status = 200
    if request.method == "POST":
        try:
            took = _take_in(found.pk, by=person(request))
        except (_Otherwise, IntegrityError) as error:  # somebody was faster
            status = 409
            found.told = error.told if isinstance(error, _Otherwise) else found.told
            found.save(update_fields=["told"])
            messages.error(request, _t("What stands has changed since: look at it again. Nothing was taken in."))
        else:
            if took:
                messages.success(request, _t("The sheet is taken in."))
            return redirect(found)
    return _shown(request, found, status)


def _take_in(pk: int, *, by: User) -> bool:
    """Takes a sheet in that is not yet; false where it is, or may not be. Raises _Otherwise, with nothing changed."""
    with transaction.atomic():
        found = CitySheet.objects.select_for_update(no_key=True).get(pk=pk)
        if found.taken_at is not None or found.told["problems"]:
            return False
        table = Table([], [Row(number, values, [], fault) for number, values, fault in found.rows])
        work = laying.one_sheet(found.sheet, table, actor=by, keep=True)
        if (told := _told(work)) != found.told:
            raise _Otherwise(told)
        note = _t("From the sheet “%(name)s”") % {"name": found.name}
        log(work.made, by=by, is_new=True, note=note)
        log(work.altered, by=by, is_new=False, note=note)
        found.taken_at, found.rows = timezone.now(), []
        found.save(update_fields=["taken_at", "rows"])
    return True


def _shown(request: HttpRequest, found: CitySheet, status: int) -> HttpResponse:
    told = found.told
    entries = sorted(told["entries"], key=lambda entry: (entry[2] != laying.CHANGED, entry[0]))
    problems = told["problems"]
    owes = found.taken_at and found.sheet == "people" and User.objects.filter(FILTERS["without"]).exists()
    context = {
        "sheet": found, "label": _label(found.sheet), "home": _home(found.sheet), "counts": told["counts"],
        "entries": entries[:SHOWN], "more": len(entries[SHOWN:]), "problems": problems[:WRONG_SHOWN],
        "more_problems": len(problems[WRONG_SHOWN:]), "wrong": len(problems),
        "gives_passwords": owes,
    }  # fmt: skip
    return render(request, "dispatch/city/sheet.html", context, status=status)
