from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tickets.workflow import handbook


class Command(BaseCommand):
    help = "Writes the documents that are generated from the tables; with --check says whether they are up to date."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, check: bool = False, **options: Any) -> None:
        old = []
        for path, text in handbook.documents().items():
            if path.exists() and path.read_text(encoding="utf-8") == text:
                continue
            old.append(path.name)
            if not check:
                path.write_text(text, encoding="utf-8")
        if check and old:
            raise CommandError(f"out of date: {', '.join(old)}; run make docs")
        self.stdout.write(f"{'wrote ' + ', '.join(old) if old else 'documents are up to date'}")
