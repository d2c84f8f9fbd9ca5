from typing import Any

from django.core.management.base import BaseCommand

from hotline.waiting import patience
from reports import past


class Command(BaseCommand):
    help = "Counts the kept figures of past periods anew; prints each that was kept differently and forgets it."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--check", action="store_true", help="only say what differs")

    def handle(self, *args: Any, **options: Any) -> None:
        with patience.of(patience.LONG):
            differing = list(past.differing(mends=not options["check"]))
        for line in differing:
            self.stdout.write(line)
        self.stdout.write(str(len(differing)))
