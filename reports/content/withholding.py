"""What a kept report may no longer say: a caller asks for secrecy after it was built, and earlier versions said more.

A run is never changed. Its sections are read through `sections_of`, and its files made anew from these where they
differ from what was kept.

1. Each row knows the tickets that it tells of, and each section the columns that say what they are about.
2. Of a row with a ticket that is secret now, those columns are left out.
3. Rows of earlier versions know no tickets: those are found by the numbers in them, or by a place that is a secret
   ticket's; and a masked telephone is left out, since open and hidden calls of one person were counted together.
"""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL
from django.utils import translation
from django.utils.translation import gettext as _t

from reports.models import REPORT_LANGUAGE, ReportRun
from tickets.models import Ticket

Section = dict[str, Any]
NUMBER = re.compile(rf"{re.escape(settings.CITY_PREFIX)}\d{{14}}")
MASKED = re.compile(r"\d{3}\*{4}\d{4}")
COLUMNS_OF_PLACES = 3  # place, tickets, callers
WHERE_TOLD = {True: [1, 2], False: [0, 1]}  # of earlier versions: where the number stands first, and where it does not


def sections_of(run: ReportRun) -> list[Section]:
    """The sections of a kept report as they may be read now."""
    told = [section if "about" in section else _of_earlier_version(section, run) for section in run.sections]
    ids = {pk for section in told for about in section["about"] for pk in about}
    # a street's tickets may be thousands: as one text they are written and read in a tenth of the time
    these = RawSQL("tickets_ticket.id = ANY(%s::bigint[])", [f"{{{','.join(map(str, ids))}}}"],
                   output_field=BooleanField())  # fmt: skip
    secret = set(Ticket.objects.filter(these, is_secret=True).values_list("pk", flat=True)) if ids else set()
    with translation.override(REPORT_LANGUAGE):
        return [_without(section, secret, left_out=_t("(secret)")) for section in told]


def _without(section: Section, secret: set[int], *, left_out: str) -> Section:
    rows = [list(row) for row in section["rows"]]
    for row, about in zip(rows, section["about"], strict=False):
        if not secret.isdisjoint(about):
            for column in section["tells"]:
                row[column] = left_out
    return section | {"rows": rows}


def _of_earlier_version(section: Section, run: ReportRun) -> Section:
    """A section as it would have been kept now, as far as its rows tell."""
    rows = [list(row) for row in section["rows"]]
    for row in rows:
        if row and MASKED.fullmatch(str(row[0])):
            row[0] = "—"
    numbers = [NUMBER.findall(" ".join(map(str, row))) for row in rows]
    if named := {number for found in numbers for number in found}:
        known = dict(Ticket.objects.filter(number__in=named).values_list("number", "pk"))
        about = [[known[number] for number in found if number in known] for found in numbers]
        tells = WHERE_TOLD[any(NUMBER.fullmatch(str(row[0])) for row in rows)]
    else:
        places = _secret_places(run) if rows and len(section["columns"]) == COLUMNS_OF_PLACES else {}
        about, tells = [places.get(str(row[0]), []) for row in rows], [0]
    return section | {"rows": rows, "about": about, "tells": tells}


def _secret_places(run: ReportRun) -> dict[str, list[int]]:
    """The places of the period's secret tickets, with these tickets' ids."""
    found: dict[str, list[int]] = {}
    secret = Ticket.objects.filter(is_secret=True, registered_at__gte=run.start, registered_at__lt=run.end)
    for ticket in secret.select_related("region__parent").defer("search", "caller_search"):
        found.setdefault(ticket.place, []).append(ticket.pk)
    return found
