"""Which department a ticket should go to, and why. For now by precedent and directory; no learning yet."""

from __future__ import annotations

import time as clock
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _t

from hotline.accounts.models import Department, Region
from tickets.models import Category, Ticket

from .models import DirectoryEntry, Precedent

KEYWORD_CACHE_SECONDS = 60
TITLE_WEIGHT = 3  # a word in the title says more than one in the text


@dataclass(frozen=True)
class Proposal:
    department: Department
    reason: str


def department_for(*, category: Category | None, region: Region | None) -> Proposal | None:
    """The department that precedent or directory names for this duty; None where neither knows."""
    if category is None or region is None:
        return None
    return _by_precedent(category, region) or _by_directory(category, region)


def for_ticket(ticket: Ticket) -> Proposal | None:
    return department_for(category=ticket.category, region=ticket.region)


def _by_precedent(category: Category, region: Region) -> Proposal | None:
    found = (
        Precedent.objects.filter(category=category, region=region, department__is_open=True)
        .select_related("department", "ticket")
        .order_by("-made_at")
        .first()
    )
    if found is None:
        return None
    reason = _t("Precedent %(number)s: responsibility settled by %(principle)s") % {
        "number": found.ticket.number,
        "principle": found.get_principle_display(),
    }
    return Proposal(found.department, reason)


def _by_directory(category: Category, region: Region) -> Proposal | None:
    categories, regions = category.ancestor_ids, region.ancestor_ids
    entries = DirectoryEntry.objects.filter(
        category_id__in=categories, region_id__in=regions, department__is_open=True
    ).select_related("department", "category", "region")
    best = min(
        entries, key=lambda e: (categories.index(e.category_id), regions.index(e.region_id)), default=None
    )  # fmt: skip
    if best is None:
        return None
    reason = _t("Directory: %(category)s in %(region)s") % {"category": best.category, "region": best.region}
    if best.basis:
        reason += f"（{best.basis}）"
    return Proposal(best.department, reason)


_keywords: tuple[float, list[tuple[str, int]]] | None = None


def guess_category(title: str, text: str) -> Category | None:
    """The third-level category most of whose keywords stand in the text; None where none does."""
    score: Counter[int] = Counter()
    for word, category_id in _keyword_list():
        weight = TITLE_WEIGHT * title.count(word) + text.count(word)
        if weight:
            score[category_id] += weight * len(word)
    if not score:
        return None
    best, _weight = max(score.items(), key=lambda item: (item[1], -item[0]))
    return Category.objects.get(pk=best)


def _keyword_list() -> list[tuple[str, int]]:
    global _keywords
    if _keywords is None or clock.monotonic() - _keywords[0] > KEYWORD_CACHE_SECONDS:
        rows = Category.objects.filter(is_used=True).exclude(keywords="").values_list("keywords", "pk")
        _keywords = (clock.monotonic(), [(word, pk) for words, pk in rows for word in words.split()])
    return _keywords[1]


def forget(**kwargs: Any) -> None:
    """Has the next guess read the keywords again."""
    global _keywords
    _keywords = None
