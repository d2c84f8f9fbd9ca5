"""The directory gets validity, assisting departments, senders below the city, and versions."""

from datetime import date

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

SINCE = date(2020, 1, 1)


def number_what_is_there(apps, schema_editor):
    """Lines laid in before there were versions become version 1, valid for long."""
    entries = apps.get_model("dispatch", "DirectoryEntry").objects.filter(brought_in__isnull=True)
    if not entries.exists():
        return
    now = timezone.now()
    first = apps.get_model("dispatch", "DirectoryVersion").objects.create(
        number=1, state="in_force", note="建立", made_at=now, settled_at=now
    )
    entries.update(brought_in=first, valid_from=SINCE)


def person(related_name="+"):
    return models.ForeignKey(
        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name=related_name,
        to=settings.AUTH_USER_MODEL,
    )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("dispatch", "0002_learned_suggestions"),
        ("tickets", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="DirectoryVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(null=True, unique=True, verbose_name="version")),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("in_force", "Put in force"), ("discarded", "Discarded")],
                        default="draft", max_length=10, verbose_name="state",
                    ),
                ),
                ("note", models.CharField(max_length=200, verbose_name="what it is about")),
                ("base", models.PositiveIntegerField(default=0, verbose_name="drafted on version")),
                ("withdrawn", models.JSONField(default=list)),
                ("brought", models.JSONField(default=list)),
                ("made_at", models.DateTimeField(verbose_name="drafted at")),
                (
                    "settled_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="put in force or discarded at"),
                ),
                ("made_by", person()),
                ("settled_by", person()),
            ],
            options={"verbose_name": "directory version", "verbose_name_plural": "directory versions"},
        ),
        migrations.RemoveConstraint(model_name="directoryentry", name="one_department_for_a_duty"),
        migrations.AddField(
            model_name="directoryentry", name="assisting",
            field=models.ManyToManyField(
                blank=True, related_name="+", to="accounts.department", verbose_name="assisting departments"
            ),
        ),
        migrations.AddField(
            model_name="directoryentry", name="sender",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                to="accounts.department", verbose_name="sent by",
            ),
        ),
        migrations.AddField(
            model_name="directoryentry", name="valid_from",
            field=models.DateField(default=SINCE, verbose_name="valid from"), preserve_default=False,
        ),
        migrations.AddField(
            model_name="directoryentry", name="valid_until",
            field=models.DateField(blank=True, null=True, verbose_name="last day valid"),
        ),
        migrations.AlterField(
            model_name="directoryentry", name="category",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tickets.category",
                verbose_name="category",
            ),
        ),
        migrations.AlterField(
            model_name="directoryentry", name="region",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.region",
                verbose_name="region",
            ),
        ),
        migrations.AlterField(
            model_name="directoryentry", name="department",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="directory", to="accounts.department",
                verbose_name="responsible department",
            ),
        ),
        migrations.AddField(
            model_name="directoryentry", name="withdrawn_in",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT,
                related_name="withdrawn_lines", to="dispatch.directoryversion",
            ),
        ),
        migrations.AddField(
            model_name="directoryentry", name="brought_in",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="lines",
                to="dispatch.directoryversion",
            ),
        ),
        migrations.RunPython(number_what_is_there, migrations.RunPython.noop),
        # Rows have been written above: their deferred checks are made before the table is changed again.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL IMMEDIATE"),
        migrations.AlterField(
            model_name="directoryentry", name="brought_in",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="dispatch.directoryversion"
            ),
        ),
        migrations.AddIndex(
            model_name="directoryentry",
            index=models.Index(
                models.F("category"), models.F("region"), condition=models.Q(("withdrawn_in__isnull", True)),
                name="line_standing",
            ),
        ),
        migrations.AddConstraint(
            model_name="directoryentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_in__isnull", True)),
                fields=("sender", "category", "region", "valid_from"), name="one_line_from_a_day",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="directoryentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_until__isnull", True), ("valid_until__gte", models.F("valid_from")), _connector="OR"
                ),
                name="line_ends_after_it_begins",
            ),
        ),
    ]  # fmt: skip
