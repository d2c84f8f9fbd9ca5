"""Builds a report: gathers its sections from the database, makes the files, keeps the run.

A section is plain data, so that page, Word and Excel show the same and a kept run needs nothing recomputed:
`{"title", "note", "columns": [...], "rows": [[...]], "chart": None or {"label": column, "value": column}}`.
Numbers stay numbers; shares are kept as text with their two numbers in columns of their own.
"""

from __future__ import annotations

from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _t

from hotline.accounts.models import User
from hotline.waiting import patience

from . import documents, monthly, weekly
from .models import ReportKind, ReportRun
from .periods import Period

Section = dict[str, Any]
REPORT_LANGUAGE = "zh-hans"  # a report is an office document: Chinese whoever has it built


def build(period: Period, *, by: User | None = None) -> ReportRun:
    """Builds the report of `period` from the database as it is now, and keeps it."""
    with translation.override(REPORT_LANGUAGE), patience.of(patience.LONG):
        kind = ReportKind(period.kind)
        title = _t("%(city)s 12345 hotline: %(kind)s %(period)s") % {
            "city": documents.city_name(), "kind": kind.label, "period": period.name,
        }  # fmt: skip
        sections = weekly.sections(period) if kind == ReportKind.WEEKLY else monthly.sections(period)
        run = ReportRun(
            kind=kind, period=period.label, start=period.start, end=period.end, title=title, sections=sections,
            built_by=by, built_at=timezone.now(),
        )  # fmt: skip
        stem = f"{period.kind}-{period.label}"
        subtitle = period.name
        run.docx.save(f"{stem}.docx", ContentFile(documents.as_docx(title, subtitle, sections)), save=False)
        run.xlsx.save(f"{stem}.xlsx", ContentFile(documents.as_xlsx(title, subtitle, sections)), save=False)
        with transaction.atomic():
            run.save()
    return run
