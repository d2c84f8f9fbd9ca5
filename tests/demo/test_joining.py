"""In the demo city the machine joins what is one thing, and not what only happens at one place."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.utils import timezone

from demo.generator import Generator
from matters import nearest
from matters.pairs import JOIN
from tickets.models import Matter, Ticket

pytestmark = pytest.mark.django_db
BEFORE, LOOKED_AT = 1500, 250
RIGHT = 0.98  # of what is joined by itself, issue 13


@pytest.fixture
def city() -> Iterator[list[Ticket]]:
    """Tickets of some weeks in the order of their calls, some about one thing; nobody has joined any."""
    nearest.forget()
    generator = Generator(now=timezone.now(), days=25, seed=7)
    generator.make(BEFORE)
    generator.make_hot_matters(12)
    Ticket.objects.update(matter=None)
    Matter.objects.all().delete()
    yield list(Ticket.objects.select_related("category", "region__parent").order_by("registered_at", "pk"))
    nearest.forget()


def thing(ticket: Ticket) -> tuple[str, str]:
    """What a generated ticket is about, whatever door it names: the sentence that it was made from, and the street."""
    return re.sub(r"\d+", "", ticket.title.replace(ticket.address, "")), ticket.region.path


def is_elsewhere(one: Ticket, other: Ticket) -> bool:
    """Whether the book knows where both are, and it is neither one place nor one community."""
    here, there = ({place.pk: place.community for place in nearest.places_of(ticket)} for ticket in (one, other))
    communities = set(here.values()) & set(there.values()) - {""}
    return bool(here and there) and not here.keys() & there.keys() and not communities


def test_what_is_joined_is_one_thing_and_not_one_place(city: list[Ticket]) -> None:
    nearest.remember(city[:-LOOKED_AT])
    by_pk = {ticket.pk: ticket for ticket in city}
    joined, wrong, missed = 0, [], []
    for nth, ticket in enumerate(city[-LOOKED_AT:], len(city) - LOOKED_AT):
        best = next(iter(nearest.nearest(ticket)), None)
        said_before = any(
            (thing(other), other.address) == (thing(ticket), ticket.address) and ticket.address for other in city[:nth]
        )
        if best and best.probability >= JOIN:
            joined += 1
            if thing(by_pk[best.ticket]) != thing(ticket) or is_elsewhere(by_pk[best.ticket], ticket):
                wrong.append((ticket.title, by_pk[best.ticket].title, round(best.probability, 2), best.why))
        elif said_before:
            missed.append((ticket.title, best))
    assert joined > LOOKED_AT / 5  # how many there are to join depends on the day that the city is made for
    assert len(wrong) <= (1 - RIGHT) * joined, wrong
    assert not missed
