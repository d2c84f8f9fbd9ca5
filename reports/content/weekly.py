"""The weekly report: figures of the week, 一事多人 (one matter, many callers) and 一人多次 (one caller, many calls)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Count, Min, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import pgettext

from hotline.telephone import masked
from matters.models import Alert
from reports import indicators
from reports.indicators import INDICATORS, STUCK, UNIT, Scope, facts
from reports.periods import Period
from tickets import limits
from tickets.callers.book import numbers_of
from tickets.choices import Channel, Duty, FlagKind, Kind, RefusalGround, RuleKey
from tickets.disclosure import WITH_WISH, Wish
from tickets.models import PERSON, Caller, Matter, Span, Ticket
from tickets.models.ticket import FORGOTTEN
from tickets.reading import matter_name, read

from . import cells, summary, tables
from .frames import Frame
from .then import Stood, stood

LONGEST = 30  # rows of a list
LONGEST_OF_SHORT = 10  # of one that is read at a glance


def sections(period: Period, scope: Scope | None = None) -> list[dict[str, Any]]:
    frame = Frame(period, scope or Scope())
    return [
        summary.section(frame),
        tables.headline_section(frame),
        *([] if frame.scope else [tables.balance_section(frame)]),
        tables.shares_section(_t("Kind"), "kind", Kind, frame),
        tables.shares_section(_t("Channel"), "channel", Channel, frame),
        tables.shares_section(_t("Not accepted, by ground"), "refusal_ground", RefusalGround, frame),
        growing_section(frame),
        many_callers_section(frame),
        frequent_callers_section(frame),
        *([] if frame.scope else [alerts_section(frame)]),
        stuck_section(frame),
        due_next_section(frame),
        tables.units_section(frame),
        tables.definitions_section(),
    ]


def growing_section(frame: Frame) -> dict[str, Any]:
    """The categories of which more tickets came in than in the period before, the most first."""
    now, before = (
        Counter({name: count for (name,), count in frame.received_by("category__name", window=window).items() if name})
        for window in (frame.window, frame.before)
    )
    grown = [] if not frame.is_whole(frame.before) else [name for name in now if now[name] > before[name]]
    grown.sort(key=lambda name: (before[name] - now[name], name))
    rows = [
        [name, now[name], before[name], cells.difference(now[name], before[name]),
         cells.change(now[name], before[name], is_rate=False)]
        for name in grown[:LONGEST_OF_SHORT]
    ]  # fmt: skip
    columns = [_t("Category"), _t("Tickets"), _t("Period before"), _t("Difference"), _t("Growth")]
    return tables.section("growing", _t("What grows"), columns, rows, chart={"label": 0, "value": 3})


def alerts_section(frame: Frame) -> dict[str, Any]:
    """Alerts raised in the period, and how they ended; of a matter whose tickets are secret nothing is told."""
    raised = Alert.objects.filter(frame.window.within("raised_at"))
    rows, about = [], []
    for alert in raised.select_related("matter", "category", "first").order_by("raised_at", "pk")[:LONGEST]:
        tickets = list(alert.matter.tickets.select_related("region__parent", "category")) if alert.matter else []
        tickets = tickets or ([alert.first] if alert.first else [])
        told = [ticket for ticket in tickets if not ticket.is_secret] or tickets
        what = matter_name(alert.matter, None, told) if alert.matter else (
            alert.category.name if alert.category else read(told[0], None).title if told else cells.NOTHING
        )  # fmt: skip
        ended = alert.ended_at and alert.ended_at < frame.window.end
        rows.append([
            what, str(Alert.Kind(alert.kind).label), str(Alert.Level(alert.level).label),
            timezone.localtime(alert.raised_at).strftime("%m-%d %H:%M"),
            timezone.localtime(alert.ended_at).strftime("%m-%d %H:%M") if ended and alert.ended_at else _t("still on"),
        ])  # fmt: skip
        about.append([ticket.pk for ticket in told])
    columns = [pgettext("of an alert", "About"), pgettext("of an alert", "Kind"), _t("Level"), _t("Raised"),
               pgettext("of an alert", "Ended")]  # fmt: skip
    return tables.section("alerts", _t("Alerts"), columns, rows, about=about, tells=(0,))


def stuck_section(frame: Frame) -> dict[str, Any]:
    """What is stuck at the end of the period: how many tickets for which cause, since when, and what it was before."""
    causes = {kind: INDICATORS[f"stuck_{kind.value}"] for kind in STUCK}
    names = [one.name for one in causes.values() if frame.scope.fits(one)]
    now, before = frame.figures(names), indicators.compute(names, frame.before, frame.scope)
    oldest = Span.objects.filter(facts.in_force_at_end(frame.window)).aggregate(**{
        name: Min(_stuck_since(name), filter=INDICATORS[name].among_rows(frame.window)
                  & frame.scope.of(INDICATORS[name]))
        for name in names
    })  # fmt: skip
    rows = []
    for kind, one in causes.items():
        if one.name not in names or not now[one.name].base:
            continue
        was = before[one.name].base if frame.is_whole(frame.before) else None
        rows.append([
            str(kind.label), tables.leading(now[one.name], frame),
            timezone.localtime(oldest[one.name]).strftime("%Y-%m-%d"),
            *((cells.NOTHING, cells.NOTHING) if was is None else (was, cells.difference(now[one.name].base, was))),
        ])  # fmt: skip
    rows.sort(key=lambda row: -int(cells.value(row[1]) or 0))
    columns = [_t("Cause"), _t("Tickets"), _t("The oldest since"), _t("At the end of the period before"),
               _t("Difference")]  # fmt: skip
    note = _t("At the end of the period; one ticket may have several causes.")
    return tables.section("stuck", _t("What is stuck"), columns, rows, note=note, chart={"label": 0, "value": 1})


def _stuck_since(name: str) -> str:
    """Since when a limit is stuck: since it passed, or since it is owed where its lateness is not the cause."""
    owed = (FlagKind.BOUNCED, FlagKind.REDONE, FlagKind.CAME_BACK, FlagKind.UNPLACEABLE)
    return "begun_at" if name.removeprefix("stuck_") in owed else "due_at"


def due_next_section(frame: Frame) -> dict[str, Any]:
    """The answers that fall due in the week after, by who owes them, as it stands at the end of the period."""
    end = frame.window.end
    owed = Span.objects.filter(
        facts.in_force_at_end(frame.window), duty=Duty.ANSWER, due_at__gte=end, due_at__lt=end + timedelta(days=7)
    ).filter(frame.scope.of(INDICATORS["unanswered_at_end"]))  # fmt: skip
    by_unit = owed.values(unit=UNIT.expression("department")).annotate(count=Count("pk"), first=Min("due_at"))
    names = tables.called_units()
    rows = [
        [names.get(row["unit"], _t("Not dispatched")), row["count"],
         timezone.localtime(row["first"]).strftime("%m-%d %H:%M")]
        for row in by_unit.order_by("-count", "unit")[:LONGEST]
    ]  # fmt: skip
    columns = [_t("Department"), _t("Answers due"), _t("The first due")]
    return tables.section("due_next", _t("What falls due in the week after"), columns, tables.with_total(rows),
                          has_total=bool(rows))  # fmt: skip


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


def hot_matters(frame: Frame) -> list[HotMatter]:
    """Matters that enough different callers called about in the period, the most called-about first.

    Which tickets are about one thing say the matters that they belong to, joined by people or by the machine.
    """
    recorded = frame.received().filter(matter__isnull=False)
    rows = recorded.select_related("region__parent", "category", "matter__named_after")
    rows = rows.defer("search", "caller_search")
    groups: dict[int, HotMatter] = {}
    for ticket in rows.order_by("registered_at", "pk"):
        assert ticket.matter is not None
        groups.setdefault(ticket.matter.pk, HotMatter(ticket.matter)).tickets.append(ticket)
    threshold = limits.rule(RuleKey.MANY_CALLERS)
    hot = [group for group in groups.values() if group.callers >= threshold]
    return sorted(hot, key=lambda group: (-group.callers, group.tickets[0].registered_at))


def _as_they_stood(tickets: Iterable[Ticket], then: Mapping[int, Stood]) -> tuple[int, str]:
    """How many of the tickets had ended by the period's end, and who held them then."""
    found = [then[ticket.pk] for ticket in tickets]
    units = sorted({one.department for one in found if one.department})
    return sum(not one.is_open for one in found), _t(", ").join(units) or cells.NOTHING


