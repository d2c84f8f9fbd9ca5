"""The monthly report: closing rate, satisfaction, where complaints gather, and tickets that flowed abnormally."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, F, Q
from django.utils.translation import gettext as _t

from hotline.accounts.models import Region
from reports import indicators
from reports.periods import Period
from tickets import disclosure
from tickets.choices import Channel, Kind, RefusalGround, Satisfaction, Status
from tickets.disclosure import Detail
from tickets.models import PERSON, Category, Ticket

from . import cells, tables

LONGEST = 20
COMPLAINTS = (Kind.COMPLAINT, Kind.REPORT, Kind.HELP)


def sections(period: Period) -> list[dict[str, Any]]:
    return [
        tables.headline_section(period),
        tables.balance_section(period),
        tables.shares_section(_t("Kind"), "kind", Kind, period),
        tables.shares_section(_t("Channel"), "channel", Channel, period),
        tables.shares_section(_t("Not accepted, by ground"), "refusal_ground", RefusalGround, period),
        tables.departments_section(period),
        satisfaction_section(period),
        hot_spots_section(period),
        hot_places_section(period),
        *abnormal_sections(period),
        suspended_section(period),
    ]


def satisfaction_section(period: Period) -> dict[str, Any]:
    rated = indicators.INDICATORS["satisfied_rate"].tickets(tables.span_of(period))
    counts = dict(rated.values_list("satisfaction").annotate(count=Count("pk")).order_by())
    total = sum(counts.values())
    shares = cells.shares_of([counts.get(grade, 0) for grade in Satisfaction])
    rows = [
        [str(grade.label), counts.get(grade, 0), share]
        for grade, share in zip(Satisfaction, shares, strict=True)
        if total
    ]
    closed = indicators.INDICATORS["closed"].tickets(tables.span_of(period)).count()
    note = _t("Base: %(rated)d rated of %(closed)d closed; not rated is never counted as satisfied.") % {
        "rated": total, "closed": closed,
    }  # fmt: skip
    columns = [_t("Satisfaction"), _t("Tickets"), _t("Share")]
    return tables.section("satisfaction", _t("Satisfaction"), columns, rows, note=note, chart={"label": 0, "value": 1})


def hot_spots(period: Period) -> list[tuple[str, str, int, int]]:
    """Where complaints gather: category, region, tickets now and in the period before; the most first."""
    now = _by_spot(period)
    before = _by_spot(period.before())
    categories = dict(Category.objects.values_list("pk", "name"))
    regions = {region.pk: region.full_name for region in Region.objects.select_related("parent")}
    top = sorted(now.items(), key=lambda item: (-item[1], item[0]))[:LONGEST]
    return [(categories[category], regions[region], count, before.get((category, region), 0))
            for (category, region), count in top]  # fmt: skip


def _by_spot(period: Period) -> dict[tuple[int, int], int]:
    found = Ticket.objects.filter(
        indicators.INDICATORS["received"].base(tables.span_of(period)), kind__in=COMPLAINTS, category__isnull=False
    )
    rows = found.values_list("category", "region").annotate(count=Count("pk")).order_by()
    return {(category, region): count for category, region, count in rows}


def hot_spots_section(period: Period) -> dict[str, Any]:
    rows: list[list[Any]] = [
        [f"{category} · {region}", count, before, cells.difference(count, before)]
        for category, region, count, before in hot_spots(period)
    ]
    columns = [_t("Category and region"), _t("Tickets"), _t("Period before"), _t("Difference")]
    note = _t("Complaints, reports and requests for help recorded in the period.")
    return tables.section(
        "hot_spots", _t("Where complaints gather"), columns, rows, note=note, chart={"label": 0, "value": 1}
    )


def hot_places_section(period: Period) -> dict[str, Any]:
    found = Ticket.objects.filter(
        indicators.INDICATORS["received"].base(tables.span_of(period)),
        disclosure.where_readable(None, Detail.PLACE), kind__in=COMPLAINTS,
    ).exclude(address="")  # fmt: skip
    counts = found.values("region", "address").annotate(
        count=Count("pk"), callers=Count(PERSON, distinct=True), tickets=ArrayAgg("pk")
    )
    regions = {region.pk: region.full_name for region in Region.objects.select_related("parent")}
    top = list(counts.filter(count__gte=2).order_by("-count", "address")[:LONGEST])
    rows = [[f"{regions[row['region']]}{row['address']}", row["count"], row["callers"]] for row in top]
    columns = [_t("Place"), _t("Tickets"), _t("Callers")]
    note = _t("Without tickets whose callers asked for secrecy.")
    about = [row["tickets"] for row in top]
    return tables.section(
        "hot_places", _t("Addresses most complained of"), columns, rows, note=note, about=about, tells=(0,)
    )


# What counts as an abnormal flow: a name, and the condition on tickets that were open at any time in the period.
ABNORMAL: dict[str, tuple[Any, Any]] = {
    "returned": (lambda: _t("Returned twice or more"), lambda p: Q(returns__gte=2)),
    "bounced": (lambda: _t("Dispatched three times or more"), lambda p: Q(hops__gte=3)),
    "overdue": (
        lambda: _t("Answered late or not at all"),
        lambda p: Q(answer_due_at__lt=p.end) & (Q(answered_at__gt=F("answer_due_at")) | Q(answered_at__isnull=True)),
    ),
    "unclaimed": (
        lambda: _t("Accepted late or not at all"),
        lambda p: (
            Q(accept_due_at__lt=p.end)
            & (Q(accepted_at__gt=F("accept_due_at")) | Q(accepted_at__isnull=True, answered_at__isnull=True))
        ),
    ),
    "redone": (lambda: _t("Redone"), lambda p: Q(round__gt=1)),
    "coordinated": (lambda: _t("Settled on site or by a ruling"), lambda p: Q(precedents__isnull=False)),
    "urged": (lambda: _t("Urged twice or more"), lambda p: Q(urges__gte=2)),
}


def open_in(period: Period) -> Q:
    """Tickets that were dispatched before the period's end and not over before its start."""
    over_before = Q(status=Status.CLOSED, closed_at__lt=period.start) | Q(status=Status.NOT_ACCEPTED)
    return Q(dispatched_at__lt=period.end) & ~over_before


def abnormal_sections(period: Period) -> list[dict[str, Any]]:
    """A table of how many flowed abnormally in which way, then the tickets themselves."""
    base = Ticket.objects.filter(open_in(period))
    counts, details = [], []
    for key, (label, condition) in ABNORMAL.items():
        found = base.filter(condition(period)).distinct()
        number = found.count()
        counts.append([label(), number])
        if number:
            note = (
                _t("The first %(shown)d of %(number)d.") % {"shown": LONGEST, "number": number}
                if number > LONGEST
                else ""
            )
            heading = _t("Abnormal flow: %(way)s") % {"way": label()}
            details.append(
                tables.tickets_section(f"abnormal_{key}", heading, found.order_by("registered_at")[:LONGEST], note=note)
            )
    note = _t("Of tickets in handling during the period; one ticket may count in several lines.")
    summary = tables.section(
        "abnormal",
        _t("Abnormal flows"),
        [_t("Kind of flow"), _t("Tickets")],
        counts,
        note=note,
        chart={"label": 0, "value": 1},
    )
    return [summary, *details]


def suspended_section(period: Period) -> dict[str, Any]:
    found = Ticket.objects.filter(status=Status.SUSPENDED, registered_at__lt=period.end).order_by("status_since")
    return tables.tickets_section("suspended", _t("Suspended"), found[:LONGEST])
