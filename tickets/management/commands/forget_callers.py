import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hotline.vault.keys import VaultClosed
from tickets.forgetting import doing


class Command(BaseCommand):
    help = (
        "Makes the callers anonymous whose time has come by the rule of the city (set-up, rules), while people work; a"
        " job does so each night. Can be broken off and begun again. The last line is JSON. --check changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="only says who is due; ends with 1 where somebody is")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        begun = time.monotonic()

        def told(what: str, rows: int) -> None:
            if options["verbosity"] > 1:
                self.stderr.write(f"{what}: {rows}")

        try:
            if check:
                due = doing.left()
                self.stdout.write(json.dumps({"due": due}))
                if any(due.values()):
                    raise CommandError("somebody is due: run manage.py forget_callers", returncode=1)
                return
            done = doing.forget(by="manage.py forget_callers", step=told)
        except (doing.TwoKeys, VaultClosed) as closed:
            raise CommandError(str(closed), returncode=2) from closed
        self.stdout.write(json.dumps({**done, "seconds": round(time.monotonic() - begun, 1)}))
