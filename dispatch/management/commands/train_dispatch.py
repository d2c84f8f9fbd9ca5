import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dispatch.models import DispatchModel, Learns


class Command(BaseCommand):
    help = (
        "Learns from the city's answered tickets which department answers what, and which category it is. Prints JSON."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        from dispatch.learned import model, training

        result: dict[str, Any] = {}
        refused = []
        for learns in Learns:
            started = time.perf_counter()
            try:
                row = training.train(learns)
            except model.TooLittle as error:
                refused.append(f"{learns}: {error}")
                result[learns] = None
                continue
            result[learns] = figures(row) | {"seconds": round(time.perf_counter() - started, 1)}
        if not any(result.values()):
            raise CommandError(f"nothing to learn from yet: {'; '.join(refused)}", returncode=2)
        self.stdout.write(json.dumps(result))


def figures(row: DispatchModel) -> dict[str, Any]:
    """What a training came to."""
    return {
        "learned_from": row.learned_from,
        "measured_on": row.measured_on,
        "accuracy": round(row.accuracy, 4),
        "floor_accuracy": round(row.floor_accuracy, 4),
        "coverage_at_97": round(row.coverage, 4),
        "in_use": row.is_used,
    }
