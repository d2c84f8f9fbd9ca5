"""Deadlines and meetings that were typed with a slip of the hand come within reach, as those of tickets do."""

from django.db import migrations

COLUMNS = (("supervisionorder", "due"), ("coordinationtask", "due"), ("coordinationtask", "meets_at"))


def clamp(table, column):
    return migrations.RunSQL(
        f"UPDATE supervision_{table} SET {column} = LEAST(GREATEST({column}, '2000-01-01'), '2200-01-01')"  # noqa: S608
        f" WHERE {column} < '2000-01-01' OR {column} > '2200-01-01'",
        migrations.RunSQL.noop,
    )


class Migration(migrations.Migration):
    dependencies = [("supervision", "0005_board_reads_flags_alone")]

    operations = [clamp(table, column) for table, column in COLUMNS]
