"""The directory as an Excel sheet: written for people to change, read back whole or not at all."""

from __future__ import annotations

import io
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple, TypeVar

import xlsxwriter
from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dispatch.directory.book import Line
from dispatch.directory.versions import faults
from dispatch.sheets import cells, tables
from dispatch.sheets.grids import Unreadable
from dispatch.sheets.tables import Columns, Row, Table
from hotline.accounts.models import Department, Region, TreeNode
from tickets.models import Category

COLUMNS = {
    "sender": _("Sent by"),
    "category": _("Category"),
    "region": _("Region"),
    "department": _("Responsible department"),
    "assisting": _("Assisting departments"),
    "basis": _("Legal basis"),
    "valid_from": _("Valid from"),
    "valid_until": _("Last day valid"),
}
# What people head these columns with who have not begun with our own sheet.
ALSO = {
    "sender": ("派单单位", "下派单位", "上级单位"),
    "category": ("分类", "类别", "事项", "事项类别", "诉求分类"),
    "region": ("区划", "属地", "地区", "行政区划"),
    "department": ("责任单位", "承办单位", "主办单位", "责任部门"),
    "assisting": ("协办部门", "配合单位"),
    "basis": ("依据", "政策依据", "职责依据"),
    "valid_from": ("起始日期", "开始日期", "生效时间"),
    "valid_until": ("截止日期", "终止日期", "失效日期"),
}
NEEDED = ("category", "region", "department")
WIDTHS = (22, 34, 18, 26, 30, 40, 12, 12)
MAX_ROWS = 20_000
BASIS_LENGTH = 200
FIRST_DAY_OF_EXCEL = date(1900, 3, 1)  # before it Excel and the calendar disagree
SEPARATORS = str.maketrans("，、；;\n", ",,,,,")
Node = TypeVar("Node", bound=TreeNode)


class Problem(NamedTuple):
    """Why a sheet is refused: the row as Excel numbers it (0: the sheet as a whole), and what is wrong there."""

    row: int
    text: str


