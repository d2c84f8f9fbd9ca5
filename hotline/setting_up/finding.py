"""Finding rows of a table by words, or by how a name sounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet

from hotline.sounds import LETTERS, is_heard, sounds_of
from hotline.text import one_line

LONGEST = 40  # characters of what is looked for


def words_of(typed: str) -> str:
    return one_line(typed)[:LONGEST]


def found(rows: QuerySet[Any], words: str, fields: Sequence[str], heard: str = "") -> QuerySet[Any]:
    """The rows in one of whose `fields` the words stand, or whose field `heard` begins somewhere with their pinyin."""
    if not words:
        return rows
    fits = Q()
    for field in fields:
        fits |= Q(**{f"{field}__icontains": words})
    letters = words.replace(" ", "").casefold()
    if heard and LETTERS.fullmatch(letters):
        names = rows.order_by().values_list("pk", heard)
        fits |= Q(pk__in=[pk for pk, name in names if _sounds_like(letters, name)])
    return rows.filter(fits)


def _sounds_like(letters: str, name: str) -> bool:
    runs = (run.split() for run in sounds_of(name).split(";"))
    return any(is_heard(letters, run, at) for run in runs for at in range(len(run)))
