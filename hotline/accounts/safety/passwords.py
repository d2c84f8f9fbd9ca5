"""What may be a password. Django asks here wherever one is set: the own page, the set-up, `create_administrator`.

A password may hold what others can guess of its owner; it must hold enough besides. What counts as guessable: the own
name and its pinyin, the user name, department, telephone and address of mail; the city and words of the hotline; runs
of keys; years; and a common password with figures or signs put round it or in place of letters (P@ssw0rd2026!).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import User

BESIDES = 6  # characters that nobody can guess from what is known of the owner
SHORTEST_RUN = 4
LONGEST_NAME = 6  # characters of a name whose several readings are all known
RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "!@#$%^&*()",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p")  # fmt: skip
HOTLINE = (
    "12345", "rexian", "zhengwu", "zhengfu", "fuwu", "bianmin", "hotline", "admin", "guanliyuan", "mima", "password",
    "热线", "政务", "政府", "便民", "管理员", "密码",
)  # fmt: skip
INSTEAD = str.maketrans("@4031!5$7", "aaoeiisst")  # signs that stand for letters
YEAR = r"(?:19|20)\d\d(?:年)?"
BETWEEN = r"[\W_]*"
Guess = tuple[Promise | str, str]  # what it is, and the pattern by which it is found


class NotGuessable:
    """One of AUTH_PASSWORD_VALIDATORS."""

    def __init__(self) -> None:
        self._common = CommonPasswordValidator().passwords

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError, which names what was found, where too little remains besides."""
        text, covered, found = password.casefold(), set[int](), dict[str, None]()
        for label, pattern in [*_of(user), *_of_everybody(), *self._core(text)]:
            for match in re.finditer(pattern, text):
                covered.update(range(*match.span()))
                found[str(label)] = None
        for start, end in _runs(text):
            covered.update(range(start, end))
            found[_t("a run of keys such as 1234 or qwer, or one key again and again")] = None
        if found and len(text) - len(covered) < BESIDES:
            said = _t("Others can guess this password from: %(found)s. Besides, it needs %(count)d more characters.")
            missing = BESIDES - (len(text) - len(covered))
            raise ValidationError(said % {"found": _t(", ").join(found), "count": missing}, code="guessable")

    def get_help_text(self) -> str:
        said = _t(
            "Name, pinyin, user name, department, telephone, years, runs of keys and common passwords count for"
            " nothing: at least %(count)d other characters are needed."
        )
        return said % {"count": BESIDES}

    def _core(self, text: str) -> Iterator[Guess]:
        """A common password inside, when the figures and signs round it are taken away."""
        for one in (text, text.translate(INSTEAD)):
            core = re.search(r"[a-z].*[a-z]", one)
            if core and core[0] in self._common:
                yield _("a common password"), re.escape(text[slice(*core.span())])


def _of(user: Any) -> Iterator[Guess]:
    """What is known of the owner."""
    if not isinstance(user, User):
        return
    yield from _named(_("your name"), user.full_name)
    yield from _named(_("your user name"), user.username.rstrip("0123456789"))
    yield from _named(_("your user name"), user.email.partition("@")[0])
    yield from _named(_("the name of your department"), user.department.name if user.department else "")
    for number in (user.phone, user.extension):
        digits = re.sub(r"\D", "", number)
        for part in {digits, digits[-8:], digits[-6:], digits[-4:]} if len(digits) >= SHORTEST_RUN else ():
            yield _("your telephone number"), part


def _of_everybody() -> Iterator[Guess]:
    for name in (settings.CITY_NAME, settings.CITY_NAME.removesuffix("市"), settings.CITY_PREFIX):
        yield from _named(_("the name of the city"), name)
    for word in HOTLINE:
        yield _("words of the hotline"), re.escape(word)
    yield _("a year"), YEAR


def _named(label: Promise | str, name: str) -> Iterator[Guess]:
    """A name as it is written, forwards and backwards, and as it is spelt: whole or by initials, either part first."""
    plain = "".join(name.casefold().split())
    if len(plain) < 2:
        return
    yield label, re.escape(plain)
    yield label, re.escape(plain[::-1])
    if spelt := _readings(plain):
        whole = [f"(?:{'|'.join(map(re.escape, one))})" for one in spelt]
        initials = [f"[{''.join(sorted({syllable[0] for syllable in one}))}]" for one in spelt]
        for parts in (whole, [*whole[1:], whole[0]], [whole[0], *initials[1:]]):
            yield label, BETWEEN.join(parts)
        alone = rf"(?<![a-z]){BETWEEN.join(initials)}(?![a-z])"  # two or three letters stand in many words
        yield label, alone if len(initials) < SHORTEST_RUN else BETWEEN.join(initials)


@cache
def _readings(name: str) -> list[list[str]]:
    """All ways to spell each character in pinyin; of a long name, such as a department's, only the likely one."""
    from pypinyin import Style, pinyin  # as in hotline.sounds: its tables take a while to load

    read = pinyin(name, style=Style.NORMAL, heteronym=len(name) <= LONGEST_NAME, errors="ignore")
    return [sorted({one for one in ways if one.isascii()}) or ["?"] for ways in read] if len(read) > 1 else []


def _runs(text: str) -> Iterator[tuple[int, int]]:
    """Where keys follow each other as on the keyboard or in the alphabet, either way, or one key repeats."""
    for at in range(len(text) - SHORTEST_RUN + 1):
        part = text[at : at + SHORTEST_RUN]
        if part in _parts_of_runs() or len(set(part)) == 1:
            yield at, at + SHORTEST_RUN


@cache
def _parts_of_runs() -> frozenset[str]:
    both = [way for run in RUNS for way in (run, run[::-1])]
    return frozenset(run[at : at + SHORTEST_RUN] for run in both for at in range(len(run) - SHORTEST_RUN + 1))
