"""The tables and charts of a report as they stand on its page, written once and kept.

They are kept under what they show, as it may be read now, so that what a caller asks to be withheld later is in none.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from django.core.cache import cache
from django.db import connection
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _t

from reports import behind, periods
from reports.content import cells, withholding
from reports.files import charts
from reports.models import ReportRun

Section = dict[str, Any]
KEPT_SECONDS = 24 * 3600
# A new version of what writes them writes them anew.
WRITER = hashlib.sha256(
    b"".join(Path(str(module)).read_bytes() for module in (__file__, behind.__file__, cells.__file__, charts.__file__))
).hexdigest()[:16]


def of(run: ReportRun, sections: list[Section], *, leads: bool) -> list[tuple[SafeString, SafeString]]:
    """The rows and the chart of each section; with ways from its figures to what they count, where it `leads`."""
    shown = [[section[name] for name in ("title", "chart", "columns", "rows")] for section in sections]
    about = [connection.settings_dict["NAME"], run.pk, get_language(), leads, shown]
    key = f"report-page:{WRITER}:{hashlib.sha256(json.dumps(about).encode()).hexdigest()}"
    kept: list[tuple[str, str]] | None = cache.get(key)
    if kept is None:
        kept = [(str(_body(section, run, leads=leads)), _drawn(section)) for section in sections]
        cache.set(key, kept, KEPT_SECONDS)
    return [(mark_safe(body), mark_safe(svg)) for body, svg in kept]  # noqa: S308 - written here


def _drawn(section: Section) -> str:
    return charts.as_svg(section) if section.get("chart") and section["rows"] else ""


def _body(section: Section, run: ReportRun, *, leads: bool) -> str:
    """The rows of a section as they stand on the page; in one piece, since a template takes four times as long.

    Each figure leads to what it counts, but for a part of a period: meanwhile there is more behind it; and each
    ticket's number to the ticket. Figures on too small a base are pale, and their row says so, once.
    """
    days = periods.parse(run.kind, run.period).days
    narrowed = dict(parse_qsl(run.edition.report.scope))
    counts_lead = leads and not run.is_partial
    few = format_html(' <span class="muted small">{}</span>', _t("too few to judge"))
    labels = [escape(column) for column in section["columns"]]
    last = len(section["rows"]) - 1 if section.get("has_total") else -1

    def shown(cell: Any) -> str:
        text = escape(cells.text(cell))
        if counts_lead and isinstance(cell, dict) and (see := cell.get("see")):
            address = behind.address(see | {"by": narrowed | see.get("by", {})}, *days)
            return f'<a href="{escape(address)}">{text}</a>'
        return withholding.NUMBER.sub(_leading_to_ticket, text) if leads and isinstance(cell, str) else text

    def written(at: int, cell: Any, mark: str) -> str:
        looks = " ".join(
            name for name, is_so in (("num", cells.is_number(cell)), ("few", cells.few(cell))) if is_so
        )  # fmt: skip
        kind = f' class="{looks}"' if looks else ""
        label = f' data-label="{labels[at]}"' if at else ""
        return f"<td{kind}{label}>{shown(cell)}{mark}</td>"

    def line(at: int, row: list[Any]) -> str:
        mark = few if any(map(cells.few, row)) else ""
        told = "".join(written(column, cell, "" if column else mark) for column, cell in enumerate(row))
        return f"<tr{total if at == last else ''}>{told}</tr>"

    total = ' class="total"'
    return mark_safe("".join(line(at, row) for at, row in enumerate(section["rows"])))  # noqa: S308 - all is escaped


def _leading_to_ticket(found: re.Match[str]) -> str:
    return f'<a href="{reverse("ticket", args=[found[0]])}">{found[0]}</a>'
