"""How the cells of a report stand on a page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t

from hotline.accounts.permissions import Permission as P
from reports import behind
from reports.content import cells
from reports.models import ReportRun

register = template.Library()
register.filter("cell", cells.text)
register.filter("is_number", cells.is_number)


@register.simple_tag(takes_context=True)
def shown(context: dict[str, Any], cell: Any, run: ReportRun | None = None, scope: str = "") -> str | SafeString:
    """A cell of a report, which leads whoever may look there to what it counts; one of a small base is marked.

    `scope` is what the whole report is narrowed to, as an address says it.
    """
    text = cells.text(cell)
    see = cell.get("see") if isinstance(cell, dict) else None
    user = getattr(context.get("request"), "user", None)
    if see and run and user is not None and user.may(P.SEE_REPORTS):
        first, last = (timezone.localdate(instant) for instant in (run.start, run.end - timedelta.resolution))
        text = format_html('<a href="{}">{}</a>', behind.address(see, first, last, scope), text)
    if cells.few(cell):
        return format_html('{}<abbr title="{}">*</abbr>', text, _t("too few to judge"))
    return text
