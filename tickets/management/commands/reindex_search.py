import json
from typing import Any

from django.core.management.base import BaseCommand

from tickets.lists import reindexing


class Command(BaseCommand):
    help = "Brings the search vectors of old tickets up to how text is cut now; goes on where it was stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        def told(rows: int) -> None:
            if options["verbosity"] > 1:
                self.stderr.write(f"{rows} tickets")

        count = reindexing.reindex(step=told)
        if options["verbosity"]:
            self.stdout.write(json.dumps({"reindexed": count}))
