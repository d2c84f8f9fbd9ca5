"""How good dispatching is: suggestions taken and overruled, who was right in the end, and hops."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.templatetags.ui import percent
from tickets.models import Ticket

from .models import Source, Suggestion

DAYS = 30  # over which it is measured


@dataclass(frozen=True)
class SourceLine:
    """One kind of suggestion: how many, how many were taken, and how often each side was right in the end.

    `answered` are those whose ticket has been answered, so that the department that answered is known.
    """

    label: Any
    made: int
    taken: int
    answered: int
    suggestion_right: int
    choice_right: int


def _since() -> datetime:
    return timezone.now() - timedelta(days=DAYS)


def by_source() -> list[SourceLine]:
    """A line for each kind of suggestion made, and one for where none could be made."""
    answered = Q(ticket__answered_at__isnull=False)
    rows = (
        Suggestion.objects.filter(at__gte=_since())
        .values("source")
        .annotate(
            made=Count("pk"),
            taken=Count("pk", filter=Q(suggested=F("chosen"))),
            answered=Count("pk", filter=answered),
            suggestion_right=Count("pk", filter=answered & Q(suggested=F("ticket__department"))),
            choice_right=Count("pk", filter=answered & Q(chosen=F("ticket__department"))),
        )
        .order_by("source")
    )
    return [
        SourceLine(
            Source(row["source"]).label if row["source"] else _t("None could be made"),
            row["made"], row["taken"], row["answered"], row["suggestion_right"], row["choice_right"],
        )
        for row in rows
    ]  # fmt: skip


def first_dispatch() -> dict[str, Any]:
    """Of the tickets answered in these days: how many stayed where they were first sent, and the mean hops."""
    answered = Ticket.objects.filter(answered_at__gte=_since(), dispatched_at__isnull=False)
    found = answered.aggregate(base=Count("pk"), right=Count("pk", filter=Q(hops=1)), hops=Avg("hops"))
    share = percent(found["right"] / found["base"] if found["base"] else None)
    return {**found, "share": share}
