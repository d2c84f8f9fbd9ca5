"""The dashboard, and the tickets behind a number."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_GET

from hotline.accounts.access import person, requires
from hotline.accounts.models import Department, User
from hotline.accounts.permissions import Permission as P
from hotline.instants import midnight
from hotline.keyset import paginate
from hotline.shell import number_in
from supervision.board import stuck
from tickets.choices import FlagKind
from tickets.lists.listing import DEFAULT_ORDER, ORDERS, ticket_list
from tickets.models import Call, MissedCall, Ticket
from tickets.reading import missed_number
from tickets.telephony import missed

from . import indicators, periods, sums
from .indicators import INDICATORS, Span
from .models import ReportKind

CARDS = ["received", "direct_rate", "overall_closing_rate", "due_closing_rate", "on_time_rate", "return_rate",
         "redo_rate", "satisfied_rate"]  # fmt: skip
DAYS = 14
BUSIEST = 12


@requires(P.SEE_REPORTS)
@require_GET
def dashboard(request: HttpRequest) -> HttpResponse:
    """The month so far: indicators, calls a day, what is stuck, how departments do.

    Every number leads to the tickets behind it.
    """
    today = timezone.localdate()
    month = periods.containing(ReportKind.MONTHLY, today)
    span = Span.so_far(month.start, month.end)
    # Every ticket has one department or none: the sums over all of them are the city's.
    by_department = indicators.compute_by("department", ["dispatched", *CARDS], span)
    names = dict(Department.objects.values_list("pk", "name"))
    rows = [
        (pk, names[pk], figures) for pk, figures in by_department.items() if pk in names and "dispatched" in figures
    ]
    rows.sort(key=lambda row: -row[2]["dispatched"].base)
    counts = stuck.counts(person(request))
    context = {
        "figures": indicators.total(by_department, CARDS).values(),
        "month": month,
        "last_day": timezone.localtime(month.end) - timedelta(days=1),
        "days": _calls_a_day(today),
        "departments": rows[:BUSIEST],
        "busiest": rows[0][2]["dispatched"].base if rows else 0,
        "flags": [(kind, FlagKind(kind).label, count) for kind, count in counts.items() if kind not in stuck.WARNINGS],
        "today": today,
    }
    return render(request, "reports/dashboard.html", context)


def _calls_a_day(today: Any) -> list[dict[str, Any]]:
    first = today - timedelta(days=DAYS - 1)
    start = midnight(first)
    found = Ticket.objects.filter(registered_at__gte=start).annotate(day=TruncDate("registered_at"))
    counts = dict(found.values_list("day").annotate(count=Count("pk")).order_by())
    days = [first + timedelta(days=offset) for offset in range(DAYS)]
    most = max(counts.values(), default=1)
    return [{"day": day, "count": counts.get(day, 0), "height": round(80 * counts.get(day, 0) / most)} for day in days]


@requires(P.SEE_REPORTS)
@require_GET
def figure_tickets(request: HttpRequest, name: str) -> HttpResponse:
    """The tickets behind a figure: `part` is base, part or rest.

    `from` and `to` are days, both included; this month by default. `operator` narrows a figure of the operators' day to
    one of them, for whoever may see that.
    """
    indicator = INDICATORS.get(name)
    if indicator is None:
        raise Http404
    today = timezone.localdate()
    first, last = _day(request.GET.get("from"), today.replace(day=1)), _day(request.GET.get("to"), today)
    span = Span.so_far(midnight(first), midnight(last + timedelta(days=1)))
    operator = _operator(request, name)
    whose = indicators.of_operator(indicator, operator) if operator else Q()
    figure = indicators.compute([name], span, whose)[name]
    parts = {
        "base": _t("Base: %(count)d") % {"count": figure.base},
        "part": _t("Part: %(count)d") % {"count": figure.part or 0},
        "rest": _t("The rest"),
    }
    which = request.GET.get("part", "base")
    which = which if which in parts else "base"
    shown: dict[str, Any] = {"indicator": indicator, "which": which, "first": first, "last": last, "figure": figure,
             "parts": parts.items(), "operator": operator}  # fmt: skip
    if indicator.of is Call:
        return _calls(request, indicator.rows(span, which).filter(whose), shown)
    if indicator.of is MissedCall:
        return _missed_calls(request, indicator.rows(span, which), shown)
    tickets = indicator.tickets(span, which).filter(whose).visible_to(request.user)
    order = ORDERS.get(request.GET.get("sort", ""), ORDERS[DEFAULT_ORDER])
    if order[0].lstrip("-") != indicator.when:
        tickets = tickets.gathered()
    return ticket_list(
        request, tickets, title=indicator.label, template="reports/figure_tickets.html",
        filters=("department", "kind"), keep=("from", "to", "part", "operator"), **shown,
    )  # fmt: skip


def _calls(request: HttpRequest, rows: QuerySet[Call], shown: dict[str, Any]) -> HttpResponse:
    """The calls behind a figure with their tickets, the newest first, and no number: who called is said by a ticket."""
    behind = rows.select_related("operator").prefetch_related("intakes__ticket")
    page, _order = paginate(request, behind, {"newest": ("-answered_at", "-id")}, "newest")
    return render(request, "reports/figure_picked_up.html", shown | {"page": page})


def _missed_calls(request: HttpRequest, rows: QuerySet[MissedCall], shown: dict[str, Any]) -> HttpResponse:
    """The missed calls behind a figure, the newest first, with the numbers that the reader may read."""
    user = person(request)
    behind = rows.select_related("settled_by", "ticket")
    page, _order = paginate(request, behind, {"newest": ("-due_at", "-id")}, "newest")
    names = missed.names_of({row.phone for row in page if missed_number(row, user)})
    told = [(row, missed_number(row, user), names.get(row.phone, "")) for row in page]
    return render(request, "reports/figure_calls.html", shown | {"page": page, "rows": told})


def _operator(request: HttpRequest, name: str) -> User | None:
    """The operator that the address narrows a figure of the operators' day to."""
    asked = request.GET.get("operator")
    if not asked or name not in sums.NAMES:
        return None
    if not person(request).may(P.SEE_OPERATORS):
        raise PermissionDenied
    return get_object_or_404(User, pk__in=number_in(asked))


def _day(text: str | None, otherwise: date) -> date:
    """The day that an address names; `otherwise` where it names none, or one that no ticket can lie near."""
    try:
        day = parse_date(text or "")
    except ValueError:
        day = None
    return day if day and periods.FIRST_YEAR <= day.year <= periods.LAST_YEAR else otherwise
