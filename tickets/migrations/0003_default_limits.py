"""The default time limits (domain.md, "Time limits"). A city changes them on the set-up pages."""

from django.db import migrations

# stage, kind, urgency, amount, unit; an empty kind or urgency means every one
DEFAULTS = (
    ("dispatch", "", "", 0.5, "work_day"),
    ("dispatch", "", "urgent", 15, "clock_minute"),
    ("accept", "", "", 1, "work_day"),
    ("accept", "", "urgent", 30, "clock_minute"),
    ("answer", "", "", 5, "work_day"),
    ("answer", "consultation", "", 2, "work_day"),
    ("answer", "praise", "", 2, "work_day"),
    ("answer", "", "urgent", 24, "clock_hour"),
    ("return", "", "", 1, "work_day"),
    ("return", "", "urgent", 30, "clock_minute"),
    ("review", "", "", 1, "work_day"),
    ("review", "", "urgent", 30, "clock_minute"),
    ("ruling", "", "", 2, "work_day"),
    ("progress", "", "", 2, "work_day"),
    ("progress", "", "urgent", 12, "clock_hour"),
    ("coordination", "", "", 2, "work_day"),
    ("follow_up", "", "", 2, "work_day"),
    ("suspension", "", "", 30, "clock_day"),
    ("warning", "", "", 1, "work_day"),
    ("warning", "", "urgent", 4, "clock_hour"),
)


def lay_in(apps, schema_editor):
    TimeLimit = apps.get_model("tickets", "TimeLimit")
    TimeLimit.objects.bulk_create(
        TimeLimit(stage=stage, kind=kind, urgency=urgency, amount=amount, unit=unit)
        for stage, kind, urgency, amount, unit in DEFAULTS
    )


def take_out(apps, schema_editor):
    apps.get_model("tickets", "TimeLimit").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("tickets", "0002_events_are_kept")]
    operations = [migrations.RunPython(lay_in, take_out)]
