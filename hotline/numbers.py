"""Numbers beside doors: how much waits behind each, for whoever may go there.

Every room registers what it can count. The page asks once for all of a person's numbers after it has come
(static/numbers.js), and again every few seconds while it is looked at: no page counts anything while it is made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from hotline.accounts.access import person
from hotline.accounts.models import User

MOST = 999  # what is more is shown as 999+, and nobody counts further than one beyond it
Count = Callable[[User], int]


@dataclass(frozen=True)
class Number:
    """One number: at which door it stands, which part of what waits there it counts, and what that part is called.

    A part that has a tab of its own on the page is named after the tab.
    """

    door: str
    part: str
    label: Any
    permission: str
    count: Count


_numbers: list[Number] = []


def number(door: str, part: str, label: Any, permission: str) -> Callable[[Count], Count]:
    """Registers what counts a part of what waits behind a door; it must look no further than `counted` does."""

    def register(count: Count) -> Count:
        _numbers.append(Number(door, part, label, permission, count))
        return count

    return register


def counted(rows: QuerySet[Any]) -> int:
    """How many rows there are; one more than MOST where there are more."""
    return rows.order_by().values("pk")[: MOST + 1].count()


def of_person(user: User) -> dict[str, dict[str, tuple[int, Any]]]:
    """By door and part: the numbers that `user` may know, each with what it counts."""
    found: dict[str, dict[str, tuple[int, Any]]] = defaultdict(dict)
    for one in _numbers:
        if user.may(one.permission):
            found[one.door][one.part] = (one.count(user), one.label)
    return dict(found)


@require_GET
def numbers(request: HttpRequest) -> JsonResponse:
    """All numbers of whoever asks, as they are shown. It writes nothing, so that no session lives longer by it."""
    doors = of_person(person(request))
    return JsonResponse(
        {
            door: [{"part": part, "shown": shown(count), "label": str(label)} for part, (count, label) in parts.items()]
            for door, parts in doors.items()
        }
    )


def shown(count: int) -> str:
    """A number as it stands beside a door; nothing for none."""
    return f"{MOST}+" if count > MOST else str(count or "")
