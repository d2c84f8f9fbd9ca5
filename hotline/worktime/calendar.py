"""Arithmetic on working time.

A working day is what the State Council's yearly arrangement says, weekends worked for a long holiday (调休)
included; a year whose arrangement is not published yet goes by weekdays (`is_provisional`). A city's own
`SpecialDay` rows come first. Within a working day only office hours count, noon break off.

All spans are half-open, `[opens, closes)`. A deadline that falls on the last moment of a span stays there
(Friday 17:30) and is not moved to the next opening (Monday 08:30): the clerk has until the office closes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import chinese_calendar
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from hotline.remembered import Remembered

DEFAULT_HOURS = ((time(8, 30), time(12, 0)), (time(14, 30), time(17, 30)))  # domain.md, "Time limits"
CACHE_SECONDS = 30  # how long another process may go on with the calendar as it was before a change
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@cache
def _national(day: date) -> bool | None:
    """Whether the national arrangement makes it a working day; None for a year that the package does not know."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


@dataclass(frozen=True)
class WorkCalendar:
    """A city's calendar. Give and take aware datetimes; `zone` decides what a day is."""

    zone: ZoneInfo
    hours: Sequence[tuple[time, time]] = DEFAULT_HOURS
    special: Mapping[date, bool] = field(default_factory=dict)
    _months: dict[date, int] = field(default_factory=dict, repr=False, compare=False)

    def is_working_day(self, day: date) -> bool:
        if day in self.special:
            return self.special[day]
        national = _national(day)
        return day.weekday() < 5 if national is None else national

    def is_provisional(self, day: date) -> bool:
        """Whether the arrangement of this day's year is not known yet."""
        return day not in self.special and _national(day) is None

    @property
    def day_minutes(self) -> int:
        """Minutes of office time in one working day."""
        return sum(_minutes(closes) - _minutes(opens) for opens, closes in self.hours)

    def add_minutes(self, start: datetime, minutes: float) -> datetime:
        """The instant at which `minutes` of office time have passed since `start`.

        Negative minutes go back: the instant from which so many have passed at `start`.
        """
        if minutes < 0:
            return self._back(start, timedelta(minutes=-minutes))
        left = timedelta(minutes=minutes)
        for opens, closes in self._spans_from(start):
            if left <= closes - opens:
                return opens + left
            left -= closes - opens
        raise AssertionError("the spans of a calendar do not end")

    def _back(self, end: datetime, left: timedelta) -> datetime:
        local = end.astimezone(self.zone)
        day = local.date()
        while True:
            for opens, closes in reversed(self._spans_of(day)):
                if opens < local:
                    span = min(closes, local) - opens
                    if left <= span:
                        return min(closes, local) - left
                    left -= span
            day -= DAY

    def add_days(self, start: datetime, days: float) -> datetime:
        """The instant `days` working days of office time after `start`."""
        return self.add_minutes(start, days * self.day_minutes)

    def minutes_between(self, start: datetime, end: datetime) -> float:
        """Minutes of office time in `[start, end)`; 0 where `end` is not after `start`."""
        first, last = start.astimezone(self.zone), end.astimezone(self.zone)
        if last <= first:
            return 0
        if first.date() == last.date():
            return self._minutes_of(first.date(), first, last)
        between = self._working_days(first.date() + DAY, last.date())
        head = self._minutes_of(first.date(), first, None)
        return head + between * self.day_minutes + self._minutes_of(last.date(), None, last)

    def _minutes_of(self, day: date, start: datetime | None, end: datetime | None) -> float:
        """Office minutes of `day` from `start` (its beginning) to `end` (its end)."""
        total = timedelta()
        for opens, closes in self._spans_of(day):
            begins, ends = max(opens, start or opens), min(closes, end or closes)
            if begins < ends:
                total += ends - begins
        return total / MINUTE

    def _working_days(self, start: date, end: date) -> int:
        """How many working days lie in `[start, end)`; whole months are counted once and remembered."""
        count, day = 0, start
        while day < end:
            following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
            if day.day == 1 and following <= end:
                count += self._of_month(day, following)
                day = following
            else:
                count += self.is_working_day(day)
                day += DAY
        return count

    def _of_month(self, first: date, following: date) -> int:
        if first not in self._months:
            days = (following - first).days
            self._months[first] = sum(self.is_working_day(first + index * DAY) for index in range(days))
        return self._months[first]

    def _spans_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Office spans from `start` on, the first one cut to begin at `start`."""
        local = start.astimezone(self.zone)
        day = local.date()
        while True:
            for opens, closes in self._spans_of(day):
                if closes > local:
                    yield max(opens, local), closes
            day += DAY

    def _spans_of(self, day: date) -> list[tuple[datetime, datetime]]:
        if not self.is_working_day(day):
            return []
        return [
            (datetime.combine(day, opens, self.zone), datetime.combine(day, closes, self.zone))
            for opens, closes in self.hours
        ]


def _read() -> WorkCalendar:
    from .models import OfficeHours, SpecialDay

    hours = tuple(OfficeHours.objects.values_list("opens", "closes")) or DEFAULT_HOURS
    special = dict(SpecialDay.objects.values_list("day", "is_working"))
    return WorkCalendar(zone=ZoneInfo(timezone.get_default_timezone_name()), hours=hours, special=special)


# The calendar as the city has set it.
current = Remembered(_read, seconds=CACHE_SECONDS)


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute


post_save.connect(current.forget, sender="worktime.OfficeHours")
post_delete.connect(current.forget, sender="worktime.OfficeHours")
post_save.connect(current.forget, sender="worktime.SpecialDay")
post_delete.connect(current.forget, sender="worktime.SpecialDay")
