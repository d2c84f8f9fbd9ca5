"""The weekly report: figures of the week, 一事多人 (one matter, many callers) and 一人多次 (one caller, many calls)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _t

from hotline.templatetags.ui import masked
from reports.indicators import INDICATORS
from reports.periods import Period
from tickets import limits
from tickets.callers.book import numbers_of
from tickets.choices import Channel, Kind, RefusalGround, RuleKey
from tickets.disclosure import WITH_WISH, Wish
from tickets.models import PERSON, Caller, Matter, Ticket
from tickets.reading import matter_name, read

from . import tables

LONGEST = 30  # rows of a list


def sections(period: Period) -> list[dict[str, Any]]:
    return [
        tables.headline_section(period),
        tables.balance_section(period),
        tables.shares_section(_t("Kind"), "kind", Kind, period),
        tables.shares_section(_t("Channel"), "channel", Channel, period),
        tables.shares_section(_t("Not accepted, by ground"), "refusal_ground", RefusalGround, period),
        many_callers_section(period),
        frequent_callers_section(period),
        tables.departments_section(period),
    ]


@dataclass
class HotMatter:
    """Tickets about one thing in the period, and who called about it."""

    matter: Matter
    tickets: list[Ticket] = field(default_factory=list)

    @property
    def callers(self) -> int:
        """Different callers; a call without a number counts as one of its own.

        So does a hidden one of somebody who called under their name too: the number would else tell who it was.
        """
        known = {(ticket.caller_id, ticket.hides_caller) for ticket in self.tickets if ticket.caller_id}
        return len(known) + sum(1 for ticket in self.tickets if not ticket.caller_id)

    @property
    def told(self) -> list[Ticket]:
        """Those of its tickets that may be told of beside the others; all, where all are secret."""
        return [ticket for ticket in self.tickets if not ticket.is_secret] or self.tickets

    @property
    def title(self) -> str:
        return matter_name(self.matter, None, self.told)

    @property
    def place(self) -> str:
        return read(self.told[0], None).place


def hot_matters(period: Period) -> list[HotMatter]:
    """Matters that enough different callers called about in the period, the most called-about first.

    Which tickets are about one thing say the matters that they belong to, joined by people or by the machine.
    """
    recorded = Ticket.objects.filter(INDICATORS["received"].base(tables.span_of(period)), matter__isnull=False)
    rows = recorded.select_related("region__parent", "department", "category", "matter__named_after")
    rows = rows.defer("search", "caller_search")
    groups: dict[int, HotMatter] = {}
    for ticket in rows.order_by("registered_at"):
        assert ticket.matter is not None
        groups.setdefault(ticket.matter.pk, HotMatter(ticket.matter)).tickets.append(ticket)
    threshold = limits.rule(RuleKey.MANY_CALLERS)
    hot = [group for group in groups.values() if group.callers >= threshold]
    return sorted(hot, key=lambda group: (-group.callers, group.tickets[0].registered_at))


def many_callers_section(period: Period) -> dict[str, Any]:
    rows, about = [], []
    for matter in hot_matters(period)[:LONGEST]:
        closed = sum(1 for ticket in matter.tickets if not ticket.is_open)
        departments = {str(ticket.department) for ticket in matter.tickets if ticket.department}
        numbers = [ticket.number for ticket in matter.told]
        shown = _t(", ").join(numbers[:5]) + (_t(" and others") if len(numbers) > 5 else "")
        rows.append([matter.title, matter.place, matter.callers, len(matter.tickets), closed,
                     _t(", ").join(sorted(departments)) or "—", shown])  # fmt: skip
        about.append([ticket.pk for ticket in matter.told])
    note = _t("At least %(count)d different callers in the week about one matter.") % {
        "count": limits.rule(RuleKey.MANY_CALLERS)
    }
    columns = [_t("Matter"), _t("Place"), _t("Callers"), _t("Tickets"), _t("Ended"), _t("Responsible"), _t("Numbers")]
    title = _t("One matter, many callers")
    return tables.section("many_callers", title, columns, rows, note=note, about=about, tells=(0, 1, 6))


def frequent_callers(period: Period) -> list[tuple[Caller, int]]:
    """Who called often in the period under their name, with the number of these calls, the most frequent first."""
    often = _calling_often(_recorded(period).filter(WITH_WISH[Wish.NOTHING]))
    callers = Caller.objects.in_bulk([pk for pk, _calls in often])
    return [(callers[pk], calls) for pk, calls in often]


def _recorded(period: Period) -> QuerySet[Ticket]:
    return Ticket.objects.filter(INDICATORS["received"].base(tables.span_of(period)), caller__isnull=False)


def _calling_often(tickets: QuerySet[Ticket]) -> list[tuple[int, int]]:
    """The people of enough of these tickets by the first number of each, with how many of them are theirs."""
    counts = tickets.annotate(person=PERSON).values("person").annotate(calls=Count("pk")).order_by("-calls", "person")
    enough = counts.filter(calls__gte=limits.rule(RuleKey.FREQUENT_CALLER))
    return [(row["person"], row["calls"]) for row in enough]


def frequent_callers_section(period: Period) -> dict[str, Any]:
    """Who called often, by the masked number; of those who asked not to be known no more than how many they are."""
    rows, about = [], []
    for caller, calls in frequent_callers(period)[:LONGEST]:
        theirs = _recorded(period).filter(WITH_WISH[Wish.NOTHING], caller__in=numbers_of(caller))
        tickets = list(theirs.order_by("registered_at"))
        shown = list(dict.fromkeys(read(ticket, None).title for ticket in tickets))
        rows.append([masked(caller.phone), calls, len(shown), _t("; ").join(shown[:3])])
        about.append([ticket.pk for ticket in tickets])
    note = _t("At least %(count)d calls of one caller in the week. Numbers are masked.") % {
        "count": limits.rule(RuleKey.FREQUENT_CALLER)
    }
    if hidden := len(_calling_often(_recorded(period).exclude(WITH_WISH[Wish.NOTHING]))):
        note += " " + _t("Beside these: callers who asked not to be known, %(count)d.") % {"count": hidden}
    columns = [_t("Caller"), _t("Calls"), _t("Concerns"), _t("What is asked")]
    return tables.section(
        "frequent_callers", _t("One caller, many calls"), columns, rows, note=note, about=about, tells=(0, 3)
    )
