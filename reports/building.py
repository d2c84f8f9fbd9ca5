"""Builds a report: gathers its sections from the database, makes the files, keeps the run as a draft of its report.

A section is plain data (`content.tables.section`), so that page, Word and Excel show the same and a kept run needs
nothing recomputed. Its cells are those of `content.cells`: numbers stay numbers.

Files are whole or not there: they are written to places that are noted first (`Watch.writes`) and spoken of last, in
the transaction of the row; whatever fails takes them off the disk again.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone, translation
from django.utils.translation import gettext as _t

from hotline import disk, replica
from hotline.accounts.models import User
from hotline.waiting import patience

from . import periods, scopes
from .content import monthly, weekly, withholding
from .files import charts, excel, word
from .files.paper import Paper
from .models import REPORT_LANGUAGE, Edition, ReportKind, ReportRun
from .periods import Period
from .runs import life

Section = dict[str, Any]
FORMS = {"docx": word.as_docx, "xlsx": excel.as_xlsx}
STEPS = 4


class Watch:
    """Is told how far the work has come, and where it writes; this one tells nobody."""

    def at(self, done: int, steps: int, step: str) -> None:
        """Before each step. May raise what ends the work."""

    def writes(self, places: list[str]) -> None:
        """Before files are written: where, so that somebody else can take them away after a crash."""


def build(
    period: Period,
    *,
    by: User | None = None,
    kind: str = "",
    scope: str = "",
    unit_id: int | None = None,
    reason: str = "",
    watch: Watch | None = None,
) -> ReportRun:
    """Builds the report of `period` from the database as it is now, and keeps it as a draft.

    `reason` says why it is built again where it was issued before. Raises life.Objection where none is given then.
    """
    watch = watch or Watch()
    with translation.override(REPORT_LANGUAGE), patience.of(patience.LONG):
        kind = ReportKind(kind or period.kind)
        title = _title(kind, period, scope)
        run = ReportRun(
            kind=kind, period=period.label, start=period.start, end=period.end, title=title, built_by=by,
            built_at=timezone.now(),
        )  # fmt: skip
        watch.at(0, STEPS, _t("Gathering the figures"))
        run.sections = _sections(kind, period, scope)
        run.sections = withholding.sections_of(run)  # as its page will say it: else no file of it would ever do
        watch.at(1, STEPS, _t("Drawing the charts"))
        for section in run.sections:  # whoever opens the page finds its charts drawn
            charts.as_svg(section)
        with _written(run, watch, first_step=2) as places:
            run.docx, run.xlsx = places["docx"], places["xlsx"]
            life.keep(run, scope=scope, unit_id=unit_id, reason=reason)
    return run


def _title(kind: ReportKind, period: Period, scope: str) -> str:
    said = {"city": settings.CITY_NAME, "kind": kind.label, "period": period.name, "about": scopes.words(scope)}
    if scope:
        return (_t("%(city)s 12345 hotline: %(kind)s on %(about)s, %(period)s") % said)[:200]
    return _t("%(city)s 12345 hotline: %(kind)s %(period)s") % said


@replica.reads
def _sections(kind: str, period: Period, scope: str) -> list[Section]:
    if kind == ReportKind.WEEKLY:
        return weekly.sections(period)
    return monthly.sections(period, scopes.scope_of(scope))


def write_issued(edition: Edition, *, watch: Watch | None = None) -> None:
    """Writes the files of an edition as it was issued, with its number; once, they are never written again."""
    with translation.override(REPORT_LANGUAGE), _written(edition.run, watch or Watch(), edition=edition) as places:
        written = Edition.objects.filter(pk=edition.pk, docx="").update(**places)
        if not written:
            raise life.Objection(_t("The files of this issue are written already."))


@contextmanager
def _written(
    run: ReportRun, watch: Watch, *, edition: Edition | None = None, first_step: int = 0
) -> Iterator[dict[str, str]]:
    """The report's files on the disk, by their form; gone again where anything inside fails."""
    mark = secrets.token_urlsafe(9)
    stem = f"reports/{timezone.localdate():%Y/%m}/{run.kind}-{run.period}-{mark}"
    places = {form: f"{stem}.{form}" for form in FORMS}
    watch.writes(list(places.values()))
    try:
        for at, (form, written) in enumerate(FORMS.items(), first_step):
            watch.at(at, first_step + len(FORMS), _t("Writing %(file)s") % {"file": NAMES[form]})
            content = written(paper_of(run, edition), run.sections)
            if not disk.has_room_for(len(content)):
                raise OSError(min(disk.NO_ROOM), "the disk's floor is reached")
            places[form] = default_storage.save(places[form], ContentFile(content))
        yield places
    except BaseException:
        take_away(places.values())
        raise


NAMES = {"docx": "Word", "xlsx": "Excel"}


def take_away(places: Any) -> None:
    """Takes files off the disk that nothing speaks of."""
    for place in places:
        default_storage.delete(place)


def paper_of(run: ReportRun, edition: Edition | None = None) -> Paper:
    """What the files of a kept report say beside its sections; of an `edition` that was issued, its number too."""
    paper = Paper(
        title=run.title, subtitle=periods.parse(run.kind, run.period).name, made_at=run.built_at,
        made_by=str(run.built_by or ""), is_partial=run.is_partial,
    )  # fmt: skip
    if edition is None or edition.version is None or edition.issued_at is None:
        return paper
    return replace(
        paper, issue_number=edition.report.number, version=edition.version, approver=str(edition.approved_by or ""),
        issued_on=timezone.localdate(edition.issued_at),
    )  # fmt: skip


def file_of(run: ReportRun, form: str) -> BinaryIO:
    """The file of a kept report: the one that was made with it, or one made anew where that says too much by now.

    One that was issued says its number, which no draft knew; until a worker has written it, it is made when asked for.
    """
    edition = Edition.objects.select_related("report", "approved_by").filter(run=run).first()
    is_issued = edition is not None and edition.state == Edition.State.ISSUED
    kept = getattr(edition, form) if edition and is_issued else getattr(run, form)
    sections = withholding.sections_of(run)
    if kept and [section["rows"] for section in sections] == [section["rows"] for section in run.sections]:
        opened: BinaryIO = kept.open("rb")
        return opened
    with translation.override(REPORT_LANGUAGE):
        return io.BytesIO(FORMS[form](paper_of(run, edition if is_issued else None), sections))
