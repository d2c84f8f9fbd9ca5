"""Telephone numbers: every way of writing one is read here, so that one caller is kept in one way.

1. Width, digits of other scripts and Chinese numerals become digits; a label before the number goes.
2. An extension is parted from it: after a word for one, or after a dash where the number is whole without it.
3. The country's code, the code of a carrier and a needless zero go; a local number gets the city's area code.
4. What is left is a mobile number, a landline, a service number or a number abroad; else it is refused, saying why.

A mobile number is known by its length alone: new beginnings are given out faster than lists of them are printed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t

from hotline import text

LONGEST = 30  # characters of a number as it is kept, with its extension
TELLING = 3  # digits of a number that was cut off, from which they tell of it
MOST_READ = 100  # characters in which several numbers are looked for

WRITTEN = ("〇零○", "一幺壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
DIGIT = re.compile(rf"[\d{''.join(WRITTEN)}]")
FEWEST = 7  # digits of a landline without its area code; what is longer has more
NUMERALS = {ord(character): str(digit) for digit, characters in enumerate(WRITTEN) for character in characters}
DASHES = "-‐‑‒–—―−─ー－~～_"
BETWEEN = re.compile(rf"[\s{re.escape(DASHES)}./·•()\[\]]+")
AROUND = " .,;:。、"
LIKE_A_DASH = re.compile(r"(?<=\d)一(?=\d)")  # typed for one where the input method offers it first
LABEL = re.compile(
    r"(?:[^\d+:]{0,10}:|[^\d+:]{0,4}(?:电话|手机|座机|固话|号码|電話|手機|tel|phone|mobile)(?:号码|号|號碼|號|number)?\.?)\s*",
    re.IGNORECASE,
)
EXTENSION = re.compile(
    rf"(?P<whole>.*\d[\s)]*?)[\s,;({re.escape(DASHES)}]*(?:转(?:接|分机)?|轉|分机号?|分機|;ext=|extension|extn|ext|x|#|,)[\s.:号]*(?P<extension>\d{{1,6}})\s*\)?",
    re.IGNORECASE,
)
AFTER_A_DASH = re.compile(rf"(?P<whole>.*\d)\s*[{re.escape(DASHES)}]\s*(?P<extension>\d{{1,6}})")
CARRIERS = re.compile(
    r"(?:17900|17901|17908|17909|17910|17911|17931|17951|17969|12593|11808|10193|193)(?=0?1\d{10}$|0\d{9,11}$)"
)

WITHHELD = re.compile(
    r"(?:anonymous|private|withheld|restricted|unavailable|unknown|hidden|no caller ?id|"
    r"匿名|隐藏|未知|保密|未显示|无主叫)(?:号码|来电|number|call)?",
    re.IGNORECASE,
)
MASKED = re.compile(r"\d[\s-]?[*xX●•＊]{2,}[\s-]?\d|[*xX●•＊]{3,}[\s-]?\d{2,}|\d{3}[\s-]?[*xX●•＊]{3,}")

MOBILE = re.compile(r"1\d{10}")
SERVICE = re.compile(r"1[0-2]\d(?:\d{2,3})?|106\d{7,17}|9[56]\d{3,6}|[48]00\d{7}")
LANDLINE = re.compile(r"(?P<area>010|02\d|0[3-9]\d\d)(?P<local>\d{7,8})")
LOCAL = re.compile(r"[2-9]\d{6,7}")
KEPT = re.compile(r"(?P<digits>\+?\d+)(?:-(?P<extension>\d{1,6}))?")


class Kind(Enum):
    MOBILE = "mobile"
    LANDLINE = "landline"
    SERVICE = "service"  # 110, 12345, 95588, 400…: nobody's own
    FOREIGN = "foreign"


@dataclass(frozen=True)
class Number:
    """A number that can be called: `digits` as they are dialled, abroad with a plus; `extension` is asked for there."""

    digits: str
    kind: Kind
    extension: str = ""

    @property
    def kept(self) -> str:
        """How it stands in the database: one caller, one text."""
        return f"{self.digits}-{self.extension}" if self.extension else self.digits

    @property
    def link(self) -> str:
        """The address that has a telephone call it (RFC 3966)."""
        whole = self.digits if self.kind in (Kind.FOREIGN, Kind.SERVICE) else f"+86{self.digits.removeprefix('0')}"
        return f"tel:{whole};ext={self.extension}" if self.extension else f"tel:{whole}"

    def __str__(self) -> str:
        """As people write it: 13877770001, 0712-2888888 转 801."""
        written = self.digits
        if landline := LANDLINE.fullmatch(written):
            written = f"{landline['area']}-{landline['local']}"
        elif self.kind == Kind.SERVICE and len(written) == len("4001234567"):
            written = f"{written[:3]}-{written[3:6]}-{written[6:]}"
        elif self.kind == Kind.FOREIGN:
            parsed = phonenumbers.parse(written, None)
            written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        return (
            _t("%(number)s ext. %(extension)s") % {"number": written, "extension": self.extension}
            if self.extension
            else written
        )


def read(written: str) -> Number:
    """The number that somebody wrote. Raises ValidationError with the reason for which it is none."""
    plain = _plain(written)
    if (number := _of(plain)) and number.extension:
        return number
    found = {number for spelling in _spellings(plain) if (number := _whole(spelling))}
    if len(found) == 1:
        return found.pop()
    if found:
        raise ValidationError(_t("This can be read as two numbers: write it in digits."))
    raise ValidationError(_reason(plain))


def read_or_none(written: str) -> Number | None:
    """The number that somebody wrote; None where it is none, or none yet."""
    try:
        return read(written)
    except ValidationError:
        return None


def is_withheld(written: str) -> bool:
    """Whether a telephone system says so that the caller does not show a number."""
    return bool(WITHHELD.fullmatch(_plain(written)))


def is_masked(written: str) -> bool:
    """Whether a number is shown only in part: 138****0001."""
    return bool(MASKED.search(unicodedata.normalize("NFKC", written)))


def kept(written: str) -> str:
    """How a number that somebody wrote is kept; empty where nothing was written. Raises ValidationError as `read`."""
    return read(written).kept if written.strip() else ""


def shown(kept: str) -> str:
    """A number as people write it; what was kept before numbers were read stands as it is."""
    number = _of(kept)
    return str(number) if number else kept


MASKED_HERE = re.compile(r"(?:\d{3})?\*{4}(?:\d\d|\d{4})?")
MOBILE_DIGITS, LOCAL_DIGITS = 11, 7  # of a mobile number, and of one without its area


def masked(kept: str) -> str:
    """A number with its middle hidden: 138****5678. Of a short one only the end is left, if anything.

    What was masked so already stays as it is.
    """
    if MASKED_HERE.fullmatch(kept):
        return kept
    digits = "".join(character for character in kept if character.isdecimal())
    if len(digits) >= MOBILE_DIGITS:
        return f"{digits[:3]}****{digits[-4:]}"
    return f"****{digits[-2:]}" if len(digits) >= LOCAL_DIGITS else "****" if kept else ""


def _of(kept: str) -> Number | None:
    """The number that is kept so."""
    found = KEPT.fullmatch(kept)
    number = _known(found["digits"]) if found else None
    return Number(number.digits, number.kind, found["extension"] or "") if found and number else None


# -- 1: what was written ------------------------------------------------------------------------------------


def _plain(written: str) -> str:
    """What was written with its digits as 0 to 9, without the label before it."""
    folded = unicodedata.normalize("NFKC", text.one_line(written))
    folded = "".join(str(unicodedata.decimal(character, character)) for character in folded)
    folded = folded.strip(AROUND)
    return folded[label.end() :] if (label := LABEL.match(folded)) else folded


def _spellings(plain: str) -> set[str]:
    """The ways in which Chinese numerals in it can be meant: as digits, or 一 between digits as a dash."""
    return {LIKE_A_DASH.sub("-", plain).translate(NUMERALS), plain.translate(NUMERALS)}


# -- 2: the extension ---------------------------------------------------------------------------------------


def _whole(spelling: str) -> Number | None:
    """The number that a spelling stands for, with its extension."""
    if found := EXTENSION.fullmatch(spelling):
        return _with(found["whole"], found["extension"])
    if number := _known(_national(_dialled(spelling))):
        return number
    parted = AFTER_A_DASH.fullmatch(spelling)
    return _with(parted["whole"], parted["extension"]) if parted else None


def _with(whole: str, extension: str) -> Number | None:
    number = _known(_national(_dialled(whole)))

    return Number(number.digits, number.kind, extension) if number else None


# -- 3: as it is dialled here -------------------------------------------------------------------------------


def _dialled(spelling: str) -> str:
    """Its digits, with a plus before them where one was written; other characters stay and are refused."""
    return BETWEEN.sub("", spelling)


def _national(dialled: str) -> str:
    """Without what is not needed in this country, with the area code that is needed outside its city."""
    digits = re.sub(r"^(?:00|\+)", "+", dialled) if re.match(r"00[1-9]|\+", dialled) else dialled
    if digits.startswith("+86"):
        digits = _from_abroad(digits.removeprefix("+86"))
    elif re.fullmatch(r"86(?:1\d{10}|0\d{9,11}|[2-9]\d{8,10}|10\d{8})", digits):
        digits = _from_abroad(digits.removeprefix("86"))
    digits = CARRIERS.sub("", digits)
    if re.fullmatch(r"01[3-9]\d{9}", digits):
        digits = digits[1:]
    is_local = LOCAL.fullmatch(digits) and not SERVICE.fullmatch(digits)
    return settings.AREA_CODE + digits if is_local else digits


def _from_abroad(rest: str) -> str:
    """What is dialled here for what follows the country's code."""
    is_whole = rest.startswith("0") or MOBILE.fullmatch(rest) or SERVICE.fullmatch(rest)
    return rest if is_whole else f"0{rest}"


