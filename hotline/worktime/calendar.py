"""Arithmetic on working time.

A working day is what the State Council's yearly arrangement says, weekends worked for a long holiday (调休)
included; a year whose arrangement is not published yet goes by weekdays and the holidays that the law names
(`statutory`), and is marked (`is_provisional`). A city's own `SpecialDay` rows come first. Within a working day only
office hours count, noon break off.

All spans are half-open, `[opens, closes)`. A deadline that falls on the last moment of a span stays there
(Friday 17:30) and is not moved to the next opening (Monday 08:30): the clerk has until the office closes.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import chinese_calendar
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from hotline.remembered import Remembered
from hotline.worktime import statutory

DEFAULT_HOURS = ((time(8, 30), time(12, 0)), (time(14, 30), time(17, 30)))  # domain.md, "Time limits"
CACHE_SECONDS = 30  # how long another process may go on with the calendar as it was before a change
MICROSECONDS = 60_000_000  # of a minute: arithmetic is in whole numbers, so that nothing is lost on the way
FEWEST_WORKING_DAYS = 200  # of a year; how far ahead to read is reckoned by it


@cache
def _national(day: date) -> bool | None:
    """Whether the national arrangement makes it a working day; None for a year that the package does not know."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


class _WorkingDays:
    """The working days of the years asked for so far, in order, by their ordinals.

    The years are read once each and kept; a lookup is one bisection, so a deadline ten years ahead costs what one
    tomorrow does.
    """

    def __init__(self, is_working_day: Callable[[date], bool]) -> None:
        self._is_working_day = is_working_day
        self._kept: tuple[int, int, list[int]] = (0, -1, [])  # first year, last year, ordinals: replaced as one

    def covering(self, first: int, last: int) -> list[int]:
        """Ordinals of at least the working days from the year `first` to the year `last`."""
        begin, end, ordinals = self._kept
        if begin <= first and last <= end:
            return ordinals
        if end < begin:
            begin, end = first, first - 1
        before = [day for year in range(min(first, begin), begin) for day in self._of_year(year)]
        after = [day for year in range(end + 1, max(last, end) + 1) for day in self._of_year(year)]
        ordinals = [*before, *ordinals, *after]
        self._kept = (min(first, begin), max(last, end), ordinals)
        return ordinals

    def _of_year(self, year: int) -> list[int]:
        start, end = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
        return [ordinal for ordinal in range(start, end + 1) if self._is_working_day(date.fromordinal(ordinal))]


def is_announced(year: int) -> bool:
    """Whether the package that the calendar rests on knows the arrangement of a year."""
    return _national(date(year, 1, 1)) is not None


