"""The way from a number to what is behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_GET

from hotline.accounts.access import person, requires
from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.instants import midnight
from hotline.keyset import paginate
from hotline.shell import number_in
from tickets.lists.listing import DEFAULT_ORDER, ORDERS, ticket_list
from tickets.models import Call, MissedCall, Ticket
from tickets.reading import missed_number
from tickets.telephony import missed

from . import indicators, periods, sums
from .content import monthly
from .content.frames import Frame
from .indicators import INDICATORS, Indicator, Scope, Window
from .scopes import CHOICES, PLURALS, ROWS

WHICH = ("base", "part", "rest")


# -- addresses ----------------------------------------------------------------------------------------------


def address(see: dict[str, Any], first: date, last: date, at: datetime | None = None) -> str:
    """Where what a cell leads to stands (`content.cells`), for a period of days, both included, and as of `at`."""
    asked: dict[str, Any] = {"from": first, "to": last} | ({"at": timezone.localtime(at).isoformat()} if at else {})
    if by := see.get("by"):
        asked["for"] = ",".join(f"{name}:{value}" for name, value in sorted(by.items()))
    if key := see.get("abnormal"):
        return f"{reverse('abnormal-tickets', args=[key])}?{urlencode(asked, safe=',:')}"
    asked["part"] = see["part"]
    return f"{reverse('figure-tickets', args=[see['figure']])}?{urlencode(asked, safe=',:')}"


@dataclass(frozen=True)
class Narrowed:
    """What an address narrows a figure to, and how that is called."""

    scope: Scope
    names: tuple[str, ...] = ()


def narrowed_by(text: str) -> Narrowed:
    """Reads `department:12,kind:complaint`. Raises Http404 where it names what is not there."""
    found: dict[str, tuple[str, ...]] = {}
    names = []
    for part in filter(None, text.split(",")):
        name, _colon, value = part.partition(":")
        if name in ROWS:
            node = get_object_or_404(ROWS[name], pk__in=number_in(value))
            found[name], label = (node.path,), str(node)
        elif name in CHOICES and value in CHOICES[name].values:
            found[name], label = (value,), str(CHOICES[name](value).label)
        else:
            raise Http404
        names.append(label)
    scope = Scope(**{PLURALS[name]: values for name, values in found.items()})
    return Narrowed(scope, tuple(names))


def window_of(request: HttpRequest) -> tuple[date, date, Window]:
    """The days that an address names, both included; this month where it names none."""
    today = timezone.localdate()
    first = day(request.GET.get("from")) or today.replace(day=1)
    last = day(request.GET.get("to")) or today
    window = Window.so_far(midnight(first), midnight(last + timedelta(days=1)))
    at = _instant(request.GET.get("at"))
    if at and window.start <= at < window.end:
        window = Window(window.start, at + timedelta.resolution)
    return first, last, window


def _instant(text: str | None) -> datetime | None:
    """The instant that an address names; none where it is no instant."""
    try:
        at = parse_datetime((text or "").replace(" ", "+"))
    except ValueError:
        return None
    return at if at and at.tzinfo else None


def day(text: str | None) -> date | None:
    """The day that an address names; None where it names none, or one that no ticket can lie near."""
    try:
        found = parse_date(text or "")
    except ValueError:
        found = None
    return found if found and periods.FIRST_YEAR <= found.year <= periods.LAST_YEAR else None


def wrong_days(request: HttpRequest) -> str:
    """What is wrong with the days that an address names; empty where nothing is."""
    named = [request.GET[name] for name in ("from", "to") if request.GET.get(name)]
    if any(day(text) is None for text in named):
        return _t("The address names no period; the days below are shown.")
    first, last, _window = window_of(request)
    return _t("The last day lies before the first.") if last < first else ""


# -- pages --------------------------------------------------------------------------------------------------


@requires(P.SEE_REPORTS)
@require_GET
def figure_tickets(request: HttpRequest, name: str) -> HttpResponse:
    """What is behind a figure: `part` is base, part or rest.

    `from` and `to` are days, both included; this month by default. `for` narrows to a unit, region, category (with all
    below), kind or channel; `operator` narrows a figure of the operators' day to one of them, for whoever may see that.
    """
    indicator = INDICATORS.get(name)
    if indicator is None:
        raise Http404
    first, last, window = window_of(request)
    if wrong := wrong_days(request):
        messages.error(request, wrong)
    narrowed = narrowed_by(request.GET.get("for", ""))
    if not narrowed.scope.fits(indicator):
        raise Http404
    operator = _operator(request, name)
    among = narrowed.scope.of(indicator) & (indicators.of_operator(indicator, operator) if operator else Q())
    figure = indicators.compute([name], window, among)[name]
    parts = {
        "base": _t("Base: %(count)d") % {"count": figure.base},
        "part": _t("Part: %(count)d") % {"count": figure.part or 0},
        "rest": _t("The rest"),
    }
    which = request.GET.get("part", "base")
    which = which if which in WHICH else "base"
    shown: dict[str, Any] = {
        "indicator": indicator, "which": which, "first": first, "last": last, "figure": figure,
        "parts": parts.items() if indicator.is_rate else (), "operator": operator, "narrowed": narrowed.names,
        "asked": request.GET.get("for", ""), "at": request.GET.get("at", ""),
    }  # fmt: skip
    if indicator.of is Call:
        return _calls(request, indicator.rows(window, which).filter(among), shown)
    if indicator.of is MissedCall:
        return _missed_calls(request, indicator.rows(window, which).filter(among), shown)
    behind = indicator.tickets(window, which, among)
    shown["counted"] = (
        figure.base if which == "base" else figure.part if which == "part" else figure.base - (figure.part or 0)
    )
    if indicator.of is not Ticket:  # one ticket may have had two limits
        shown["of_tickets"] = behind.count()
    return _list(request, behind, indicator.label, _orders_itself(indicator), shown)


@requires(P.SEE_REPORTS)
@require_GET
def abnormal_tickets(request: HttpRequest, way: str) -> HttpResponse:
    """The tickets that flowed abnormally in one way, all of them."""
    try:
        label, which = monthly.abnormal(way)
    except KeyError as error:
        raise Http404 from error
    first, last, window = window_of(request)
    narrowed = narrowed_by(request.GET.get("for", ""))
    frame = Frame(periods.between(first, last), narrowed.scope)
    tickets = frame.handled().filter(pk__in=which(window))
    shown = {"first": first, "last": last, "parts": (), "narrowed": narrowed.names}
    return _list(request, tickets, label, "", shown)


def _orders_itself(indicator: Indicator) -> str:
    """The instant by which an indicator's tickets are found, where an order goes by the same."""
    return str(getattr(indicator.within, "field", "")) if indicator.of is Ticket else ""


def _list(request: HttpRequest, tickets: Any, title: Any, by: str, shown: dict[str, Any]) -> HttpResponse:
    found = tickets.visible_to(request.user)
    order = ORDERS.get(request.GET.get("sort", ""), ORDERS[DEFAULT_ORDER])
    if order[0].lstrip("-") != by:
        found = found.gathered()
    return ticket_list(
        request, found, title=title, template="reports/figure_tickets.html", filters=("department", "kind"),
        keep=("from", "to", "at", "part", "operator", "for"), **shown,
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
    page, _order = paginate(request, behind, {"newest": ("-missed_at", "-id")}, "newest")
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
