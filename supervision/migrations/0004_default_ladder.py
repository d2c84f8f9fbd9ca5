"""The steps of the ladder that a city starts with (domain.md, "urge", and domain-details.md 2.5)."""

from django.db import migrations

# step, after working days, after minutes for what is urgent, taken by itself
DEFAULTS = (
    ("reminder", 0, 0, True),
    ("lead", 0.5, 30, True),
    ("urge", 1, 60, True),
    ("order", 2, 120, False),
    ("circular", 5, 480, False),
)


def lay_in(apps, schema_editor):
    apps.get_model("supervision", "LadderRule").objects.bulk_create(
        apps.get_model("supervision", "LadderRule")(
            step=step, after_days=days, after_minutes=minutes, is_automatic=automatic
        )
        for step, days, minutes, automatic in DEFAULTS
    )


def take_out(apps, schema_editor):
    apps.get_model("supervision", "LadderRule").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("supervision", "0003_ladder_messages_and_site")]
    operations = [migrations.RunPython(lay_in, take_out)]
