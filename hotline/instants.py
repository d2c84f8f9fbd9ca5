"""Which days and instants the hotline takes from people, clients and files.

Nothing that a hotline knows lies before 2000, and nobody promises anything for more than ten years ahead; a rule may be
written down as holding to the end of the century. Beyond that it is a slip of the hand, and far beyond it neither
calendar nor database can count: what was kept would stop whoever reads it.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _t

FIRST_DAY = date(2000, 1, 1)  # before any ticket; the limits that a city starts with hold from here
LAST_DAY = date(2100, 12, 31)
YEARS_AHEAD = 10
SLOW_CLOCK = timedelta(minutes=1)  # by which what was typed as now may lie behind


def first() -> datetime:
    """The earliest instant that is taken."""
    return timezone.make_aware(datetime.combine(FIRST_DAY, time.min))


def last() -> datetime:
    """The latest instant that is taken."""
    today = timezone.localdate()
    day = date(today.year + YEARS_AHEAD, today.month, min(today.day, 28))
    return timezone.make_aware(datetime.combine(day, time.max))


def check_day(day: date) -> None:
    """Raises ValidationError for a day on which nothing of a hotline can lie."""
    if reason := objection_to_day(day):
        raise ValidationError(reason)


def objection_to_day(day: date) -> str:
    """Why nothing of a hotline can lie on `day`; empty where it can."""
    return "" if FIRST_DAY <= day <= LAST_DAY else _outside(FIRST_DAY, LAST_DAY)


def check(moment: datetime) -> None:
    """Raises ValidationError for an instant at which nothing of a hotline can happen."""
    if not first() <= moment <= last():
        raise ValidationError(_outside(FIRST_DAY, last().date()))


def check_ahead(moment: datetime) -> None:
    """Raises ValidationError where `moment` has passed or lies too far ahead."""
    check(moment)
    if moment <= timezone.now() - SLOW_CLOCK:
        raise ValidationError(_t("This time has passed."))


def _outside(earliest: date, latest: date) -> str:
    return _t("This lies outside %(first)s to %(last)s.") % {"first": earliest, "last": latest}


def midnight(day: date) -> datetime:
    """The instant at which `day` begins in the city's time."""
    return timezone.make_aware(datetime.combine(day, time.min))
