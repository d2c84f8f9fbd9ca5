"""What is typed of a report: remarks, and reasons."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hotline import instants
from hotline.accounts.models import Department, Region
from hotline.picking import PickedField
from reports import periods, scopes
from reports.periods import Length, Period
from tickets.choices import Channel, Kind
from tickets.models import Category, Ticket, TicketEvent
from tickets.workflow.inputs import NO_SUCH_CATEGORY, NO_SUCH_REGION, DepartmentField

MOST = 2000
LONGEST = 1100  # days of one report: three years


class RemarkForm(forms.Form):
    """A remark on the whole report or on one of its sections."""

    section = forms.ChoiceField(label=_("On"), required=False)
    text = forms.CharField(
        label=pgettext_lazy("on a report", "Remark"),
        min_length=2,
        max_length=MOST,
        widget=forms.Textarea(attrs={"rows": 3}),
        strip=True,
    )

    def __init__(self, *args: Any, sections: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["section"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("The whole report")), *sections]


class ReasonForm(forms.Form):
    """Why an approval is taken back."""

    text = forms.CharField(label=_("Reason"), min_length=4, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


def _day(label: Any, *, required: bool, help_text: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(
        label=label, required=required, widget=widget, help_text=help_text, validators=[instants.check_day]
    )


class _CategoryField(PickedField):
    """A category of any level, with all below it."""

    default_error_messages = NO_SUCH_CATEGORY

    def __init__(self) -> None:
        rows = Category.objects.filter(is_used=True).select_related("parent__parent").order_by("code")
        super().__init__(rows, label=_("Category"), required=False, empty_label=_("All"))

    def label_from_instance(self, obj: Any) -> str:
        above = [one.name for one in (obj.parent and obj.parent.parent, obj.parent) if one]
        return f"{obj.name} — {'/'.join(above)}" if above else str(obj.name)


class _RegionField(PickedField):
    """A district or a street."""

    default_error_messages = NO_SUCH_REGION

    def __init__(self) -> None:
        rows = Region.objects.exclude(level=Region.Level.CITY).select_related("parent")
        super().__init__(rows, label=_("Region"), required=False, empty_label=_("All"))

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.full_name)


class SpecialForm(forms.Form):
    """A special report (专报): any period, over any of the tickets; or one for a department alone."""

    length = forms.ChoiceField(label=_("Period"), choices=Length.choices, initial=Length.MONTH)
    first = _day(_("A day in it"), required=True, help_text=_("From one day to another: the first day."))
    last = _day(_("Last day"), required=False, help_text=_("Only from one day to another."))
    department = DepartmentField(_("Department"), required=False)
    region = _RegionField()
    category = _CategoryField()
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("All")), *Kind.choices])
    channel = forms.ChoiceField(label=_("Channel"), required=False, choices=[("", _("All")), *Channel.choices])
    is_own = forms.BooleanField(
        label=_("For this department alone"), required=False,
        help_text=_("When it is issued, only this department and those above it read it."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("first", periods.last_complete(Length.MONTH).days[0])

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("is_own") and not given.get("department") and "department" not in self.errors:
            self.add_error("department", _("For which department alone? Choose it."))
        if given.get("length") and given.get("first") and "last" not in self.errors:
            self._check_period(given)
        return given

    def _check_period(self, given: dict[str, Any]) -> None:
        try:
            period = _period(given["length"], given["first"], given.get("last"))
        except ValidationError as fault:
            self.add_error("last", fault)
            return
        if period.start > timezone.now():
            self.add_error("first", _("This period has not begun."))
            return
        given["period"] = period
        if not self.errors and not _found(period, given):
            self.add_error(
                None, _t("No ticket of this choice lies in %(period)s: there is nothing to report.")
                % {"period": period.name},
            )  # fmt: skip

    @property
    def period(self) -> Period:
        return self.cleaned_data["period"]

    @property
    def scope(self) -> str:
        return scopes.key_of(self.cleaned_data)

    @property
    def unit_id(self) -> int | None:
        department = self.cleaned_data["department"]
        return int(department.pk) if self.cleaned_data["is_own"] else None


class OwnForm(SpecialForm):
    """A department's report on itself: over which time."""

    def __init__(self, *args: Any, unit: Department | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit = unit
        for name in ("department", "region", "category", "kind", "channel", "is_own"):
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        if self.unit is None:
            raise ValidationError(_t("You belong to no department: there is nothing to report on."))
        self.cleaned_data |= {"department": self.unit, "is_own": True}
        return super().clean()


def _period(length: str, first: date, last: date | None) -> Period:
    """Raises ValidationError at the last day."""
    if length != Length.DAYS:
        return periods.containing(length, first)
    if last is None:
        raise ValidationError(_t("From one day to another: give the last day too."))
    if last < first:
        raise ValidationError(_t("The last day lies before the first."))
    if (last - first).days > LONGEST:
        raise ValidationError(_t("At most three years in one report."))
    return periods.between(first, last)


def _found(period: Period, given: dict[str, Any]) -> bool:
    """Whether any ticket of the choice was recorded in the period, or worked on by the department."""
    narrowed = Q()
    for name in ("kind", "channel"):
        narrowed &= Q(**{name: given[name]}) if given.get(name) else Q()
    for name in ("region", "category"):
        narrowed &= Q(**{f"{name}__path__startswith": given[name].path}) if given.get(name) else Q()
    if unit := given.get("department"):
        within = {"at__gte": period.start, "at__lt": period.end, "department__path__startswith": unit.path}
        return TicketEvent.objects.filter(**within).exists()
    recorded = Q(registered_at__gte=period.start, registered_at__lt=period.end)
    return Ticket.objects.filter(recorded & narrowed).exists()
