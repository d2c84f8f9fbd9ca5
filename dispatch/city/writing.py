"""The city as it stands, as the sheets by which it was laid in: an example, a copy, the beginning of another city."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.utils.translation import gettext as _t

from dispatch.city import sheets
from dispatch.directory import sheet as directory
from dispatch.directory.book import lines_of, standing
from dispatch.places import sheet as places
from hotline.accounts.models import Department, Region, User
from tickets.models import Category, Place


def write(folder: Path) -> list[str]:
    """Writes all sheets into a folder; returns their names. Raises OSError. Passwords are in none of them."""
    folder.mkdir(parents=True, exist_ok=True)
    yes, no = "是", "否"
    regions = Region.objects.select_related("parent").order_by("path")
    departments = Department.objects.select_related("parent", "region__parent").order_by("path")
    people = User.objects.select_related("department").order_by("username")
    files = {
        "regions": sheets.written(sheets.REGIONS.columns, (
            (one.code, one.name, one.get_level_display(), one.parent.code if one.parent else "", one.longitude,
             one.latitude) for one in regions), title=_t("regions")),
        "departments": sheets.written(sheets.DEPARTMENTS.columns, (
            (one.name, one.get_level_display(), one.parent.name if one.parent else "", one.region.code, one.phone,
             yes if one.is_open else no) for one in departments), title=_t("departments")),
        "categories": sheets.written(sheets.CATEGORIES.columns, _categories(yes, no), title=_t("categories")),
        "people": sheets.written(sheets.PEOPLE.columns, (
            (one.username, one.full_name, one.get_role_display(), one.department.name if one.department else "",
             yes if one.is_lead else no, one.phone, one.extension, yes if one.is_active else no)
            for one in people), title=_t("people")),
        "places": places.write(Place.objects.filter(retired_at=None).select_related("region__parent").order_by("pk")),
        "directory": directory.write(lines_of(standing())),
    }  # fmt: skip
    for name, content in files.items():
        (folder / f"{name}.xlsx").write_bytes(content)
    return [f"{name}.xlsx" for name in files]


def _categories(yes: str, no: str) -> Iterator[tuple[str, ...]]:
    for one in Category.objects.select_related("parent__parent").order_by("code"):
        if one.parent and one.parent.parent:
            yield one.parent.parent.name, one.parent.name, one.name, one.keywords, yes if one.is_used else no
