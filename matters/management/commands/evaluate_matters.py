import json
import statistics
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from matters import measuring


class Command(BaseCommand):
    help = "Measures how matters are found, on messages of which it is known what they are about. Leaves no row behind."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--messages", type=Path, required=True, help="CSV: message_id, user, title, created, body")
        parser.add_argument("--truth", type=Path, required=True, help="CSV: message_id, matter")

    def handle(self, *args: Any, messages: Path, truth: Path, **options: Any) -> None:
        try:
            read, known = measuring.read_messages(messages), measuring.read_truth(truth)
        except (OSError, ValueError, KeyError) as error:
            raise CommandError(f"{error}") from error
        started = time.perf_counter()
        found = measuring.run(read)
        seconds = time.perf_counter() - started
        result = measuring.score(read, known, found)
        for matter, one in result.pop("matters").items():
            self.stdout.write(f"{matter}: {one}")
        quantiles = statistics.quantiles(found.milliseconds, n=20) if len(found.milliseconds) > 1 else [0.0] * 19
        result |= {
            "seconds": round(seconds, 1), "messages": len(read), "joined": found.joined,
            "threads": len(set(found.threads)), "p95_ms": round(quantiles[18], 1),
        }  # fmt: skip
        self.stdout.write(json.dumps(result, ensure_ascii=False))
