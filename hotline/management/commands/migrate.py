from typing import Any

from django.core.management.commands import migrate

from hotline import roles


class Command(migrate.Command):
    help = migrate.Command.help + " As the owner of the tables; the serving role is given its rights afterwards."

    def handle(self, *args: Any, **options: Any) -> None:
        with roles.as_owner():
            super().handle(*args, **options)
            roles.grant()