# -- 4: what it is ------------------------------------------------------------------------------------------


def _known(digits: str) -> Number | None:
    """The number, where such numbers are given out."""
    if digits.startswith("+"):
        return _foreign(digits)
    if MOBILE.fullmatch(digits):
        return Number(digits, Kind.MOBILE)
    if SERVICE.fullmatch(digits):
        return Number(digits, Kind.SERVICE)
    landline = LANDLINE.fullmatch(digits)
    if landline and len(landline["local"]) in _lengths(landline["area"]):
        return Number(digits, Kind.LANDLINE)
    return None


def without(written: str, kept: str, *, put: str = "***") -> str:
    """`written` with `put` wherever the number `kept` stands in it: in any width and script of its digits, parted by
    blanks or dashes, a landline also without its area code. An extension is nothing that tells of anybody.
    """
    needed = min(FEWEST, len(DIGIT.findall(kept.partition("-")[0])))
    if len(DIGIT.findall(written)) < needed:  # most texts: of many tickets this is what takes the time
        return written
    mentioned = _mentioned(kept)
    if mentioned is None:
        return written
    plain = "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in written)
    parts, end = [], 0
    for found in mentioned.finditer(plain):  # sign by sign the same length as what was written
        parts += [written[end : found.start()], put]
        end = found.end()
    return "".join([*parts, written[end:]])


