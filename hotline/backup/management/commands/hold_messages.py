from typing import Any

from django.core.management.base import BaseCommand

from hotline.backup import holding
from hotline.ledger import writing
from hotline.ledger.deeds import Deed, Of


class Command(BaseCommand):
    help = (
        "Has nothing sent to anybody until `manage.py resume_messages`. `restore` does so by itself; a server that was"
        " copied otherwise, as by point-in-time recovery, is told before its processes start."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        writing.record(Deed.CHANGED, user="manage.py hold_messages", of=Of.SET_UP, page="hold_messages")
        holding.begin()
        self.stdout.write("Messages are held until manage.py resume_messages.")
