import getpass
import os
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from hotline import text
from hotline.accounts import journal
from hotline.accounts.models import AccountEvent, User
from hotline.accounts.permissions import Role
from hotline.ledger.deeds import Deed, Of
from hotline.ledger.writing import record


class Command(BaseCommand):
    help = (
        "Makes an administrator: the first of a new city, who sets up everything else on the set-up pages, or another "
        "where there is none left to decide with. It stands in the audit log."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("full_name")

    def handle(self, *args: Any, username: str, full_name: str, **options: Any) -> None:
        username, full_name = text.one_line(username), text.one_line(full_name)
        if User.objects.filter(username=username).exists():
            raise CommandError(f"{username} is taken.")
        password = text.as_typed(os.environ.get("HOTLINE_ADMIN_PASSWORD") or getpass.getpass("Password: "))
        person = User(username=username, full_name=full_name, role=Role.ADMINISTRATOR)
        try:
            validate_password(password, person)
            person.set_password(password)
            person.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        with transaction.atomic():
            person.save()
            journal.record(AccountEvent.Kind.MADE_BY_COMMAND, person, by=None)
            record(
                Deed.CHANGED, user="create_administrator", of=Of.ACCOUNT, key=person.pk,
                told=f"{username} role:  → {person.role}",
            )  # fmt: skip
        self.stdout.write(f"{username} may sign in now.")
