from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from hotline import disk, roles
from hotline.backup import restoring
from hotline.backup.envelope import Damaged, NoKey
from hotline.backup.versions import Newer
from hotline.ledger import writing
from hotline.ledger.deeds import Deed, Of
from hotline.ledger.keys import LedgerClosed
from hotline.waiting import busy


class Command(BaseCommand):
    help = (
        "Restores a backup into an empty server: the whole file is proven first, every table is counted afterwards, and"
        " nothing is sent to anybody until `manage.py resume_messages`."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="from")
        parser.add_argument("--replace", action="store_true", help="throws away what this server holds")
        parser.add_argument("--other-keys", action="store_true", help="restores though keys of the backup are missing")
        parser.add_argument("--check", action="store_true", help="only proves the file and says what it holds")

    def handle(
        self, *args: Any, file: Path, replace: bool, other_keys: bool, check: bool, **options: Any
    ) -> None:  # fmt: skip
        try:
            content = restoring.look_through(file, settings.BACKUP_KEY)
            self._say(content)
            if check:
                return
            with roles.as_owner():
                restoring.check(content, replace=replace, other_keys=other_keys)
        except (Damaged, NoKey, Newer, restoring.Refused) as refused:
            raise CommandError(f"{refused}\nNothing was restored, nothing was touched.") from refused
        except OSError as error:
            raise CommandError(f"The backup cannot be read: {error}. Nothing was touched.") from error
        self._restore(file, content)

    def _say(self, content: restoring.Content) -> None:
        begin, sums = content.begin, content.sums
        self.stdout.write(
            f"A backup of {begin.city} as of {begin.taken_at}: {sum(sums.rows.values()):,} rows of {len(sums.rows)}"
            f" tables, {sums.files:,} files with {sums.bytes:,} bytes. The file is whole."
        )
        if content.older:
            self.stdout.write(f"It is of an older version and is migrated here: {content.older} migrations follow.")

    def _restore(self, file: Path, content: restoring.Content) -> None:
        try:
            restoring.restore(file, settings.BACKUP_KEY, content)
        except (Damaged, OSError, DatabaseError) as error:
            is_full = disk.is_full(error) or busy.cause_of(error) is busy.Cause.FULL
            told = "the disk is full" if is_full else str(error).strip()
            raise CommandError(f"Nothing was restored: {told}.") from error
        for table, rows in content.sums.rows.items():
            if rows:
                self.stdout.write(f"{rows:>12,}  {table}")
        self.stdout.write(
            f"{len(content.sums.rows)} tables have as many rows as the backup, and {content.sums.files:,} files are in"
            " place. Messages are held: nothing is sent to anybody until manage.py resume_messages. Prove the audit log"
            " by manage.py verify_ledger."
        )
        self._write_down(content)

    def _write_down(self, content: restoring.Content) -> None:
        try:
            writing.record(
                Deed.CHANGED, user="manage.py restore", of=Of.SET_UP, page="restore",
                told=f"{content.begin.city} {content.begin.taken_at}",
            )  # fmt: skip
        except LedgerClosed as closed:
            self.stderr.write(f"The audit log does not say that this was restored: {closed}")
        connection.close()
