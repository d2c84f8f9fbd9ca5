"""The forms in which people change the directory."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dispatch.directory.book import Line
from dispatch.directory.sheet import BASIS_LENGTH, category_name
from dispatch.models import DirectoryEntry, Precedent
from hotline.accounts.models import Department
from hotline.fields import DayField
from hotline.picking import PickedField
from tickets.models import Category
from tickets.workflow.inputs import NO_SUCH_CATEGORY, DepartmentField, DepartmentsField, RegionField, text


class AnyCategoryField(PickedField):
    """A category of any level, by its way down."""

    default_error_messages = NO_SUCH_CATEGORY

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Category.objects.order_by("code"), empty_label=_("Type to choose"), **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        if not hasattr(self, "names"):
            self.names = dict(Category.objects.values_list("pk", "name"))
        return category_name(obj, self.names)


class DayInput(forms.DateInput):
    def __init__(self) -> None:
        super().__init__(attrs={"type": "date"}, format="%Y-%m-%d")


class LineForm(forms.Form):
    """One line of the directory, and why it is written."""

    category = AnyCategoryField(label=_("Category"))
    region = RegionField(label=_("Region"))
    department = DepartmentField(_("Responsible department"))
    assisting = DepartmentsField(_("Assisting departments"))
    sender = DepartmentField(
        _("Sent by"),
        required=False,
        help_text=_("Empty: the hotline. Else the department that sends down by this line."),
    )
    basis = forms.CharField(label=_("Legal basis"), max_length=BASIS_LENGTH, required=False)
    valid_from = DayField(label=_("Valid from"), widget=DayInput(), initial=timezone.localdate)
    valid_until = DayField(label=_("Last day valid"), widget=DayInput(), required=False)
    note = forms.CharField(label=_("Why it is changed"), max_length=200)

    def line(self) -> Line:
        """What was typed, once it is valid."""
        given = self.cleaned_data
        sender: Department | None = given["sender"]
        return Line(
            sender=sender.pk if sender else None, category=given["category"].pk, region=given["region"].pk,
            department=given["department"].pk,
            assisting=tuple(sorted(department.pk for department in given["assisting"])),
            basis=given["basis"].strip(), valid_from=given["valid_from"], valid_until=given["valid_until"],
        )  # fmt: skip


def as_written(entry: DirectoryEntry) -> dict[str, Any]:
    """What the form begins with where a line is changed: the same, from today on."""
    return {
        "category": entry.category_id, "region": entry.region_id, "department": entry.department_id,
        "assisting": list(entry.assisting.values_list("pk", flat=True)), "sender": entry.sender_id,
        "basis": entry.basis, "valid_from": max(entry.valid_from, timezone.localdate()),
        "valid_until": entry.valid_until,
    }  # fmt: skip


def as_settled(precedent: Precedent) -> dict[str, Any]:
    """What the form begins with where a precedent shall become a line."""
    name = _("precedent of %(day)s: %(principle)s") % {
        "day": timezone.localdate(precedent.made_at).isoformat(), "principle": precedent.get_principle_display(),
    }  # fmt: skip
    return {
        "category": precedent.category_id, "region": precedent.region_id, "department": precedent.department_id,
        "basis": name, "note": name,
    }  # fmt: skip


class SheetForm(forms.Form):
    """A workbook that shall become the directory, and why."""

    file = forms.FileField(label=_("Excel workbook"), widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}))
    note = text(_("Why it is changed"), rows=1)
