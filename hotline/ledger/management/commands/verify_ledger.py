import json
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hotline.ledger import sealing, verifying
from hotline.ledger.keys import LedgerClosed


class Command(BaseCommand):
    help = (
        "Proves the audit log: seals, sealed rows, marks, anchors, and each ticket's state recomputed from its events."
        " The last line is JSON; ends with 1 where anything is wrong, with 2 where no key fits."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
        parser.add_argument("--seal", action="store_true", help="first seals what was committed by now")

        parser.add_argument("--whole", action="store_true", help="also works out every limit of every ticket anew")

    def handle(self, *args: Any, processes: int, seal: bool, whole: bool, **options: Any) -> None:
        try:
            if seal:
                sealing.seal()
            found = verifying.verify(processes=max(1, processes), whole=whole)
        except LedgerClosed as closed:
            raise CommandError(str(closed), returncode=2) from closed
        for said in found.findings:
            self.stdout.write(said)
        if found.wrong > len(found.findings):
            self.stdout.write(f"… and {found.wrong - len(found.findings)} more")
        self.stdout.write(json.dumps(verifying.as_dict(found)))
        if found.wrong:
            raise CommandError(f"{found.wrong} wrong; the first: {found.first_wrong}", returncode=1)
