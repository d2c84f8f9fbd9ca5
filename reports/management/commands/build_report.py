import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reports import building, periods
from reports.models import SCHEDULED
from reports.runs import life


class Command(BaseCommand):
    help = "Builds a weekly (2019-W22) or monthly (2019-05) report; writes its Word and Excel files to --out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=[kind.value for kind in SCHEDULED])
        parser.add_argument("period", help="2019-W22 or 2019-05")
        parser.add_argument("--out", type=Path, help="folder for the files; made if it is missing")

        parser.add_argument("--reason", default="", help="what is corrected, where the report was issued")

    def handle(
        self, *args: Any, kind: str, period: str, out: Path | None = None, reason: str = "", **options: Any
    ) -> None:
        try:
            found = periods.parse(kind, period)
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        if out:
            try:
                out.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise CommandError(f"--out: {error}", returncode=2) from error
        try:
            run = building.build(found, reason=reason)
        except life.Objection as objection:
            raise CommandError(f"{objection.message} (--reason)", returncode=2) from objection
        files = []
        for file, suffix in ((run.docx, "docx"), (run.xlsx, "xlsx")):
            target = Path(file.path)
            if out:
                target = out / f"{kind}-{found.label}.{suffix}"
                with file.open("rb") as source:
                    target.write_bytes(source.read())
            files.append(str(target))
        headline = {row[0]: row[1] for row in run.sections[0]["rows"]}
        self.stdout.write(
            json.dumps(
                {"report": run.pk, "period": found.label, "files": files, "figures": headline}, ensure_ascii=False
            )
        )
