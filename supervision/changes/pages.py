"""Pages on which an administrator changes time limits and the calendar, and first sees what that moves."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _t

from hotline.accounts.access import requires
from hotline.accounts.permissions import Permission as P
from hotline.shell import number_in
from hotline.worktime import arrangements, calendar, statutory
from hotline.worktime.models import Arrangement, SpecialDay
from supervision.changes import moving
from supervision.changes.forms import ArrangementForm, LimitForm
from tickets.choices import Stage
from tickets.models import TimeLimit
from tickets.models.limits import BEGINNING

LISTED = 100  # moved deadlines shown on a page


@requires(P.SET_UP)
def limits_page(request: HttpRequest) -> HttpResponse:
    """The limits that hold, those to come and those that held."""
    today = timezone.localdate()
    found = TimeLimit.objects.select_related("category", "department").order_by(
        "-urgency", "department__path", "category__code", "kind", "-valid_from"
    )
    rows = sorted(found, key=lambda row: list(Stage).index(Stage(row.stage)))  # in the order of a ticket's life
    context = {
        "now": [row for row in rows if row.holds_on(today)],
        "later": [row for row in rows if row.valid_from > today],
        "beginning": BEGINNING,
        "past": [row for row in rows if row.valid_until and row.valid_until < today],
    }
    return render(request, "supervision/changes/limits.html", context)


@requires(P.SET_UP)
def change_limit(request: HttpRequest) -> HttpResponse:
    """A limit is typed, then shown with what it would move, then put in force."""
    row = TimeLimit.objects.filter(pk__in=number_in(request.GET.get("of"))).first()
    columns = ("stage", "kind", "urgency", "category", "department", "amount", "unit")
    initial: dict[str, Any] = {name: getattr(row, name) for name in columns} if row else {}
    form = LimitForm(request.POST or None, initial={"valid_from": timezone.localdate(), **initial})
    context: dict[str, Any] = {"form": form}
    status = 200
    if request.method == "POST":
        if form.is_valid():
            if request.POST.get("then") == "confirm":
                moved = moving.change_limit(form.instance, for_open_tickets=form.cleaned_data["for_open"])
                messages.success(request, _told(_t("The time limit is changed."), moved))
                return redirect("limits")
            context |= _preview(moving.moved_by_limit(form.instance))
        else:
            status = 422
    return render(request, "supervision/changes/limit.html", context, status=status)


@requires(P.SET_UP)
def calendar_page(request: HttpRequest) -> HttpResponse:
    """Which years are announced, and loading one that is: first what it moves, then in force."""
    form = ArrangementForm(request.POST or None, initial={"year": moving.provisional_from().year})
    today = timezone.localdate()
    context: dict[str, Any] = {
        "form": form,
        "years": [
            (year, calendar.is_announced(year), Arrangement.objects.filter(year=year, is_by_weekdays=False).first())
            for year in range(today.year - 1, today.year + 2)
        ],
        "by_law": _by_law(moving.provisional_from().year),
        "special": SpecialDay.objects.filter(day__year__gte=today.year).order_by("day"),
    }
    status = 200
    if request.method == "POST":
        if form.is_valid():
            if request.POST.get("then") == "confirm":
                moved = moving.load_days(form.typed)
                messages.success(request, _told(_t("The days are in force."), moved))
                return redirect("calendar")
            new = arrangements.as_it_would_be(form.typed)
            context |= _preview(moving.moved_by_calendar(arrangements.as_counted(), new))
        else:
            status = 422
    return render(request, "supervision/changes/calendar.html", context, status=status)


def _by_law(year: int) -> dict[str, Any]:
    """The days off of a year of which nothing but the law is known yet."""
    language = "zh_CN" if get_language() == "zh-hans" else "en_US"
    return {"year": year, "days": statutory.named(year, language).items()}


def _preview(moves: Iterable[moving.Move]) -> dict[str, Any]:
    """How many open tickets would move, and the first of them."""
    found = iter(moves)
    shown = list(islice(found, LISTED))
    return {"is_preview": True, "moves": shown, "count": len(shown) + sum(1 for _one in found)}


def _told(done: str, moved: int) -> str:
    counted = ngettext("%d open ticket moved.", "%d open tickets moved.", moved) % moved
    return f"{done} {counted}"
