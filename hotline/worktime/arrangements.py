"""The yearly arrangement of holidays and worked weekends (放假安排): read from what was typed, kept as special days."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _t

from . import calendar
from .calendar import WorkCalendar
from .models import Arrangement, SpecialDay

SEPARATORS = re.compile(r"[\s,，、;；]+")
RANGE = re.compile(r"(?P<first>[\d./-]+?)(?:\.\.|~|～|至|到)(?P<last>[\d./-]+)")
DAY = re.compile(r"(?:(?P<year>\d{4})[-./])?(?P<month>\d{1,2})[-./](?P<day>\d{1,2})")
LONGEST = 31  # days of one holiday; more is a slip of the hand


@dataclass(frozen=True)
class Typed:
    """Days off and days worked: a year's arrangement, or with a `reason` days of the city's own."""

    year: int
    off: tuple[date, ...]
    worked: tuple[date, ...]
    reason: str = ""

    @property
    def special(self) -> dict[date, bool]:
        return dict.fromkeys(self.off, False) | dict.fromkeys(self.worked, True)


def days(text: str, year: int) -> tuple[date, ...]:
    """The days that a text names, such as `2027-01-01~2027-01-03, 2-6`. Raises ValidationError naming what is none."""
    found: list[date] = []
    for part in SEPARATORS.split(text.strip()):
        if not part:
            continue
        if span := RANGE.fullmatch(part):
            first, last = _day(span["first"], year), _day(span["last"], year)
            if not 0 <= (last - first).days < LONGEST:
                raise ValidationError(_t("“%(text)s” is no span of days.") % {"text": part[:40]})
            found += [first + timedelta(days=index) for index in range((last - first).days + 1)]
        else:
            found.append(_day(part, year))
    if outside := [day for day in found if day.year != year]:
        raise ValidationError(_t("%(day)s does not lie in %(year)d.") % {"day": outside[0], "year": year})
    return tuple(sorted(set(found)))


def _day(text: str, year: int) -> date:
    if (found := DAY.fullmatch(text)) is None:
        raise ValidationError(_t("“%(text)s” is no day.") % {"text": text[:40]})
    try:
        return date(int(found["year"] or year), int(found["month"]), int(found["day"]))
    except ValueError:
        raise ValidationError(_t("“%(text)s” is no day.") % {"text": text[:40]}) from None


def as_it_would_be(typed: Typed) -> WorkCalendar:
    """The city's calendar with these days."""
    now = calendar.current()
    arranged = now.arranged if typed.reason else now.arranged | {typed.year}
    return replace(now, special={**now.special, **typed.special}, arranged=arranged)


def load(typed: Typed) -> None:
    """Keeps the days as special days; with an arrangement the year is provisional no longer."""
    reason = typed.reason or _t("Arrangement of %(year)d") % {"year": typed.year}
    rows = [SpecialDay(day=day, is_working=working, reason=reason) for day, working in typed.special.items()]
    SpecialDay.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["day"], update_fields=["is_working", "reason"]
    )
    if not typed.reason:
        Arrangement.objects.update_or_create(
            year=typed.year, defaults={"is_loaded": True, "is_by_weekdays": False, "since": timezone.now()}
        )  # fmt: skip
    calendar.current.forget()


def newly_known() -> list[int]:
    """Years that the package behind the calendar knows now and did not know when deadlines were last looked at.

    A new installation knows what it knows from the beginning.
    """
    this_year = timezone.localdate().year
    years = [year for year in range(this_year - 1, this_year + 3) if calendar.is_announced(year)]
    rows = dict(Arrangement.objects.values_list("year", "is_by_weekdays"))
    new = [year for year in years if rows.get(year, True)]
    if not rows:
        notice(new)
        return []
    return new


def notice(years: list[int], moved: int = 0) -> None:
    """Keeps that these years are known from now on."""
    now = timezone.now()
    Arrangement.objects.filter(year__in=years, is_by_weekdays=True).delete()
    Arrangement.objects.bulk_create(
        [Arrangement(year=year, since=now, moved=moved) for year in years], ignore_conflicts=True
    )


def as_counted(newly_known: Collection[int] = ()) -> WorkCalendar:
    """The calendar by which open deadlines were counted, when these years were not announced yet."""
    return replace(
        calendar.current(), unannounced=frozenset(newly_known), by_weekdays=frozenset(counted_by_weekdays())
    )  # fmt: skip


def counted_by_weekdays() -> list[int]:
    """Years in which open deadlines still stand as they were counted without the holidays of the law."""
    return list(Arrangement.objects.filter(is_by_weekdays=True).values_list("year", flat=True))


def counted_anew() -> None:
    """Keeps that all open deadlines go by the calendar as it is."""
    Arrangement.objects.filter(is_by_weekdays=True).delete()
