"""The instants that figures are about, and conditions on what happened in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone


@dataclass(frozen=True)
class Window:
    """The instants `[start, end)` that figures are about. What is said of them is as it was at `as_of`: at their end,
    if nothing else is said, so that the figures of a past period stay what they were."""

    start: datetime
    end: datetime
    as_of: datetime | None = None

    @property
    def known(self) -> datetime:
        """The instant as of which the figures are."""
        return self.as_of or self.end

    @classmethod
    def so_far(cls, start: datetime, end: datetime) -> Window:
        """The part of `[start, end)` that has passed: what falls due tomorrow has not fallen due."""
        return cls(start, max(start, min(end, timezone.now() + timedelta.resolution)))  # this instant included

    def within(self, field: str) -> Q:
        return Q(**{f"{field}__gte": self.start, f"{field}__lt": self.end})


Condition = Callable[[Window], Q]


@dataclass(frozen=True)
class Happened:
    """Rows whose instant `field` lies in the window."""

    field: str

    def __call__(self, window: Window) -> Q:
        return window.within(self.field)


@dataclass(frozen=True)
class Done:
    """Events of these actions in the window: by the index of actions, not through all that happened."""

    actions: tuple[str, ...]

    def __call__(self, window: Window) -> Q:
        return window.within("at") & Q(action__in=self.actions)
