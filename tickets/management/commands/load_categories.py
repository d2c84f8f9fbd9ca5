from typing import Any

from django.core.management.base import BaseCommand

from tickets import categories


class Command(BaseCommand):
    help = "Lays in the default category tree; what is there already stays as it is."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{categories.load_default()} categories added")
