import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Learns from the city's answered tickets which department answers what. Prints JSON."

    def handle(self, *args: Any, **options: Any) -> None:
        from dispatch.learned import model, training

        started = time.perf_counter()
        try:
            row = training.train()
        except model.TooLittle as error:
            raise CommandError(f"nothing to learn from yet: {error}", returncode=2) from error
        result = {
            "learned_from": row.learned_from,
            "measured_on": row.measured_on,
            "accuracy": round(row.accuracy, 4),
            "directory_accuracy": round(row.directory_accuracy, 4),
            "coverage_at_97": round(row.coverage, 4),
            "in_use": row.is_used,
            "seconds": round(time.perf_counter() - started, 1),
        }
        self.stdout.write(json.dumps(result))
