"""Learning from a city's own tickets who answers what and what it is about. Knows texts and labels, and no database.

Three linear models each read a text their own way: the title by its characters, the body by its characters, the
words of both. A fourth, small one has seen, on texts that the three had not been trained on, when to believe which of
them, and gives the confidence. So a title that says it all counts for more than a long body that wanders, and the
confidence is honest enough to draw a line at 97 % right.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import rjieba
from scipy.sparse import csr_matrix, hstack
from scipy.special import expit, softmax
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline

FOLDS = 3
MIN_EXAMPLES = 8  # of a label; rarer ones are left to the directory
MAX_BODY = 3000  # characters read of a body; with 800 the share at 97 % fell from 0.875 to 0.867 (decision 0011)
JUDGED = 12_000  # latest examples on which the three are judged
STRENGTHS = (0.5, 1.0, 1.0)  # C of each view's model
PASSES, CORES = 30, 2
HASHES, FACT_HASHES = 2**18, 2**14
MOST_WEIGHTS = 12_000_000  # labels times features; with 173 categories a model would take gigabytes without it
MOST_BODIES = 30_000  # latest bodies read by their characters; titles and words are read of all (decision 0011)
MAX_FEATURES = 250_000  # of each view, the most frequent
GOAL = 0.97  # share right that a suggestion must reach to be made
BLANKS = re.compile(r"\s+")
SEED = 1


class TooLittle(ValueError):
    """There is not enough to learn from."""


@dataclass(frozen=True)
class Example:
    """A text with facts beside it that count as words, such as the region."""

    title: str
    body: str
    facts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Guess:
    """The label, how sure (0 to 1), and the words that spoke for it most."""

    label: Any
    confidence: float
    words: tuple[str, ...] = ()


@dataclass
class Scores:
    """How good guesses were on examples that were not learned from."""

    accuracy: float
    macro_f1: float
    coverage: float  # the largest share, most confident first, of which GOAL is right
    threshold: float  # the confidence down to which that share reaches; above 1 where there is none


def clean(text: str) -> str:
    return BLANKS.sub(" ", text.replace("\u3000", " ")).strip()


def _cut(example: Example) -> str:
    return " ".join(rjieba.cut(f"{example.title} 。 {example.body}"))


def _hashed(hashes: int, **how: Any) -> Pipeline:
    """Runs of characters or words without a list of them all, which for 100,000 texts would not fit into 2 GB."""
    counts = HashingVectorizer(n_features=hashes, alternate_sign=False, norm=None, dtype=np.float32, **how)
    return make_pipeline(counts, TfidfTransformer(sublinear_tf=True))


@dataclass(frozen=True)
class Linear:
    """A fitted linear model, of which nothing but its numbers is needed: a row of weights a label.

    Of two labels there is one row, whose sign tells them apart.
    """

    weights: np.ndarray
    intercept: np.ndarray

    def says(self, matrix: Any) -> np.ndarray:
        """How far each text lies on the side of each label; a column a row of weights."""
        return np.asarray(matrix @ self.weights.T + self.intercept)

    def chances(self, matrix: Any) -> np.ndarray:
        """How likely each label is, where the model was fitted to tell that."""
        said = self.says(matrix)
        if said.shape[1] > 1:
            return np.asarray(softmax(said, axis=1))
        likely = expit(said)
        return np.hstack([1 - likely, likely])


class Views:
    """The three readings of a text as sparse vectors; the more `labels`, the fewer features of each."""

    def __init__(self, labels: int) -> None:
        room = MOST_WEIGHTS // labels
        hashes = min(HASHES, 2 ** (room.bit_length() - 1))
        common: dict[str, Any] = {
            "sublinear_tf": True, "dtype": np.float32, "max_features": min(MAX_FEATURES, room)
        }  # fmt: skip
        self.title = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), **common)
        self.body = _hashed(hashes, analyzer="char", ngram_range=(1, 3))
        self.words = TfidfVectorizer(tokenizer=str.split, token_pattern=None, min_df=2, **common)
        self.pairs = _hashed(hashes, tokenizer=str.split, token_pattern=None, ngram_range=(2, 2))
        # Facts are few and each weighs as much as all words together: whose area it is decides where words do not.
        self.facts = HashingVectorizer(
            analyzer=tuple, n_features=FACT_HASHES, alternate_sign=False, norm=None, binary=True, dtype=np.float32
        )

    def fit(self, examples: Sequence[Example]) -> list[csr_matrix]:
        """Learns what there is to be read, and reads the same texts; of bodies only the latest."""
        return self._read(examples, "fit_transform", bodies=MOST_BODIES)

    def read(self, examples: Sequence[Example]) -> list[csr_matrix]:
        return self._read(examples, "transform", bodies=len(examples))

    def _read(self, examples: Sequence[Example], how: str, *, bodies: int) -> list[csr_matrix]:
        title = getattr(self.title, how)([example.title for example in examples])
        body = getattr(self.body, how)([example.body for example in examples[-bodies:]])
        cut = [_cut(example) for example in examples]
        words, pairs = getattr(self.words, how)(cut), getattr(self.pairs, how)(cut)
        facts = self.facts.transform([example.facts for example in examples])
        return [title, body, csr_matrix(hstack([words, pairs, title, facts]))]


def _fit_three(vectors: list[csr_matrix], labels: np.ndarray) -> list[Linear]:
    """One linear model a view, with a margin, found by averaged stochastic steps.

    Exact fitting took three times as long and three times the memory for 100,000 texts and was no better (decision
    0011). A view of fewer rows is of the latest.
    """
    fitted = []
    for matrix, strength in zip(vectors, STRENGTHS, strict=True):
        count = matrix.shape[0]
        model = SGDClassifier(
            loss="hinge", alpha=1 / (2 * strength * count), average=True, max_iter=PASSES, n_jobs=CORES,
            random_state=SEED,
        )  # fmt: skip
        model.fit(matrix, labels[-count:])
        # Laid out so that asking about one text touches only its own columns: 4 ms instead of 100.
        weights = np.asfortranarray(model.coef_, dtype=np.float32)
        fitted.append(Linear(weights, model.intercept_.astype(np.float32)))
    return fitted


def _opinions(three: list[Linear], vectors: list[csr_matrix]) -> np.ndarray:
    """What the three say of each text, side by side; a column a label and model."""
    said = []
    for model, matrix in zip(three, vectors, strict=True):
        decision = model.says(matrix)
        said.append(np.hstack([-decision, decision]) if decision.shape[1] == 1 else decision)
    return np.hstack(said)


@dataclass
class Learned:
    """What was learned; kept in a file (`packing`) and read by every process that suggests."""

    labels: np.ndarray
    views: Views
    three: list[Linear]
    judge: Linear
    judged: np.ndarray  # the labels between which it judges
    learned_from: int
    words: list[str]  # in the order of the third view's columns

    @classmethod
    def learn(cls, examples: Sequence[Example], labels: Sequence[Any]) -> Learned:
        """Learns from texts and their labels, the oldest first. Raises TooLittle."""
        frequent = {label for label, count in Counter(labels).items() if count >= MIN_EXAMPLES}
        kept = [(_prepared(e), label) for e, label in zip(examples, labels, strict=True) if label in frequent]
        if len(frequent) < 2:
            raise TooLittle(f"fewer than two labels with {MIN_EXAMPLES} examples")
        texts, known = [example for example, _label in kept], np.array([label for _example, label in kept])
        names = np.unique(known)
        said, judged = cls._judged(texts[-JUDGED:], known[-JUDGED:], names)
        fitted = LogisticRegression(C=0.3, max_iter=2000).fit(said, judged)
        judge = Linear(fitted.coef_, fitted.intercept_)
        views = Views(len(names))
        three = _fit_three(views.fit(texts), known)
        words = list(views.words.get_feature_names_out())
        return cls(names, views, three, judge, fitted.classes_, len(kept), words)

    @staticmethod
    def _judged(texts: list[Example], known: np.ndarray, names: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the three say of texts that they have not been trained on."""
        rare = {name for name, count in zip(*np.unique(known, return_counts=True), strict=True) if count < FOLDS}
        chosen = [index for index, label in enumerate(known) if label not in rare]
        texts, known = [texts[index] for index in chosen], known[chosen]
        said = np.full((len(texts), 3 * len(names)), -1.0)
        for learned, asked in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(texts, known):
            views = Views(len(names))
            three = _fit_three(views.fit([texts[i] for i in learned]), known[learned])
            here = np.unique(known[learned])
            opinion = _opinions(three, views.read([texts[i] for i in asked]))
            columns = np.searchsorted(names, here)
            for view in range(3):
                part = opinion[:, view * len(here) : (view + 1) * len(here)]
                said[np.ix_(asked, view * len(names) + columns)] = part
        return said, known

    def guess(self, examples: Sequence[Example], *, explain: bool = False) -> list[Guess]:
        """The likeliest label of each text; with `explain` also the words that spoke for it."""
        if not examples:
            return []
        texts = [_prepared(example) for example in examples]
        vectors = self.views.read(texts)
        chances = self.judge.chances(_opinions(self.three, vectors))
        best = chances.argmax(axis=1)
        return [
            Guess(
                self.judged[index].item(),
                float(chances[row, index]),
                self._speaking_for(self.judged[index], vectors[2][row]) if explain else (),
            )
            for row, index in enumerate(best)
        ]

    def _speaking_for(self, label: Any, vector: csr_matrix) -> tuple[str, ...]:
        """The words of a text that weighed most for a label."""
        weights = self.three[2].weights
        where = int(np.searchsorted(self.labels, label))
        row = weights[0] * (1 if where else -1) if len(self.labels) == 2 else weights[where]
        spoke = [
            (row[column] * value, self.words[column])
            for column, value in zip(vector.indices, vector.data, strict=True)
            if column < len(self.words) and row[column] > 0
        ]
        return tuple(word for _weight, word in sorted(spoke, reverse=True) if len(word) > 1)[:3]


