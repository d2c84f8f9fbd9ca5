import os
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from hotline import embedded, health, processes
from hotline.accounts.models import User
from hotline.accounts.views import DEMO_PASSWORD
from hotline.running import ready
from hotline.running.supervisor import AlreadyRunning, Claim, Supervisor


class Command(BaseCommand):
    help = "Runs the whole hotline: database and broker where none are configured, web, worker, beat and builder."
    requires_system_checks = ()  # prepare makes them, once the port is known to be free

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = ready.where()
        try:
            claim = Claim(settings.DATA_DIR, f"http://{host}:{port}/")
        except AlreadyRunning as running:
            raise CommandError(str(running)) from running
        if objection := ready.objection_to_port(host, port):
            raise CommandError(objection)
        call_command("prepare")
        health.forget_heartbeats()  # those of an earlier run say nothing of this one
        self._greet(f"http://{host}:{port}/")
        os.environ.pop("DATABASE_OWNER_URL", None)  # what serves pages need not know it
        sys.exit(Supervisor(claim, embedded.gone).run(processes.commands()))

    def _greet(self, address: str) -> None:
        self.stdout.write(f"\n  {settings.CITY_NAME} 12345: {address}")
        if settings.DEMO:
            seen: set[str] = set()
            for person in User.objects.filter(is_demo=True).order_by("role", "username"):
                if person.role not in seen:
                    seen.add(person.role)
                    self.stdout.write(f"    {person.username:<12} {person.get_role_display()}")
            self.stdout.write(f"    password of all demo accounts: {DEMO_PASSWORD}\n")
        sys.stdout.flush()
