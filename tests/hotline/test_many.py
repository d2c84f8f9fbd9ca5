"""Many rows changed by one statement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DataError, transaction
from django.utils import timezone

from hotline import many
from matters.models import Proposal
from tests import scene
from tickets.models import Matter

pytestmark = pytest.mark.django_db


def test_each_row_has_what_was_set_and_others_stay(
    django_assert_num_queries: Callable[[int], object],
) -> None:
    tickets = [scene.call(caller_phone=f"1001234567{n}") for n in range(3)]
    now, matter = timezone.now(), Matter.objects.create(title="停水")
    first, other, last = tickets
    first.matter, first.next_due_at, first.version = matter, now, 7
    other.matter, other.next_due_at, other.title = None, None, "没有写"
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        many.update([first, other], ["matter", "next_due_at", "version"])
    for ticket in tickets:
        ticket.refresh_from_db()
    assert (first.matter, first.next_due_at, first.version) == (matter, now, 7)
    assert (other.matter, other.next_due_at) == (None, None)
    assert other.title != "没有写"
    assert last.matter is None
    many.update([], ["matter"])


def test_lists_and_instants_and_what_is_too_long() -> None:
    one, other = scene.call(caller_phone="10012345671"), scene.call(caller_phone="10012345672")
    proposal = Proposal.objects.create(ticket=one, other=other, probability=0.3, why=["同一地点"])
    proposal.why, proposal.settled_at = ["同一地点", '"引号" 和 {括号}'], timezone.now() - timedelta(days=1)
    many.update([proposal], ["why", "settled_at"])
    kept = Proposal.objects.get()
    assert (kept.why, kept.settled_at) == (proposal.why, proposal.settled_at)
    proposal.state = "x" * 50
    with pytest.raises(DataError), transaction.atomic():
        many.update([proposal], ["state"])
