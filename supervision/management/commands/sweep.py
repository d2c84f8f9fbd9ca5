import json
from datetime import UTC
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from hotline import instants
from supervision.clocks import sweeping


class Command(BaseCommand):
    help = "Evaluates the clocks of all tickets that are due; prints what was done as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--now", metavar="ISO", help="the instant to evaluate at, city time; default: now")

    def handle(self, *args: Any, now: str | None = None, **options: Any) -> None:
        moment = timezone.now()
        if now:
            try:
                parsed = parse_datetime(now) or parse_datetime(f"{parse_date(now)}T00:00:00")
            except ValueError:
                parsed = None
            if parsed is None:
                raise CommandError(f"--now: {now!r} is not a date or time such as 2026-04-24T09:00", returncode=2)
            moment = parsed if timezone.is_aware(parsed) else timezone.make_aware(parsed)
            try:
                instants.check(moment)
            except ValidationError as error:
                raise CommandError(f"--now: {error.message}", returncode=2) from error
            moment = moment.astimezone(UTC)
        self.stdout.write(json.dumps(sweeping.sweep(moment).as_dict()))
