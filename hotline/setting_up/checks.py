"""What a new city must do first, and how it stands with it. Each room adds what it knows when it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(StrEnum):
    MISSING = "missing"
    ADVICE = "advice"  # goes without it
    DONE = "done"


LABELS = {
    State.MISSING: pgettext_lazy("set-up", "Missing"), State.ADVICE: _("Worth a look"),
    State.DONE: pgettext_lazy("set-up", "Done"),
}  # fmt: skip
TONES = {State.MISSING: "danger", State.ADVICE: "warning", State.DONE: "success"}


@dataclass(frozen=True)
class Standing:
    """How it stands with one thing, in words and numbers."""

    state: State
    words: str

    @property
    def label(self) -> Any:
        return LABELS[self.state]

    @property
    def tone(self) -> str:
        return TONES[self.state]


def standing(is_done: bool, words: str) -> Standing:
    """A thing that is either done or missing."""
    return Standing(State.DONE if is_done else State.MISSING, words)


@dataclass(frozen=True)
class Check:
    """One thing to be done: how to look at it, and the page on which it is done. Looking costs a query or two."""

    order: int
    label: Any
    look: Callable[[], Standing]
    url_name: str
    arguments: tuple[str, ...] = ()
    query: str = ""  # which part of that page

    @property
    def address(self) -> str:
        return reverse(self.url_name, args=self.arguments) + self.query


_checks: list[Check] = []


def check(
    order: int, label: Any, url_name: str, *arguments: str, query: str = ""
) -> Callable[[Callable[[], Standing]], Any]:
    """Adds a function to what a new city is asked; `order` says at which place."""

    def add(look: Callable[[], Standing]) -> Callable[[], Standing]:
        _checks.append(Check(order, label, look, url_name, arguments, query))
        return look

    return add


def all_of_them() -> list[tuple[Check, Standing]]:
    """Every check with how it stands, in the order in which a new city goes."""
    return [(one, one.look()) for one in sorted(_checks, key=lambda one: one.order)]
