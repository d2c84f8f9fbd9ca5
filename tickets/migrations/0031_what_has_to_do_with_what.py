"""PostgreSQL counts which departments have which kinds, channels, urgencies and statuses.

It took them to have nothing to do with each other, expected a bureau to have its share of the praise, and passed over
the whole index of an order to find that it has none.
"""

from typing import ClassVar

from django.db import migrations

COLUMNS = "department_id, kind, channel, urgency, status"
COUNTED = [
    f"CREATE STATISTICS ticket_narrowed (mcv) ON {COLUMNS} FROM tickets_ticket",
    "ALTER STATISTICS ticket_narrowed SET STATISTICS 1000",
]


class Migration(migrations.Migration):
    dependencies: ClassVar = [("tickets", "0030_lines_of_others_brought_up")]
    operations: ClassVar = [migrations.RunSQL(COUNTED, "DROP STATISTICS ticket_narrowed")]