class Refused(Exception):
    """A sheet that is not taken in; nothing has been changed."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{problem.row}: {problem.text}" for problem in problems))
        self.problems = problems


# -- names --------------------------------------------------------------------------------------------------


def category_name(category: Category, names: dict[int, str]) -> str:
    """The way down to it: 城乡建设/建筑工地/道路施工."""
    return "/".join(names[pk] for pk in reversed(category.ancestor_ids))


class _Names:
    """Finds rows by what people write of them."""

    def __init__(self) -> None:
        categories, regions = list(Category.objects.all()), list(Region.objects.select_related("parent"))
        names = {category.pk: category.name for category in categories}
        self.categories = self._by_name(categories, lambda c: (c.code, c.name, category_name(c, names)))
        self.regions = self._by_name(regions, lambda r: (r.code, r.name, r.full_name))
        self.departments = self._by_name(Department.objects.all(), lambda d: (d.name,))

    @staticmethod
    def _by_name(nodes: Iterable[Node], names: Callable[[Node], tuple[str, ...]]) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = defaultdict(list)
        for node in nodes:
            for name in set(names(node)):
                found[_plain(name)].append(node)
        return found

    def one(self, among: dict[str, list[Any]], name: str) -> Any:
        """The one row of this name. Raises ValueError with the reason where there is none or more than one."""
        found = among.get(_plain(name), []) or self._without_zeros(among, _plain(name))
        if not found:
            raise ValueError(_t("“%(name)s” is not known.") % {"name": name})
        if len(found) > 1:
            raise ValueError(_t("“%(name)s” may be several; write the whole way down, or the code.") % {"name": name})
        return found[0]

    @staticmethod
    def _without_zeros(among: dict[str, list[Any]], name: str) -> list[Any]:
        """The rows whose code it is but for the zeros at its front, which a cell formatted as a number loses."""
        if not (name.isascii() and name.isdigit()):
            return []
        bare = name.lstrip("0")
        return [node for code, nodes in among.items() if code.isdigit() and code.lstrip("0") == bare for node in nodes]


def _plain(name: str) -> str:
    """A name without what is no difference to whoever reads it: width of signs, blanks and line breaks."""
    return "".join(unicodedata.normalize("NFKC", name).split())


# -- reading ------------------------------------------------------------------------------------------------


def read(content: bytes) -> list[Line]:
    """The lines of a workbook or text file. Raises Refused."""
    return lines(table(content))


def lines(table: Table) -> list[Line]:
    """The lines that a table holds. Raises Refused with everything that is wrong, row by row."""
    names, today = _Names(), timezone.localdate()
    found: list[Line] = []
    at: list[int] = []  # the row of each line
    problems: list[Problem] = []
    for row in table.rows:
        try:
            line = _line(row, names, today)
        except ValueError as error:
            problems.append(Problem(row.number, str(error)))
            continue
        found.append(line)
        at.append(row.number)
    if not problems and not found:
        problems.append(Problem(0, _t("The sheet has no lines; the directory cannot be empty.")))
    for fault in faults(found):
        text = fault.text
        if fault.other is not None:
            text = _t("{text} (row {row})").format(text=text, row=at[fault.other])
        problems.append(Problem(at[fault.index] if fault.index is not None else 0, text))
    if problems:
        raise Refused(sorted(problems))
    return found


def table(content: bytes) -> Table:
    """The table of a file that somebody sends. Raises Refused."""
    try:
        found = tables.read(content, _columns())
    except Unreadable as error:
        raise Refused([Problem(error.row, str(error))]) from error
    if len(found.rows) > MAX_ROWS:
        raise Refused([Problem(0, _t("The sheet has more than %(count)d rows.") % {"count": MAX_ROWS})])
    return found


def _columns() -> Columns:
    """The columns as they are headed in any of our languages, and as others head them."""
    headings: dict[str, list[str]] = {name: [str(label)] for name, label in COLUMNS.items()}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for name, label in COLUMNS.items():
                headings[name].append(str(label))
    return Columns({name: (*headings[name], *ALSO[name]) for name in COLUMNS}, NEEDED)


def _line(row: Row, names: _Names, today: date) -> Line:
    if row.fault:
        raise ValueError(row.fault)
    text = {name: value.strip() for name, value in row.values.items()}
    if empty := [str(COLUMNS[name]) for name in NEEDED if not text[name]]:
        raise ValueError(_t("Empty: %(names)s") % {"names": _t(", ").join(empty)})
    sender = names.one(names.departments, text["sender"]) if text.get("sender") else None
    assisting = _assisting(text.get("assisting", ""), names)
    department = names.one(names.departments, text["department"])
    closed = [str(one) for one in (department, *assisting, *([sender] if sender else [])) if not one.is_open]
    ends = _day(text.get("valid_until", ""), row)
    if closed and (ends is None or ends >= today):
        raise ValueError(_t("%(name)s takes no tickets any more.") % {"name": closed[0]})
    basis = text.get("basis", "")
    if len(basis) > BASIS_LENGTH:
        raise ValueError(_t("The legal basis has more than %(count)d characters.") % {"count": BASIS_LENGTH})
    return Line(
        sender=sender.pk if sender else None,
        category=names.one(names.categories, text["category"]).pk,
        region=names.one(names.regions, text["region"]).pk,
        department=department.pk,
        assisting=tuple(sorted({one.pk for one in assisting})),
        basis=basis,
        valid_from=_day(text.get("valid_from", ""), row) or today,
        valid_until=ends,
    )


def _assisting(text: str, names: _Names) -> list[Any]:
    """The departments that a cell names; one whose own name holds a separator stands alone."""
    if not text:
        return []
    if _plain(text) in names.departments:
        return [names.one(names.departments, text)]
    return [names.one(names.departments, name) for name in text.translate(SEPARATORS).split(",") if name.strip()]


def _day(text: str, row: Row) -> date | None:
    if not text:
        return None
    try:
        return cells.moment(text, counts_from_1904=row.counts_from_1904).date()
    except ValueError:
        raise ValueError(_t("“%(value)s” is no day; write 2026-01-31.") % {"value": text[:40]}) from None


def not_read(table: Table) -> list[str]:
    """Other sheets in which something stands; the list of departments that `write` adds is none of them."""
    ours = []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            ours.append(_t("Departments"))
    return [name for name in table.passed_over if name not in ours]


# -- writing ------------------------------------------------------------------------------------------------


def write(lines: Sequence[Line]) -> bytes:
    """A workbook that `read` reads back as the same lines, with a sheet of all departments to copy names from."""
    categories, departments = Category.objects.in_bulk(), Department.objects.in_bulk()
    regions = {region.pk: region for region in Region.objects.select_related("parent")}
    names = {category.pk: category.name for category in categories.values()}
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    bold = book.add_format({"bold": True, "bg_color": "#E7F0F7", "border": 1})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet(_t("Responsibility directory"))
    for index, (label, width) in enumerate(zip(COLUMNS.values(), WIDTHS, strict=True)):
        sheet.write_string(0, index, str(label), bold)
        sheet.set_column(index, index, width)
    order = sorted(
        lines, key=lambda x: (x.sender or 0, categories[x.category].code, regions[x.region].code, x.valid_from)
    )
    for row, line in enumerate(order, 1):
        texts = (
            str(departments[line.sender]) if line.sender else "", category_name(categories[line.category], names),
            regions[line.region].full_name, str(departments[line.department]),
            "、".join(str(departments[pk]) for pk in line.assisting), line.basis,
        )  # fmt: skip
        for column, text in enumerate(texts):
            sheet.write_string(row, column, text)
        _write_day(sheet, row, len(texts), line.valid_from, day)
        if line.valid_until:
            _write_day(sheet, row, len(texts) + 1, line.valid_until, day)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(1, len(order)), len(COLUMNS) - 1)
    others = book.add_worksheet(_t("Departments"))
    others.set_column(0, 0, 40)
    for row, department in enumerate(d for d in departments.values() if d.is_open):
        others.write_string(row, 0, str(department))
    book.close()
    return out.getvalue()


def _write_day(sheet: Any, row: int, column: int, day: date, form: Any) -> None:
    if day < FIRST_DAY_OF_EXCEL:
        sheet.write_string(row, column, day.isoformat())
    else:
        sheet.write_datetime(row, column, day, form)
