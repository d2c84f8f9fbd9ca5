import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hotline.vault import keys, rotating


class Command(BaseCommand):
    help = (
        "Brings all personal data to the first key of PERSONAL_KEYS and the first suite of CRYPTO_SUITE, while people"
        " work; can be broken off and begun again. The last line is JSON. --check only says what is left to do."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="changes nothing; ends with 1 where something is left")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        begun = time.monotonic()

        def told(what: str, rows: int) -> None:
            if options["verbosity"] > 1:
                self.stderr.write(f"{what}: {rows}")

        try:
            if check:
                self._check()
                return
            count = rotating.rotate(told)
        except (keys.VaultClosed, rotating.Unfinished) as closed:
            raise CommandError(str(closed), returncode=2) from closed
        said = {"rows": count, "seconds": round(time.monotonic() - begun, 1), "key": keys.ring()[0].name.hex()}
        self.stdout.write(json.dumps(said))

    def _check(self) -> None:
        found = rotating.left()
        self.stdout.write(json.dumps({"left": found, "keys": keys.fingerprints()}))
        if found:
            raise CommandError("not all of it is the first key's: run manage.py rotate_keys", returncode=1)
