from typing import Any

from django.core.management.commands import migrate

from hotline import roles
from hotline.running import memory


class Command(migrate.Command):
    help = (
        migrate.Command.help
        + " As the owner of the tables; what is kept is guarded and the serving role given its rights afterwards."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        memory.settle()  # a hundred migrations make half a million objects that they need to the end
        with roles.as_owner():
            super().handle(*args, **options)
            roles.guard()
            roles.grant()
