"""Learning the pair decision: from calls that we made up, and on top of those from what people joined and told apart.

Only here scikit-learn is needed. What is learned is a height at each bend of each measure (`pairs.Learned`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from matters import pairs
from matters.pairs import KNOTS, MEASURES, Learned, Rarity, Side, Text
from matters.telling import Teller

# Many small cities, each among so many other tickets that have nothing in common with what it tells: in a real city
# there are hundreds of things to call about, in `told.txt` a few dozen.
CITIES, MATTERS, SINGLES, OTHERS = 16, 40, 130, (0, 600, 1200, 2000)
CANDIDATES, LOOKED_UP, OF_ONE = 12, 100, 60
STRENGTH = 0.001  # little faith in any one measure: what we made up is more alike than what people write
# More faith in what tells the same thing from something else at the same place.
FAITH = {"rest": 3.0, "rest_and_name": 4.0, "bare_name": 4.0, "bare_place": 4.0}
TOLD_BY_HAND = 5.0  # times that a pair on which a person decided counts


def pairs_of(sides: Sequence[Side], others: int = 0) -> Iterator[tuple[int, int, dict[str, float]]]:
    """Pairs of calls in the order of their instants as they would be met online, and what they have in common."""
    having: Counter[str] = Counter()
    rarity = Rarity(others, having)
    with_piece: dict[str, list[int]] = defaultdict(list)
    for nth, side in enumerate(sides):
        text = Text(side, rarity)
        weights = {piece: rarity(piece) * (2 if piece in text.spoken_title else 1) for piece in text.spoken}
        shared: Counter[int] = Counter()
        for piece in sorted(weights, key=lambda piece: (-weights[piece], piece))[:LOOKED_UP]:
            for earlier in with_piece[piece][-OF_ONE:]:
                shared[earlier] += weights[piece]  # type: ignore[assignment]
        for earlier, _weight in shared.most_common(CANDIDATES):
            measures, _name = pairs.measure(text, Text(sides[earlier], rarity), rarity)
            yield nth, earlier, measures
        rarity.looked_at += 1
        having.update(text.spoken.keys())
        rarity.forget()
        for piece in text.spoken:
            with_piece[piece].append(nth)


def made_up(cities: Iterable[int] = range(1, CITIES + 1)) -> tuple[np.ndarray, np.ndarray]:
    """Measures of pairs of made-up calls, and whether each pair is about one matter."""
    rows, same = [], []
    for city in cities:
        told = Teller(city).calls(MATTERS, SINGLES)
        for one, other, measures in pairs_of([call.side for call in told], OTHERS[city % len(OTHERS)]):
            rows.append([measures[name] for name in MEASURES])
            same.append(told[one].matter == told[other].matter)
    return np.array(rows, dtype=np.float32), np.array(same)


def bent(rows: np.ndarray) -> np.ndarray:
    """For each measure and knot how near the measure is to it, between the knots beside."""
    return np.concatenate([np.interp(rows, KNOTS, one) for one in np.eye(len(KNOTS))], axis=1)


def learn(rows: np.ndarray, same: np.ndarray, weights: np.ndarray | None = None, **about: Any) -> Learned:
    """The heights by which these pairs are told apart best."""
    faith = np.array([FAITH.get(name, 1.0) for name in MEASURES])
    model = LogisticRegression(C=STRENGTH, max_iter=3000)
    model.fit(bent(rows) * np.tile(faith, len(KNOTS)), same, sample_weight=weights)
    found = model.coef_[0].reshape(len(KNOTS), len(MEASURES)) * faith
    base = float(model.intercept_[0]) + float(found[0].sum())
    heights = {
        name: tuple(round(float(found[knot, nth] - found[0, nth]), 4) for knot in range(len(KNOTS)))
        for nth, name in enumerate(MEASURES)
    }
    told: dict[str, Any] = {"pairs": len(same), "of_one_matter": int(same.sum())}
    return Learned(base, heights, told | about)


def default() -> Learned:
    """What is shipped: learned from made-up calls alone."""
    return learn(*made_up(), learned_from="calls that were made up, matters/data/told.txt")
