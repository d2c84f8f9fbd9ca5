"""The directory as an Excel sheet: written for people to change, read back whole or not at all."""

from __future__ import annotations

import io
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar

import xlsxwriter
from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from dispatch.directory.book import Line
from dispatch.directory.versions import faults
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
NEEDED = ("category", "region", "department")
WIDTHS = (22, 34, 18, 26, 30, 40, 12, 12)
MAX_BYTES = 5 * 1024 * 1024
MAX_UNPACKED = 100 * 1024 * 1024
MAX_ROWS = 20_000
BASIS_LENGTH = 200
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日")
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
                found[name].append(node)
        return found

    def one(self, among: dict[str, list[Any]], name: str) -> Any:
        """The one row of this name. Raises ValueError with the reason where there is none or more than one."""
        found = among.get(name.replace("／", "/").replace(" ", ""), [])
        if not found:
            raise ValueError(_t("“%(name)s” is not known.") % {"name": name})
        if len(found) > 1:
            raise ValueError(_t("“%(name)s” may be several; write the whole way down, or the code.") % {"name": name})
        return found[0]


# -- reading ------------------------------------------------------------------------------------------------


def read(content: bytes) -> list[Line]:
    """The lines of a workbook's first sheet. Raises Refused with everything that is wrong, row by row."""
    rows = _rows(content)
    heading = next(rows, ())
    columns = _columns(heading)
    names, today = _Names(), timezone.localdate()
    lines: list[Line] = []
    at: list[int] = []  # the row of each line
    problems: list[Problem] = []
    for number, cells in enumerate(rows, 2):
        if number > MAX_ROWS:
            raise Refused([Problem(0, _t("The sheet has more than %(count)d rows.") % {"count": MAX_ROWS})])
        values = {name: cells[index] if index < len(cells) else None for name, index in columns.items()}
        if all(value is None or not str(value).strip() for value in values.values()):
            continue
        try:
            line = _line(values, names, today)
        except ValueError as error:
            problems.append(Problem(number, str(error)))
            continue
        lines.append(line)
        at.append(number)
    if not problems and not lines:
        problems.append(Problem(0, _t("The sheet has no lines; the directory cannot be empty.")))
    for fault in faults(lines):
        text = fault.text
        if fault.other is not None:
            text = _t("{text} (row {row})").format(text=text, row=at[fault.other])
        problems.append(Problem(at[fault.index] if fault.index is not None else 0, text))
    if problems:
        raise Refused(sorted(problems))
    return lines


def _rows(content: bytes) -> Iterator[tuple[Any, ...]]:
    if len(content) > MAX_BYTES:
        raise Refused([Problem(0, _t("The file is larger than %(count)d MB.") % {"count": MAX_BYTES // 1024**2})])
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED:
                raise Refused([Problem(0, _t("The file unpacks to more than a directory can be."))])
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        yield from book.worksheets[0].iter_rows(values_only=True)
    except Refused:
        raise
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ValueError, OSError, SyntaxError) as error:
        raise Refused([Problem(0, _t("This is no Excel workbook (.xlsx)."))]) from error


def _columns(heading: Sequence[Any]) -> dict[str, int]:
    """Where each column stands, in whichever of our languages it is headed."""
    labels: dict[str, str] = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            labels |= {str(label): name for name, label in COLUMNS.items()}
    found = {labels[text]: index for index, cell in enumerate(heading) if (text := str(cell or "").strip()) in labels}
    if missing := [str(COLUMNS[name]) for name in NEEDED if name not in found]:
        raise Refused([Problem(1, _t("Column missing: %(names)s") % {"names": _t(", ").join(missing)})])
    return found


def _line(values: dict[str, Any], names: _Names, today: date) -> Line:
    text = {name: str(value or "").strip() for name, value in values.items()}
    if empty := [str(COLUMNS[name]) for name in NEEDED if not text[name]]:
        raise ValueError(_t("Empty: %(names)s") % {"names": _t(", ").join(empty)})
    sender = names.one(names.departments, text["sender"]) if text.get("sender") else None
    assisting = [
        names.one(names.departments, name.strip())
        for name in text.get("assisting", "").translate(SEPARATORS).split(",")
        if name.strip()
    ]
    department = names.one(names.departments, text["department"])
    closed = [str(one) for one in (department, *assisting, *([sender] if sender else [])) if not one.is_open]
    ends = _day(values.get("valid_until"))
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
        valid_from=_day(values.get("valid_from")) or today,
        valid_until=ends,
    )


def _day(value: Any) -> date | None:
    if value is None or not str(value).strip():
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    for form in DATE_FORMATS:
        try:
            return datetime.strptime(str(value).strip(), form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise ValueError(_t("“%(value)s” is no day; write 2026-01-31.") % {"value": str(value)[:40]})


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
        sheet.write_datetime(row, len(texts), line.valid_from, day)
        if line.valid_until:
            sheet.write_datetime(row, len(texts) + 1, line.valid_until, day)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(1, len(order)), len(COLUMNS) - 1)
    others = book.add_worksheet(_t("Departments"))
    others.set_column(0, 0, 40)
    for row, department in enumerate(d for d in departments.values() if d.is_open):
        others.write_string(row, 0, str(department))
    book.close()
    return out.getvalue()