@dataclass(frozen=True)
class WorkCalendar:
    """A city's calendar. Give and take aware datetimes; `zone` decides what a day is.

    `special` are days on which the city departs from the national arrangement. `unannounced` are years to be taken as
    not announced yet although they are known: how deadlines stood before. `by_weekdays` are years not announced in
    which deadlines were once counted without the holidays of the law.
    """

    zone: ZoneInfo
    hours: Sequence[tuple[time, time]] = DEFAULT_HOURS
    special: Mapping[date, bool] = field(default_factory=dict)
    arranged: frozenset[int] = frozenset()  # years whose arrangement the city has loaded itself
    unannounced: frozenset[int] = frozenset()
    by_weekdays: frozenset[int] = frozenset()
    _days: _WorkingDays = field(init=False, repr=False, compare=False)
    _day: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_days", _WorkingDays(self.is_working_day))
        object.__setattr__(self, "_day", sum(_length(opens, closes) for opens, closes in self.hours))

    def is_working_day(self, day: date) -> bool:
        if day in self.special:
            return self.special[day]
        national = self._national(day)
        return day.weekday() < 5 and not self._is_holiday(day) if national is None else national

    def _is_holiday(self, day: date) -> bool:
        """Whether the law makes it a day off; days in lieu are where an arrangement of the city puts them."""
        if day.year in self.by_weekdays:
            return False
        holidays = statutory.holidays_proper if day.year in self.arranged else statutory.days_off
        return day in holidays(day.year)

    def _national(self, day: date) -> bool | None:
        return None if day.year in self.unannounced else _national(day)

    def is_provisional(self, day: date) -> bool:
        """Whether the arrangement of this day's year is not known yet."""
        return day not in self.special and day.year not in self.arranged and self._national(day) is None

    @property
    def day_minutes(self) -> int:
        """Minutes of office time in one working day."""
        return self._day // MICROSECONDS

    def add_minutes(self, start: datetime, minutes: float) -> datetime:
        """The instant at which `minutes` of office time have passed since `start`.

        Negative minutes go back: the instant from which so many have passed at `start`.
        """
        local = start.astimezone(self.zone)
        years = abs(minutes) * MICROSECONDS / self._day / FEWEST_WORKING_DAYS + 2
        backwards = minutes < 0
        first, last = (local.year - int(years), local.year) if backwards else (local.year, local.year + int(years))
        days = self._days.covering(first, last)
        target = self._passed(local, days) + round(minutes * MICROSECONDS)
        # A limit that ends with the office's day ends there, and not when it opens again.
        ends_before = 1 if minutes > 0 else 0
        index, within = divmod(target - ends_before, self._day)
        return self._instant(days[index], within + ends_before, at_closing=bool(ends_before))

    def _passed(self, local: datetime, days: list[int]) -> int:
        """Microseconds of office time from the first of `days` to `local`."""
        ordinal = local.toordinal()
        index = bisect_left(days, ordinal)
        passed = index * self._day
        if index < len(days) and days[index] == ordinal:
            clock = _since_midnight(local)
            for opens, closes in self.hours:
                begins, ends = _since_midnight(opens), _since_midnight(closes)
                passed += min(max(clock - begins, 0), ends - begins)
        return passed

    def _instant(self, ordinal: int, within: int, *, at_closing: bool) -> datetime:
        """The instant of a working day at which `within` microseconds of its office time have passed.

        Between two spans these are two instants: with `at_closing` the end of the one, else the beginning of the next.
        """
        for opens, closes in self.hours:
            length = _length(opens, closes)
            if within < length or (at_closing and within == length):
                opening = datetime.combine(date.fromordinal(ordinal), opens, self.zone)
                return opening + timedelta(microseconds=within)
            within -= length
        raise AssertionError("more than a day of office time in a day")

    def add_days(self, start: datetime, days: float) -> datetime:
        """The instant `days` working days of office time after `start`."""
        return self.add_minutes(start, days * self.day_minutes)

    def minutes_between(self, start: datetime, end: datetime) -> float:
        """Minutes of office time in `[start, end)`; 0 where `end` is not after `start`."""
        first, last = start.astimezone(self.zone), end.astimezone(self.zone)
        if last <= first:
            return 0
        days = self._days.covering(first.year, last.year)
        return (self._passed(last, days) - self._passed(first, days)) / MICROSECONDS


def _since_midnight(moment: datetime | time) -> int:
    """Microseconds."""
    seconds = (moment.hour * 60 + moment.minute) * 60 + moment.second
    return seconds * 1_000_000 + moment.microsecond


def _length(opens: time, closes: time) -> int:
    """Microseconds of a span."""
    return _since_midnight(closes) - _since_midnight(opens)


def _read() -> WorkCalendar:
    from .models import Arrangement, OfficeHours, SpecialDay

    hours = tuple(OfficeHours.objects.values_list("opens", "closes")) or DEFAULT_HOURS
    special = dict(SpecialDay.objects.values_list("day", "is_working"))
    arranged = frozenset(Arrangement.objects.filter(is_loaded=True).values_list("year", flat=True))
    zone = ZoneInfo(timezone.get_default_timezone_name())
    return WorkCalendar(zone=zone, hours=hours, special=special, arranged=arranged)


# The calendar as the city has set it.
current = Remembered(_read, seconds=CACHE_SECONDS)


post_save.connect(current.forget, sender="worktime.OfficeHours")
post_delete.connect(current.forget, sender="worktime.OfficeHours")
post_save.connect(current.forget, sender="worktime.SpecialDay")
post_delete.connect(current.forget, sender="worktime.SpecialDay")
post_save.connect(current.forget, sender="worktime.Arrangement")
