"""Which category a text belongs to, and why: what was learned, where it is sure enough, else the keywords.

A category that is out of use is never proposed, whatever was learned while it was in use.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext as _t

from dispatch.learned import asking
from dispatch.models import Learns
from hotline.remembered import Remembered
from tickets.models import Category
from tickets.search import simplified

KEYWORD_CACHE_SECONDS = 60
TITLE_WEIGHT = 3  # a word in the title says more than one in the text
# A telephone, a ticket's number, a car's plate: the keyword 12345 in 鄂K12345 says nothing of what is asked.
NUMBER = re.compile(r"(?=[A-Za-z]*[0-9])[0-9A-Za-z]{6,}")
NAMED = 3  # keywords named as the reason


@dataclass(frozen=True)
class CategoryProposal:
    """A category of the third level, and why. What was learned is sure; keywords only point somewhere."""

    category: Category
    reason: str
    is_sure: bool = False


def for_text(title: str, text: str) -> CategoryProposal | None:
    """The category that fits best; None where nothing speaks for any."""
    guesses = asking.sure_of(Learns.CATEGORY, {0: (title, text, ())}) if f"{title}{text}".strip() else {}
    for guess in guesses.values():
        if found := _in_use(guess.label):
            return CategoryProposal(found, asking.because(guess), is_sure=True)
    return by_keywords(title, text)


def by_keywords(title: str, text: str) -> CategoryProposal | None:
    """The category most of whose keywords stand in the text; None where none does."""
    best = keyed_to(title, text)
    found = _in_use(best) if best else None
    if found is None:
        return None
    said = _as_compared(f"{title} {text}")
    words = [word for word, pk in _keywords() if pk == best and word in said]
    return CategoryProposal(found, _t("Keywords: %(words)s") % {"words": _t(", ").join(words[:NAMED])})


def keyed_to(title: str, text: str) -> int | None:
    """The id of the category most of whose keywords stand in the text, long ones counting for more."""
    score: Counter[int] = Counter()
    title, text = _as_compared(title), _as_compared(text)
    for word, category_id in _keywords():
        weight = TITLE_WEIGHT * title.count(word) + text.count(word)
        if weight:
            score[category_id] += weight * len(word)
    return max(score.items(), key=lambda item: (item[1], -item[0]))[0] if score else None


def _as_compared(written: str) -> str:
    """A text as keywords are looked for in it: in simplified characters, without what is a number."""
    return NUMBER.sub(" ", simplified(written))


def part_keyed_to(title: str, text: str) -> int | None:
    """The id of the second-level category below which most keywords of a text stand."""
    best = keyed_to(title, text)
    return _parents().get(best) if best else None


def _in_use(pk: int) -> Category | None:
    return Category.objects.filter(is_used=True).select_related("parent__parent").filter(pk=pk).first()


def _read_keywords() -> list[tuple[str, int]]:
    rows = Category.objects.filter(is_used=True).exclude(keywords="").values_list("keywords", "pk")
    return [(word, pk) for words, pk in rows for word in simplified(words).split()]


def _read_parents() -> dict[int, int]:
    rows = Category.objects.filter(is_used=True, parent__isnull=False).values_list("pk", "parent_id")
    return {pk: parent for pk, parent in rows if parent}


_keywords = Remembered(_read_keywords, seconds=KEYWORD_CACHE_SECONDS)
_parents = Remembered(_read_parents, seconds=KEYWORD_CACHE_SECONDS)


def forget() -> None:
    """Has the next proposal read the keywords again."""
    _keywords.forget()
    _parents.forget()
