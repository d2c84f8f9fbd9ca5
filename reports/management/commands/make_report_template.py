from typing import Any

from django.core.management.base import BaseCommand

from reports.files import shipped


class Command(BaseCommand):
    help = "Writes the report template that is shipped (reports/files/report-template.docx) anew from code."

    def handle(self, *args: Any, **options: Any) -> None:
        shipped.PATH.write_bytes(shipped.made())
        self.stdout.write(str(shipped.PATH))
