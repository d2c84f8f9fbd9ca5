"""A picture says whether it shows the place before or after."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("tickets", "0033_answers_are_read")]
    operations: ClassVar = [
        migrations.AddField(
            "attachment",
            "shows",
            models.CharField(blank=True, choices=[("before", "Before"), ("after", "After")], max_length=6),
        ),
    ]
