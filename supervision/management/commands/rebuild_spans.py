from typing import Any

from django.core.management.base import BaseCommand

from hotline.waiting import patience
from supervision.clocks import rebuilding


class Command(BaseCommand):
    help = "Recomputes from events which limits were in force when, and says where what was kept differs."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--check", action="store_true", help="only say what differs")
        parser.add_argument("--missing", action="store_true", help="only tickets of which nothing is kept yet")

    def handle(self, *args: Any, **options: Any) -> None:
        with patience.of(patience.LONG):
            told = rebuilding.rebuild(only_missing=options["missing"], writes=not options["check"])
        for line in told.differences:
            self.stdout.write(line)
        if options["verbosity"]:
            self.stdout.write(f"{told.tickets} tickets, {told.differing} differ")