def many_callers_section(frame: Frame) -> dict[str, Any]:
    rows, about = [], []
    hot = hot_matters(frame)[:LONGEST]
    then = stood((ticket for matter in hot for ticket in matter.tickets), frame.window)
    for matter in hot:
        closed, units = _as_they_stood(matter.tickets, then)
        numbers = [ticket.number for ticket in matter.told]
        shown = _t(", ").join(numbers[:5]) + (_t(" and others") if len(numbers) > 5 else "")
        rows.append([matter.title, matter.place, matter.callers, len(matter.tickets), closed,
                     units, shown])  # fmt: skip
        about.append([ticket.pk for ticket in matter.told])
    note = _t("At least %(count)d different callers in the week about one matter.") % {
        "count": limits.rule(RuleKey.MANY_CALLERS)
    }
    columns = [_t("Matter"), _t("Place"), _t("Callers"), _t("Tickets"), _t("Ended"), _t("Responsible"), _t("Numbers")]
    title = _t("One matter, many callers")
    return tables.section("many_callers", title, columns, rows, note=note, about=about, tells=(0, 1, 6))


def frequent_callers(frame: Frame) -> list[tuple[Caller, int]]:
    """Who called often in the period under their name, with the number of these calls, the most frequent first."""
    often = _calling_often(_recorded(frame).filter(WITH_WISH[Wish.NOTHING]))
    callers = Caller.objects.in_bulk([pk for pk, _calls in often])
    return [(callers[pk], calls) for pk, calls in often]


