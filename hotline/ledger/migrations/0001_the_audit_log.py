import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Block",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("source", models.CharField(max_length=63)),
                (
                    "columns",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), size=None),
                ),
                ("rows", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ("digests", models.BinaryField()),
                ("last", models.BigIntegerField()),
                ("key_name", models.CharField(max_length=8)),
                ("seal", models.BinaryField()),
            ],
            options={
                "ordering": ("number",),
                "indexes": [models.Index(models.F("source"), models.F("last"), name="ledger_block_of_source")],
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(verbose_name="When")),
                (
                    "deed",
                    models.CharField(
                        choices=[
                            ("seen", "looked at"),
                            ("searched", "searched"),
                            ("changed", "changed"),
                            ("exported", "exported"),
                            ("downloaded", "downloaded"),
                            ("printed", "opened to print"),
                            ("unmasked", "unmasked"),
                            ("signed_in", "signed in"),
                            ("signed_out", "signed out"),
                            ("used_token", "used an API token"),
                            ("refused", "was refused"),
                        ],
                        max_length=12,
                        verbose_name="What was done",
                    ),
                ),
                ("person", models.BigIntegerField(null=True)),
                ("who", models.CharField(blank=True, max_length=200, verbose_name="Who")),
                (
                    "role",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("operator", "Operator"),
                            ("dispatcher", "Dispatcher"),
                            ("staff", "Department staff"),
                            ("supervisor", "Supervisor"),
                            ("manager", "Manager"),
                            ("administrator", "Administrator"),
                            ("auditor", "Auditor"),
                            ("telephony", "Telephone system"),
                        ],
                        max_length=15,
                        verbose_name="Role",
                    ),
                ),
                ("department", models.CharField(blank=True, max_length=80, verbose_name="Department")),
                ("address", models.CharField(blank=True, max_length=45, verbose_name="From address")),
                (
                    "of",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "a page"),
                            ("list", "a list"),
                            ("ticket", "ticket"),
                            ("caller", "caller"),
                            ("attachment", "attachment"),
                            ("order", "supervision order"),
                            ("matter", "matter"),
                            ("meeting", "coordination on the spot"),
                            ("missed_call", "missed call"),
                            ("report", "report"),
                            ("article", "article of the knowledge base"),
                            ("message", "message"),
                            ("export", "exported file"),
                            ("account", "account"),
                            ("token", "API token"),
                            ("set_up", "set-up"),
                            ("directory", "responsibility directory"),
                            ("place", "place book"),
                            ("ledger", "audit log"),
                        ],
                        max_length=12,
                        verbose_name="Of what",
                    ),
                ),
                ("key", models.CharField(blank=True, max_length=80, verbose_name="Row")),
                ("number", models.CharField(blank=True, max_length=20, verbose_name="Ticket")),
                ("page", models.CharField(blank=True, max_length=60, verbose_name="Page")),
                ("words", models.CharField(blank=True, max_length=200, verbose_name="Words searched for")),
                ("why", models.CharField(blank=True, max_length=200, verbose_name="Reason")),
                ("told", models.CharField(blank=True, max_length=300, verbose_name="Details")),
                ("key_name", models.CharField(max_length=8)),
                ("mark", models.BinaryField()),
            ],
            options={
                "verbose_name": "entry of the audit log",
                "verbose_name_plural": "entries of the audit log",
                "ordering": ("-id",),
                "indexes": [
                    models.Index(
                        models.F("person"), models.OrderBy(models.F("id"), descending=True), name="ledger_of_person"
                    ),
                    models.Index(
                        models.F("of"),
                        models.F("key"),
                        models.OrderBy(models.F("id"), descending=True),
                        name="ledger_of_row",
                    ),
                    models.Index(
                        models.F("number"),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("number", ""), _negated=True),
                        name="ledger_of_ticket",
                    ),
                    models.Index(
                        models.F("deed"), models.OrderBy(models.F("id"), descending=True), name="ledger_of_deed"
                    ),
                ],
            },
        ),
    ]
