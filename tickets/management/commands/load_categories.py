from typing import Any

from django.core.management.base import BaseCommand

from tickets.calls import categories


class Command(BaseCommand):
    help = "Lays in the default category tree; what is there already stays as it is."

    def handle(self, *args: Any, **options: Any) -> None:
        added = categories.load_default()
        if options["verbosity"]:
            self.stdout.write(f"{added} categories added")