def _recorded(frame: Frame) -> QuerySet[Ticket]:
    return frame.received().filter(caller__isnull=False)


def _calling_often(tickets: QuerySet[Ticket]) -> list[tuple[int, int]]:
    """The people of enough of these tickets by the first number of each, with how many of them are theirs."""
    counts = tickets.annotate(person=PERSON).values("person").annotate(calls=Count("pk")).order_by("-calls", "person")
    enough = counts.filter(calls__gte=limits.rule(RuleKey.FREQUENT_CALLER))
    return [(row["person"], row["calls"]) for row in enough]


def _tickets_of(caller: Caller, frame: Frame) -> list[Ticket]:
    """The person's tickets of the window, recorded under their name, the first first."""
    theirs = _recorded(frame).filter(WITH_WISH[Wish.NOTHING], caller__in=numbers_of(caller))
    with_names = theirs.select_related("region__parent", "category").defer("search", "caller_search")
    return list(with_names.order_by("registered_at", "pk"))


def frequent_callers_section(frame: Frame) -> dict[str, Any]:
    """Who called often, by the masked number; of those who asked not to be known no more than how many they are."""
    rows, about = [], []
    called = [
        (caller, calls, _tickets_of(caller, frame)) for caller, calls in frequent_callers(frame)[:LONGEST]
    ]  # fmt: skip
    then = stood((ticket for _caller, _calls, tickets in called for ticket in tickets), frame.window)
    for caller, calls, tickets in called:
        shown = list(dict.fromkeys(read(ticket, None).title for ticket in tickets))
        closed, units = _as_they_stood(tickets, then)
        places = list(dict.fromkeys(read(ticket, None).place for ticket in tickets))
        rows.append([masked(caller.phone) or str(FORGOTTEN), calls, len(shown), _t("; ").join(shown[:3]),
                     _t("; ").join(places[:2]), closed, units])  # fmt: skip
        about.append([ticket.pk for ticket in tickets])
    note = _t("At least %(count)d calls of one caller in the week. Numbers are masked.") % {
        "count": limits.rule(RuleKey.FREQUENT_CALLER)
    }
    if hidden := len(_calling_often(_recorded(frame).exclude(WITH_WISH[Wish.NOTHING]))):
        note += " " + _t("Beside these: callers who asked not to be known, %(count)d.") % {"count": hidden}
    columns = [_t("Caller"), _t("Calls"), _t("Concerns"), _t("What is asked"), _t("Place"), _t("Ended"),
               _t("Responsible")]  # fmt: skip
    return tables.section(
        "frequent_callers", _t("One caller, many calls"), columns, rows, note=note, about=about, tells=(0, 3, 4)
    )
