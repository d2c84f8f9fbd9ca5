from typing import Any

from django.core.management.base import BaseCommand

from hotline.backup import holding
from hotline.ledger import writing
from hotline.ledger.deeds import Deed, Of


class Command(BaseCommand):
    help = "Lets a restored server send messages: it is the city's server from now on. What waited goes out."

    def handle(self, *args: Any, **options: Any) -> None:
        if not holding.is_on():
            self.stdout.write("Messages are not held.")
            return
        writing.record(Deed.CHANGED, user="manage.py resume_messages", of=Of.SET_UP, page="resume_messages")
        holding.end()
        self.stdout.write("Messages go out again, and so does what has waited.")
