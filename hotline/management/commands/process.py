import os
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from hotline import processes


class Command(BaseCommand):
    help = "Becomes one process of the hotline (web, worker, beat or builder); what a container runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=list(processes.commands()))

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        command = processes.commands()[name]
        os.execv(command[0], command)  # noqa: S606 - a command of our own list
