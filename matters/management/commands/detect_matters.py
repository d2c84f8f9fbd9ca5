import json
import time
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from hotline import instants
from hotline.waiting.busy import Busy
from matters import linking, totals
from tickets.models import Ticket

BATCH = 500


class Command(BaseCommand):
    help = "Looks at all tickets since a day anew and joins what is one matter; what people chose stands. Prints JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", required=True, help="the first day, such as 2026-04-01")

    def handle(self, *args: Any, **options: Any) -> None:
        since = self._day(options["since"])
        started, done, outcomes = time.perf_counter(), 0, dict.fromkeys(map(str, linking.Outcome.values), 0)
        rows = Ticket.objects.filter(registered_at__gte=since).order_by("registered_at", "pk")
        ids, held = list(rows.values_list("pk", flat=True)), list[int]()
        for pk in ids:
            try:
                outcomes[linking.settle(pk, again=True)] += 1
            except Busy:
                held.append(pk)
            done += 1
            if done % BATCH == 0:
                self.stderr.write(f"{done} of {len(ids)}")
        now = timezone.now()
        totals.find_missed(now)
        while batch := totals.due(now):
            totals.recount(batch, now=now)
        seconds = round(time.perf_counter() - started, 1)
        self.stdout.write(json.dumps({"tickets": done, **outcomes, "held_by_others": len(held), "seconds": seconds}))

    def _day(self, typed: str) -> datetime:
        try:
            return instants.midnight(date.fromisoformat(typed))
        except (ValueError, OverflowError) as error:
            raise CommandError(f"{typed}: this is no day; write it as 2026-04-01", returncode=2) from error
