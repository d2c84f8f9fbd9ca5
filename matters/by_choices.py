"""What people joined and told apart as lessons for the pair decision, on top of the one that is shipped.

The shipped heights are where learning begins, and each pair on which a person decided moves them a little: few choices
change little. The latest choices are held out; what was learned is used only where it judges those better.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from django.db import transaction
from django.utils import timezone
from scipy.optimize import minimize

from hotline.locks import one_at_a_time
from matters import nearest, pairs, store
from matters.models import Choice, PairModel
from matters.pairs import KNOTS, MEASURES, PROPOSE, Learned, Text
from tickets.models import Ticket

MOST, OF_A_MATTER = 20_000, 3  # latest choices; tickets of a matter that stand for it
LEAST = 30  # pairs from which there is anything to be learned
HELD_OUT = 0.2  # of the pairs, the latest
CAUTION = 4.0  # how much a change of heights must be worth
logger = logging.getLogger(__name__)


class TooLittle(ValueError):
    """There is not enough to learn from."""


class Lesson(NamedTuple):
    """Two tickets, by their measures at the knots, and whether a person said that they are about one thing."""

    row: np.ndarray
    is_together: bool


def lessons() -> list[Lesson]:
    """The pairs on which people decided, the oldest first; of a pair the latest choice holds."""
    rarity = nearest.rarity()
    chosen: dict[tuple[int, int], bool] = {}
    for one, other, is_together in _chosen():
        pair = (min(one, other), max(one, other))
        chosen.pop(pair, None)
        chosen[pair] = is_together
    rows = Ticket.objects.select_related("category", "region").defer("search", "caller_search")
    tickets = rows.in_bulk({pk for pair in chosen for pk in pair})
    texts = {pk: Text(nearest.side_of(one, nearest.places_of(one)), rarity) for pk, one in tickets.items()}
    found = []
    for (one, other), is_together in chosen.items():
        measures, _name = pairs.measure(texts[one], texts[other], rarity)
        found.append(Lesson(bent([measures[name] for name in MEASURES]), is_together))
    return found


def _chosen() -> Iterator[tuple[int, int, bool]]:
    """Pairs of tickets with what was chosen; a matter is stood for by some of its other tickets."""
    columns = ("ticket", "other", "matter", "is_together")
    latest = list(Choice.objects.order_by("-at", "-pk").values_list(*columns)[:MOST])
    members: dict[int, list[int]] = {}
    for pk, matter in Ticket.objects.filter(matter__in={row[2] for row in latest if row[2]}).values_list(
        "pk", "matter"
    ):
        members.setdefault(matter or 0, []).append(pk)
    for ticket, other, matter, is_together in reversed(latest):
        others = [other] if other else [pk for pk in members.get(matter, []) if pk != ticket][:OF_A_MATTER]
        for one in others:
            if one != ticket:
                yield ticket, one, is_together


def bent(values: Sequence[float]) -> np.ndarray:
    """How near each measure is to each knot but the first, between the knots beside."""
    rows = [[float(np.interp(value, KNOTS, one)) for value in values] for one in np.eye(len(KNOTS))[1:]]
    return np.array(rows).T.ravel()


def _numbers(learned: Learned) -> np.ndarray:
    return np.array([learned.base, *(height for name in MEASURES for height in learned.heights[name][1:])])


def learn(given: Sequence[Lesson], before: Learned) -> Learned:
    """The heights that judge these as people did, as near to those before as that allows."""
    if not given:
        return before
    rows = np.array([[1.0, *lesson.row] for lesson in given])
    sides = np.array([1.0 if lesson.is_together else -1.0 for lesson in given])
    start = _numbers(before)

    def cost(numbers: np.ndarray) -> tuple[float, np.ndarray]:
        said = sides * (rows @ numbers)
        change = numbers - start
        wrong = 1 / (1 + np.exp(np.clip(said, -30, 30)))
        return (
            float(np.logaddexp(0, -said).sum() + CAUTION / 2 * change @ change),
            -(sides * wrong) @ rows + CAUTION * change,
        )

    found = minimize(cost, start, jac=True, method="L-BFGS-B").x
    heights = found[1:].reshape(len(MEASURES), len(KNOTS) - 1)
    about: dict[str, Any] = dict(before.about) | {"choices": len(given)}
    return Learned(
        float(found[0]), {name: (0.0, *map(float, heights[nth])) for nth, name in enumerate(MEASURES)}, about
    )  # fmt: skip


def right(learned: Learned, given: Sequence[Lesson]) -> float:
    """The share of pairs that are judged as people did: worth proposing where they are together."""
    limit = np.log(PROPOSE / (1 - PROPOSE))
    numbers = _numbers(learned)
    said = [bool(numbers[0] + lesson.row @ numbers[1:] >= limit) for lesson in given]
    return float(sum(one == lesson.is_together for one, lesson in zip(said, given, strict=True))) / len(given)


def train() -> PairModel:
    """Learns, measures, keeps, and uses what was learned if it is better. Raises TooLittle."""
    with one_at_a_time("matters training"):
        given = lessons()
        cut = int(len(given) * (1 - HELD_OUT))
        earlier, later = given[:cut], given[cut:]
        if len(given) < LEAST or len({one.is_together for one in earlier}) < 2:
            raise TooLittle(f"{len(given)} pairs on which people decided, of {LEAST}; joined and told apart are needed")
        used = PairModel.objects.filter(is_used=True).first()
        before = (store.load(used) if used else None) or pairs.default()
        learned = learn(earlier, pairs.default())
        now_right, right_before = right(learned, later), right(before, later)
        numbers = learned.as_json()
        with transaction.atomic():
            if better := bool(now_right > right_before):
                PairModel.objects.filter(is_used=True).update(is_used=False)
            row = PairModel.objects.create(
                trained_at=timezone.now(), learned_from=len(earlier), measured_on=len(later), right=now_right,
                right_before=right_before, numbers=numbers, digest=store.signed(numbers), is_used=better,
            )  # fmt: skip
    store.forget()
    logger.info("trained on %d choices: right %.3f, before %.3f", len(earlier), now_right, right_before)
    return row
