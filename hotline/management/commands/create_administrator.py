import getpass
import os
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hotline import text
from hotline.accounts.models import User
from hotline.accounts.permissions import Role


class Command(BaseCommand):
    help = "Makes the first administrator of a new city, who sets up everything else on the set-up pages."

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
        person.save()
        self.stdout.write(f"{username} may sign in now.")
