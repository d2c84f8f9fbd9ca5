"""Builds a report: gathers its sections from the database, makes the files, keeps the run.

A section is plain data (`content.tables.section`), so that page, Word and Excel show the same and a kept run needs
nothing recomputed. Its cells are those of `content.cells`: numbers stay numbers.
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _t

from hotline.accounts.models import User
from hotline.waiting import patience

from . import periods
from .content import monthly, weekly, withholding
from .files import charts, excel, word
from .files.paper import Paper
from .models import REPORT_LANGUAGE, ReportKind, ReportRun
from .periods import Period

Section = dict[str, Any]


def build(period: Period, *, by: User | None = None) -> ReportRun:
    """Builds the report of `period` from the database as it is now, and keeps it."""
    with translation.override(REPORT_LANGUAGE), patience.of(patience.LONG):
        kind = ReportKind(period.kind)
        title = _t("%(city)s 12345 hotline: %(kind)s %(period)s") % {
            "city": settings.CITY_NAME, "kind": kind.label, "period": period.name,
        }  # fmt: skip
        sections = weekly.sections(period) if kind == ReportKind.WEEKLY else monthly.sections(period)
        run = ReportRun(
            kind=kind, period=period.label, start=period.start, end=period.end, title=title, sections=sections,
            built_by=by, built_at=timezone.now(),
        )  # fmt: skip
        stem = f"{period.kind}-{period.label}"
        for form, written in FORMS.items():
            getattr(run, form).save(f"{stem}.{form}", ContentFile(written(paper_of(run), sections)), save=False)
        with transaction.atomic():
            run.save()
        for section in sections:  # whoever opens the page finds its charts drawn
            charts.as_svg(section)
    return run


FORMS = {"docx": word.as_docx, "xlsx": excel.as_xlsx}


def file_of(run: ReportRun, form: str) -> BinaryIO:
    """The file of a kept report: the one that was made with it, or one made anew where that says too much by now."""
    sections = withholding.sections_of(run)
    if [section["rows"] for section in sections] == [section["rows"] for section in run.sections]:
        kept: BinaryIO = getattr(run, form).open("rb")
        return kept
    with translation.override(REPORT_LANGUAGE):
        return io.BytesIO(FORMS[form](paper_of(run), sections))


def paper_of(run: ReportRun) -> Paper:
    """What the files of a kept report say beside its sections."""
    period = periods.parse(run.kind, run.period)
    return Paper(
        title=run.title, subtitle=period.name, made_at=run.built_at, made_by=str(run.built_by or ""),
        is_partial=run.built_at < run.end,
    )  # fmt: skip
