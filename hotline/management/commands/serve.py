import os
import shlex
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from honcho.manager import Manager
from honcho.printer import Printer

from hotline import health, processes
from hotline.accounts.models import User
from hotline.accounts.views import DEMO_PASSWORD

STOPPED_BY_HAND = 130  # what the shell makes of Ctrl-C


class Command(BaseCommand):
    help = "Runs the whole hotline: database and broker where none are configured, web, worker and beat."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("prepare")
        health.forget_heartbeats()  # those of an earlier run say nothing of this one
        self._greet()
        manager = Manager(Printer(sys.stdout))
        for name, command in processes.commands().items():
            manager.add_process(name, f"exec {shlex.join(command)}", env={**os.environ, "PYTHONUNBUFFERED": "1"})
        manager.loop()
        sys.exit(0 if manager.returncode in (None, STOPPED_BY_HAND) else manager.returncode)

    def _greet(self) -> None:
        address = f"http://{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}/"
        self.stdout.write(f"\n  {settings.CITY_NAME} 12345: {address}")
        if settings.DEMO:
            seen: set[str] = set()
            for person in User.objects.filter(is_demo=True).order_by("role", "username"):
                if person.role not in seen:
                    seen.add(person.role)
                    self.stdout.write(f"    {person.username:<12} {person.get_role_display()}")
            self.stdout.write(f"    password of all demo accounts: {DEMO_PASSWORD}\n")
        sys.stdout.flush()
