"""How far old rows have been brought up to how text is cut now: manage.py reindex_search."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0012_matters_named_after_tickets"),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchIndex",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cut", models.PositiveSmallIntegerField(default=1)),
                ("done_to", models.BigIntegerField(default=0)),
            ],
        ),
    ]
