"""The default category tree: three levels, read from data/categories.txt, coded by their place in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.db import transaction

from tickets.models import Category

DEFAULT_TREE = Path(__file__).parent.parent / "data" / "categories.txt"
INDENT = 2  # blanks a level


def parse(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Level (1–3), code, name and keywords of each line; a parent stands before its children."""
    counters = [0, 0, 0]
    for line in text.splitlines():
        if not line.strip():
            continue
        level = (len(line) - len(line.lstrip())) // INDENT + 1
        counters[level - 1] += 1
        counters[level:] = [0] * (3 - level)
        name, _colon, keywords = line.strip().partition(":")
        yield level, "".join(f"{count:02d}" for count in counters[:level]), name, keywords.strip()


@transaction.atomic
def load_default() -> int:
    """Lays the default tree in where a code is not there yet; returns how many were added."""
    known = {category.code: category for category in Category.objects.all()}
    added = 0
    for level, code, name, keywords in parse(DEFAULT_TREE.read_text(encoding="utf-8")):
        if code not in known:
            parent = known[code[:-2]] if level > 1 else None
            known[code] = Category.objects.create(code=code, name=name, keywords=keywords, parent=parent)
            added += 1
    return added
