"""What is open and like a call is found while it is typed, by an index of open tickets alone; nobody waits for it."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

OPEN_STATUSES = (
    "registered", "dispatched", "working", "return_asked", "ruling", "coordinating", "suspended", "follow_up",
)  # fmt: skip


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar = [
        ("accounts", "0005_account_events_are_kept_and_clear_tokens_go"),
        ("tickets", "0016_the_place_book"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        AddIndexConcurrently(
            "ticket",
            GinIndex(
                models.F("search"), name="ticket_search_open", condition=models.Q(status__in=OPEN_STATUSES),
                fastupdate=False,
            ),
        )
    ]  # fmt: skip
