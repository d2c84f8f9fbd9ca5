"""Which department a ticket should go to, and why.

A precedent for this very duty comes first, since it was settled by people. Then what was learned from the city's own
answered tickets, where it is sure enough; else what the directory says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _t

from hotline.accounts.models import Department, Region
from hotline.remembered import Remembered
from tickets.models import Category, Ticket

from . import store
from .models import DirectoryEntry, Precedent, Source

if TYPE_CHECKING:
    from .learning import Guess

KEYWORD_CACHE_SECONDS = 60
TITLE_WEIGHT = 3  # a word in the title says more than one in the text


@dataclass(frozen=True)
class Proposal:
    """A department, why, and which of the three said so."""

    department: Department
    reason: str
    source: str


def department_for(*, category: Category | None, region: Region | None) -> Proposal | None:
    """The department that precedent or directory names for this duty; None where neither knows."""
    if category is None or region is None:
        return None
    return for_duties([(category, region)])[category.pk, region.pk]


def for_call(*, title: str, text: str, category: Category | None, region: Region | None) -> Proposal | None:
    """A proposal while a call is being typed."""
    by_rule = department_for(category=category, region=region)
    if region is None or (by_rule and by_rule.source == Source.PRECEDENT):
        return by_rule
    return _learned({0: (title, text, category, region)}).get(0) or by_rule


def for_tickets(tickets: Sequence[Ticket]) -> dict[int, Proposal | None]:
    """A proposal for each ticket by its id, with a handful of queries however many they are."""
    duties = [(ticket.category, ticket.region) for ticket in tickets if ticket.category]
    by_duty = for_duties(duties)
    by_rule = {ticket.pk: by_duty.get((ticket.category_id or 0, ticket.region_id)) for ticket in tickets}
    open_to_learning = [
        ticket for ticket in tickets if (found := by_rule[ticket.pk]) is None or found.source != Source.PRECEDENT
    ]
    return by_rule | _learned_of(open_to_learning)


def _learned_of(tickets: Sequence[Ticket]) -> dict[int, Proposal | None]:
    """What was learned, of those of these tickets for which it is sure enough."""
    if not tickets or store.current()[1] is None:
        return {}
    # Lists leave the long text out; here it is read for all of them at once.
    left_out = {ticket.pk for ticket in tickets if "description" in ticket.get_deferred_fields()}
    texts = dict(Ticket.objects.filter(pk__in=left_out).values_list("pk", "description"))
    texts |= {ticket.pk: ticket.description for ticket in tickets if ticket.pk not in left_out}
    return _learned({t.pk: (t.title, texts[t.pk], t.category, t.region) for t in tickets})


def _learned(asked: dict[int, tuple[str, str, Category | None, Region]]) -> dict[int, Proposal | None]:
    row, learned = store.current()
    if row is None or learned is None or not asked:
        return {}
    from .learning import Example

    examples = [Example(title, text, store.facts(category, region)) for title, text, category, region in asked.values()]
    guesses = dict(zip(asked, learned.guess(examples, explain=True), strict=True))
    sure = {key: guess for key, guess in guesses.items() if guess.confidence >= row.threshold}
    departments = Department.objects.filter(is_open=True).in_bulk([guess.label for guess in sure.values()])
    return {
        key: Proposal(departments[guess.label], _because(guess), Source.LEARNED)
        for key, guess in sure.items()
        if guess.label in departments
    }


def _because(guess: Guess) -> str:
    reason = _t("Learned from answered tickets, %(percent)d %% sure") % {"percent": int(guess.confidence * 100)}
    return f"{reason}：{_t(', ').join(guess.words)}" if guess.words else reason


def for_ticket(ticket: Ticket) -> Proposal | None:
    return for_tickets([ticket])[ticket.pk]


def for_duties(duties: Sequence[tuple[Category, Region]]) -> dict[tuple[int, int], Proposal | None]:
    """A proposal for each pair of category and region, by their ids, with two queries however many they are."""
    if not duties:
        return {}
    categories = {pk for category, _region in duties for pk in category.ancestor_ids}
    regions = {pk for _category, region in duties for pk in region.ancestor_ids}
    at_duty = {"category_id__in": categories, "region_id__in": regions, "department__is_open": True}
    precedents = {
        (found.category_id, found.region_id): found
        for found in Precedent.objects.filter(**at_duty).select_related("department", "ticket").order_by("made_at")
    }
    entries = {
        (entry.category_id, entry.region_id): entry
        for entry in DirectoryEntry.objects.filter(**at_duty).select_related("department", "category", "region")
    }
    return {
        (category.pk, region.pk): _by_precedent(precedents.get((category.pk, region.pk)))
        or _by_directory(entries, category, region)
        for category, region in duties
    }


def _by_precedent(found: Precedent | None) -> Proposal | None:
    if found is None:
        return None
    reason = _t("Precedent %(number)s: responsibility settled by %(principle)s") % {
        "number": found.ticket.number,
        "principle": found.get_principle_display(),
    }
    return Proposal(found.department, reason, Source.PRECEDENT)


def _by_directory(
    entries: dict[tuple[int, int], DirectoryEntry], category: Category, region: Region
) -> Proposal | None:
    """The most specific entry: the nearest category, and for it the nearest region."""
    for category_id in category.ancestor_ids:
        for region_id in region.ancestor_ids:
            if entry := entries.get((category_id, region_id)):
                reason = _t("Directory: %(category)s in %(region)s") % {
                    "category": entry.category,
                    "region": entry.region,
                }
                reason = f"{reason}（{entry.basis}）" if entry.basis else reason
                return Proposal(entry.department, reason, Source.DIRECTORY)
    return None


def guess_category(title: str, text: str) -> Category | None:
    """The third-level category most of whose keywords stand in the text; None where none does."""
    score: Counter[int] = Counter()
    for word, category_id in _keywords():
        weight = TITLE_WEIGHT * title.count(word) + text.count(word)
        if weight:
            score[category_id] += weight * len(word)
    if not score:
        return None
    best, _weight = max(score.items(), key=lambda item: (item[1], -item[0]))
    return Category.objects.select_related("parent__parent").get(pk=best)


def _read_keywords() -> list[tuple[str, int]]:
    rows = Category.objects.filter(is_used=True).exclude(keywords="").values_list("keywords", "pk")
    return [(word, pk) for words, pk in rows for word in words.split()]


_keywords = Remembered(_read_keywords, seconds=KEYWORD_CACHE_SECONDS)


def forget() -> None:
    """Has the next suggestion read keywords and model again."""
    _keywords.forget()
    store.forget()
