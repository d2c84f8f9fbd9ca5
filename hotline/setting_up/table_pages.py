"""The pages of every table that a city fills: its rows, a new one, one to be changed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_GET

from hotline.accounts.access import requires
from hotline.accounts.permissions import Permission as P
from hotline.setting_up.changing import Invalid, Outdated, RowForm, save
from hotline.setting_up.finding import found, words_of
from hotline.setting_up.tables import TABLES, Table

PAGE_SIZE = 50


def _table(name: str) -> Table:
    if (table := TABLES.get(name)) is None:
        raise Http404
    return table


@requires(P.SET_UP)
@require_GET
def rows(request: HttpRequest, name: str) -> HttpResponse:
    """The rows of a table, found by words or by how they sound; those out of use stand apart."""
    table = _table(name)
    words, shown = words_of(request.GET.get("q", "")), table.rows()
    tabs = dict(zip(("used", "unused"), table.tabs, strict=True)) if table.used else {}
    tabs |= {part: label for part, (label, _rows) in table.parts.items()}
    tab = request.GET.get("tab", "")
    tab = tab if tab in tabs else "used"
    if tab in table.parts:
        shown = table.parts[tab][1](shown)
    elif table.used:
        shown = shown.filter(**{table.used: tab == "used"})
    page = Paginator(found(shown, words, table.search, table.heard), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "table": table, "page": page, "words": words, "tabs": tabs.items(), "tab": tab,
        "rows": [(row, [(column.label, column.value(row)) for column in table.columns]) for row in page],
        "unset": table.unset() if table.unset else [], "may_add": table.unset is None,
    }  # fmt: skip
    return render(request, "set_up/rows.html", context)


@requires(P.SET_UP)
def add(request: HttpRequest, name: str) -> HttpResponse:
    table = _table(name)
    initial = {key: value for key, value in request.GET.items() if key in table.form.base_fields}
    return _form_page(request, table, table.form(request.POST or None, initial=initial))


@requires(P.SET_UP)
def row(request: HttpRequest, name: str, pk: int) -> HttpResponse:
    table = _table(name)
    return _form_page(request, table, table.form(request.POST or None, instance=get_object_or_404(table.rows(), pk=pk)))


def _form_page(request: HttpRequest, table: Table, form: RowForm) -> HttpResponse:
    status = 200
    title = str(form.instance) if form.instance.pk else table.one
    if request.method == "POST":
        status = 422
        try:
            done = save(request, form)
        except Invalid:
            pass
        except Outdated as outdated:
            form.tell_outdated(outdated.row)
            status = 409
        except IntegrityError:  # two at once
            form.add_error(None, _t("Somebody else has just saved the same."))
        else:
            saved = get_object_or_404(table.model, pk=done.outcome)
            messages.success(request, _t("“%(name)s” is saved.") % {"name": saved})
            return redirect("set-up-table", table.name)
    context: dict[str, Any] = {"table": table, "form": form, "title": title}
    return render(request, "set_up/row.html", context, status=status)
