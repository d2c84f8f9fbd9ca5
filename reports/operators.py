"""The operator's day: what was recorded, how fast, how much was answered at once, and what came back; for oneself, and
for who leads the operators for everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dispatch.models import Return
from hotline.accounts.access import holders_of, person, requires
from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.instants import midnight
from tickets.calls import second
from tickets.models import Ticket
from tickets.reading import Reading, read

from . import sums
from .indicators import RECORDING_GROUNDS, Figure, Window
from .sums import Sums

PERIODS = {"day": _("Today"), "week": _("Last 7 days"), "month": pgettext_lazy("period of figures", "This month")}
RETURNED_SHOWN = 10


@dataclass(frozen=True)
class Row:
    """One operator, and what they did."""

    person: User
    sums: Sums

    @property
    def figures(self) -> list[Figure]:
        """In the order of `sums.NAMES`."""
        return self.sums.figures


def span_of(period: str, today: date) -> Window:
    """The part of a period that has passed."""
    first = {"week": today - timedelta(days=6), "month": today.replace(day=1)}.get(period, today)
    return Window.so_far(midnight(first), midnight(today + timedelta(days=1)))


def figures_of(operator: User, span: Window) -> list[Figure]:
    """The figures of one operator; what nobody counted for them is 0, or a dash where it is a share or a median."""
    return sums.read(*_days(span), operator.pk).get(operator.pk, Sums()).figures


def rows(span: Window) -> list[Row]:
    """Everybody who picked up or recorded in the period, who recorded most first."""
    by_person = sums.read(*_days(span))
    people = User.objects.in_bulk(list(by_person))
    found = [Row(people[pk], by_person[pk]) for pk in people]
    return sorted(found, key=lambda row: (-row.sums.received, str(row.person)))


def together(found: list[Row]) -> list[Figure]:
    """The figures over all these operators; the median is that of all their tickets."""
    whole = Sums()
    for row in found:
        whole.add(row.sums)
    return whole.figures


def _days(span: Window) -> tuple[date, date]:
    """The first and the last day of a period."""
    return timezone.localdate(span.start), timezone.localdate(span.end - timedelta.resolution)


def returned(operator: User) -> list[tuple[Return, Reading]]:
    """What came back to the hotline because of how this operator recorded it, the latest first."""
    granted = Return.objects.filter(
        ruling=Return.Ruling.GRANTED, ground__in=RECORDING_GROUNDS, ticket__registered_by=operator,
        ticket__in=Ticket.objects.visible_to(operator),
    )  # fmt: skip
    latest = granted.select_related("ticket__region__parent", "ticket__category", "department").order_by(
        "-ruled_at", "-pk"
    )
    return [(one, read(one.ticket, operator)) for one in latest[:RETURNED_SHOWN]]


@requires(P.REGISTER)
@require_GET
def my_day(request: HttpRequest) -> HttpResponse:
    """One's own figures, and what came back."""
    user = person(request)
    period, span = _asked(request)
    context = {
        "periods": PERIODS, "period": period, "figures": figures_of(user, span), "returned": returned(user),
        "waiting": second.waiting(user),
    }  # fmt: skip
    return render(request, "reports/my_day.html", context)


@requires(P.SEE_OPERATORS)
@require_GET
def operators(request: HttpRequest) -> HttpResponse:
    """Every operator's figures, for whoever leads them."""
    period, span = _asked(request)
    found = rows(span)
    first, last = _days(span)
    context = {
        "periods": PERIODS, "period": period, "rows": found, "whole": together(found), "first": first, "last": last,
        "may_see_behind": person(request).may(P.SEE_REPORTS),
    }  # fmt: skip
    return render(request, "reports/operators.html", context)


def _asked(request: HttpRequest) -> tuple[str, Window]:
    period = request.GET.get("period", "day")
    period = period if period in PERIODS else "day"
    return period, span_of(period, timezone.localdate())


# -- the API ------------------------------------------------------------------------------------------------


class FigureSerializer(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    meaning = serializers.CharField()
    unit = serializers.ChoiceField(choices=["number", "share", "seconds"])
    value = serializers.FloatField(allow_null=True, help_text="None where nothing was counted.")
    part = serializers.IntegerField(allow_null=True, help_text="Of a share: how many of the base.")
    base = serializers.IntegerField()


class OperatorDaySerializer(serializers.Serializer):
    operator = serializers.CharField(help_text="User name.")
    name = serializers.CharField()
    figures = FigureSerializer(many=True)


class OperatorsView(APIView):
    """Figures of operators: of everybody for whoever may see them, else one's own."""

    permission_classes = (permissions.IsAuthenticated, holders_of(P.REGISTER, P.SEE_OPERATORS))

    @extend_schema(
        operation_id="operators_list", responses=OperatorDaySerializer(many=True),
        parameters=[OpenApiParameter("period", OpenApiTypes.STR, enum=list(PERIODS), description="day by default")],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """What operators picked up, recorded, answered at once, how fast, and what came back."""
        user = person(request)
        _period, span = _asked(request._request)
        if user.may(P.SEE_OPERATORS):
            found = [(row.person, row.figures) for row in rows(span)]
        else:
            found = [(user, figures_of(user, span))]
        return Response([
            {"operator": one.username, "name": str(one), "figures": [_told(figure) for figure in figures]}
            for one, figures in found
        ])  # fmt: skip


def _told(figure: Figure) -> dict[str, Any]:
    one = figure.indicator
    return {
        "name": one.name, "title": str(one.label), "meaning": str(one.formula), "unit": one.unit,
        "value": figure.value, "part": figure.part, "base": figure.base,
    }  # fmt: skip
