import json
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from demo import alerts, articles, city, places, steel_plates, telephone
from demo.generator import Generator
from supervision.clocks import sweeping
from supervision.ladder import articles as ends
from tickets.models import Ticket


class Command(BaseCommand):
    help = "Lays in the demo city: Xiaogan, its people, 60 days of tickets, and the steel-plate case."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--tickets", type=int, default=settings.DEMO_TICKETS, help="how many calls of everyday life"
        )
        parser.add_argument("--days", type=int, default=60, help="over how many days before today")
        parser.add_argument("--seed", type=int, default=12345)
        parser.add_argument("--city-only", action="store_true", help="people and duties, no tickets")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo city is for demo installations; set HOTLINE_DEMO=1.")
        started = time.perf_counter()
        city.lay_in()
        articles.lay_in()
        if not options["city_only"] and not Ticket.objects.exists():
            self._lay_in_tickets(options["tickets"], options["days"], options["seed"])
        seconds = round(time.perf_counter() - started, 1)
        self.stdout.write(json.dumps({"tickets": Ticket.objects.count(), "seconds": seconds}))

    @transaction.atomic
    def _lay_in_tickets(self, tickets: int, days: int, seed: int) -> None:
        now = timezone.now()
        generator = Generator(now=now, days=days, seed=seed)
        generator.make(tickets)
        generator.make_hot_matters(9)
        generator.make_frequent_callers(8)
        steel_plates.stand(now)
        telephone.stand(now)
        ends.tell(now)
        places.learn(now)
        alerts.stand(now)
        sweeping.sweep()
