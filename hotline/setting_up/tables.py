"""The tables that a city fills itself, each described once: its form, its columns, how a row is found.

`table_pages` makes the pages of all of them. A row is never deleted there; where a table has a field that says whether
a row is in use, that is how it goes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import Department, Region
from hotline.picking import PickedField
from hotline.setting_up.changing import RowForm, shown
from hotline.worktime.models import OfficeHours


@dataclass(frozen=True)
class Column:
    label: Any
    value: Callable[[Any], Any]


@dataclass(frozen=True)
class Unset:
    """What could be set and is not: its name, what holds in its place, the field and value that a form begins with."""

    label: Any
    holds: Any
    begins: str


@dataclass(frozen=True)
class Table:
    """One table. `used` is the field by which rows go out of use, `sheet` the sheet by which it is read in."""

    name: str
    model: type[models.Model]
    label: Any
    what: Any
    one: Any  # what a new row is called
    form: type[RowForm]
    columns: Sequence[Column]
    search: Sequence[str] = ()
    heard: str = ""
    related: Sequence[str] = ()
    order: Sequence[str] = ()
    used: str = ""
    tabs: tuple[Any, Any] = (_("In use"), _("Not in use"))
    sheet: str = ""
    unset: Callable[[], list[Unset]] | None = None  # then only these can be added
    parts: dict[str, tuple[Any, Callable[[Any], Any]]] = field(default_factory=dict)  # further tabs

    def rows(self) -> models.QuerySet[Any]:
        found = self.model._default_manager.select_related(*self.related) if self.related else (
            self.model._default_manager.all())  # fmt: skip
        return found.order_by(*self.order) if self.order else found


TABLES: dict[str, Table] = {}


def register(table: Table) -> None:
    TABLES[table.name] = table


def columns(model: type[models.Model], *names: str) -> tuple[Column, ...]:
    """Columns that show fields as they are."""
    return tuple(Column(_label(model, name), partial(shown, name=name)) for name in names)


def _label(model: type[models.Model], name: str) -> Any:
    return getattr(model._meta.get_field(name), "verbose_name", name)


# -- fields of its forms --------------------------------------------------------------------------------------


NO_SUCH_DEPARTMENT: dict[str, Any] = {"no_such": _("There is no department “%(text)s”.")}
NO_SUCH_REGION: dict[str, Any] = {"no_such": _("There is no region “%(text)s”.")}


class AnyDepartmentField(PickedField):
    """One department, whether it takes tickets or not."""

    default_error_messages = NO_SUCH_DEPARTMENT

    def __init__(self, label: Any, *, required: bool = False, **kwargs: Any) -> None:
        super().__init__(
            Department.objects.order_by("path"), label=label, required=required, empty_label=_("Type to choose"),
            **kwargs,
        )  # fmt: skip

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class AnyRegionField(PickedField):
    """One region, by its whole name."""

    default_error_messages = NO_SUCH_REGION

    def __init__(self, label: Any, *, required: bool = True, **kwargs: Any) -> None:
        super().__init__(
            Region.objects.select_related("parent"), label=label, required=required, empty_label=_("Type to choose"),
            **kwargs,
        )  # fmt: skip

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.full_name)


# -- tables of this room --------------------------------------------------------------------------------------


class RegionForm(RowForm):
    parent = AnyRegionField(_("Above it"), required=False)

    class Meta:
        model = Region
        fields = ("name", "level", "parent", "code", "longitude", "latitude")


class DepartmentForm(RowForm):
    wide = ("channel",)
    parent = AnyDepartmentField(_("Above it"))
    region = AnyRegionField(_("Region"))
    successor = AnyDepartmentField(
        _("successor"),
        help_text=_("Gets the unanswered tickets when this department is closed; without one the dispatchers do."),
    )

    class Meta:
        model = Department
        fields = ("name", "level", "parent", "region", "phone", "is_open", "successor", "channel")


class OfficeHoursForm(RowForm):
    class Meta:
        model = OfficeHours
        fields = ("opens", "closes")
        widgets = {
            "opens": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "closes": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }


register(Table(
    "regions", Region, _("Regions"), _("The city, its districts, streets and towns."), _("New region"), RegionForm,
    columns(Region, "name", "level", "parent", "code"), search=("name", "code", "parent__name"), heard="name",
    related=("parent",), sheet="regions",
))  # fmt: skip
register(Table(
    "departments", Department, _("Departments of the city"),
    _("Who takes tickets, who stands below whom, by which channel they are told."), _("New department"),
    DepartmentForm,
    (*columns(Department, "name", "level", "parent", "region", "phone"),
     Column(_label(Department, "channel"), lambda row: row.channel.partition("://")[0] if row.channel else "")),
    search=("name", "parent__name", "region__name", "phone"), heard="name", related=("parent", "region"),
    order=("path",), used="is_open", tabs=(_("Take tickets"), _("Take none")), sheet="departments",
))  # fmt: skip
register(Table(
    "office-hours", OfficeHours, _("Office hours"), _("What counts as working time in a day."), _("New hours"),
    OfficeHoursForm, columns(OfficeHours, "opens", "closes"),
))  # fmt: skip
