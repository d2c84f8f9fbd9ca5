"""Assisting departments become contributions with a clock of their own; the limits of both parts are laid in."""

from django.db import migrations
from django.db.models import F
from django.utils import timezone

# stage, kind, urgency, amount, unit; an assisting answer comes before the responsible department's
DEFAULTS = (
    ("assist", "", "", 3, "work_day"),
    ("assist", "consultation", "", 1, "work_day"),
    ("assist", "", "urgent", 12, "clock_hour"),
    ("opinion", "", "", 1, "work_day"),
    ("opinion", "", "urgent", 4, "clock_hour"),
)


def lay_in(apps, schema_editor):
    TimeLimit = apps.get_model("tickets", "TimeLimit")
    TimeLimit.objects.filter(stage="warning").delete()  # warnings are shares of the limit now (CityRule)
    TimeLimit.objects.bulk_create(
        TimeLimit(stage=stage, kind=kind, urgency=urgency, amount=amount, unit=unit)
        for stage, kind, urgency, amount, unit in DEFAULTS
    )


def take_out(apps, schema_editor):
    apps.get_model("tickets", "TimeLimit").objects.filter(stage__in=("assist", "opinion")).delete()


def to_contributions(apps, schema_editor):
    Ticket = apps.get_model("tickets", "Ticket")
    Contribution = apps.get_model("tickets", "Contribution")
    now = timezone.now()
    rows = Ticket.assisting.through.objects.select_related("ticket")
    Contribution.objects.bulk_create(
        Contribution(
            ticket=row.ticket, department_id=row.department_id, part="assist", round=row.ticket.round,
            asked_at=row.ticket.assigned_at or row.ticket.registered_at, due_at=row.ticket.answer_due_at or now,
            given_at=row.ticket.answered_at,
        )
        for row in rows
    )  # fmt: skip
    Ticket.objects.filter(dispatched_at__isnull=False, clock_from__isnull=True).update(
        clock_from=F("dispatched_at"), stage_from=F("status_since")
    )


class Migration(migrations.Migration):
    dependencies = [("tickets", "0004_contributions_clocks_and_risk")]
    operations = [
        migrations.RunPython(lay_in, take_out),
        migrations.RunPython(to_contributions, migrations.RunPython.noop),
        # Rows have been written above: their deferred checks are made before the table is changed again.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL IMMEDIATE"),
        migrations.RemoveField(model_name="ticket", name="assisting"),
    ]
