"""The weekly report: figures of the week, 一事多人 (one matter, many callers) and 一人多次 (one caller, many calls)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _t

from tickets import limits
from tickets.choices import Channel, Kind, RuleKey
from tickets.models import Caller, Matter, Ticket

from . import tables
from .indicators import INDICATORS
from .periods import Period

LONGEST = 30  # rows of a list


def sections(period: Period) -> list[dict[str, Any]]:
    return [
        tables.headline_section(period),
        tables.balance_section(period),
        tables.shares_section(_t("Kind"), "kind", Kind, period),
        tables.shares_section(_t("Channel"), "channel", Channel, period),
        many_callers_section(period),
        frequent_callers_section(period),
        tables.departments_section(period),
    ]


@dataclass
class HotMatter:
    """Tickets about one thing in the period, and who called about it."""

    title: str
    place: str
    tickets: list[Ticket] = field(default_factory=list)

    @property
    def callers(self) -> int:
        """Different callers; a call without a number counts as one of its own."""
        known = {ticket.caller_id for ticket in self.tickets if ticket.caller_id}
        return len(known) + sum(1 for ticket in self.tickets if not ticket.caller_id)


def hot_matters(period: Period) -> list[HotMatter]:
    """Matters that enough different callers called about in the period, the most called-about first.

    Which tickets are about one thing: those joined by hand; of the others those of one category at one address.
    """
    recorded = Ticket.objects.filter(INDICATORS["received"].base(tables.span_of(period)))
    rows = recorded.select_related("region__parent", "department").defer("search", "caller_search")
    groups: dict[Any, HotMatter] = {}
    names = dict(Matter.objects.filter(tickets__in=recorded).values_list("pk", "title"))
    for ticket in rows.order_by("registered_at"):
        key = _key(ticket)
        if key is None:
            continue
        title = names.get(ticket.matter_id or 0, ticket.title)
        groups.setdefault(key, HotMatter(title, ticket.place)).tickets.append(ticket)
    threshold = limits.rule(RuleKey.MANY_CALLERS)
    hot = [group for group in groups.values() if group.callers >= threshold]
    return sorted(hot, key=lambda group: (-group.callers, group.tickets[0].registered_at))


def _key(ticket: Ticket) -> Any:
    """What a ticket is grouped by; None where it says too little to be grouped."""
    if ticket.matter_id:
        return ("matter", ticket.matter_id)
    address = "".join(ticket.address.split())
    if ticket.category_id is None or not address:
        return None
    return ("place", ticket.category_id, ticket.region_id, address)


def many_callers_section(period: Period) -> dict[str, Any]:
    rows = []
    for matter in hot_matters(period)[:LONGEST]:
        closed = sum(1 for ticket in matter.tickets if not ticket.is_open)
        departments = {str(ticket.department) for ticket in matter.tickets if ticket.department}
        numbers = [ticket.number for ticket in matter.tickets]
        shown = _t(", ").join(numbers[:5]) + (_t(" and others") if len(numbers) > 5 else "")
        rows.append([matter.title, matter.place, matter.callers, len(matter.tickets), closed,
                     _t(", ").join(sorted(departments)) or "—", shown])  # fmt: skip
    note = _t("At least %(count)d different callers in the week about one matter.") % {
        "count": limits.rule(RuleKey.MANY_CALLERS)
    }
    columns = [_t("Matter"), _t("Place"), _t("Callers"), _t("Tickets"), _t("Ended"), _t("Responsible"), _t("Numbers")]
    return tables.section(_t("One matter, many callers"), columns, rows, note=note)


def frequent_callers(period: Period) -> list[tuple[Caller, int]]:
    """Callers who called often in the period, with their number of calls, the most frequent first."""
    recorded = Ticket.objects.filter(INDICATORS["received"].base(tables.span_of(period)), caller__isnull=False)
    counts = recorded.values("caller").annotate(calls=Count("pk")).order_by("-calls", "caller")
    often = [(row["caller"], row["calls"]) for row in counts.filter(calls__gte=limits.rule(RuleKey.FREQUENT_CALLER))]
    callers = Caller.objects.in_bulk([pk for pk, _calls in often])
    return [(callers[pk], calls) for pk, calls in often]


def frequent_callers_section(period: Period) -> dict[str, Any]:
    from hotline.templatetags.ui import masked

    often = frequent_callers(period)[:LONGEST]
    rows = []
    recorded = Ticket.objects.filter(INDICATORS["received"].base(tables.span_of(period)))
    for caller, calls in often:
        titles = recorded.filter(caller=caller).order_by("registered_at").values_list("title", "is_secret")
        shown = list(dict.fromkeys(_t("(secret)") if secret else title for title, secret in titles))
        rows.append([masked(caller.phone), calls, len(shown), _t("; ").join(shown[:3])])
    note = _t("At least %(count)d calls of one caller in the week. Numbers are masked.") % {
        "count": limits.rule(RuleKey.FREQUENT_CALLER)
    }
    columns = [_t("Caller"), _t("Calls"), _t("Concerns"), _t("What is asked")]
    return tables.section(_t("One caller, many calls"), columns, rows, note=note)
