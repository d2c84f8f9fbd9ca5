import json
import time
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from hotline import instants
from matters import rebuilding, totals
from matters.models import Looked


class Command(BaseCommand):
    _done = 0
    help = "Looks at all tickets since a day anew and joins what is one matter; what people chose stands. Prints JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", required=True, help="the first day, such as 2026-04-01")
        parser.add_argument("--processes", type=int, help="that compare; as many as there are processors")

    def handle(self, *args: Any, **options: Any) -> None:
        since, started = self._day(options["since"]), time.perf_counter()
        rebuilt = rebuilding.rebuild(since, processes=options["processes"], told=self._tell)
        now = timezone.now()
        totals.find_missed(now)
        while batch := totals.due(now):
            totals.recount(batch, now=now)
        seconds = round(time.perf_counter() - started, 1)
        outcomes = {str(outcome): rebuilt.outcomes[outcome] for outcome in Looked.Outcome.values}
        told = {"tickets": rebuilt.tickets, **outcomes, "held_by_others": rebuilt.held, "seconds": seconds}
        self.stdout.write(json.dumps(told))

    def _tell(self, done: int) -> None:
        self._done += done
        self.stderr.write(f"{self._done}")

    def _day(self, typed: str) -> datetime:
        try:
            return instants.midnight(date.fromisoformat(typed))
        except (ValueError, OverflowError) as error:
            raise CommandError(f"{typed}: this is no day; write it as 2026-04-01", returncode=2) from error
