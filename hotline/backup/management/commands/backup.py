from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hotline import disk
from hotline.backup import taking
from hotline.backup.envelope import NoKey
from hotline.ledger import writing
from hotline.ledger.deeds import Deed, Of
from hotline.ledger.keys import LedgerClosed


class Command(BaseCommand):
    help = (
        "Writes everything that must not be lost into one encrypted file: all tables as of one moment, all files, the"
        " anchors of the audit log. HOTLINE_BACKUP_KEY is the key; without it nothing can be restored."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("to", type=Path, help="a file that is not there yet, or a folder")

    def handle(self, *args: Any, to: Path, **options: Any) -> None:
        try:
            path = taking.target(to)
            sums = taking.take(path)
        except (taking.Refused, NoKey) as refused:
            raise CommandError(f"{refused}.") from refused
        except OSError as error:
            said = "the disk is full" if disk.is_full(error) else str(error)
            raise CommandError(f"No backup was made: {said}. What was begun has been taken away.") from error
        self.stdout.write(
            f"{path}: {path.stat().st_size:,} bytes; {sum(sums.rows.values()):,} rows of {len(sums.rows)} tables,"
            f" {sums.files:,} files with {sums.bytes:,} bytes.\n"
            "It holds no keys: keep SECRET_KEY, LEDGER_KEYS and PERSONAL_KEYS, and HOTLINE_BACKUP_KEY, apart from it."
        )
        _write_down(self, path.name, settings.CITY_NAME)


def _write_down(command: BaseCommand, name: str, city: str) -> None:
    """A copy of everything was taken out: the audit log says so, and that it cannot is no reason to have no backup."""
    try:
        writing.record(Deed.EXPORTED, user="manage.py backup", of=Of.SET_UP, page="backup", told=f"{city} {name}")
    except LedgerClosed as closed:
        command.stderr.write(f"The audit log does not say that this backup was made: {closed}")
