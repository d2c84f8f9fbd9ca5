"""The sheets by which a whole city is laid in: what each is called, its columns, and how it is written."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter
from django.conf import settings
from django.db import models
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dispatch.directory import sheet as directory
from dispatch.places import sheet as places
from dispatch.sheets import tables
from dispatch.sheets.tables import Columns, Table
from hotline.text import one_line

ENDINGS = (".xlsx", ".csv")


@dataclass(frozen=True)
class Sheet:
    """One of them: the names a file of it may have without the ending, and its columns with what else heads them."""

    names: tuple[str, ...]
    columns: Mapping[str, Any]
    also: Mapping[str, tuple[str, ...]]
    needed: tuple[str, ...]

    def find(self, folder: Path) -> list[Path]:
        """The files of it in a folder; more than one is a mistake."""
        files = (path for path in folder.iterdir() if path.suffix.casefold() in ENDINGS)
        return sorted(path for path in files if path.stem.casefold() in self.names)

    def read(self, path: Path) -> Table:
        """The table of a file that somebody names on the command line. Raises Unreadable."""
        return tables.read_file(path, self._looked_for())

    def read_sent(self, content: bytes) -> Table:
        """The table of a file that was sent to a page. Raises Unreadable."""
        return tables.read(content, self._looked_for())

    def _looked_for(self) -> Columns:
        headings: dict[str, list[str]] = {name: [str(label)] for name, label in self.columns.items()}
        for language, _name in settings.LANGUAGES:
            with translation.override(language):
                for name, label in self.columns.items():
                    headings[name].append(str(label))
        known = {name: (*headings[name], *self.also.get(name, ())) for name in self.columns}
        return Columns(known, self.needed)


REGIONS = Sheet(
    ("regions", "区划"),
    {"code": _("division code"), "name": _("name"), "level": _("level"), "parent": _("Above it"),
     "longitude": _("longitude"), "latitude": _("latitude")},
    {"code": ("区划代码", "代码"), "name": ("名称", "区划名称"), "level": ("级别", "层级"),
     "parent": ("上级", "上级区划")},
    ("code", "name", "level"),
)  # fmt: skip
DEPARTMENTS = Sheet(
    ("departments", "承办单位", "单位"),
    {"name": _("name"), "level": _("level"), "parent": _("Above it"), "region": _("Region"),
     "phone": _("duty telephone"), "is_open": _("takes tickets")},
    {"name": ("名称", "单位名称"), "level": ("级别", "层级", "单位类型"), "parent": ("上级", "上级单位", "主管单位"),
     "region": ("区划", "属地"), "phone": ("电话", "值班电话"), "is_open": ("是否接单", "启用")},
    ("name", "level", "region"),
)  # fmt: skip
CATEGORIES = Sheet(
    ("categories", "事项分类", "分类"),
    {"first": _("First level"), "second": _("Second level"), "third": _("Third level"), "keywords": _("keywords"),
     "is_used": _("in use")},
    {"first": ("一级", "一级分类", "一级事项"), "second": ("二级", "二级分类", "二级事项"),
     "third": ("三级", "三级分类", "三级事项"), "keywords": ("关键字",), "is_used": ("启用",)},
    ("first", "second", "third"),
)  # fmt: skip
PEOPLE = Sheet(
    ("people", "人员"),
    {"username": _("Username"), "full_name": _("full name"), "role": _("role"),
     "department": pgettext_lazy("of a person", "department"), "is_lead": _("leads the department"),
     "phone": _("telephone"), "extension": _("telephone extension"), "is_active": _("Account in use")},
    {"username": ("账号", "登录名", "工号"), "full_name": ("姓名",), "role": ("岗位", "角色"),
     "department": ("单位", "所在单位", "承办单位", "部门"), "is_lead": ("负责人", "是否负责人"),
     "phone": ("电话", "手机"), "extension": ("分机", "分机号"), "is_active": ("启用", "是否启用")},
    ("username", "full_name", "role"),
)  # fmt: skip
PLACES = Sheet(("places", "地名库", "地名"), places.COLUMNS, places.ALSO, ("name", "region"))
DIRECTORY = Sheet(("directory", "派单目录", "职责目录"), directory.COLUMNS, directory.ALSO, directory.NEEDED)
# In the order in which they are laid in: each names what stands in those before it.
ALL = {
    "regions": REGIONS, "departments": DEPARTMENTS, "categories": CATEGORIES, "people": PEOPLE, "places": PLACES,
    "directory": DIRECTORY,
}  # fmt: skip

YES = ("是", "y", "yes", "true", "1", "√", "✓", "启用", "在用")
NO = ("否", "n", "no", "false", "0", "×", "停用")


def plain(written: str) -> str:
    return one_line(written).casefold()


def chosen(choices: type[models.TextChoices]) -> dict[str, str]:
    """What a choice may be written as, in any of our languages, with its value."""
    found = {plain(value): value for value in choices.values}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found |= {plain(str(one.label)): one.value for one in choices}
    return found


def written(columns: Mapping[str, Any], rows: Iterable[Sequence[Any]], *, title: str) -> bytes:
    """A workbook with one sheet: the headings, and every cell as text, so that no code or number is changed."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    bold = book.add_format({"bold": True, "bg_color": "#E7F0F7", "border": 1})
    page = book.add_worksheet(title)
    for index, label in enumerate(columns.values()):
        page.write_string(0, index, str(label), bold)
        page.set_column(index, index, 22)
    for number, row in enumerate(rows, 1):
        for index, value in enumerate(row):
            page.write_string(number, index, "" if value is None else str(value))
    page.freeze_panes(1, 0)
    book.close()
    return out.getvalue()
