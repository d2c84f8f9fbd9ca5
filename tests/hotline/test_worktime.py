"""Arithmetic on working time, against a slow plain reference and by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.worktime import statutory
from hotline.worktime.calendar import WorkCalendar, current
from hotline.worktime.models import OfficeHours, SpecialDay
from tests.scene import SHANGHAI, at

MINUTE = timedelta(minutes=1)
CALENDAR = WorkCalendar(zone=SHANGHAI)
moments = st.integers(0, 700 * 24 * 60).map(lambda minutes: datetime(2025, 1, 1, tzinfo=SHANGHAI) + minutes * MINUTE)


def is_open(moment: datetime) -> bool:
    """Whether the office is open in the minute that begins at `moment`: the plain reference."""
    clock = moment.time()
    hours = time(8, 30) <= clock < time(12) or time(14, 30) <= clock < time(17, 30)
    return hours and CALENDAR.is_working_day(moment.date())


@settings(max_examples=60, deadline=None)
@given(moments, st.integers(1, 900))
def test_adding_minutes_passes_exactly_so_many_open_minutes(start: datetime, minutes: int) -> None:
    end = CALENDAR.add_minutes(start, minutes)
    counted, moment = 0, start
    while moment < end:
        counted += is_open(moment)
        moment += timedelta(minutes=1)
    assert counted == minutes
    assert is_open(end - timedelta(minutes=1)), "a deadline is never later than it need be"


@settings(max_examples=60, deadline=None)
@given(moments, st.integers(0, 100_000))
def test_minutes_between_counts_open_minutes(start: datetime, length: int) -> None:
    counted = sum(is_open(start + index * MINUTE) for index in range(length))
    assert CALENDAR.minutes_between(start, start + length * MINUTE) == counted


@settings(max_examples=200, deadline=None)
@given(moments, st.integers(1, 5000))
def test_minutes_between_is_is_the_inverse(start: datetime, minutes: int) -> None:
    assert CALENDAR.minutes_between(start, CALENDAR.add_minutes(start, minutes)) == minutes


@settings(max_examples=200, deadline=None)
@given(moments, st.integers(1, 5000))
def test_going_back_leaves_as_many_to_come(end: datetime, minutes: int) -> None:
    assert CALENDAR.minutes_between(CALENDAR.add_minutes(end, -minutes), end) == minutes


@settings(max_examples=200, deadline=None)
@given(moments, moments, moments)
def test_spans_add_up(one: datetime, two: datetime, three: datetime) -> None:
    first, second, third = sorted((one, two, three))
    between = CALENDAR.minutes_between
    assert between(first, second) + between(second, third) == between(first, third)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (at(20, 9), 1, at(21, 9)),
        (at(20, 9), 5, at(27, 9)),
        (at(24, 17), 0.5, at(27, 11, 15)),  # Friday evening: half an hour is left of it
        (at(25, 12), 1, at(27, 17, 30)),  # a call on Saturday counts from Monday's opening
        (at(20, 13), 0.5, at(20, 17, 45) - timedelta(minutes=15) + timedelta(hours=15, minutes=15)),
    ],
)
def test_by_hand(start: datetime, days: float, end: datetime) -> None:
    assert CALENDAR.add_days(start, days) == end


@settings(max_examples=100, deadline=None)
@given(moments, st.integers(1, 600_000), st.integers(1, 600_000))
def test_adding_in_two_steps_is_adding_at_once(start: datetime, one: int, two: int) -> None:
    """Across decades too, where counting every minute would take too long."""
    step = CALENDAR.add_minutes(CALENDAR.add_minutes(start, one), two)
    assert step == CALENDAR.add_minutes(start, one + two)
    assert CALENDAR.minutes_between(start, step) == one + two


@settings(max_examples=100, deadline=None)
@given(moments, st.integers(1, 10**9))
def test_not_a_microsecond_is_lost(start: datetime, microseconds: int) -> None:
    end = CALENDAR.add_minutes(start, microseconds / 60_000_000)
    assert round(CALENDAR.minutes_between(start, end) * 60_000_000) == microseconds


def test_holidays_and_the_weekends_worked_for_them() -> None:
    assert not CALENDAR.is_working_day(date(2026, 5, 1)), "Labour Day"
    assert not CALENDAR.is_working_day(date(2026, 2, 17)), "Spring Festival"
    assert CALENDAR.is_working_day(date(2026, 5, 9)), "a Saturday worked for Labour Day"
    assert not CALENDAR.is_working_day(date(2026, 4, 25))


def test_a_year_not_announced_goes_by_weekdays_and_the_holidays_of_the_law_and_says_so() -> None:
    assert CALENDAR.is_provisional(date(2030, 1, 1))
    assert not CALENDAR.is_working_day(date(2030, 1, 1)), "New Year, a Tuesday"
    assert CALENDAR.is_working_day(date(2030, 1, 2))
    assert not CALENDAR.is_working_day(date(2030, 1, 5)), "a Saturday: which weekends are worked is not known"
    assert not CALENDAR.is_provisional(date(2026, 1, 1))


def test_the_law_gives_thirteen_days_and_one_in_lieu_of_each_that_falls_on_a_weekend() -> None:
    for year in range(2027, 2060):
        proper, lieu = statutory.holidays_proper(year), statutory.days_off(year) - statutory.holidays_proper(year)
        by_month = Counter(day.month for day in proper)
        assert 12 <= len(proper) <= 13, "Mid-Autumn may fall on National Day"
        assert (by_month[5] >= 2, by_month[10] >= 3, date(year, 1, 1) in proper) == (True, True, True)
        assert all(day.weekday() < 5 for day in lieu)
        on_weekends = sum(day.weekday() >= 5 for day in proper)
        assert on_weekends <= len(lieu) <= on_weekends + (len(proper) == 12)
    spring = [date(2027, 2, day) for day in (5, 6, 7, 8)]
    assert set(spring) <= statutory.holidays_proper(2027), "the eve and three days"


def test_what_the_law_gives_was_off_in_every_year_since() -> None:
    """Arrangements have never taken a holiday of the law away; they add days and move weekends."""
    for year in (2025, 2026):
        assert all(not CALENDAR.is_working_day(day) for day in statutory.holidays_proper(year))


def test_an_arrangement_of_the_city_says_which_days_are_in_lieu() -> None:
    may = {date(2027, 5, day): False for day in (1, 2, 3)}
    loaded = replace(CALENDAR, arranged=frozenset({2027}), special=may)
    assert not CALENDAR.is_working_day(date(2027, 5, 4)), "in lieu of the second, as far as is known"
    assert loaded.is_working_day(date(2027, 5, 4)), "the arrangement has put it elsewhere"
    assert not loaded.is_working_day(date(2027, 10, 1)), "even where it forgot to name it"
    worked = replace(loaded, special={date(2027, 10, 2): True})
    assert worked.is_working_day(date(2027, 10, 2)), "what the city says comes first"


def test_a_deadline_on_the_stroke_of_closing_stays_there() -> None:
    assert CALENDAR.add_minutes(at(24, 16, 30), 60) == at(24, 17, 30)


@pytest.mark.django_db
def test_the_city_may_close_a_day_and_set_its_hours() -> None:
    SpecialDay.objects.create(day=date(2026, 4, 21), is_working=False, reason="城市庆典")
    assert current().add_days(at(20, 9), 1) == at(22, 9)
    OfficeHours.objects.create(opens=time(9), closes=time(12))
    assert current().day_minutes == 180
    SpecialDay.objects.all().delete()
    OfficeHours.objects.all()[0].delete()


@pytest.mark.django_db
def test_overlapping_hours_are_refused_with_a_sentence() -> None:
    from django.core.exceptions import ValidationError

    OfficeHours.objects.create(opens=time(9), closes=time(12))
    with pytest.raises(ValidationError):
        OfficeHours(opens=time(11), closes=time(13)).full_clean()
    with pytest.raises(ValidationError):
        OfficeHours(opens=time(15), closes=time(14)).full_clean()
