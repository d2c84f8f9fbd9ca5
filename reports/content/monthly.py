"""The monthly report: closing rate, satisfaction, where complaints gather, and tickets that flowed abnormally."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import CharField, Count, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.accounts.models import Region
from reports.indicators import INDICATORS, UNIT, Scope, Window, facts
from reports.periods import Period
from supervision.models import CoordinationTask
from tickets import disclosure
from tickets.choices import Cause, Channel, Duty, Kind, Principle, RefusalGround, Satisfaction
from tickets.disclosure import Detail
from tickets.models import PERSON, Category, FollowUp, Span, Ticket, TicketEvent
from tickets.places.book import PLACED
from tickets.reading import read

from . import cells, summary, tables
from .frames import Frame

LONGEST = 20
LONGEST_OF_ABNORMAL = 50
TOP = 10
COMPLAINTS = (Kind.COMPLAINT, Kind.REPORT, Kind.HELP)


def sections(period: Period, scope: Scope | None = None) -> list[dict[str, Any]]:
    frame = Frame(period, scope or Scope())
    return [
        summary.section(frame),
        tables.headline_section(frame),
        *([] if frame.scope else [tables.balance_section(frame)]),
        tables.shares_section(_t("Kind"), "kind", Kind, frame),
        tables.shares_section(_t("Channel"), "channel", Channel, frame),
        tables.kinds_by_channels_section(frame),
        tables.shares_section(_t("Not accepted, by ground"), "refusal_ground", RefusalGround, frame),
        tables.districts_section(frame),
        tables.categories_section(frame),
        tables.units_section(frame),
        satisfaction_section(frame),
        causes_section(frame),
        hot_spots_section(frame),
        hot_places_section(frame),
        *abnormal_sections(frame),
        on_site_section(frame),
        came_back_section(frame),
        suspended_section(frame),
        tables.trend_section(frame),
        summary.advice_section(frame),
        tables.definitions_section(),
    ]


# -- what callers say ---------------------------------------------------------------------------------------


def _ratings(frame: Frame) -> Any:
    """The follow-up calls of the period in which the caller rated."""
    rated = INDICATORS["satisfied_rate"]
    return rated.rows(frame.window).filter(frame.scope.of(rated))


def satisfaction_section(frame: Frame) -> dict[str, Any]:
    rated = _ratings(frame)
    counts = dict(rated.values_list("satisfaction").annotate(count=Count("pk")).order_by())
    total = sum(counts.values())
    shares = cells.shares_of([counts.get(grade, 0) for grade in Satisfaction])
    rows = [
        [str(grade.label), counts.get(grade, 0), share]
        for grade, share in zip(Satisfaction, shares, strict=True)
        if total
    ]
    closed = frame.figures(["rated_rate"])["rated_rate"].base
    note = _t("Base: %(rated)d ratings; %(closed)d dispatched tickets closed; not rated is never satisfied.") % {
        "rated": total, "closed": closed,
    }  # fmt: skip
    columns = [_t("Satisfaction"), _t("Ratings"), _t("Share")]
    return tables.section("satisfaction", _t("Satisfaction"), columns, rows, note=note, chart={"label": 0, "value": 1})


def causes_section(frame: Frame) -> dict[str, Any]:
    """Why callers were not content, as they said in the period's follow-up calls, with the units it was said of: each
    with all below it."""
    rated = INDICATORS["satisfied_rate"]
    calls = FollowUp.objects.filter(frame.window.within("at"), frame.scope.of(rated))
    found = calls.exclude(cause="").values("cause", unit=UNIT.expression("department")).annotate(count=Count("pk"))
    names = tables.called_units()
    counts: Counter[str] = Counter()
    units: dict[str, Counter[str]] = {}
    for row in found.order_by():
        counts[row["cause"]] += row["count"]
        units.setdefault(row["cause"], Counter())[names.get(row["unit"], _t("Not dispatched"))] += row["count"]
    causes = [cause for cause, _count in counts.most_common()]
    shares = cells.shares_of([counts[cause] for cause in causes])
    rows = [
        [str(Cause(cause).label), counts[cause], share,
         _t(", ").join(f"{name} {count}" for name, count in units[cause].most_common(3))]
        for cause, share in zip(causes, shares, strict=True)
    ]  # fmt: skip
    figure = frame.figures(["satisfied_rate"])["satisfied_rate"]
    note = _t("Base: %(causes)d follow-up calls of the period in which a cause was given; of %(rated)d ratings "
              "%(bad)d were not satisfied. Units with all below them.") % {
        "causes": sum(counts.values()), "rated": figure.base, "bad": figure.base - (figure.part or 0),
    }  # fmt: skip
    columns = [_t("Cause"), _t("Calls"), _t("Share"), _t("Most often of")]
    return tables.section(
        "causes", _t("Why callers were not content"), columns, rows, note=note, chart={"label": 0, "value": 1}
    )


# -- where complaints gather --------------------------------------------------------------------------------


def hot_spots(frame: Frame) -> list[tuple[str, str, int, int]]:
    """Where complaints gather: category, region, tickets now and in the period before; the most first."""
    now, before = _by_spot(frame, frame.window), _by_spot(frame, frame.before)
    categories = dict(Category.objects.values_list("pk", "name"))
    regions = {region.pk: region.full_name for region in Region.objects.select_related("parent")}
    top = sorted(now.items(), key=lambda item: (-item[1], item[0]))[:TOP]
    return [(categories[category], regions[region], count, before.get((category, region), 0))
            for (category, region), count in top]  # fmt: skip


def _by_spot(frame: Frame, window: Window) -> dict[tuple[int, int], int]:
    found = Counter[tuple[int, int]]()
    for (kind, category, region), count in frame.received_by("kind", "category", "region", window=window).items():
        if kind in COMPLAINTS and category:
            found[category, region] += count
    return found


def hot_spots_section(frame: Frame) -> dict[str, Any]:
    rows: list[list[Any]] = [
        [f"{category} · {region}", count, *((before, cells.difference(count, before)) if frame.is_whole(frame.before)
                                            else (cells.NOTHING, cells.NOTHING))]
        for category, region, count, before in hot_spots(frame)
    ]  # fmt: skip
    columns = [_t("Category and region"), _t("Tickets"), _t("Period before"), _t("Difference")]
    note = _t("Complaints, reports and requests for help recorded in the period.")
    title = _t("Where complaints gather")
    return tables.section("hot_spots", title, columns, rows, note=note, chart={"label": 0, "value": 1})


def hot_places_section(frame: Frame) -> dict[str, Any]:
    """The addresses that most tickets are about: one place, however its callers put it (at its gate, beside it)."""
    readable = disclosure.where_readable(None, Detail.PLACE)
    found = frame.received().filter(readable, kind__in=COMPLAINTS).exclude(address="")
    place = Func("address", Value(f"(?:{PLACED.pattern}|\\s)+$"), Value(""), function="regexp_replace",
                 output_field=CharField())  # fmt: skip
    counts = found.values("region", place=place).annotate(
        count=Count("pk"), callers=Count(PERSON, distinct=True), tickets=ArrayAgg("pk")
    )
    regions = {region.pk: region.full_name for region in Region.objects.select_related("parent")}
    top = list(counts.filter(~Q(place=""), count__gte=2).order_by("-count", "place")[:LONGEST])
    rows = [[f"{regions[row['region']]}{row['place']}", row["count"], row["callers"]] for row in top]
    columns = [_t("Place"), _t("Tickets"), _t("Callers")]
    note = _t("Without tickets whose callers asked for secrecy.")
    about = [row["tickets"] for row in top]
    title = _t("Addresses most complained of")
    return tables.section("hot_places", title, columns, rows, note=note, about=about, tells=(0,))


# -- abnormal flows -----------------------------------------------------------------------------------------


def _events(count: int, *actions: str) -> Callable[[Window], QuerySet[Any]]:
    """Tickets to which one of these actions was done in the window, and at least so often by its end."""

    def so_often(window: Window) -> QuerySet[Any]:
        # the last of so many has as many events before it, and the recording
        here = TicketEvent.objects.filter(window.within("at"), action__in=actions, sequence__gt=count)
        if count > 1:
            done = TicketEvent.objects.filter(ticket=OuterRef("ticket"), action__in=actions, at__lt=window.end)
            times = done.order_by().values("ticket").annotate(times=Count("pk")).values("times")
            here = here.annotate(times=Subquery(times)).filter(times__gte=count)
        return here.order_by().values("ticket")

    return so_often


def _limits(duty: Duty) -> Callable[[Window], QuerySet[Any]]:
    """Tickets with a limit of this duty that fell due in the window and was not met by then."""

    def late(window: Window) -> QuerySet[Any]:
        missed = Span.objects.filter(facts.fell_due(window), duty=duty).exclude(facts.on_time(window))
        return missed.order_by().values("ticket")

    return late


# What counts as an abnormal flow: a name, and which tickets, of those that were with a department in the period.
ABNORMAL: dict[str, tuple[Any, Callable[[Window], QuerySet[Any]]]] = {
    "returned": (lambda: _t("Returned twice or more"), _events(2, "grant_return")),
    "bounced": (
        lambda: _t("Dispatched three times or more"),
        _events(3, "dispatch", "dispatch_automatically", "rule", "determine"),
    ),
    "overdue": (lambda: _t("Answered late or not at all"), _limits(Duty.ANSWER)),
    "unclaimed": (lambda: _t("Accepted late or not at all"), _limits(Duty.ACCEPT)),
    "redone": (lambda: _t("Redone"), _events(1, "redo")),
    "coordinated": (lambda: _t("Settled on site or by a ruling"), _events(1, "rule", "determine")),
    "urged": (lambda: _t("Urged twice or more"), _events(2, "urge", "pass_on")),
}
ANY = "any"


def abnormal(key: str) -> tuple[str, Callable[[Window], QuerySet[Any]]]:
    """What a kind of abnormal flow is called, and its tickets; `any` is each of them. Raises KeyError."""
    if key != ANY:
        label, which = ABNORMAL[key]
        return label(), which

    def in_any_way(window: Window) -> QuerySet[Any]:
        first, *others = (which(window) for _label, which in ABNORMAL.values())
        return first.union(*others)

    return _t("Abnormal flows"), in_any_way


def abnormal_sections(frame: Frame) -> list[dict[str, Any]]:
    """A table of how many flowed abnormally in which way, then the tickets: each once, with all its ways, those with
    most of them first."""
    ways: dict[int, list[str]] = defaultdict(list)
    counts: list[list[Any]] = []
    for key, (label, which) in ABNORMAL.items():
        found = _handled(frame, which(frame.window))
        for pk in found:
            ways[pk].append(label())
        counts.append([label(), cells.count(len(found), see={"abnormal": key})])
    if ways:
        counts.append([_t("Tickets in all, each once"), cells.count(len(ways), see={"abnormal": ANY})])
    note = _t("Of tickets in handling during the period; one ticket may count in several lines.")
    title, columns = _t("Abnormal flows"), [_t("Kind of flow"), _t("Tickets")]
    summed = tables.section(
        "abnormal", title, columns, counts, note=note, chart={"label": 0, "value": 1}, has_total=bool(ways)
    )
    return [summed, *([_abnormal_tickets(frame, ways)] if ways else [])]


def _abnormal_tickets(frame: Frame, ways: dict[int, list[str]]) -> dict[str, Any]:
    """The tickets that flowed abnormally, each with all its ways: the first so many, those with most ways first."""
    worst = sorted(ways, key=lambda pk: (-len(ways[pk]), pk))[:LONGEST_OF_ABNORMAL]
    tickets = Ticket.objects.filter(pk__in=worst)
    note = ""
    if len(ways) > len(worst):
        note = _t("The first %(shown)d of %(number)d, those with most kinds of flow first; the line in all of the "
                  "table above leads to every one.") % {"shown": len(worst), "number": len(ways)}  # fmt: skip
    told = {pk: _t("; ").join(ways[pk]) for pk in worst}
    title = _t("Tickets that flowed abnormally")
    return tables.tickets_section(
        "abnormal_tickets", title, tickets, frame, note=note, more=(_t("Kinds of flow"), told)
    )


# The tickets of a way are looked up by their keys: to ask for all in one makes the database go through its history.
AT_ONCE = 5000


def _parts(keys: list[int]) -> Iterator[list[int]]:
    return (keys[at : at + AT_ONCE] for at in range(0, len(keys), AT_ONCE))


def _handled(frame: Frame, found: QuerySet[Any]) -> list[int]:
    """Those of the tickets that were with a department in the period."""
    keys = sorted(set(found.values_list("ticket", flat=True)))
    theirs = frame.handled_spans().order_by().values_list("ticket", flat=True).distinct()
    return [key for part in _parts(keys) for key in theirs.filter(ticket__in=part)]


# -- on the spot, and what came back ------------------------------------------------------------------------


def on_site_section(frame: Frame) -> dict[str, Any]:
    """On-site cases as short stories: what it was, who was responsible, what was done, what the caller said."""
    window = frame.window
    called = CoordinationTask.objects.filter(window.within("called_at") | window.within("determined_at"))
    if frame.scope:
        called = called.filter(ticket__in=frame.handled())
    tasks = called.select_related("ticket__region__parent", "ticket__category", "department").order_by(
        "called_at", "pk"
    )
    rows, about = [], []
    for task in tasks[:LONGEST]:
        reading = read(task.ticket, None)
        said = FollowUp.objects.filter(ticket__coordinated_in__task=task, reached=True, at__lt=window.end)
        grades = Counter(said.exclude(satisfaction="").values_list("satisfaction", flat=True))
        heard = _t(", ").join(f"{Satisfaction(grade).label} {count}" for grade, count in grades.most_common())
        is_settled = task.determined_at is not None and task.determined_at < window.end
        is_done = task.done_at is not None and task.done_at < window.end
        rows.append([
            timezone.localtime(task.called_at).strftime("%m-%d"), reading.title,
            cells.NOTHING if task.ticket.is_secret else task.place,
            str(task.department) if is_settled else _t("not settled yet"),
            str(Principle(task.principle).label) if is_settled and task.principle else cells.NOTHING,
            reading.text(task.outcome) if is_done and task.outcome else _t("not done yet"),
            heard or _t("nobody has been asked yet"),
        ])  # fmt: skip
        about.append([task.ticket_id])
    columns = [_t("Called on"), _t("What it was about"), _t("Place"), _t("Responsible"), _t("Principle"),
               _t("What was done"), _t("What callers said")]  # fmt: skip
    title = _t("Cases settled on the spot")
    return tables.section("on_site", title, columns, rows, about=about, tells=(1, 2, 5))


def came_back_section(frame: Frame) -> dict[str, Any]:
    """Closed tickets about whose matter somebody called again."""
    came_back = INDICATORS["came_back_rate"]
    found = came_back.rows(frame.window, "part").filter(frame.scope.of(came_back))
    tickets = Ticket.objects.filter(pk__in=found.values("ticket")).order_by("closed_at", "pk")
    return tables.tickets_section("came_back", _t("What came back"), tickets[:LONGEST], frame)


def suspended_section(frame: Frame) -> dict[str, Any]:
    """What is suspended at the end of the period."""
    given = INDICATORS["unanswered_at_end"]
    spans = Span.objects.filter(facts.in_force_at_end(frame.window), frame.scope.of(given), duty=Duty.SUSPENSION)
    found = Ticket.objects.filter(pk__in=spans.values("ticket")).order_by("registered_at", "pk")
    return tables.tickets_section("suspended", _t("Suspended tickets"), found[:LONGEST], frame)
