from typing import Any

from django.core.management.base import BaseCommand

from reports import sums


class Command(BaseCommand):
    help = "Counts the days of all operators anew; prints each that was kept differently, and how many those were."

    def handle(self, *args: Any, **options: Any) -> None:
        differing = sums.rebuild()
        for line in differing:
            self.stdout.write(line)
        self.stdout.write(str(len(differing)))