def without_beginning(written: str, kept: str, *, put: str = "***") -> str:
    """`written` with `put` in place of the first digits of the number `kept`, where it was cut off amid these."""
    number = read_or_none(kept)
    digits = re.sub(r"\D", "", number.digits if number else kept)
    landline = LANDLINE.fullmatch(digits)
    wholes = [digits, landline["local"]] if landline else [digits]
    plain = "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in written)
    plain = plain.translate(NUMERALS)
    last = re.search(rf"\d[\d\s{re.escape(DASHES)}./·•()（）]*$", plain)
    for begin in re.finditer(r"(?<!\d)\d", plain[last.start() :] if last else ""):
        at = begin.start() + (last.start() if last else 0)
        begun = re.sub(r"\D", "", plain[at:])
        if len(begun) >= TELLING and any(whole.startswith(begun) for whole in wholes):
            return written[:at] + put
    return written


@lru_cache(maxsize=1024)
def _mentioned(kept: str) -> re.Pattern[str] | None:
    """Every way in which people write a number into a text; None where there are no digits in it."""
    number = read_or_none(kept)
    digits = re.sub(r"\D", "", number.digits if number else kept)
    if not digits:
        return None
    between = rf"[\s{re.escape(DASHES)}一./·•()（）\[\]]{{0,3}}"

    def spelt(part: str) -> str:
        return between.join(f"[{digit}{WRITTEN[int(digit)]}]" for digit in part)

    landline = LANDLINE.fullmatch(digits)
    if landline is None:
        return re.compile(spelt(digits))
    return re.compile(f"(?:{spelt(landline['area'])}{between})?{spelt(landline['local'])}")


