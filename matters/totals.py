"""The totals of matters: what changes them marks them, and whoever keeps them counts them anew.

A mark is written when the change has been committed; where a process was killed in between, the sweep finds it by the
events of the last hours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Max, Min, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from hotline import many
from matters import alerts, recurring
from matters.models import Recurrence, SensitiveWord, Standing
from tickets import limits
from tickets.choices import OPEN_STATUSES, RuleKey
from tickets.disclosure import WITH_WISH, Wish
from tickets.models import PERSON, Matter, Ticket, TicketEvent
from tickets.workflow.table import ACTIONS

CALLER_NAMED = WITH_WISH[Wish.NOTHING]
BATCH = 200
MISSED = timedelta(hours=1)  # how far back the sweep looks for marks that were not written
WORDS_READ = 1000  # tickets of a matter in which sensitive words are looked for, the newest


def callers_of(matters: Collection[int], *, among: Q | None = None) -> dict[int, int]:
    """How many different callers each matter has; tickets without a number count one each.

    Who called under their name and once more under secrecy counts twice: the number would else tell that it was they.
    """
    if not matters:
        return {}
    found = Ticket.objects.filter(matter_id__in=matters)
    if among is not None:
        found = found.filter(among)
    rows = (
        found.order_by().values("matter_id")
        .annotate(
            known=Count(PERSON, distinct=True, filter=CALLER_NAMED),
            hidden=Count(PERSON, distinct=True, filter=~CALLER_NAMED),
            tickets=Count("pk"), with_caller=Count("caller"),
        )
    )  # fmt: skip
    return {row["matter_id"]: row["known"] + row["hidden"] + row["tickets"] - row["with_caller"] for row in rows}


def mark(matters: Iterable[int | None], *, now: datetime | None = None) -> None:
    """Has these matters counted anew."""
    wanted = {pk for pk in matters if pk}
    if not wanted:
        return
    at = now or timezone.now()
    known = set(Matter.objects.filter(pk__in=wanted, standing=None).values_list("pk", flat=True))
    Standing.objects.bulk_create([Standing(matter_id=pk, recount_at=at) for pk in known], ignore_conflicts=True)
    Standing.objects.filter(Q(recount_at__isnull=True) | Q(recount_at__gt=at), matter__in=wanted).update(recount_at=at)


def recount(matters: Collection[int], *, now: datetime | None = None) -> list[Standing]:
    """Counts these matters anew and returns their totals.

    They are held meanwhile, in one order: of two that count at once the later writes what it has seen later.
    """
    now = now or timezone.now()
    with transaction.atomic():
        missing = Matter.objects.filter(pk__in=matters, standing=None).values_list("pk", flat=True)
        Standing.objects.bulk_create([Standing(matter_id=pk) for pk in missing], ignore_conflicts=True)
        rows = list(Standing.objects.select_for_update(no_key=True).filter(pk__in=matters).order_by("pk"))
        recurring.find(matters, now=now)
        _count(rows, now)
        many.update(rows, COUNTED)
        alerts.sync(rows, now=now)
    return rows


COUNTED = (
    "tickets", "open", "callers", "callers_lately", "callers_before", "calls_lately", "first_at", "last_at",
    "category", "region", "words", "came_back", "came_back_open", "recount_at", "counted_at",
)  # fmt: skip


def _count(rows: list[Standing], now: datetime) -> None:
    ids = [row.pk for row in rows]
    days = timedelta(days=limits.rule(RuleKey.ALERT_DAYS))
    lately, before = now - days, now - 2 * days
    is_late = Q(registered_at__gt=lately, registered_at__lte=now)
    is_open = Q(status__in=OPEN_STATUSES)
    counted: dict[int, Any] = {
        row["matter"]: row
        for row in Ticket.objects.filter(matter__in=ids).order_by().values("matter").annotate(
            tickets=Count("pk"), open=Count("pk", filter=is_open), first_at=Min("registered_at"),
            last_at=Max("registered_at"), calls_lately=Count("pk", filter=is_late),
            next_leaves=Min("registered_at", filter=Q(registered_at__gt=lately)),
        )
    }  # fmt: skip
    all_callers = callers_of(ids)
    late_callers = callers_of(ids, among=is_late)
    earlier = callers_of(ids, among=Q(registered_at__gt=before, registered_at__lte=lately))
    back: dict[int, Any] = {
        row["matter"]: row
        for row in Recurrence.objects.filter(matter__in=ids, refuted_at=None).order_by().values("matter").annotate(
            all=Count("pk"), open=Count("pk", filter=Q(ticket__status__in=OPEN_STATUSES))
        )
    }  # fmt: skip
    categories, regions, said = _most_of(ids, "category"), _most_of(ids, "region"), _said(ids)
    for row in rows:
        found: dict[str, Any] = counted.get(row.pk, {})
        for name in ("tickets", "open", "calls_lately"):
            setattr(row, name, found.get(name, 0))
        row.first_at, row.last_at = found.get("first_at"), found.get("last_at")
        row.callers = all_callers.get(row.pk, 0)
        row.callers_lately, row.callers_before = late_callers.get(row.pk, 0), earlier.get(row.pk, 0)
        row.category_id, row.region_id = categories.get(row.pk), regions.get(row.pk)
        row.words = "、".join(said[row.pk])[:120]
        row.came_back, row.came_back_open = (back.get(row.pk, {}).get(name, 0) for name in ("all", "open"))
        leaves = found.get("next_leaves")
        row.recount_at = leaves + days if leaves else None  # a call that leaves the days makes them fewer
        row.counted_at = now


def _most_of(matters: Collection[int], column: str) -> dict[int, int]:
    """What most tickets of each matter have in a column."""
    rows = Ticket.objects.filter(matter__in=matters, **{f"{column}__isnull": False}).values_list("matter", column)
    counted = rows.annotate(count=Count("pk")).order_by("matter", "count", f"-{column}")
    return {matter: most for matter, most, _count in counted if matter}


def _said(matters: Collection[int]) -> dict[int, list[str]]:
    """The sensitive words that the latest callers of each matter said."""
    words = list(SensitiveWord.objects.filter(is_used=True).values_list("word", flat=True))
    latest = Window(RowNumber(), partition_by="matter", order_by=["-registered_at", "-pk"])
    read = Ticket.objects.filter(matter__in=matters).annotate(nth=latest).filter(nth__lte=WORDS_READ).order_by()
    said = defaultdict[int, set[str]](set)
    for matter, *texts in read.values_list("matter", "title", "description").iterator() if words else ():
        said[matter].update(word for word in words for text in texts if word in text)
    return {matter: [word for word in words if word in said[matter]] for matter in matters}


def due(now: datetime) -> list[int]:
    """The matters to be counted anew, the longest waiting first: a batch of them."""
    waiting = Standing.objects.filter(recount_at__lte=now).order_by("recount_at", "pk")
    return list(waiting.values_list("pk", flat=True)[:BATCH])


def find_missed(now: datetime) -> None:
    """Marks matters of which something happened that no mark was written for, or that were never counted."""
    acted = TicketEvent.objects.filter(
        action__in=list(ACTIONS), at__gt=now - MISSED, at__lte=now, ticket__matter__isnull=False
    )
    late = acted.filter(Q(ticket__matter__standing=None) | Q(at__gt=F("ticket__matter__standing__counted_at")))
    mark(set(late.values_list("ticket__matter", flat=True)), now=now)
    mark(Matter.objects.filter(standing=None).values_list("pk", flat=True)[:BATCH], now=now)


def standing_of(matter: Matter, *, now: datetime | None = None) -> Standing:
    """The totals of a matter; counted now where nobody has yet."""
    found = Standing.objects.filter(pk=matter.pk).select_related("lead", "category", "region__parent").first()
    if found is None or found.counted_at is None:
        recount([matter.pk], now=now)
        found = Standing.objects.select_related("lead", "category", "region__parent").get(pk=matter.pk)
    return found
