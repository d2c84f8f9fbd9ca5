import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from matters import pairs


class Command(BaseCommand):
    help = "Learns what is one matter from what people joined and told apart, on top of the shipped decision."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--default", action="store_true", help="learn the shipped decision anew from made-up calls, and write it"
        )

    def handle(self, *args: Any, default: bool, **options: Any) -> None:
        if default:
            from matters import learning

            pairs.DEFAULT.write_text(learning.default().as_json(), encoding="utf-8")
            self.stdout.write(f"written to {pairs.DEFAULT.name}")
            return
        from matters import by_choices

        try:
            row = by_choices.train()
        except by_choices.TooLittle as error:
            raise CommandError(f"too little to learn from: {error}") from error
        result = {
            "learned_from": row.learned_from, "measured_on": row.measured_on, "right": round(row.right, 4),
            "right_before": round(row.right_before, 4), "in_use": row.is_used,
        }  # fmt: skip
        self.stdout.write(json.dumps(result))
