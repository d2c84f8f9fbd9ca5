from datetime import date

import chinese_calendar
from django.db import migrations, models
from django.utils import timezone


def mark_years(apps, schema_editor):
    """Deadlines of an installation that is in use were counted by weekdays alone in the years not announced yet."""
    arrangements = apps.get_model("worktime", "Arrangement").objects
    if not arrangements.exists():
        return
    this_year = timezone.localdate().year
    for year in range(this_year, this_year + 3):
        try:
            chinese_calendar.is_workday(date(year, 1, 1))
        except NotImplementedError:
            row = {"is_by_weekdays": True, "since": timezone.now()}
            arrangements.get_or_create(year=year, defaults=row)


class Migration(migrations.Migration):
    dependencies = [("worktime", "0002_arrangements")]

    operations = [
        migrations.AddField(
            model_name="arrangement",
            name="is_by_weekdays",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.RunPython(mark_years, migrations.RunPython.noop),
    ]
