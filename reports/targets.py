"""What indicators shall come to: the city's targets, and those that units have of their own."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import Department
from hotline.picking import PickedField
from hotline.remembered import Remembered
from hotline.setting_up.changing import RowForm
from hotline.setting_up.tables import Column, Table, register

from .indicators import INDICATORS, Figure
from .models import Target

WHOLE = 100  # percent


def _read() -> dict[tuple[str, int | None], float]:
    found = Target.objects.filter(is_used=True).values_list("indicator", "department", "value")
    return {(name, department): float(value) for name, department, value in found if name in INDICATORS}


_current = Remembered(_read, seconds=30)
forget = _current.forget


def of(name: str, unit: Department | None = None) -> float | None:
    """The target of an indicator as its figures are, a share between 0 and 1: the unit's own, that of the nearest one
    above it, or the city's. None where there is none."""
    targets = _current()
    for pk in (*(unit.ancestor_ids if unit else ()), None):
        if (name, pk) in targets:
            value = targets[name, pk]
            return value / WHOLE if INDICATORS[name].unit == "share" else value
    return None


def is_met(figure: Figure, target: float | None) -> bool | None:
    """Whether a figure is as good as its target; None where there is nothing to judge, or too little."""
    better = figure.indicator.better
    if target is None or figure.value is None or figure.is_small or not better:
        return None
    return figure.value >= target if better == "up" else figure.value <= target


def in_words(name: str, target: float | None) -> str:
    """A target as it is printed beside a figure."""
    if target is None:
        return ""
    if INDICATORS[name].unit == "share":
        return f"{target:.2%}"
    return _t("%(hours).1f h") % {"hours": target} if INDICATORS[name].unit == "hours" else f"{target:,.0f}"


# -- setting up ---------------------------------------------------------------------------------------------


def judged() -> Iterable[tuple[str, Any]]:
    """The indicators that may have a target: of which more or less is better."""
    return [(one.name, one.label) for one in INDICATORS.values() if one.better]


class TargetForm(RowForm):
    indicator = forms.ChoiceField(label=_("indicator"), choices=judged)
    department = PickedField(
        Department.objects.filter(is_open=True), label=_("department"), required=False,
        help_text=_("Empty: the city, and every unit that has none of its own."),
    )  # fmt: skip
    value = forms.DecimalField(
        label=_("target"), min_value=Decimal(0), max_digits=10, decimal_places=2,
        help_text=_("In percent for a rate, in hours for a time."),
    )  # fmt: skip

    class Meta:
        model = Target
        fields = ("indicator", "department", "value", "is_used")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        one = INDICATORS.get(given.get("indicator", ""))
        if one and one.unit == "share" and (given.get("value") or 0) > WHOLE:
            self.add_error("value", _("A rate is 100 percent at most."))
        return given


def _label(row: Target) -> str:
    return str(INDICATORS[row.indicator].label) if row.indicator in INDICATORS else row.indicator


def _value(row: Target) -> str:
    return in_words(row.indicator, float(row.value) / (WHOLE if INDICATORS[row.indicator].unit == "share" else 1))


register(Table(
    "targets", Target, _("Targets of indicators"),
    _("What the figures of the city and of its units shall come to; dashboard and reports show whether they do."),
    _("New target"), TargetForm,
    (Column(_("indicator"), _label), Column(_("department"), lambda row: row.department or _("the city")),
     Column(_("target"), _value)),
    related=("department",), order=("indicator", "department"), used="is_used",
))  # fmt: skip
