"""What the machine only proposes raises a watch where three callers speak of it; people's word ends it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from matters import perhaps, proposing, totals, working
from matters.models import Alert, Proposal
from supervision.models import Notice
from tests import scene
from tests.matters.test_alerts import calls
from tickets.matters import joining
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


def proposed(one: Ticket, other: Ticket, probability: float = 0.45) -> Proposal:
    return Proposal.objects.create(ticket=one, other=other, probability=probability, why=["都说到甲"])


def chain(tickets: list[Ticket], probability: float = 0.45) -> list[Proposal]:
    """Each is proposed to be one thing with the one before."""
    return [proposed(one, before, probability) for before, one in itertools.pairwise(tickets)]


def look() -> list[Alert]:
    perhaps.look(timezone.now())
    return list(Alert.objects.filter(kind=Alert.Kind.PERHAPS, ended_at=None))


def test_three_callers_of_what_is_only_proposed_are_watched(signed_in: SignIn) -> None:
    tickets = calls(3)
    chain(tickets[:2])
    assert not look()
    proposed(tickets[2], tickets[0])
    (alert,) = look()
    assert (alert.level, alert.why["callers"], alert.first) == ("watch", 3, tickets[0])
    assert look() == [alert], "once"
    page = signed_in(scene.SUPERVISOR).get(reverse("matters")).content.decode()
    assert "疑似同一事项，7 天内 3 人反映" in page
    link = f"?tab=proposed&amp;perhaps={alert.pk}"
    assert link in page
    chain(calls(2, first=40, title="乙"))
    shown = signed_in(scene.SUPERVISOR).get(f"{reverse('matters')}?tab=proposed&perhaps={alert.pk}")
    assert len(shown.context["proposals"]) == 2, "those of this alert"
    assert signed_in(scene.SUPERVISOR).get(f"{reverse('matters')}?tab=proposed&perhaps=x").status_code == 200
    assert not Notice.objects.exists(), "no department is told of what nobody has said to be true"


def test_one_caller_many_times_and_weak_proposals_are_no_watch() -> None:
    same = [scene.call(title="甲", description="甲", address="", category=None) for _n in range(3)]
    chain(same)
    chain(calls(3, first=20), probability=0.25)
    assert not look()


def test_peoples_word_ends_it() -> None:
    tickets = calls(3)
    first, _second = chain(tickets)
    (alert,) = look()
    proposing.refuse(first, actor=scene.user(scene.SUPERVISOR))
    assert not look()
    alert.refresh_from_db()
    assert alert.ended_because == "fewer"


def test_joined_it_is_watched_as_the_matter_that_it_is() -> None:
    tickets = calls(3)
    for proposal in chain(tickets):
        look()
        proposing.take(proposal, actor=scene.user(scene.SUPERVISOR))
    working.work()
    assert not look()
    assert Alert.objects.get(kind=Alert.Kind.PERHAPS).ended_because == "joined"
    assert Alert.objects.get(matter__isnull=False).why["callers"] == 3


def test_a_matter_and_what_is_proposed_to_it_are_counted_together_unless_it_is_alerted_to() -> None:
    tickets = calls(4)
    matter = joining.join(tickets[:2], actor=scene.user(scene.SUPERVISOR))
    proposed(tickets[2], tickets[1])
    (alert,) = look()
    assert alert.why["callers"] == 3
    joining.join([tickets[0], tickets[3]], actor=scene.user(scene.SUPERVISOR))
    totals.recount([matter.pk])
    assert not look(), "the matter has an alert of its own, and the proposal stands on its page"


def test_a_secret_caller_is_not_counted() -> None:
    tickets = [*calls(2), *calls(1, first=30, is_secret=True)]
    chain(tickets)
    assert not look()
    proposed(calls(1, first=60)[0], tickets[0])
    (alert,) = look()
    assert alert.why["callers"] == 3
    assert tickets[2].pk not in alert.why["tickets"]
    scene.do(tickets[0], "mark_secret", scene.SUPERVISOR)
    assert not look(), "what is secret now is named no more"


def test_it_ends_with_its_days(monday: time_machine.Traveller) -> None:
    chain(calls(3))
    assert look()
    monday.shift(timedelta(days=8))
    assert not look()
