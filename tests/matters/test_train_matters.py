"""What people join and tell apart moves the pair decision, from the shipped one on, and only for the better."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from hotline.accounts.models import User
from matters import by_choices, pairs, store
from matters.by_choices import Lesson, bent
from matters.models import Choice, PairModel
from matters.pairs import MEASURES, PROPOSE
from tests import scene

pytestmark = pytest.mark.django_db


def lesson(is_together: bool, **measures: float) -> Lesson:
    return Lesson(bent([measures.get(name, 0.0) for name in MEASURES]), is_together)


def test_what_a_city_joins_on_and_on_is_judged_so_from_then_on() -> None:
    """Here people join what has a category, a street and a name in common, which the shipped decision leaves."""
    alike = {"same_category": 1.0, "same_place": 0.2, "name": 0.3}
    before = pairs.default()
    empty = dict.fromkeys(MEASURES, 0.0)
    assert before.probability(empty | alike) < PROPOSE
    learned = by_choices.learn([lesson(True, **alike)] * 60 + [lesson(False, same_category=1.0)] * 60, before)
    assert learned.probability(empty | alike) >= PROPOSE
    assert learned.probability(empty) < PROPOSE
    assert by_choices.learn([], before).probability(empty | alike) == pytest.approx(before.probability(empty | alike))


def test_with_few_choices_nothing_is_learned() -> None:
    one, other = scene.call(title="云湖公馆停水"), scene.call(title="云湖公馆没水")
    Choice.objects.create(ticket=one, other=other, is_together=True, by=User.objects.get(username=scene.SUPERVISOR))
    with pytest.raises(CommandError, match="1 pairs"):
        call_command("train_matters")
    assert not PairModel.objects.exists()


def test_training_keeps_what_it_measured_and_the_latest_choice_of_a_pair() -> None:
    by = User.objects.get(username=scene.SUPERVISOR)
    calls = [
        scene.call(title=f"云湖公馆{word}", description=f"云湖公馆{word}，请处理。") for word in "水电气路灯梯墙窗门"
    ]
    for nth, one in enumerate(calls):
        for other in calls[nth + 1 :]:
            Choice.objects.create(ticket=one, other=other, is_together=nth == 0, by=by)
    Choice.objects.create(ticket=calls[1], other=calls[0], is_together=False, by=by)
    out = StringIO()
    call_command("train_matters", stdout=out)
    told = json.loads(out.getvalue())
    row = PairModel.objects.get()
    assert told["learned_from"] + told["measured_on"] == 36
    assert row.is_used == (row.right > row.right_before)
    assert store.load(row) is not None


def test_what_was_not_written_here_is_done_without() -> None:
    numbers = pairs.default().as_json().replace('"base": -', '"base": ', 1)
    row = PairModel.objects.create(
        learned_from=1, measured_on=1, right=1, right_before=0, numbers=numbers, digest="0" * 64, is_used=True
    )
    assert store.current() == pairs.default()
    PairModel.objects.filter(pk=row.pk).update(digest=store.signed(numbers))
    store.forget()
    assert store.current() != pairs.default()
