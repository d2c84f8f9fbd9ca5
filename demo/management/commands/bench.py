import json
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from demo import asking, city, floor, growth, multiplying, nearby, probes, reporting, shift, sweeps
from demo.generator import Generator
from hotline import roles
from tickets.models import Ticket

SEED = 7
FLAGGED_SHARE = 0.1  # of the open tickets, while pages are measured on multiplied ones


class Command(BaseCommand):
    help = "Measures pages, lists, fragments, the API, recording and sweeps, in a database of its own. Prints JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tickets", type=int, default=10_000, help="how many tickets the database holds")
        parser.add_argument("--days", type=int, default=365, help="over how many days they came in")
        parser.add_argument(
            "--sweep", action="store_true", help="measure the sweep, then the pages, on multiplied tickets"
        )
        parser.add_argument(
            "--growth", type=int, nargs="+", metavar="TICKETS",
            help="measure everything that is offered at these sizes, one after the other, and how it grows",
        )  # fmt: skip
        parser.add_argument(
            "--matters", type=int, nargs="+", metavar="TICKETS",
            help="measure how long it takes at these sizes to find what a ticket may be about too",
        )  # fmt: skip
        parser.add_argument(
            "--desk", type=int, metavar="OPERATORS",
            help="let so many operators record calls at once through a web server, on multiplied tickets",
        )  # fmt: skip
        parser.add_argument(
            "--floor", action="store_true",
            help="measure everyday pages beside their floor and requests a second, on multiplied tickets",
        )  # fmt: skip
        parser.add_argument("--write", action="store_true", help="with --floor: write docs/performance.md")
        parser.add_argument("--reports", action="store_true", help="measure what figures cost, on multiplied tickets")
        parser.add_argument(
            "--per-day", type=int, default=multiplying.PER_DAY, help="with --reports: how many of the closed a day"
        )
        parser.add_argument("--calls", type=int, default=200, help="with --desk: calls an hour of each operator")
        parser.add_argument("--minutes", type=float, default=3, help="with --desk: how long they work")
        parser.add_argument("--port", type=int, default=8155, help="with --desk, --floor: where the web server listens")
        parser.add_argument(
            "--open",
            type=int,
            default=20_000,
            help="with --sweep, --growth, --desk, --floor, --reports: how many are open",
        )
        parser.add_argument("--due", type=int, default=2_000, help="with --sweep: how many of those are due")
        parser.add_argument("--keep", action="store_true", help="keep the database, and use one that was kept")

    def execute(self, *args: Any, **options: Any) -> Any:
        with roles.as_owner():  # it makes and drops a database
            return super().execute(*args, **options)

    def handle(self, *args: Any, keep: bool, **options: Any) -> None:
        own = connection.settings_dict["NAME"]
        connection.settings_dict["TEST"]["NAME"] = f"{own}_bench"
        connection.creation.create_test_db(verbosity=0, autoclobber=not keep, serialize=False, keepdb=keep)
        try:
            city.lay_in()
            result = self._measured(**options)
        finally:
            connection.creation.destroy_test_db(own, verbosity=0, keepdb=keep)
        self.stdout.write(json.dumps(result, ensure_ascii=False, indent=2))
        if options["floor"] and options["write"]:
            floor.write(result)
        if options["matters"] and (complaint := nearby.nothing_found(result)):
            raise CommandError(complaint)

    def _measured(self, **options: Any) -> dict[str, Any]:
        if options["growth"]:
            result = growth.measure(options["growth"], options["open"])
            sys.stderr.write(growth.table(result) + "\n")
            return result
        if options["matters"]:
            return nearby.measure(options["matters"], options["open"])
        if options["desk"]:
            multiplying.grow(options["tickets"], options["open"])
            return shift.measure(options["desk"], options["calls"], options["minutes"], options["port"])
        if options["floor"]:
            multiplying.grow(options["tickets"], options["open"])
            sweeps.flag_many(FLAGGED_SHARE)
            return floor.measure(options["port"])
        if options["reports"]:
            multiplying.grow(options["tickets"], options["open"], options["per_day"])
            return reporting.cost()
        if options["sweep"]:
            return self._sweep(options["tickets"], options["open"], options["due"])
        return self._main(options["tickets"], options["days"])

    def _pages(self) -> dict[str, dict[str, float]]:
        pages = {}
        for probe in probes.main():
            pages[probe.name] = asking.measure(probe)
            sys.stderr.write(f"{probe.name} {pages[probe.name]}\n")
        return pages

    def _sweep(self, tickets: int, open_tickets: int, due: int) -> dict[str, Any]:
        started = time.perf_counter()
        multiplying.grow(tickets, open_tickets)
        made = round(time.perf_counter() - started, 1)
        result = sweeps.measure(due) | {"seconds_to_make": made}
        result["many_at_once"] = sweeps.flag_many(FLAGGED_SHARE)
        return result | {"pages": self._pages()}

    def _main(self, tickets: int, days: int) -> dict[str, Any]:
        started = time.perf_counter()
        missing = tickets - Ticket.objects.count()
        if missing > 0:
            sys.stderr.write(f"making {missing} tickets …\n")
            Generator(now=timezone.now(), days=days, seed=SEED).make(missing)
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")
        made = time.perf_counter() - started
        sweep = sweeps.of_what_is_due()
        pages = self._pages()
        return {
            "tickets": Ticket.objects.count(),
            "open": Ticket.objects.filter(next_due_at__isnull=False).count(),
            "seconds_to_make": round(made, 1),
            "sweep": sweep,
            "pages": pages,
            "slowest_p95_ms": max(page["p95_ms"] for page in pages.values()),
        }
