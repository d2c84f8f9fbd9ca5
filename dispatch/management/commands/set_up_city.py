import csv
import json
import os
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dispatch.city import laying, writing
from hotline.formulas import harmless

SHOWN = 200  # problems


class Command(BaseCommand):
    help = (
        "Lays a whole city in from a folder of sheets (regions, departments, categories, people, places, directory; "
        "xlsx or csv): all of it, or nothing where a row is wrong. Safe to run again. Prints JSON."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--write", action="store_true", help="write the city as it stands into the folder instead")
        parser.add_argument(
            "--passwords", type=Path, help="a file for the one-time passwords of new people; else they have none yet"
        )

    def handle(self, *args: Any, folder: Path, write: bool, passwords: Path | None, **options: Any) -> None:
        if write:
            try:
                names = writing.write(folder)
            except OSError as error:
                raise CommandError(f"{folder}: {error.strerror}") from error
            self.stdout.write(json.dumps({"written": names}, ensure_ascii=False))
            return
        if not folder.is_dir():
            raise CommandError(f"{folder} is no folder.")
        started = time.perf_counter()
        handle = self._for_passwords(passwords) if passwords else None
        try:
            laid = laying.lay_in(folder, with_passwords=handle is not None)
        except laying.Refused as refused:
            if passwords and handle is not None:
                handle.close()
                passwords.unlink()
            lines = [str(problem) for problem in refused.problems]
            more = [f"… {len(lines) - SHOWN}"] if len(lines) > SHOWN else []
            raise CommandError("\n".join([*lines[:SHOWN], *more]), returncode=2) from refused
        if handle is not None:
            with handle:
                writer = csv.writer(handle)
                writer.writerow(["username", "password"])
                writer.writerows((harmless(name), password) for name, password in laid.passwords.items())
        told = {name: dict(counts) for name, counts in laid.counts.items()}
        result = {**told, "not_read": laid.passed_over, "seconds": round(time.perf_counter() - started, 1)}
        self.stdout.write(json.dumps(result, ensure_ascii=False, indent=2))

    @staticmethod
    def _for_passwords(path: Path) -> Any:
        """A new file that its owner alone may read."""
        try:
            return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8-sig")
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