def _prepared(example: Example) -> Example:
    return Example(clean(example.title), clean(example.body)[:MAX_BODY], example.facts)


@dataclass(frozen=True)
class Point:
    """Of `count` examples at least this sure, `right` were right."""

    confidence: float
    count: int
    right: int


CONFIDENCES = (0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)


def curve(known: Sequence[Any], guesses: Sequence[Any], confidences: Sequence[float]) -> list[Point]:
    """How right guesses were above each of some confidences."""
    right = np.array([a == b for a, b in zip(known, guesses, strict=True)])
    sure = np.array(confidences)
    return [Point(level, int((sure >= level).sum()), int(right[sure >= level].sum())) for level in CONFIDENCES]


def score(known: Sequence[Any], guesses: Sequence[Any], confidences: Sequence[float]) -> Scores:
    """How good guesses were."""
    right = np.array([a == b for a, b in zip(known, guesses, strict=True)])
    order = np.argsort(-np.array(confidences), kind="stable")
    share_right = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(share_right >= GOAL)
    covered = int(good[-1]) + 1 if len(good) else 0
    return Scores(
        accuracy=float(right.mean()),
        macro_f1=float(f1_score(list(known), list(guesses), average="macro")),
        coverage=covered / len(order),
        threshold=float(np.array(confidences)[order][covered - 1]) if covered else 1.1,
    )
