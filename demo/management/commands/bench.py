import json
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.utils import timezone

from demo import benchmark, city, crowd
from demo.generator import Generator
from hotline import roles
from tickets.models import Ticket

SEED = 7
FLAGGED_SHARE = 0.1  # of the open tickets, while pages are measured on multiplied ones


class Command(BaseCommand):
    help = "Measures the main pages, recording a ticket and a sweep, in a database of its own. Prints JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tickets", type=int, default=10_000, help="how many tickets the database holds")
        parser.add_argument("--days", type=int, default=365, help="over how many days they came in")
        parser.add_argument(
            "--sweep", action="store_true", help="measure the sweep, then the pages, on multiplied tickets"
        )
        parser.add_argument("--open", type=int, default=20_000, help="with --sweep: how many of them are open")
        parser.add_argument("--due", type=int, default=2_000, help="with --sweep: how many of those are due")
        parser.add_argument("--keep", action="store_true", help="keep the database, and use one that was kept")

    def execute(self, *args: Any, **options: Any) -> Any:
        with roles.as_owner():  # it makes and drops a database
            return super().execute(*args, **options)

    def handle(self, *args: Any, tickets: int, days: int, keep: bool, sweep: bool, **options: Any) -> None:
        own = connection.settings_dict["NAME"]
        connection.settings_dict["TEST"]["NAME"] = f"{own}_bench"
        connection.creation.create_test_db(verbosity=0, autoclobber=not keep, serialize=False, keepdb=keep)
        try:
            result = self._sweep(tickets, options["open"], options["due"]) if sweep else self._measure(tickets, days)
        finally:
            connection.creation.destroy_test_db(own, verbosity=0, keepdb=keep)
        self.stdout.write(json.dumps(result, ensure_ascii=False, indent=2))

    def _pages(self) -> dict[str, dict[str, float]]:
        pages = {}
        for probe in benchmark.probes():
            pages[probe.name] = benchmark.measure(probe)
            sys.stderr.write(f"{probe.name} {pages[probe.name]}\n")
        return pages

    def _sweep(self, tickets: int, open_tickets: int, due: int) -> dict[str, Any]:
        started = time.perf_counter()
        city.lay_in()
        crowd.grow(tickets, open_tickets)
        made = round(time.perf_counter() - started, 1)
        result = crowd.measure(due) | {"seconds_to_make": made}
        result["many_at_once"] = crowd.flag_many(FLAGGED_SHARE)
        return result | {"pages": self._pages()}

    def _measure(self, tickets: int, days: int) -> dict[str, Any]:
        started = time.perf_counter()
        city.lay_in()
        missing = tickets - Ticket.objects.count()
        if missing > 0:
            sys.stderr.write(f"making {missing} tickets …\n")
            Generator(now=timezone.now(), days=days, seed=SEED).make(missing)
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")
        made = time.perf_counter() - started
        sweep = benchmark.measure_sweep()
        pages = self._pages()
        return {
            "tickets": Ticket.objects.count(),
            "open": Ticket.objects.filter(next_due_at__isnull=False).count(),
            "seconds_to_make": round(made, 1),
            "sweep": sweep,
            "pages": pages,
            "slowest_p95_ms": max(page["p95_ms"] for page in pages.values()),
        }
