"""The index of a ticket's events says who did what, so that the measures of dispatching read no event.

It serves the key of the ticket too, which needs no index of its own: one index fewer is written with each event. Made
beside running work.
"""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

TABLE = "tickets_ticketevent"
WITH_WHO = models.UniqueConstraint(
    fields=["ticket", "sequence"], include=["action", "actor", "department", "at"], name="event_sequence"
)


def _replaced(include: str) -> list[str]:
    return [
        f"CREATE UNIQUE INDEX CONCURRENTLY event_sequence_anew ON {TABLE} (ticket_id, sequence){include}",
        f"ALTER TABLE {TABLE} DROP CONSTRAINT event_sequence,"
        " ADD CONSTRAINT event_sequence UNIQUE USING INDEX event_sequence_anew",
    ]


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar = [("tickets", "0031_what_has_to_do_with_what")]
    operations: ClassVar = [
        migrations.SeparateDatabaseAndState(
            [migrations.RunSQL(_replaced(" INCLUDE (action, actor_id, department_id, at)"), _replaced(""))],
            [
                migrations.RemoveConstraint("ticketevent", "event_sequence"),
                migrations.AddConstraint("ticketevent", WITH_WHO),
            ],
        ),
        migrations.AlterField(
            "ticketevent",
            "ticket",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="tickets.ticket",
            ),
        ),
    ]
