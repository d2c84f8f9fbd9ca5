"""Which department a ticket should go to, and why.

A precedent about the same thing comes first, since it was settled by people. Then what was learned from the city's own
answered tickets, where it is sure enough; else what the directory says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _t

from dispatch import categorising, precedents
from dispatch.directory.book import Book, Line, holding
from dispatch.learned import asking, store
from dispatch.models import DirectoryEntry, Learns, Precedent, Source
from dispatch.precedents import Asked
from hotline.accounts.models import Department, Region, User
from tickets.models import Category, Ticket

LOOKED_THROUGH, LIKE = 300, 3  # tickets of a department that are looked through, and shown as like


@dataclass(frozen=True)
class Proposal:
    """A department, why, which of the three said so, who assists by the directory, and how sure what was learned is.

    `words` are those by which it was learned; `confidence` lies between 0 and 1, none where people settled it.
    """

    department: Department
    reason: str
    source: str
    assisting: tuple[Department, ...] = ()
    confidence: float | None = None
    words: tuple[str, ...] = ()


def for_call(asked: Asked) -> Proposal | None:
    """A proposal while a call is being typed."""
    return _propose({0: asked})[0]


def for_ticket(ticket: Ticket) -> Proposal | None:
    return for_tickets([ticket])[ticket.pk]


def settled_for(tickets: Sequence[Ticket]) -> dict[int, Proposal | None]:
    """What people have settled for each ticket: a precedent, else the directory; nothing that was learned."""
    return _propose({t.pk: asked_of(t) for t in tickets}, learned=False)


def for_tickets(tickets: Sequence[Ticket]) -> dict[int, Proposal | None]:
    """A proposal for each ticket by its id, with a handful of queries however many they are."""
    # Lists leave the long text out; here it is read for all of them at once.
    left_out = {ticket.pk for ticket in tickets if "description" in ticket.get_deferred_fields()}
    texts = dict(Ticket.objects.filter(pk__in=left_out).values_list("pk", "description")) if left_out else {}
    texts |= {ticket.pk: ticket.description for ticket in tickets if ticket.pk not in left_out}
    return _propose({t.pk: asked_of(t, texts[t.pk]) for t in tickets})


def asked_of(ticket: Ticket, text: str | None = None) -> Asked:
    """What is known of a ticket; `text` where the long text has been read apart."""
    text = ticket.description if text is None else text
    return Asked(ticket.title, text, ticket.category, ticket.region, ticket.address, ticket.matter_id)


def _propose(asked: dict[int, Asked], *, learned: bool = True) -> dict[int, Proposal | None]:
    if not asked:
        return {}
    settled = precedents.speaking_for(asked)
    rest = {key: one for key, one in asked.items() if key not in settled}
    guessed = _learned(rest) if learned else {}
    by_duty = for_duties(
        [(one.category, one.region) for key, one in rest.items() if one.category and key not in guessed]
    )
    directory = {key: by_duty.get((one.category.pk, one.region.pk)) for key, one in rest.items() if one.category}
    return dict.fromkeys(asked) | directory | guessed | {key: _by_precedent(found) for key, found in settled.items()}


def _learned(asked: dict[int, Asked]) -> dict[int, Proposal | None]:
    """What was learned, of those for which it is sure enough."""
    texts = {key: (one.title, one.text, store.facts(one.category, one.region)) for key, one in asked.items()}
    sure = asking.sure_of(Learns.DEPARTMENT, texts)
    if not sure:
        return {}
    departments = Department.objects.filter(is_open=True).in_bulk([guess.label for guess in sure.values()])
    return {
        key: Proposal(
            departments[guess.label], asking.because(guess), Source.LEARNED,
            confidence=guess.confidence, words=guess.words,
        )
        for key, guess in sure.items()
        if guess.label in departments
    }  # fmt: skip


def for_duties(
    duties: Sequence[tuple[Category, Region]], sender: Department | None = None
) -> dict[tuple[int, int], Proposal | None]:
    """What the directory says of each pair of category and region, by their ids, with a few queries for all.

    `sender` is the department that sends down; none where the hotline itself dispatches.
    """
    if not duties:
        return {}
    categories = {pk for category, _region in duties for pk in category.ancestor_ids}
    regions = {pk for _category, region in duties for pk in region.ancestor_ids}
    today = timezone.localdate()
    rows = holding(today).filter(
        sender=sender, category__in=categories, region__in=regions, department__is_open=True
    )  # fmt: skip
    entries = {
        row.pk: row for row in rows.select_related("department", "category", "region").prefetch_related("assisting")
    }
    book = Book(map(Line.of, entries.values()), today)
    found = {}
    for category, region in duties:
        line = book.find(category.ancestor_ids, region.ancestor_ids, sender.pk if sender else None)
        found[category.pk, region.pk] = _by_directory(entries[line.pk]) if line and line.pk else None
    return found


def units_below(ticket: Ticket) -> Proposal | None:
    """To which unit the directory has the ticket's department send it down."""
    if ticket.department is None or ticket.category is None:
        return None
    found = for_duties([(ticket.category, ticket.region)], sender=ticket.department)
    return found[ticket.category.pk, ticket.region.pk]


def _by_precedent(found: Precedent) -> Proposal:
    reason = _t("Precedent %(number)s: responsibility settled by %(principle)s") % {
        "number": found.ticket.number,
        "principle": found.get_principle_display(),
    }
    return Proposal(found.department, reason, Source.PRECEDENT)


def _by_directory(entry: DirectoryEntry) -> Proposal:
    reason = _t("Directory: %(category)s in %(region)s") % {"category": entry.category, "region": entry.region}
    reason = f"{reason}（{entry.basis}）" if entry.basis else reason
    assisting = tuple(department for department in entry.assisting.all() if department.is_open)
    return Proposal(entry.department, reason, Source.DIRECTORY, assisting)


def like_tickets(proposal: Proposal, user: User) -> list[Ticket]:
    """Latest answered tickets of the proposed department that share most of the words by which it was learned.

    Only those that `user` may see; none where nothing was learned.
    """
    if not proposal.words:
        return []
    earlier = (
        Ticket.objects.visible_to(user)
        .filter(department=proposal.department, answered_at__isnull=False)
        .select_related("region__parent")
        .defer("search", "caller_search")
        .order_by("-registered_at", "-pk")[:LOOKED_THROUGH]
    )
    shared = [(sum(word in f"{one.title}{one.description}" for word in proposal.words), one) for one in earlier]
    best = sorted((pair for pair in shared if pair[0]), key=lambda pair: -pair[0])
    return [one for _count, one in best[:LIKE]]


def forget() -> None:
    """Has the next suggestion read keywords and model again."""
    categorising.forget()
    store.forget()
