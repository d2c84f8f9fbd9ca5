"""Report periods as half-open spans in city time: days, ISO weeks (Monday first), months, quarters, years, and any days
from one to another.

Each is known by how it is written: 2026-04-20, 2026-W17, 2026-04, 2026-Q2, 2026, 2026-04-01–2026-04-20.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from hotline.instants import FIRST_DAY, LAST_DAY, midnight

from .models import ReportKind

FIRST_YEAR, LAST_YEAR = FIRST_DAY.year, LAST_DAY.year


class Length(models.TextChoices):
    """How long a period is. Weeks and months are named as the reports of them."""

    DAY = "day", _("Day")
    WEEK = "weekly", _("Week")
    MONTH = "monthly", _("Month")
    QUARTER = "quarter", _("Quarter")
    YEAR = "year", _("Year")
    DAYS = "days", _("From one day to another")


@dataclass(frozen=True)
class Period:
    """`[start, end)`; `kind` is a Length, `label` how it is written: 2019-W22 or 2019-05."""

    kind: str
    label: str
    start: datetime
    end: datetime

    @property
    def name(self) -> str:
        """As it is read: May 2019; week 22 of 2019 (5-27 to 6-2)."""
        last = timezone.localtime(self.end - timedelta(seconds=1))
        first = timezone.localtime(self.start)
        if self.kind == Length.DAY:
            return _day(first)
        if self.kind == Length.MONTH:
            return _t("%(year)d-%(month)02d") % {"year": first.year, "month": first.month}
        if self.kind == Length.QUARTER:
            return _t("Quarter %(quarter)d of %(year)d") % {"year": first.year, "quarter": (first.month + 2) // 3}
        if self.kind == Length.YEAR:
            return _t("Year %(year)d") % {"year": first.year}
        if self.kind == Length.DAYS:
            return _t("%(first)s to %(last)s") % {"first": _day(first), "last": _day(last)}
        year, week, _weekday = first.isocalendar()
        days = {"month": first.month, "first": first.day, "to_month": last.month, "last": last.day}
        if first.month == last.month:
            span = _t("%(month)d-%(first)d to %(last)d") % days
        else:
            span = _t("%(month)d-%(first)d to %(to_month)d-%(last)d") % days
        return _t("Week %(week)d of %(year)d (%(span)s)") % {"year": year, "week": week, "span": span}

    @property
    def days(self) -> tuple[date, date]:
        """Its first day and its last."""
        return timezone.localdate(self.start), timezone.localdate(self.end - timedelta(seconds=1))

    def before(self) -> Period:
        """The period of the same length that ends where this one starts."""
        first, last = self.days
        if self.kind == Length.DAYS:
            return between(first - (last - first) - timedelta(days=1), first - timedelta(days=1))
        return containing(self.kind, first - timedelta(days=1))

    def a_year_before(self) -> Period:
        """The same days a year before; for a week the one 52 weeks before."""
        first, last = self.days
        if self.kind == Length.WEEK:
            return containing(self.kind, first - timedelta(weeks=52))
        if self.kind == Length.DAYS:
            return between(_a_year_before(first), _a_year_before(last))
        return containing(self.kind, _a_year_before(first))


def _day(day: date) -> str:
    return _t("%(year)d-%(month)d-%(day)d") % {"year": day.year, "month": day.month, "day": day.day}


def _a_year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)


def containing(kind: str, day: date) -> Period:
    """The period of this length that `day` lies in."""
    if kind == Length.WEEK:
        first = day - timedelta(days=day.weekday())
        year, week, _weekday = first.isocalendar()
        return Period(kind, f"{year}-W{week:02d}", midnight(first), midnight(first + timedelta(days=7)))
    if kind == Length.DAY:
        return Period(kind, f"{day:%Y-%m-%d}", midnight(day), midnight(day + timedelta(days=1)))
    if kind == Length.QUARTER:
        first = day.replace(month=day.month - (day.month - 1) % 3, day=1)
        following = (first + timedelta(days=95)).replace(day=1)
        return Period(kind, f"{first:%Y}-Q{(first.month + 2) // 3}", midnight(first), midnight(following))
    if kind == Length.YEAR:
        first = day.replace(month=1, day=1)
        return Period(kind, f"{first:%Y}", midnight(first), midnight(first.replace(year=first.year + 1)))
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return Period(Length.MONTH.value, f"{first:%Y-%m}", midnight(first), midnight(following))


def between(first: date, last: date) -> Period:
    """The days `first` to `last`, both included."""
    label = f"{first:%Y-%m-%d}–{last:%Y-%m-%d}"
    return Period(Length.DAYS.value, label, midnight(first), midnight(last + timedelta(days=1)))


def parse(kind: str, label: str) -> Period:
    """The period written as `label`; of a special report any. Raises ValueError with a message for who wrote it."""
    if label[:4].isdigit() and not FIRST_YEAR <= int(label[:4]) <= LAST_YEAR:
        raise ValueError(_t("There are no reports of the year %(year)s.") % {"year": label[:4]})
    if kind == ReportKind.WEEKLY:
        if match := re.fullmatch(r"(\d{4})-W(\d{2})", label):
            try:
                return containing(kind, date.fromisocalendar(int(match[1]), int(match[2]), 1))
            except ValueError:
                pass
        raise ValueError(_t("A week is written like 2019-W22, not %(label)s.") % {"label": label})
    if kind == ReportKind.SPECIAL:
        return _of_any_length(label)
    if match := re.fullmatch(r"(\d{4})-(\d{2})", label):
        try:
            return containing(kind, date(int(match[1]), int(match[2]), 1))
        except ValueError:
            pass
    raise ValueError(_t("A month is written like 2019-05, not %(label)s.") % {"label": label})


def _of_any_length(label: str) -> Period:
    try:
        if "W" in label:
            return parse(ReportKind.WEEKLY, label)
        if match := re.fullmatch(r"(\d{4})-Q([1-4])", label):
            return containing(Length.QUARTER, date(int(match[1]), 3 * int(match[2]), 1))
        if match := re.fullmatch(r"\d{4}", label):
            return containing(Length.YEAR, date(int(label), 1, 1))
        if "–" in label:
            first, last = map(date.fromisoformat, label.split("–"))
            if last >= first:
                return between(first, last)
        elif len(label) > len("2019-05"):
            return containing(Length.DAY, date.fromisoformat(label))
        else:
            return parse(ReportKind.MONTHLY, label)
    except ValueError:
        pass
    raise ValueError(_t("“%(label)s” is no period.") % {"label": label})


def last_complete(kind: str, now: datetime | None = None) -> Period:
    """The latest period that has ended."""
    today = timezone.localdate(now)
    return containing(kind, today).before()
