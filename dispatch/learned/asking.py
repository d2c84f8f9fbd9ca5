"""What was learned says of texts, where it is sure enough to speak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from django.utils.translation import gettext as _t

from dispatch.learned import store
from dispatch.models import Learns

if TYPE_CHECKING:
    from dispatch.learned.model import Guess

Key = TypeVar("Key")
Said = tuple[str, str, tuple[str, ...]]  # a title, a text, and facts beside them


def sure_of(learns: Learns, texts: Mapping[Key, Said]) -> dict[Key, Guess]:
    """The guesses of the model in use that reach its confidence; none where there is no model or it is broken."""
    row, learned = store.current(learns)
    if row is None or learned is None or not texts:
        return {}
    from dispatch.learned.model import Example

    guesses = learned.guess([Example(*said) for said in texts.values()], explain=True)
    return {key: guess for key, guess in zip(texts, guesses, strict=True) if guess.confidence >= row.threshold}


def because(guess: Guess) -> str:
    """Why, in words for whoever decides: how sure, and what spoke for it."""
    reason = _t("Learned from answered tickets, %(percent)d %% sure") % {"percent": int(guess.confidence * 100)}
    return f"{reason}：{_t(', ').join(guess.words)}" if guess.words else reason
