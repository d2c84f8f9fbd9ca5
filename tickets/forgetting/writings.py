"""What was written about tickets, wherever it stands, and taking who called out of it.

A table with a reference to a ticket is about it; rooms above say of others how they lead to one (`also`). What may be
changed loses the words; of what is kept for good (`hotline.roles`) it is told which of them stand in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import F

from hotline import many, roles, telephone
from hotline.vault.fields import EncryptedMixin
from tickets.disclosure import Standing
from tickets.models import Matter, Ticket
from tickets.reading import LEAST_NAME, Reading, without_name


@dataclass(frozen=True)
class Texts:
    """The columns `names` of a table in which something is written, and the way from a row to its ticket."""

    model: type[models.Model]
    way: str
    names: tuple[str, ...]

    @property
    def is_kept(self) -> bool:
        return self.model._meta.db_table in roles.KEPT


_others: list[tuple[type[models.Model], str]] = [(Matter, "tickets")]


def also(model: type[models.Model], way: str) -> None:
    """Says that what is written in `model` is about the tickets to which the lookup `way` leads."""
    _others.append((model, way))


def columns(model: type[models.Model]) -> tuple[str, ...]:
    """The columns of a table in which people or the machine may have written a name."""
    return tuple(
        one.name for one in model._meta.concrete_fields
        if isinstance(one, models.CharField | models.TextField | models.JSONField)
        and not isinstance(one, EncryptedMixin) and not one.choices and not one.unique
    )  # fmt: skip


def everywhere() -> Iterator[Texts]:
    """All texts about tickets."""
    ways = [
        (model, one.name)
        for model in apps.get_models() if model is not Ticket
        for one in model._meta.concrete_fields if one.related_model is Ticket
    ]  # fmt: skip
    for model, way in (*ways, *_others):
        if names := columns(model):
            yield Texts(model, way, names)


@dataclass
class Writings:
    """What was written about some tickets. `write` stores what was taken out of it."""

    tickets: list[Ticket]
    _about: dict[int, dict[tuple[str, int], tuple[Texts, Any]]] = field(default_factory=lambda: defaultdict(dict))
    _changed: dict[tuple[str, int], tuple[Texts, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows: dict[tuple[str, int], Any] = {}  # one for all tickets that it is about: each takes its words out of it
        for texts in everywhere():
            found = texts.model._default_manager.filter(**{f"{texts.way}__in": [one.pk for one in self.tickets]})
            for row in found.annotate(about_ticket=F(texts.way)).order_by("pk"):
                key = (texts.model._meta.label, row.pk)
                self._about[row.about_ticket][key] = (texts, rows.setdefault(key, row))

    def forget(self, ticket: Ticket) -> tuple[list[str], list[str]]:
        """Takes the names and numbers that `ticket` knows out of all that may be changed, the ticket's own words too.

        Returns the names and the numbers that stand where nothing can be changed.
        """
        nobody = Reading(ticket, Standing.OTHERS, frozenset())
        for name in ("description", "address", "happened", "plate", "amount"):
            setattr(ticket, name, nobody.text(getattr(ticket, name)))
        ticket.title = nobody.name(ticket.title)
        kept: list[str] = []
        for key, (texts, row) in self._about[ticket.pk].items():
            for name in texts.names:
                value = getattr(row, name)
                if texts.is_kept:
                    kept += _strings(value)
                elif (without := _each(value, nobody.name if name == "title" else nobody.text)) != value:
                    setattr(row, name, without)
                    self._changed[key] = (texts, row)
        names, numbers = words_of(ticket)
        return (
            [name for name in names if any(without_name(one, name) != one for one in kept)],
            [number for number in numbers if any(telephone.without(one, number) != one for one in kept)],
        )

    def write(self) -> None:
        by_texts: dict[Texts, list[Any]] = defaultdict(list)
        for texts, row in self._changed.values():
            by_texts[texts].append(row)
        for texts, rows in by_texts.items():
            many.update(rows, texts.names)
        self._changed.clear()


def words_of(ticket: Ticket) -> tuple[list[str], list[str]]:
    """The names and the numbers by which a ticket knows who called; what stood there before may be either."""
    before = ticket.earlier_callers
    names = [name for name in (ticket.caller_name, *before) if len(name) >= LEAST_NAME]
    return names, [number for number in (ticket.caller_phone, ticket.contact_phone, *before) if number]


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, dict):
        return [found for one in value.values() for found in _strings(one)]
    return [found for one in value for found in _strings(one)] if isinstance(value, list) else []


def _each(value: Any, change: Callable[[str], str]) -> Any:
    """`value` with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _each(one, change) for key, one in value.items()}
    return [_each(one, change) for one in value] if isinstance(value, list) else value
