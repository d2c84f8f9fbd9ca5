"""Missed calls, and within what time their callers are called back."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def lay_in(apps, schema_editor):
    apps.get_model("tickets", "TimeLimit").objects.create(stage="call_back", amount=30, unit="clock_minute")


def take_out(apps, schema_editor):
    apps.get_model("tickets", "TimeLimit").objects.filter(stage="call_back").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0021_matters_of_others"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="timelimit",
            name="stage",
            field=models.CharField(
                choices=[
                    ("dispatch", "Dispatch a recorded ticket"),
                    ("accept", "Accept a dispatched ticket"),
                    ("answer", "Answer, counted from the first dispatch"),
                    ("return", "Ask to return, counted from the dispatch"),
                    ("review", "Review a return"),
                    ("assist", "Answer as an assisting department"),
                    ("opinion", "Give an opinion in a dispute"),
                    ("ruling", "Rule on a dispute"),
                    ("progress", "Longest time in work without a word"),
                    ("coordination", "Longest time in coordination without a word"),
                    ("follow_up", "Make the follow-up call"),
                    ("suspension", "Look again at a suspended ticket"),
                    ("call_back", "Call back after a missed call"),
                ],
                max_length=15,
                verbose_name="stage",
            ),
        ),
        migrations.CreateModel(
            name="MissedCall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("phone", models.CharField(blank=True, max_length=30, verbose_name="telephone")),
                ("missed_at", models.DateTimeField(verbose_name="missed at")),
                ("due_at", models.DateTimeField(blank=True, null=True, verbose_name="to be called back by")),
                ("taken_at", models.DateTimeField(blank=True, null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("called_back_at", models.DateTimeField(blank=True, null=True, verbose_name="called back at")),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("reached", "Reached"),
                            ("not_reached", "Not reached"),
                            ("called_again", "Got through by themselves"),
                            ("picked_up", "Picked up after all"),
                            ("no_number", "Number withheld"),
                        ],
                        max_length=12,
                        verbose_name="outcome",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                (
                    "call",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="missed", to="tickets.call"
                    ),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "taken_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="missed_calls",
                        to="tickets.ticket",
                    ),
                ),
            ],
            options={
                "verbose_name": "missed call",
                "verbose_name_plural": "missed calls",
                "indexes": [
                    models.Index(
                        models.F("due_at"), condition=models.Q(("settled_at__isnull", True)), name="missed_call_open"
                    ),
                    models.Index(
                        models.F("phone"), condition=models.Q(("phone", ""), _negated=True), name="missed_call_phone"
                    ),
                    models.Index(
                        models.F("due_at"),
                        models.F("id"),
                        condition=models.Q(("due_at__isnull", False)),
                        name="missed_call_due",
                    ),
                    models.Index(models.F("missed_at"), models.F("id"), name="missed_call_newest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", ""), ("settled_at__isnull", True)),
                            models.Q(("settled_at__isnull", False), models.Q(("outcome", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="missed_call_settled_with_outcome",
                    )
                ],
            },
        ),
        migrations.RunPython(lay_in, take_out),
    ]
