"""What a single cell says: days and instants as people and programs write them."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta

# Days are counted from here; Excel believes that 1900 was a leap year, so from March 1900 on it is a day earlier.
SINCE_1900, SINCE_1904 = date(1899, 12, 30), date(1904, 1, 1)
SERIAL = re.compile(r"\d{5}(?:\.\d+)?")  # from 1927 to 2173
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
MOMENT = re.compile(
    r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?"
    r"(?:[T\s,]*(?:星期.|周.)?\s*(?P<half>上午|下午|AM|PM)?\s*(?P<hour>\d{1,2})\s*[:时点]\s*(?P<minute>\d{1,2})\s*"
    r"(?:[:分]\s*(?P<second>\d{1,2})(?:\.\d+)?\s*秒?|分)?\s*(?P<after>AM|PM)?)?",
    re.IGNORECASE,
)


def moment(text: str, *, counts_from_1904: bool = False) -> datetime:
    """The moment, without a zone, that a cell names; a day alone is its beginning. Raises ValueError.

    A number is taken for the days since 1900 (or 1904), as a date is kept in a cell that is not formatted as one.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if SERIAL.fullmatch(text):
        since = SINCE_1904 if counts_from_1904 else SINCE_1900
        days = timedelta(seconds=round(float(text) * 86400))
        return datetime.combine(since, datetime.min.time()) + days
    if found := COMPACT.fullmatch(text):
        return datetime(int(found[1]), int(found[2]), int(found[3]))  # noqa: DTZ001 - whoever asks knows the zone
    if (found := MOMENT.fullmatch(text)) is None:
        raise ValueError(text)
    return datetime(  # noqa: DTZ001 - whoever asks knows the zone
        int(found["year"]), int(found["month"]), int(found["day"]),
        _hour(int(found["hour"] or 0), (found["half"] or found["after"] or "").upper()),
        int(found["minute"] or 0), int(found["second"] or 0),
    )  # fmt: skip


def _hour(hour: int, half: str) -> int:
    if half in ("下午", "PM"):
        return hour + 12 if hour < 12 else hour
    return 0 if half == "AM" and hour == 12 else hour
