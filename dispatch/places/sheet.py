"""The place book as a sheet: read row by row, what is wrong with a row is its own matter; written to be read again."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import xlsxwriter
from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dispatch.importing import REASON
from dispatch.sheets import tables
from dispatch.sheets.tables import Columns, Row, Table
from hotline import formulas
from hotline.accounts.models import Region, User
from hotline.text import one_line
from tickets.models import Place, PlaceSheet
from tickets.places import book, learning

COLUMNS = {
    "name": _("Place name"),
    "kind": _("Kind of place"),
    "region": _("Region"),
    "community": _("Community"),
    "aliases": _("Other and old names"),
    "confidence": _("Confidence"),
}
# What people head these columns with who have not begun with our own sheet.
ALSO = {
    "name": ("地名", "名称", "小区名称", "标准名称"),
    "kind": ("类型", "地名类型", "类别"),
    "region": ("区划", "属地", "街道", "所属街道", "镇街", "乡镇街道"),
    "community": ("社区", "村居", "所属社区"),
    "aliases": ("别名", "曾用名", "俗称", "旧称"),
    "confidence": ("可信度", "置信度"),
}
WIDTHS = (26, 16, 22, 20, 40, 10)
KINDS_ALSO = {
    "小区": "estate", "住宅": "estate", "道路": "road", "街": "road", "市场": "market", "农贸市场": "market",
    "学校": "school", "村": "village", "村庄": "village", "商圈": "shopping", "单位": "unit", "公园": "unit",
    "其他": "other",
}  # fmt: skip
MAX_ROWS, MAX_ALIASES, NAME_LENGTH, COMMUNITY_LENGTH = 60_000, 20, 60, 40
IMPORTED_CONFIDENCE = 95
SEPARATORS = str.maketrans("，、；;\n|/", ",,,,,,,")


class Entry(NamedTuple):
    """A row that was read, with what becomes of it: new, changed or the same."""

    number: int
    name: str
    kind: str
    region: int
    community: str
    aliases: list[str]
    confidence: int
    becomes: str


NEW, CHANGED, SAME = "new", "changed", "same"


@dataclass
class Reading:
    """What a sheet holds: the rows that can be taken in, and those that cannot with the reason."""

    entries: list[Entry] = field(default_factory=list)
    rejected: list[tuple[Row, str]] = field(default_factory=list)


def table(content: bytes) -> Table:
    """The table of a file. Raises Unreadable."""
    return tables.read(content, _columns())


def _columns() -> Columns:
    headings: dict[str, list[str]] = {name: [str(label)] for name, label in COLUMNS.items()}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for name, label in COLUMNS.items():
                headings[name].append(str(label))
    return Columns({name: (*headings[name], *ALSO[name]) for name in COLUMNS}, ("name", "region"))


def read(found: Table) -> Reading:
    """Every row of a table as it would be taken in, or the reason why not."""
    result = Reading()
    seen: dict[tuple[str, int], int] = {}
    regions, kinds = _regions(), _kinds()
    known = {(one.name, one.region_id): one for one in Place.objects.filter(retired_at=None)}
    for row in found.rows[:MAX_ROWS]:
        try:
            entry = _entry(row, regions, kinds, known)
            key = (entry.name, entry.region)
            if key in seen:
                raise ValueError(_t("The same place stands in row %(row)d already.") % {"row": seen[key]})
            seen[key] = row.number
            result.entries.append(entry)
        except ValueError as error:
            result.rejected.append((row, str(error)))
    told = _t("The sheet has more than %(count)d rows.") % {"count": MAX_ROWS}
    result.rejected += [(row, told) for row in found.rows[MAX_ROWS:]]
    return result


def _regions() -> dict[str, list[Region]]:
    found: dict[str, list[Region]] = defaultdict(list)
    for region in Region.objects.select_related("parent"):
        for name in {region.code, region.name, region.full_name}:
            found[book.plain(name)].append(region)
    return found


def _kinds() -> dict[str, str]:
    found = {**KINDS_ALSO, **{value: value for value in Place.Kind.values}}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found |= {str(kind.label): kind.value for kind in Place.Kind}
    return {book.plain(label): kind for label, kind in found.items()}


def _entry(
    row: Row, regions: dict[str, list[Region]], kinds: dict[str, str], known: dict[tuple[str, int], Place]
) -> Entry:
    if row.fault:
        raise ValueError(row.fault)
    given = {name: one_line(value) for name, value in row.values.items()}
    name = _named(given["name"])
    region = _region(given["region"], regions)
    written = given.get("kind", "")
    kind = kinds.get(book.plain(written)) if written else Place.Kind.OTHER.value
    if kind is None:
        raise ValueError(_t("“%(name)s” is no kind of place.") % {"name": written[:20]})
    community = given.get("community", "")
    if len(community) > COMMUNITY_LENGTH:
        raise ValueError(_t("The community has more than %(count)d characters.") % {"count": COMMUNITY_LENGTH})
    aliases = aliases_in(given.get("aliases", ""), name)
    before = known.get((name, region.pk))
    confidence = _confidence(given.get("confidence", "")) or (before.confidence if before else IMPORTED_CONFIDENCE)
    becomes = NEW
    if before:
        old = (before.kind, before.community, before.aliases, before.confidence)
        becomes = SAME if old == (kind, community, aliases, confidence) else CHANGED
    return Entry(row.number, name, kind, region.pk, community, aliases, confidence, becomes)


def _named(name: str) -> str:
    if not name:
        raise ValueError(_t("The place has no name."))
    if len(name) > NAME_LENGTH:
        raise ValueError(_t("A name has more than %(count)d characters.") % {"count": NAME_LENGTH})
    if len(book.plain(name)) < book.MIN_NAME:
        raise ValueError(_t("“%(name)s” is too short for a name.") % {"name": name})
    return name


def _region(written: str, regions: dict[str, list[Region]]) -> Region:
    found = regions.get(book.plain(written), [])
    if not written:
        raise ValueError(_t("The place has no region."))
    if not found:
        raise ValueError(_t("“%(name)s” is not known.") % {"name": written[:40]})
    if len(found) > 1:
        raise ValueError(
            _t("“%(name)s” may be several; write the whole way down, or the code.") % {"name": written[:40]}
        )
    return found[0]


def _confidence(written: str) -> int | None:
    if not written:
        return None
    try:
        percent = round(float(written.rstrip("%％")))
    except (ValueError, OverflowError):
        percent = -1
    if not 1 <= percent <= 100:
        raise ValueError(_t("The confidence is a number from 1 to 100."))
    return percent


def aliases_in(written: str, name: str) -> list[str]:
    """The names that a cell or a field lists. Raises ValueError."""
    found = [_named(alias) for alias in map(one_line, written.translate(SEPARATORS).split(",")) if alias]
    found = [alias for alias in dict.fromkeys(found) if alias != name]
    if len(found) > MAX_ALIASES:
        raise ValueError(_t("A place has at most %(count)d other names.") % {"count": MAX_ALIASES})
    return found


# -- taking in ------------------------------------------------------------------------------------------------


@transaction.atomic
def take_in(entries: Iterable[Entry], *, actor: User | None) -> dict[str, int]:
    """Writes what is new or changed; returns how many of each there were. What the sheet leaves out stays."""
    counts = {NEW: 0, CHANGED: 0, SAME: 0}
    known = {
        (one.name, one.region_id): one for one in Place.objects.select_for_update(no_key=True).filter(retired_at=None)
    }
    new, changed = [], []
    now = timezone.now()
    for entry in entries:
        values: dict[str, Any] = {
            "kind": entry.kind, "community": entry.community, "aliases": list(entry.aliases),
            "confidence": entry.confidence,
        }  # fmt: skip
        one = known.get((entry.name, entry.region))
        if one is None:
            source = Place.Source.IMPORTED
            new.append(Place(name=entry.name, region_id=entry.region, source=source, added_by=actor, **values))
            counts[NEW] += 1
        elif {name: getattr(one, name) for name in values} == values:
            counts[SAME] += 1
        else:
            for name, value in (values | {"changed_by": actor, "changed_at": now}).items():
                setattr(one, name, value)
            changed.append(one)
            counts[CHANGED] += 1
    Place.objects.bulk_create(new, batch_size=2000)
    columns = ["kind", "community", "aliases", "confidence", "changed_by", "changed_at"]
    Place.objects.bulk_update(changed, columns, batch_size=1000)
    learning.settle_what_stands(actor, now)
    book.forget()
    return counts


def rejected_csv(sheet: PlaceSheet) -> str:
    """The refused rows with their reasons, to be put right and read in again. No cell of it is a formula."""
    heading: list[str] = [*sheet.heading]
    width = len(heading) - (bool(heading) and heading[-1] == REASON)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(map(formulas.harmless, [*heading[:width], REASON]))
    for number, row, reason in sheet.rejected:
        told = _t("Row %(row)d: %(reason)s") % {"row": number, "reason": reason}
        writer.writerow(map(formulas.harmless, [*(row + [""] * width)[:width], told]))
    return "\ufeff" + out.getvalue()


# -- writing --------------------------------------------------------------------------------------------------


def write(places: Iterable[Place]) -> bytes:
    """A workbook that `read` reads back as the same places."""
    out = io.BytesIO()
    workbook = xlsxwriter.Workbook(out, {"in_memory": True})
    bold = workbook.add_format({"bold": True, "bg_color": "#E7F0F7", "border": 1})
    sheet = workbook.add_worksheet(_t("Place book"))
    for index, (label, width) in enumerate(zip(COLUMNS.values(), WIDTHS, strict=True)):
        sheet.write_string(0, index, str(label), bold)
        sheet.set_column(index, index, width)
    for row, one in enumerate(places, 1):
        texts = (
            one.name, str(one.get_kind_display()), one.region.full_name, one.community, "、".join(one.aliases)
        )  # fmt: skip
        for column, written in enumerate(texts):
            sheet.write_string(row, column, written)
        sheet.write_number(row, len(texts), one.confidence)
    sheet.freeze_panes(1, 0)
    workbook.close()
    return out.getvalue()