@cache
def _lengths(area: str) -> tuple[int, ...]:
    """How many digits the landlines of an area have."""
    known = tuple(length for length in (7, 8) if _is_valid(area + "2".ljust(length, "8")))
    return known or (7, 8)


def _is_valid(digits: str) -> bool:
    return phonenumbers.is_valid_number(phonenumbers.parse(digits, "CN"))


def _foreign(digits: str) -> Number | None:
    if not re.fullmatch(r"\+[1-9]\d{6,14}", digits):
        return None
    try:
        is_possible = phonenumbers.is_possible_number(phonenumbers.parse(digits, None))
    except phonenumbers.NumberParseException:
        return None
    return Number(digits, Kind.FOREIGN) if is_possible else None


def _are_several(spelling: str) -> bool:
    """Whether numbers stand beside each other, parted by anything or by nothing."""
    gaps = [(gap.start(), gap.end()) for gap in re.finditer(r"[^\d+]+", spelling[:MOST_READ])]
    if re.fullmatch(f"(?:{MOBILE.pattern}){{2,}}", spelling):
        gaps.append((11, 11))
    return any(
        _whole(spelling[:start]) and (_whole(rest := re.sub(r"\D+$", "", spelling[end:])) or _are_several(rest))
        for start, end in gaps
    )


def _reason(plain: str) -> str:
    """Why it is no number, for the person who wrote it."""
    if _are_several(plain.translate(NUMERALS)):
        return _t("More than one number stands here. Keep the one to call back; others may stand in the description.")
    if is_masked(plain):
        return _t("Only a part of the number stands here. Ask the caller for all of it.")
    digits = _national(_dialled(plain.translate(NUMERALS)))
    if strange := re.search(r"[^\d+]", digits):
        return _t("“%(character)s” cannot be dialled.") % {"character": strange[0]}
    count = len(digits.lstrip("+"))
    if re.match(r"1[3-9]", digits):
        return _t("A mobile number has 11 digits, this one %(count)d.") % {"count": count}
    if area := re.match(r"010|02\d|0[3-9]\d\d", digits):
        return _t("After the area code %(area)s come %(length)s digits, here %(count)d.") % {
            "area": area[0],
            "length": "/".join(str(length) for length in _lengths(area[0])),
            "count": count - len(area[0]),
        }
    if digits.startswith("+"):
        return _t("No number abroad looks like this.")
    return _t("This is no telephone number: neither of a mobile, nor of a landline, nor of a service.")
