"""Forms in which an administrator changes time limits and loads a year's arrangement."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dispatch.directory.forms import AnyCategoryField
from hotline import instants
from hotline.worktime import arrangements
from tickets.models import TimeLimit
from tickets.workflow.inputs import DepartmentField, text

SATURDAY = 5


class LimitForm(forms.ModelForm):
    """A limit that is to hold from a day on."""

    department = DepartmentField(_("Department"), required=False)
    category = AnyCategoryField(label=_("Category"), required=False)
    for_open = forms.BooleanField(label=_("Holds for open tickets too"), required=False)

    class Meta:
        model = TimeLimit
        fields = ("stage", "kind", "urgency", "category", "department", "amount", "unit", "valid_from")
        widgets = {"valid_from": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def clean_valid_from(self) -> Any:
        day = self.cleaned_data["valid_from"]
        if day < timezone.localdate():
            raise ValidationError(_("A limit holds from today on or later: what was promised before stands."))
        instants.check_day(day)
        return day

    def validate_unique(self) -> None:
        """What holds from the same day for the same case is replaced (supervision.changes)."""


class ArrangementForm(forms.Form):
    """A year's arrangement; with a reason, days of the city's own."""

    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2100)
    off = text(
        _("Days off"), rows=3, required=False, help_text=_("Such as 2027-01-01~2027-01-03, 2027-02-05~2027-02-12.")
    )
    worked = text(_("Weekend days worked"), rows=2, required=False, help_text=_("Such as 2027-02-13, 2027-09-26."))
    reason = forms.CharField(
        label=_("The city's own reason"), max_length=100, required=False,
        help_text=_("Empty: the arrangement of the whole year. Else only these days, such as a city's festival."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        year = given.get("year")
        if year is None:
            return given
        for name in ("off", "worked"):
            try:
                given[name] = arrangements.days(given.get(name) or "", year)
            except ValidationError as error:
                self.add_error(name, error)
        if self.errors:
            return given
        if not given["off"] and not given["worked"]:
            self.add_error("off", _("Name at least one day."))
        elif both := set(given["off"]) & set(given["worked"]):
            self.add_error("worked", _("%(day)s stands among the days off too.") % {"day": min(both)})
        elif weekdays := [day for day in given["worked"] if day.weekday() < SATURDAY]:
            self.add_error("worked", _("%(day)s is no weekend day.") % {"day": weekdays[0]})
        return given

    @property
    def typed(self) -> arrangements.Typed:
        given = self.cleaned_data
        return arrangements.Typed(given["year"], given["off"], given["worked"], given["reason"].strip())
