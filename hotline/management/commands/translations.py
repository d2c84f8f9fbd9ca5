from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hotline import translations


class Command(BaseCommand):
    help = "Checks that the Chinese catalogue is complete; with --update brings it up to the source."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--update", action="store_true")

    def handle(self, *args: Any, update: bool = False, **options: Any) -> None:
        if update:
            self.stdout.write(f"{translations.update()} texts wait for a translation")
            return
        if faults := translations.faults():
            raise CommandError("\n".join(faults))
        self.stdout.write("catalogue complete")
