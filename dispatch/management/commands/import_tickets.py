import json
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation
from rich.console import Console
from rich.progress import Progress

from dispatch import importing
from dispatch.sheets.grids import Unreadable


class Command(BaseCommand):
    help = "Takes in messages from an Excel workbook or a CSV file; safe to run again. Prints a JSON summary last."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        started = time.perf_counter()
        try:
            table = importing.read(file)
            with (
                translation.override(settings.LANGUAGE_CODE),  # what is written into tickets is in the city's language
                Progress(console=Console(stderr=True)) as progress,
            ):
                bar = progress.add_task(file.name, total=len(table.rows))
                result = importing.take_in(table.rows, step=lambda: progress.advance(bar))
                rejected = importing.write_rejected(file, table, result.rejected)
        except Unreadable as error:
            raise CommandError(str(error), returncode=2) from error
        if rejected:
            self.stderr.write(f"{len(result.rejected)} rows refused; see {rejected}")
        summary = {
            "created": result.created,
            "updated": result.updated,
            "rejected": len(result.rejected),
            "seconds": round(time.perf_counter() - started, 1),
        }
        self.stdout.write(json.dumps(summary))
