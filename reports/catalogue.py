"""The indicators as a list (指标口径), and their figures for programs."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hotline.accounts.access import holders_of, requires
from hotline.accounts.permissions import Permission as P

from . import behind, indicators, targets
from .indicators import CATEGORY, CHANNEL, DISTRICT, INDICATORS, KIND, UNIT, Figure, Indicator
from .indicators.definitions import ABOUT_LIMITS, GROUPS
from .scopes import CHOICES, ROWS

BY = {"department": UNIT, "region": DISTRICT, "category": CATEGORY, "kind": KIND, "channel": CHANNEL}


@requires(P.SEE_REPORTS)
@require_GET
def catalogue(request: HttpRequest) -> HttpResponse:
    """What each figure means, which way is better, and its target."""
    groups = [
        (label, [
            (one, targets.in_words(one.name, targets.of(one.name)))
            for one in INDICATORS.values() if one.group == group
        ])
        for group, label in GROUPS.items()
    ]  # fmt: skip
    return render(
        request, "reports/catalogue.html", {"groups": groups, "count": len(INDICATORS), "about_limits": ABOUT_LIMITS}
    )


# -- the API ------------------------------------------------------------------------------------------------


class IndicatorSerializer(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    meaning = serializers.CharField()
    base = serializers.CharField(help_text="Of what a share or a measure is taken; empty for a count.")
    without = serializers.CharField(help_text="What is not counted.")
    unit = serializers.ChoiceField(choices=["number", "share", "seconds", "hours", "mean"])
    better = serializers.ChoiceField(choices=["up", "down", ""])
    standard = serializers.CharField()
    target = serializers.FloatField(allow_null=True, help_text="Of the city, in the figure's own unit.")


class FigureOfSerializer(serializers.Serializer):
    name = serializers.CharField()
    of = serializers.CharField(help_text="Unit, region, category, kind or channel; empty where it is of all.")
    title = serializers.CharField(help_text="What that is called.")
    value = serializers.FloatField(allow_null=True, help_text="None where nothing was counted.")
    part = serializers.IntegerField(allow_null=True, help_text="Of a share: how many of the base.")
    base = serializers.IntegerField()
    is_small = serializers.BooleanField(help_text="The base is too small to judge by.")


class _Figures(APIView):
    permission_classes = (permissions.IsAuthenticated, holders_of(P.SEE_REPORTS))


class IndicatorsView(_Figures):
    """The indicators."""

    @extend_schema(operation_id="indicators_list", responses=IndicatorSerializer(many=True))
    def get(self, request: Request) -> Response:
        """What each figure means."""
        return Response([_described(one) for one in INDICATORS.values()])


def _described(one: Indicator) -> dict[str, Any]:
    return {
        "name": one.name, "title": str(one.label), "meaning": str(one.formula),
        "base": str(one.base_in_words), "without": str(one.without), "unit": one.unit, "better": one.better,
        "standard": str(one.standard), "target": targets.of(one.name),
    }  # fmt: skip


class FiguresView(_Figures):
    """Figures of a span of days, for all or apart by unit, region, category, kind or channel."""

    @extend_schema(
        operation_id="figures_list", responses=FigureOfSerializer(many=True),
        parameters=[
            OpenApiParameter("from", OpenApiTypes.DATE, description="First day; this month's by default."),
            OpenApiParameter("to", OpenApiTypes.DATE, description="Last day, included; today by default."),
            OpenApiParameter("names", OpenApiTypes.STR, description="Indicators, with commas; all by default."),
            OpenApiParameter("by", OpenApiTypes.STR, enum=list(BY)),
            OpenApiParameter("for", OpenApiTypes.STR, description="Narrowed to, such as department:12,kind:complaint."),
        ],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """The same figures as on pages and in reports, as of the end of the span."""
        if wrong := behind.wrong_days(request._request):
            raise serializers.ValidationError({"from": wrong})
        _first, _last, window = behind.window_of(request._request)
        scope = behind.narrowed_by(request.GET.get("for", "")).scope
        names = [name for name in request.GET.get("names", "").split(",") if name] or list(INDICATORS)
        by = request.GET.get("by", "")
        if not set(names) <= set(INDICATORS) or by not in ("", *BY):
            raise Http404
        if not by:
            return Response([_told("", "", one) for one in indicators.compute(names, window, scope).values()])
        called = _called(by)
        found = indicators.compute_by(BY[by], names, window, scope)
        return Response([
            _told(str(value or ""), called.get(value, ""), figure)
            for value, figures in found.items() for figure in figures.values()
        ])  # fmt: skip


def _called(by: str) -> dict[Any, str]:
    if by in ROWS:
        return dict(ROWS[by]._default_manager.values_list("pk", "name"))
    return {value: str(label) for value, label in CHOICES[by].choices}


def _told(of: str, title: str, figure: Figure) -> dict[str, Any]:
    return {
        "name": figure.indicator.name, "of": of, "title": title, "value": figure.value, "part": figure.part,
        "base": figure.base, "is_small": figure.is_small,
    }  # fmt: skip
