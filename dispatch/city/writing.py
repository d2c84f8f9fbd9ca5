"""The city as it stands, as the sheets by which it was laid in: an example, a copy, the beginning of another city."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from django.utils.translation import gettext as _t

from dispatch.city import sheets
from dispatch.directory import sheet as directory
from dispatch.directory.book import lines_of, standing
from dispatch.places import sheet as places
from hotline.accounts.models import Department, Region, User
from tickets.models import Category, Place

YES, NO = "是", "否"


def write(folder: Path) -> list[str]:
    """Writes all sheets into a folder; returns their names. Raises OSError. Passwords are in none of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in sheets.ALL:
        (folder / f"{name}.xlsx").write_bytes(workbook(name))
    return [f"{name}.xlsx" for name in sheets.ALL]


def workbook(name: str) -> bytes:
    """What one sheet says of the city as it stands."""
    return _WORKBOOKS[name]()


def _regions() -> bytes:
    rows = Region.objects.select_related("parent").order_by("path")
    return sheets.written(sheets.REGIONS.columns, (
        (one.code, one.name, one.get_level_display(), one.parent.code if one.parent else "", one.longitude,
         one.latitude) for one in rows), title=_t("regions"))  # fmt: skip


def _departments() -> bytes:
    rows = Department.objects.select_related("parent", "region__parent").order_by("path")
    return sheets.written(sheets.DEPARTMENTS.columns, (
        (one.name, one.get_level_display(), one.parent.name if one.parent else "", one.region.code, one.phone,
         YES if one.is_open else NO) for one in rows), title=_t("departments"))  # fmt: skip


def _people() -> bytes:
    rows = User.objects.select_related("department").order_by("username")
    return sheets.written(sheets.PEOPLE.columns, (
        (one.username, one.full_name, one.get_role_display(), one.department.name if one.department else "",
         YES if one.is_lead else NO, one.phone, one.extension, YES if one.is_active else NO)
        for one in rows), title=_t("people"))  # fmt: skip


def _places() -> bytes:
    return places.write(Place.objects.filter(retired_at=None).select_related("region__parent").order_by("pk"))


def _categories() -> bytes:
    return sheets.written(sheets.CATEGORIES.columns, _third_levels(), title=_t("categories"))


def _third_levels() -> Iterator[tuple[str, ...]]:
    for one in Category.objects.select_related("parent__parent").order_by("code"):
        if one.parent and one.parent.parent:
            yield one.parent.parent.name, one.parent.name, one.name, one.keywords, YES if one.is_used else NO


_WORKBOOKS: dict[str, Callable[[], bytes]] = {
    "regions": _regions, "departments": _departments, "categories": _categories, "people": _people,
    "places": _places, "directory": lambda: directory.write(lines_of(standing())),
}  # fmt: skip
