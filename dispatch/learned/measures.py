"""How good dispatching is: suggestions taken and overruled, who was right in the end, and hops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _t

from dispatch.models import Return, Source, Suggestion
from hotline.accounts.models import Department, User
from hotline.templatetags.ui import percent
from tickets.choices import ReturnGround
from tickets.models import Category, Ticket, TicketEvent

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
        .values("source", "is_automatic")
        .annotate(
            made=Count("pk"),
            taken=Count("pk", filter=Q(suggested=F("chosen"))),
            answered=Count("pk", filter=answered),
            suggestion_right=Count("pk", filter=answered & Q(suggested=F("ticket__department"))),
            choice_right=Count("pk", filter=answered & Q(chosen=F("ticket__department"))),
        )
        .order_by("is_automatic", "source")
    )
    return [
        SourceLine(
            _source(row["source"], row["is_automatic"]),
            row["made"], row["taken"], row["answered"], row["suggestion_right"], row["choice_right"],
        )
        for row in rows
    ]  # fmt: skip


def _source(source: str, is_automatic: bool) -> Any:
    if is_automatic:
        return _t("Dispatched automatically")
    return Source(source).label if source else _t("None could be made")


def first_dispatch() -> dict[str, Any]:
    """Of the tickets answered in these days: how many stayed where they were first sent, and the mean hops."""
    answered = Ticket.objects.filter(answered_at__gte=_since(), dispatched_at__isnull=False)
    found = answered.aggregate(base=Count("pk"), right=Count("pk", filter=Q(hops=1)), hops=Avg("hops"))
    share = percent(found["right"] / found["base"] if found["base"] else None)
    return {**found, "share": share}


# -- by whom and by what -------------------------------------------------------------------------------------

DISPATCHES = ("dispatch", "dispatch_automatically", "rule", "determine")


@dataclass
class Line:
    """One department, category, dispatcher or cause in the last days.

    `dispatched` tickets were sent, of which `returned` were asked to be returned and `granted` were; of the `answered`
    ones, `right` had been sent to who answered at the first dispatch; `hops` is the mean number of dispatches.
    """

    name: Any
    dispatched: int = 0
    returned: int = 0
    granted: int = 0
    answered: int = 0
    right: int = 0
    hops: float | None = None

    @property
    def return_rate(self) -> float | None:
        return self.returned / self.dispatched if self.dispatched else None

    @property
    def right_share(self) -> float | None:
        return self.right / self.answered if self.answered else None


def _sent() -> QuerySet[TicketEvent]:
    return TicketEvent.objects.filter(action__in=DISPATCHES, at__gte=_since())


def _asked() -> QuerySet[Return]:
    return Return.objects.filter(asked_at__gte=_since())


def _answered() -> QuerySet[Ticket]:
    return Ticket.objects.filter(answered_at__gte=_since(), dispatched_at__isnull=False)


def _first_sender() -> Subquery:
    """Who dispatched the ticket first."""
    first = TicketEvent.objects.filter(ticket=OuterRef("pk"), action__in=DISPATCHES).order_by("sequence")
    return Subquery(first.values("actor")[:1])


def _sender_of_returned() -> Subquery:
    """Who sent the ticket to the department that then asked to return it."""
    before = TicketEvent.objects.filter(
        ticket=OuterRef("ticket"),
        action__in=DISPATCHES,
        at__lte=OuterRef("asked_at"),
        department=OuterRef("department"),
    )
    return Subquery(before.order_by("-sequence").values("actor")[:1])


def _gather(
    sent: QuerySet[Any], asked: QuerySet[Any], answered: QuerySet[Any], *, names: Mapping[Any, str], without: Any
) -> list[Line]:
    """Lines from three query sets that each carry `key`, which stands for one of `names`; the most dispatched first."""
    lines: dict[Any, Line] = {}

    def line(row: dict[str, Any]) -> Line:
        return lines.setdefault(row["key"], Line(names.get(row["key"], without)))

    for row in sent.values("key").annotate(count=Count("pk")).order_by():
        line(row).dispatched = row["count"]
    granted = Count("pk", filter=Q(ruling=Return.Ruling.GRANTED))
    for row in asked.values("key").annotate(count=Count("pk"), granted=granted).order_by():
        line(row).returned, line(row).granted = row["count"], row["granted"]
    right = Count("pk", filter=Q(hops=1))
    for row in answered.values("key").annotate(count=Count("pk"), right=right, mean=Avg("hops")).order_by():
        found = line(row)
        found.answered, found.right, found.hops = row["count"], row["right"], row["mean"]
    return sorted(lines.values(), key=lambda one: (-one.dispatched, -one.returned, str(one.name)))


def by_department() -> list[Line]:
    return _gather(
        _sent().annotate(key=F("department")), _asked().annotate(key=F("department")),
        _answered().annotate(key=F("department")),
        names=dict(Department.objects.values_list("pk", "name")), without=_t("None"),
    )  # fmt: skip


def by_category() -> list[Line]:
    """By categories of the second level."""
    return _gather(
        _sent().annotate(key=F("ticket__category__parent")), _asked().annotate(key=F("ticket__category__parent")),
        _answered().annotate(key=F("category__parent")),
        names=dict(Category.objects.values_list("pk", "name")), without=_t("Without a category"),
    )  # fmt: skip


def by_dispatcher() -> list[Line]:
    """By who sent it; an answer counts for who dispatched first, a return for who sent it to who returned it."""
    return _gather(
        _sent().annotate(key=F("actor")), _asked().annotate(key=_sender_of_returned()),
        _answered().annotate(key=_first_sender()),
        names=dict(User.objects.values_list("pk", "full_name")), without=_t("System"),
    )  # fmt: skip


def by_cause() -> list[Line]:
    """By the ground on which departments asked to return."""
    granted = Count("pk", filter=Q(ruling=Return.Ruling.GRANTED))
    rows = _asked().values("ground").annotate(count=Count("pk"), granted=granted).order_by("-count", "ground")
    sent = _sent().count()
    return [
        Line(ReturnGround(row["ground"]).label, dispatched=sent, returned=row["count"], granted=row["granted"])
        for row in rows
    ]


BY = {"department": by_department, "category": by_category, "dispatcher": by_dispatcher, "cause": by_cause}
