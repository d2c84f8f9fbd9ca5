from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError

from hotline import roles
from hotline.accounts.models import User
from hotline.vault import keys


class Command(BaseCommand):
    help = "Brings database and assets up to date, and lays in the demo city the first time where it is wanted."

    def handle(self, *args: Any, **options: Any) -> None:
        roles.make()
        call_command("migrate", verbosity=0)
        if not roles.are_two():
            self.stderr.write(
                "One database role owns the tables and serves the pages: what happened is kept by triggers alone."
                " docs/deploy.md, “Two roles of the database”, says how to have two."
            )
        try:
            keys.usable()
        except keys.VaultClosed as closed:
            raise CommandError(str(closed)) from closed
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("load_categories", verbosity=0)
        call_command("reindex_search", verbosity=options["verbosity"] - 1)
        if "rebuild_spans" in get_commands():
            call_command("rebuild_spans", missing=True, verbosity=options["verbosity"] - 1)
        if settings.DEMO and not User.objects.exists() and "load_demo" in get_commands():
            self.stdout.write("Laying in the demo city …")
            call_command("load_demo")
