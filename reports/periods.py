"""Report periods: ISO weeks (Monday first) and calendar months, as half-open spans in city time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.instants import FIRST_DAY, LAST_DAY, midnight

from .models import ReportKind

FIRST_YEAR, LAST_YEAR = FIRST_DAY.year, LAST_DAY.year


@dataclass(frozen=True)
class Period:
    """`[start, end)`; `label` is how it is written: 2019-W22 or 2019-05."""

    kind: str
    label: str
    start: datetime
    end: datetime

    @property
    def name(self) -> str:
        """As it is read: May 2019; week 22 of 2019 (5-27 to 6-2)."""
        last = timezone.localtime(self.end - timedelta(seconds=1))
        first = timezone.localtime(self.start)
        if self.kind == ReportKind.MONTHLY:
            return _t("%(year)d-%(month)02d") % {"year": first.year, "month": first.month}
        year, week, _weekday = first.isocalendar()
        days = {"month": first.month, "first": first.day, "to_month": last.month, "last": last.day}
        if first.month == last.month:
            span = _t("%(month)d-%(first)d to %(last)d") % days
        else:
            span = _t("%(month)d-%(first)d to %(to_month)d-%(last)d") % days
        return _t("Week %(week)d of %(year)d (%(span)s)") % {"year": year, "week": week, "span": span}

    def before(self) -> Period:
        """The period that ends where this one starts."""
        return containing(self.kind, timezone.localtime(self.start - timedelta(seconds=1)).date())

    def a_year_before(self) -> Period:
        """The same month a year before; for a week the one 52 weeks before."""
        first = timezone.localtime(self.start).date()
        if self.kind == ReportKind.MONTHLY:
            return containing(self.kind, first.replace(year=first.year - 1))
        return containing(self.kind, first - timedelta(weeks=52))


def containing(kind: str, day: date) -> Period:
    """The period of `kind` that `day` lies in."""
    if kind == ReportKind.WEEKLY:
        first = day - timedelta(days=day.weekday())
        year, week, _weekday = first.isocalendar()
        return Period(kind, f"{year}-W{week:02d}", midnight(first), midnight(first + timedelta(days=7)))
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return Period(kind, f"{first:%Y-%m}", midnight(first), midnight(following))


def parse(kind: str, label: str) -> Period:
    """The period written as `label`. Raises ValueError with a message for the person who wrote it."""
    if label[:4].isdigit() and not FIRST_YEAR <= int(label[:4]) <= LAST_YEAR:
        raise ValueError(_t("There are no reports of the year %(year)s.") % {"year": label[:4]})
    if kind == ReportKind.WEEKLY:
        if match := re.fullmatch(r"(\d{4})-W(\d{2})", label):
            try:
                return containing(kind, date.fromisocalendar(int(match[1]), int(match[2]), 1))
            except ValueError:
                pass
        raise ValueError(_t("A week is written like 2019-W22, not %(label)s.") % {"label": label})
    if match := re.fullmatch(r"(\d{4})-(\d{2})", label):
        try:
            return containing(kind, date(int(match[1]), int(match[2]), 1))
        except ValueError:
            pass
    raise ValueError(_t("A month is written like 2019-05, not %(label)s.") % {"label": label})


def last_complete(kind: str, now: datetime | None = None) -> Period:
    """The latest period that has ended."""
    today = timezone.localdate(now)
    return containing(kind, today).before()


def between(first: date, last: date) -> Period:
    """The days `first` to `last`, both included."""
    return Period("days", f"{first:%Y-%m-%d}–{last:%Y-%m-%d}", midnight(first), midnight(last + timedelta(days=1)))
