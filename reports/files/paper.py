"""What a report's files say beside its sections: which issue it is, who answers for it, who made it and when."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.text import one_line

LONGEST = 200  # characters of a title or a name; what is longer is cut


def hotline_name() -> str:
    """The office that issues the reports where nobody else is named."""
    return _t("%(city)s 12345 hotline") % {"city": settings.CITY_NAME}


@dataclass(frozen=True)
class Paper:
    """A report as a paper. `issue_number` is 总第N期, `issued_on` the day it was issued: a draft has neither.

    `approver` is who approved it (签发人); `made_by` is empty where the system built it on its schedule. `is_partial`:
    its period was not over when it was built. A `version` above 1 corrects an earlier one.
    """

    title: str
    subtitle: str = ""
    issue_number: int | None = None
    issued_on: date | None = None
    issuer: str = field(default_factory=hotline_name)
    approver: str = ""
    made_at: datetime = field(default_factory=timezone.now)
    made_by: str = ""
    is_partial: bool = False
    version: int = 1

    def cleaned(self) -> Paper:
        """Itself with texts that a file can hold: on one line, without control characters, not endless."""
        texts: dict[str, Any] = {name: one_line(getattr(self, name))[:LONGEST] for name in TEXTS}
        return replace(self, **texts)

    @property
    def issue(self) -> str:
        """总第N期; empty for a draft."""
        return "" if self.issue_number is None else _t("Issue No. %(number)d") % {"number": self.issue_number}

    @property
    def day(self) -> str:
        """The day it bears: that of its issue, of its making for a draft."""
        return written(self.issued_on or timezone.localdate(self.made_at))

    @property
    def correction(self) -> str:
        return "" if self.version == 1 else _t("Version %(version)d, corrected") % {"version": self.version}

    @property
    def partial(self) -> str:
        """What is said at the head of a report whose period is not over."""
        if not self.is_partial:
            return ""
        return _t("Partial: the period is not over; figures as of %(when)s") % {"when": self._made()}

    @property
    def mark(self) -> str:
        """Who made it when; stands on every page."""
        who = self.made_by or _t("the system")
        said = _t("Made by %(who)s, %(when)s") % {"who": who, "when": self._made()}
        return " · ".join(part for part in (said, self.correction) if part)

    def _made(self) -> str:
        at = timezone.localtime(self.made_at)
        return f"{written(at.date())} {at:%H:%M}"


TEXTS = ("title", "subtitle", "issuer", "approver", "made_by")


def written(day: date) -> str:
    """A day as a Chinese paper writes it."""
    return _t("%(month)d/%(day)d/%(year)d") % {"year": day.year, "month": day.month, "day": day.day}
