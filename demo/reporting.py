"""What figures cost: reports of a month and a week, the dashboard, a report's page, and limits that are kept as facts."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.db import connection

from demo import probes
from demo.asking import Asking, Probe, getting, measure
from hotline.waiting import patience
from reports import building, kept, periods
from reports.models import PastFigure, ReportKind, ReportRun
from supervision.clocks import spans
from tickets.models import Span, Ticket, TicketEvent
from tickets.workflow import performing

TURNS = 60  # tickets recorded with limits kept and as many without, one after the other


def cost() -> dict[str, Any]:
    """What is measured of a database that holds the last month; seconds, and milliseconds where it is said."""
    month, week = (periods.last_complete(kind) for kind in (ReportKind.MONTHLY, ReportKind.WEEKLY))
    in_month = Ticket.objects.filter(registered_at__gte=month.start, registered_at__lt=month.end)
    result: dict[str, Any] = {
        "tickets": Ticket.objects.count(), "spans": Span.objects.count(), "events": TicketEvent.objects.count(),
        "load": os.getloadavg()[0], "month": month.label, "recorded_in_month": in_month.count(),
    }  # fmt: skip
    PastFigure.objects.all().delete()
    with patience.of(patience.LONG):
        for name, period in (("month", month), ("month_again", month), ("week", week)):
            result[f"report_of_{name}"] = _peaks(partial(building.build, period))
            _tell(name, result[f"report_of_{name}"])
        for name in kept.NAMES:
            cache.delete(kept._key(name))
            dashboard = {times: _peaks(partial(kept.refresh, name)) for times in ("first", "each_minute")}
            result[f"dashboard_{name}"] = dashboard
            _tell(name, result[f"dashboard_{name}"])
    result |= {"pages": _pages(month), "recording": recording()}
    _tell("pages", result["pages"])
    return result


def _pages(month: periods.Period) -> dict[str, Any]:
    """Pages in milliseconds; what they show is kept, as a worker keeps it."""
    run = ReportRun.objects.filter(kind=month.kind, period=month.label).latest("built_at", "pk")
    found = {}
    for name, who, address in (
        ("dashboard", probes.MANAGER, "/dashboard/"), ("wall", probes.MANAGER, "/dashboard/wall/"),
        ("report", probes.MANAGER, run.get_absolute_url()), ("reports", probes.MANAGER, "/reports/"),
    ):  # fmt: skip
        for one in kept.NAMES:
            kept.refresh(one)
        found[name] = measure(Probe(name, who, getting(address)))
    return found


def recording() -> dict[str, Any]:
    """Recording and dispatching a ticket with its limits kept as facts and without, in turns; milliseconds of work."""
    probe = next(one for one in probes.main() if one.name == "create_ticket")
    with_them, without = Asking(probe), Asking(probe)
    for counted in (False, True):
        for _ in range(TURNS if counted else 3):
            with_them.ask(1, counted=counted)
            with _no_limits_kept():
                without.ask(1, counted=counted)
    found: dict[str, Any] = {"with": with_them.measured(), "without": without.measured()}
    del found["without"]["queries"]  # which are counted with them
    return found | {"more": round(statistics.median(with_them._work) / statistics.median(without._work) - 1, 3)}


@contextmanager
def _no_limits_kept() -> Iterator[None]:
    at = performing._once_saved.index(spans.keep)
    performing._once_saved.remove(spans.keep)
    try:
        yield
    finally:
        performing._once_saved.insert(at, spans.keep)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return round(time.perf_counter() - began, 2)


def _peaks(work: Callable[[], object]) -> dict[str, float]:
    """Seconds of a piece of work, and the most megabytes that this process and its connection's had meanwhile."""
    connection.ensure_connection()
    backend = connection.connection.info.backend_pid
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    before = _on_processors(backend)
    seconds = _seconds(work)
    return {
        "seconds": seconds, "seconds_on_processors": round(_on_processors(backend) - before, 1), "mb": _most("self"),
        "mb_of_the_database": _most(backend),
    }  # fmt: skip


def _on_processors(backend: int) -> float:
    """Seconds that this process, its connection's and those that helped that one had a processor."""
    with suppress(OSError):
        _state, parent, *numbers = Path(f"/proc/{backend}/stat").read_text().rsplit(") ", 1)[1].split()
        helpers = Path(f"/proc/{parent}/stat").read_text().rsplit(") ", 1)[1].split()[13:15]
        return time.process_time() + sum(map(int, [*numbers[9:11], *helpers])) / os.sysconf("SC_CLK_TCK")
    return time.process_time()


def _most(process: int | str) -> int:
    """The most memory that a process had; 0 where that cannot be known."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) // 1024
    return 0


def _tell(name: str, found: object) -> None:
    sys.stderr.write(f"{name} {found}\n")
