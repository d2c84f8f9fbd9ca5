"""Several workers, a worker that ends in the middle, and a person who splits while the machine joins."""

from __future__ import annotations

import contextlib

import pytest

from hotline.waiting.busy import Busy
from matters import byhand, linking, working
from matters.models import Looked
from tests import scene
from tests.matters.test_linking import called
from tickets.models import Matter, Ticket, TicketEvent
from tickets.workflow.performing import Refused


def joinings() -> int:
    return TicketEvent.objects.filter(action="join_matter").count()


def test_three_workers_at_once_join_each_ticket_once(live_city: None) -> None:
    """Thirty copies of one text within a minute are one matter, whoever looks at which of them."""
    for serial in range(30):
        called(serial)
    scene.at_once(*[linking.settle_waiting] * 3)
    working.work()
    assert Matter.objects.filter(tickets__isnull=False).distinct().count() == 1
    assert joinings() == Ticket.objects.filter(matter__isnull=False).count() == Looked.objects.count() == 30


def test_whoever_ends_in_the_middle_leaves_nothing_half_done(live_city: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The word that a ticket was looked at is the last that is written: without it nothing was."""
    first, other = called(1), called(2)
    linking.settle(first.pk)
    before = joinings()

    def ends(*args: object, **given: object) -> None:
        raise SystemExit

    with monkeypatch.context() as stopped:
        stopped.setattr(Looked.objects, "update_or_create", ends)
        with pytest.raises(SystemExit):
            linking.settle(other.pk)
    assert joinings() == before
    working.work()
    assert Looked.objects.count() == 2
    assert Ticket.objects.filter(matter=None).count() == 0


def test_a_person_splits_while_the_machine_joins(live_city: None) -> None:
    """Who comes second sees what the first did: nothing is lost, and what was chosen is where the person put it."""
    tickets = [called(serial) for serial in range(4)]
    working.work()
    matter = Matter.objects.get(tickets=tickets[0])
    chosen = [ticket.number for ticket in tickets[:2]]
    fresh = called(9)

    def split() -> None:
        with contextlib.suppress(Busy, Refused):
            byhand.split(matter, chosen, actor=scene.user(scene.SUPERVISOR), reason="另一处。")

    scene.at_once(split, lambda: linking.settle_waiting())
    working.work()
    of_chosen = set(Ticket.objects.filter(number__in=chosen).values_list("matter", flat=True))
    assert len(of_chosen) == 1, "split whole or not at all"
    assert Ticket.objects.get(pk=fresh.pk).matter_id in {matter.pk, *of_chosen}
    assert not Ticket.objects.filter(matter=None).exists()
