"""Days off that the law gives before any arrangement is announced (全国年节及纪念日放假办法, as of 2025).

New Year 1 day, Spring Festival 4 with its eve, Qingming 1, Labour Day 2, Dragon Boat 1, Mid-Autumn 1, National Day 3.
Of a day that falls on a weekend a working day near it is free (补假): which one, the arrangement says, and until then
the next is taken. What the law does not say, which weekends are worked for a longer holiday (调休), is not guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache

MOVED = "调休"  # marks days that the package knows from an arrangement and not from the law
IN_LIEU = "补假"  # marks the working day that is free because the holiday itself falls on a weekend


@cache
def named(year: int, language: str = "zh_CN") -> Mapping[date, str]:
    """The days off of a year by law, with their names; none after 2100, to which the moon is reckoned."""
    # Loaded here: it takes a tenth of a second, which only a year that is not announced costs.
    from holidays.countries.china import China

    by_law = [day for day, name in China(years=year, language="zh_CN").items() if MOVED not in name]
    names = China(years=year, language=language)
    return {day: names[day] for day in sorted(by_law)}


@cache
def days_off(year: int) -> frozenset[date]:
    """The days off of a year that nothing is announced of."""
    return frozenset(named(year))


@cache
def holidays_proper(year: int) -> frozenset[date]:
    """The days that the law itself names; they are off however a city arranges the days around them."""
    return frozenset(day for day, name in named(year).items() if IN_LIEU not in name)
