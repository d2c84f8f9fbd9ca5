"""What is measured: the main pages, and everything that a list, a fragment or the API offers to each role."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.test import Client
from django.utils import timezone

from demo.asking import Probe, getting, posting
from demo.multiplying import NUMBER
from dispatch.learned import measures
from hotline.accounts.models import Department, Region
from reports import building, periods
from reports.indicators import INDICATORS
from supervision.clocks import sweeping
from tickets.choices import Channel, Kind, Status, Urgency
from tickets.lists.listing import DEFAULT_ORDER, ORDERS
from tickets.models import Caller, Category, Ticket

OPERATOR, DISPATCHER, SUPERVISOR, MANAGER, CLERK = "operator1", "dispatcher1", "supervisor1", "manager1", "zhujian"
NOTES = "小区门口路灯不亮，夜间出行不便，请尽快维修。"


# What people do all day, with what it is called where it is told of.
EVERYDAY = {
    "new_ticket": "New call", "my_tickets": "One's own calls", "all_tickets": "All tickets",
    "open_sorted": "Tickets in work, due first", "search": "Search", "follow_ups": "Follow-up calls",
    "dispatch_queue": "Dispatch queue", "inbox": "Inbox", "ticket": "A ticket", "board": "Board",
    "dashboard": "Dashboard", "create_ticket": "Recording a call",
}  # fmt: skip


def everyday() -> list[tuple[str, str, str, dict[str, Any] | None]]:
    """The name of each, who asks, for which address, and what a form sends."""
    return [
        ("new_ticket", OPERATOR, "/tickets/new/", None), ("my_tickets", OPERATOR, "/tickets/mine/", None),
        ("all_tickets", OPERATOR, "/tickets/", None),
        ("open_sorted", OPERATOR, f"/tickets/?status={Status.WORKING}&sort=due", None),
        ("search", OPERATOR, "/tickets/?q=路灯 孝南", None), ("follow_ups", OPERATOR, "/follow-ups/all/", None),
        ("dispatch_queue", DISPATCHER, "/dispatch/", None), ("inbox", CLERK, "/inbox/?tab=working", None),
        ("ticket", SUPERVISOR, _of_a_copy().get_absolute_url(), None), ("board", SUPERVISOR, "/board/", None),
        ("dashboard", MANAGER, "/dashboard/", None), ("create_ticket", OPERATOR, "/tickets/new/", _call()),
    ]  # fmt: skip


def main() -> list[Probe]:
    """The same, each asked for as it stands."""
    return [
        Probe(name, who, getting(address) if form is None else posting(address, **form))
        for name, who, address, form in everyday()
    ]


def everything() -> list[Probe]:
    """Every list with each of its filters, orders and searches, fragments, pages that read history, and the API."""
    return [Probe(name, who, ask) for name, who, ask in (*_lists(), *_pages(), *_fragments(), *_api())]


Asked = tuple[str, str, Any]


def _of_a_copy(status: str = Status.WORKING) -> Ticket:
    ticket = Ticket.objects.filter(status=status, number__startswith=NUMBER).order_by("pk").first()
    ticket = ticket or Ticket.objects.filter(status=status).order_by("pk").first()
    assert ticket is not None, "the benchmark needs tickets"
    return ticket


def _call() -> dict[str, Any]:
    return {
        "caller_phone": "10012345678", "channel": "phone", "kind": "complaint", "urgency": "normal",
        "description": NOTES, "region": _pk(Region.objects.filter(name="书院街道")),
        "address": "某小区东门", "category": _pk(Category.objects.filter(name="路灯不亮")), "then": "dispatch",
    }  # fmt: skip


def _pk(rows: Any) -> int:
    return int(rows.values_list("pk", flat=True).get())


def _searches() -> dict[str, str]:
    """A number, a telephone, their ends, a common word, a rare one, one that nobody wrote, and several."""
    plain = Ticket.objects.filter(status=Status.CLOSED, is_anonymous=False, is_secret=False).order_by("pk")
    closed = list(plain.filter(number__regex=r"[1-9]{5}$").exclude(caller_phone="")[:500])[-1]
    return {
        "number": closed.number, "end_of_number": closed.number[-6:], "phone": closed.caller_phone,
        "end_of_phone": closed.caller_phone[-6:], "common_word": "路灯", "common_letter": "路", "rare_word": "铁板",
        "nothing": "翡翠鸟巢", "words": "路灯 孝南 不亮",
    }  # fmt: skip


def _filters() -> dict[str, str]:
    """Each filter of a list with the value that holds most, and with one that holds little.

    Dates lie at shares of the city's history, however long that is.
    """
    today = timezone.localdate()
    first = timezone.localdate(Ticket.objects.earliest("registered_at", "pk").registered_at)
    early, middle, later = (first + (today - first) * share for share in (0.1, 0.5, 0.6))
    town, street = (
        Region.objects.filter(level="district").order_by("pk"),
        Region.objects.filter(level="street").order_by("pk"),
    )
    department = Department.objects.filter(is_open=True, tickets__isnull=False).order_by("pk")
    chosen = {
        "status=closed": "status=closed", "status=working": f"status={Status.WORKING}",
        "status=ruling": f"status={Status.RULING}", "kind=consultation": f"kind={Kind.CONSULTATION}",
        "kind=praise": f"kind={Kind.PRAISE}", "channel=110": f"channel={Channel.POLICE_110}",
        "urgency=urgent": f"urgency={Urgency.URGENT}",
        "from_last_week": f"recorded_from={today - timedelta(days=7)}",
        "from_early": f"recorded_from={early}", "until_early": f"recorded_to={early}",
        "a_day": f"recorded_from={middle}&recorded_to={middle}",
        "a_tenth": f"recorded_from={middle}&recorded_to={later}",
        "category": f"category={Category.objects.filter(parent__isnull=True).order_by('pk')[0].pk}",
    }  # fmt: skip
    for name, rows in (("district", town), ("street", street)):
        if (one := rows.first()) is not None:
            chosen[name] = f"region={one.pk}"
    if (one_department := department.first()) is not None:
        chosen["department"] = f"department={one_department.pk}"
    chosen["several"] = f"{chosen['kind=praise']}&{chosen['category']}&{chosen['from_last_week']}"
    return chosen


def _lists() -> Iterator[Asked]:
    searches, filters = _searches(), _filters()
    for who in (OPERATOR, CLERK, MANAGER):
        for name, words in searches.items():
            yield f"all {who} search {name}", who, getting("/tickets/", q=words)
        for name, query in filters.items():
            yield f"all {who} filter {name}", who, getting(f"/tickets/?{query}")
        for order in ORDERS:
            yield f"all {who} sort {order}", who, getting("/tickets/", sort=order)
            yield f"all {who} sort {order}, deep", who, _deep(f"/tickets/?sort={order}")
    for who in (OPERATOR, CLERK):
        for order in [order for order in ORDERS if order != DEFAULT_ORDER]:
            for name, query in filters.items():
                yield f"all {who} {name} by {order}", who, getting(f"/tickets/?{query}&sort={order}")
            for name in ("common_word", "rare_word", "words"):
                yield f"all {who} search {name} by {order}", who, getting("/tickets/", q=searches[name], sort=order)
    yield "all operator search and filter", OPERATOR, getting(f"/tickets/?q=路灯&{filters['several']}")
    for name in ("kind=praise", "status=working", "status=closed", "from_last_week"):
        yield f"mine {name}", OPERATOR, getting(f"/tickets/mine/?{filters[name]}")
    for name in ("number", "phone", "common_word", "rare_word", "nothing"):
        yield f"mine search {name}", OPERATOR, getting("/tickets/mine/", q=searches[name])
    for who, address, tabs in (
        (OPERATOR, "/tickets/mine/", ("",)), (OPERATOR, "/follow-ups/all/", ("",)),
        (CLERK, "/inbox/", ("dispatched", "working", "owed", "answered")),
        (DISPATCHER, "/dispatch/", ("registered", "return_asked")),
    ):  # fmt: skip
        for tab in tabs:
            for order in ORDERS:
                yield f"{address} {tab} sort {order}", who, getting(address, tab=tab, sort=order)
            yield f"{address} {tab} kind", who, getting(address, tab=tab, kind=Kind.COMPLAINT)
            yield f"{address} {tab} search", who, getting(address, tab=tab, q=searches["common_word"])


def _deep(address: str) -> Any:
    """The third page of a list, reached as people do; what is measured is that page alone."""
    found: list[str] = []

    def ask(client: Client) -> Any:
        if not found:
            after = address
            for _ in range(2):
                links = [link for link in _links(client.get(after).content.decode()) if "after=" in link]
                after = links[-1] if links else after
            found.append(after)
        return client.get(found[0])

    return ask


def _links(page: str) -> list[str]:
    return [
        part.split('"')[0].replace("&amp;", "&").replace("?", "/tickets/?", 1) if part.startswith("?")
        else part.split('"')[0].replace("&amp;", "&") for part in page.split('href="')[1:]
    ]  # fmt: skip


def _pages() -> Iterator[Asked]:
    working, closed = _of_a_copy(), _of_a_copy(Status.CLOSED)
    for who in (OPERATOR, SUPERVISOR):
        yield f"ticket {who}", who, getting(working.get_absolute_url())
    yield "ticket, closed", SUPERVISOR, getting(closed.get_absolute_url())
    sweeping.sweep(timezone.now())
    for name, who, address in (
        ("board", SUPERVISOR, "/board/"), ("board, wall", SUPERVISOR, "/board/?wall=1"), ("board", MANAGER, "/board/"),
        ("dashboard", MANAGER, "/dashboard/"), ("rulings", MANAGER, "/rulings/"),
        ("coordinations", SUPERVISOR, "/coordination/"), ("messages", CLERK, "/messages/"),
        ("directory", MANAGER, "/directory/"), ("directory check", MANAGER, "/directory/check/"),
        ("precedents", DISPATCHER, "/precedents/"), ("suggestions", MANAGER, "/dispatch/suggestions/"),
        ("clocks", SUPERVISOR, "/clocks/"), ("reports", MANAGER, "/reports/"),
        ("next follow-up call", OPERATOR, "/follow-ups/"),
        ("follow-up call", OPERATOR, f"/follow-ups/{_of_a_copy(Status.FOLLOW_UP).number}/"),
        ("map", SUPERVISOR, "/matters/map/"), ("map, 30 days", SUPERVISOR, "/matters/map/?days=30"),
        ("caller", OPERATOR, f"/callers/{_of_a_copy().caller_id}/"),
        ("who calls most", OPERATOR, _who_calls_most().get_absolute_url()),
        *((f"board, {query}", SUPERVISOR, f"/board/?{query}")
          for query in ("flag=overdue", "kind=complaint", "urgency=urgent", _filters()["department"])),
        *((f"suggestions by {by}", MANAGER, f"/dispatch/suggestions/?by={by}") for by in measures.BY),
    ):  # fmt: skip
        yield f"{name} {who}", who, getting(address)
    yield from _figures()
    run = building.build(periods.last_complete("weekly"))
    yield "kept report", MANAGER, getting(run.get_absolute_url())
    yield "kept report, word", MANAGER, _whole(f"{run.get_absolute_url()}report.docx")


def _figures() -> Iterator[Asked]:
    """The tickets behind each figure of this month, in each order, and of a year."""
    today = timezone.localdate()
    year = f"from={today - timedelta(days=364)}&to={today}"
    for name in INDICATORS:
        yield f"figure {name}", MANAGER, getting(f"/figures/{name}/")
    for name, part in (("received", "base"), ("on_time_rate", "rest"), ("redo_rate", "part")):
        yield f"figure {name} {part}, a year", MANAGER, getting(f"/figures/{name}/?part={part}&{year}")
        for order in ORDERS:
            yield f"figure {name} {part} by {order}", MANAGER, getting(f"/figures/{name}/?part={part}&sort={order}")


def _who_calls_most() -> Caller:
    rows = Ticket.objects.filter(caller__isnull=False).order_by().values("caller").annotate(calls=Count("pk"))
    return Caller.objects.get(pk=rows.order_by("-calls")[0]["caller"])


def _whole(address: str) -> Any:
    def ask(client: Client) -> Any:
        answer: Any = client.get(address)
        b"".join(answer.streaming_content)
        return answer

    return ask


def _fragments() -> Iterator[Asked]:
    for who in (OPERATOR, DISPATCHER, SUPERVISOR, MANAGER, CLERK):
        yield f"numbers beside doors {who}", who, getting("/numbers/")
    street = _pk(Region.objects.filter(name="书院街道"))
    call = {"description": NOTES, "region": street, "address": "幸福里小区"}
    yield "call panel", OPERATOR, posting("/dispatch/call/", **call)
    yield "call panel, long", OPERATOR, posting("/dispatch/call/", **call | {"description": NOTES * 40})
    yield "words of a call", OPERATOR, posting("/calls/words/", **call)
    yield "words of a call, long", OPERATOR, posting("/calls/words/", **call | {"description": NOTES * 40})
    yield "like matters", OPERATOR, posting("/dispatch/call/like/", **call)
    yield "like matters, long", OPERATOR, posting("/dispatch/call/like/", **call | {"description": NOTES * 40})
    yield "caller's history", OPERATOR, posting("/tickets/caller/", caller_phone=_of_a_copy().caller_phone)
    number = _of_a_copy().number
    for panel, who in (("dispatch/panel", SUPERVISOR), ("dispatch/review", DISPATCHER), ("board/panel", SUPERVISOR)):
        yield panel, who, getting(f"/{panel}/{number}/")
    yield "recording", OPERATOR, posting("/tickets/new/", **_call())


def _api() -> Iterator[Asked]:
    base = "/api/v1/tickets/"
    for who in (OPERATOR, CLERK):
        for name, words in _searches().items():
            yield f"api {who} search {name}", who, getting(base, q=words)
        for name, query in _filters().items():
            yield f"api {who} filter {name}", who, getting(f"{base}?{query}")
        for order in ORDERS:
            yield f"api {who} sort {order}", who, getting(base, sort=order)
    yield "api ticket", OPERATOR, getting(f"{base}{_of_a_copy().number}/")
    yield "api departments", OPERATOR, getting("/api/v1/departments/")
    yield "api categories", OPERATOR, getting("/api/v1/categories/")
