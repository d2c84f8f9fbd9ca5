import json
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dispatch.sheets import tables
from dispatch.sheets.grids import Unreadable
from dispatch.sheets.tables import Columns

COLUMNS = Columns(
    {
        "title": ("留言主题", "标题", "主题"),
        "body": ("留言详情", "内容", "正文"),
        "topic": ("一级标签", "一级分类", "分类", "承办单位"),
    },
    needed=("title", "body", "topic"),
)


class Command(BaseCommand):
    help = "Learns from one CSV file and measures on another (title, body, topic). Touches no database row."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--train", type=Path, required=True)
        parser.add_argument("--test", type=Path, required=True)

    def handle(self, *args: Any, train: Path, test: Path, **options: Any) -> None:
        from dispatch.learned import model  # scikit-learn takes a second to load, and no other command needs it

        started = time.perf_counter()
        examples, topics = _read(train)
        asked, known = _read(test)
        try:
            learned = model.Learned.learn(examples, topics)
        except model.TooLittle as error:
            raise CommandError(f"{train}: {error}", returncode=2) from error
        guesses = learned.guess(asked)
        scores = model.score(known, [guess.label for guess in guesses], [guess.confidence for guess in guesses])
        result = {
            "accuracy": round(scores.accuracy, 4),
            "macro_f1": round(scores.macro_f1, 4),
            "coverage_at_97": round(scores.coverage, 4),
            "seconds": round(time.perf_counter() - started, 1),
        }
        self.stdout.write(json.dumps(result))


def _read(path: Path) -> tuple[list[Any], list[str]]:
    from dispatch.learned.model import Example

    try:
        rows = tables.read_file(path, COLUMNS).rows
    except Unreadable as error:
        raise CommandError(str(error), returncode=2) from error
    if not rows:
        raise CommandError(f"{path}: holds no rows", returncode=2)
    if faulty := next((row for row in rows if row.fault), None):
        raise CommandError(f"{path}: row {faulty.number}: {faulty.fault}", returncode=2)
    examples = [Example(row.values["title"], row.values["body"]) for row in rows]
    return examples, [row.values["topic"] for row in rows]
