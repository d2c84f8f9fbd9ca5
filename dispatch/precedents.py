"""Which settled responsibility (判例) speaks for a ticket: by the matter, or by category, place and words.

A ruling settles one dispute and not all that may ever happen in its category and district. So a precedent speaks for
the other tickets of its own matter, and for one of a like category and place that is about the same thing: most of
what names the precedent (its title and address) must stand in the ticket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Q

from dispatch.models import Precedent
from hotline.accounts.models import Region
from tickets import search
from tickets.models import Category

SAID_AGAIN = 0.5  # of the character pairs in a precedent's title and address
Key = TypeVar("Key")


@dataclass(frozen=True)
class Asked:
    """What is known of a call or a ticket when a department is looked for."""

    title: str
    text: str
    category: Category | None
    region: Region
    address: str = ""
    matter_id: int | None = None


def speaking_for(asked: Mapping[Key, Asked]) -> dict[Key, Precedent]:
    """The precedent that speaks for each, where one does; the latest where several do. One query for all."""
    matters = {one.matter_id for one in asked.values() if one.matter_id}
    branches = {one.category.parent_id for one in asked.values() if one.category}
    regions = {pk for one in asked.values() for pk in one.region.ancestor_ids}
    found = (
        Precedent.objects.filter(department__is_open=True)
        .filter(Q(ticket__matter__in=matters) | Q(category__parent__in=branches, region__in=regions))
        .select_related("department", "category", "ticket")
        .order_by("-made_at", "-pk")
    )
    named = [(precedent, _names(precedent)) for precedent in found]
    if not named:
        return {}
    return {key: best for key, one in asked.items() if (best := _first(named, one))}


def _first(named: Sequence[tuple[Precedent, set[str]]], asked: Asked) -> Precedent | None:
    words: set[str] | None = None
    for precedent, names in named:
        if asked.matter_id and precedent.ticket.matter_id == asked.matter_id:
            return precedent
        if not _is_near(precedent, asked):
            continue
        words = words or set(search.tokens(f"{asked.title} {asked.text} {asked.address}"))
        if names and len(names & words) >= SAID_AGAIN * len(names):
            return precedent
    return None


def _is_near(precedent: Precedent, asked: Asked) -> bool:
    """Whether the category is of the same branch, and the place the precedent's or within it."""
    if asked.category is None or precedent.category is None:
        return False
    return precedent.category.parent_id == asked.category.parent_id and precedent.region_id in asked.region.ancestor_ids


def _names(precedent: Precedent) -> set[str]:
    """The character pairs that name what the precedent is about."""
    return {token for token in search.tokens(f"{precedent.ticket.title} {precedent.ticket.address}") if len(token) > 1}
