import csv
import json
import os
import time
from collections.abc import Mapping
from functools import partial
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
            "--passwords",
            type=Path,
            help="a new file for the one-time passwords of new people; without it they have none yet",
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
        try:
            laid = laying.lay_in(folder, hand_on=partial(self._write, passwords) if passwords else None)
        except laying.Refused as refused:
            lines = [str(problem) for problem in refused.problems]
            more = [f"… {len(lines) - SHOWN}"] if len(lines) > SHOWN else []
            raise CommandError("\n".join([*lines[:SHOWN], *more]), returncode=2) from refused
        told = {name: dict(counts) for name, counts in laid.counts.items()}
        result = {**told, "not_read": laid.passed_over, "seconds": round(time.perf_counter() - started, 1)}
        self.stdout.write(json.dumps(result, ensure_ascii=False, indent=2))

    @staticmethod
    def _write(path: Path, passwords: Mapping[str, str]) -> None:
        """Writes one-time passwords into a new file that its owner alone may read."""
        try:
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise CommandError(
                f"{path} is there already and may hold passwords that are still needed: name another file for those "
                "of the new people. Nothing was laid in."
            ) from error
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}. Nothing was laid in.") from error
        try:
            with os.fdopen(number, "w", encoding="utf-8-sig") as handle:
                writer = csv.writer(handle)
                writer.writerow(["username", "password"])
                writer.writerows((harmless(name), password) for name, password in passwords.items())
        except OSError as error:
            path.unlink()
            raise CommandError(f"{path}: {error.strerror}. Nothing was laid in.") from error
