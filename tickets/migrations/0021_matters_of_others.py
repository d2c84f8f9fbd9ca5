"""What is not accepted and what callers are told of it: the table that a city begins with."""

from django.db import migrations, models


def lay_in(apps, schema_editor):
    from tickets import elsewhere

    elsewhere.lay_in(apps.get_model("tickets", "Elsewhere"))


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0020_rows_are_passed_over_in_the_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="Elsewhere",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, unique=True, verbose_name="what it is")),
                (
                    "ground",
                    models.CharField(
                        choices=[
                            ("outside_city", "Not the city government's business"),
                            ("emergency_line", "A matter for 110, 119 or 120"),
                            ("other_powers", "A matter of the Party, the courts, the procuratorate or the army"),
                            ("litigation", "To be settled by litigation, arbitration or review"),
                            ("procedure", "Already in a legal procedure or a petition"),
                            ("secret", "Touches state or business secrets or privacy"),
                            ("same_matter", "Same matter under way or finished, no new facts"),
                            ("abusive", "Unlawful or abusive"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                        verbose_name="ground of refusal",
                    ),
                ),
                ("number", models.CharField(blank=True, max_length=20, verbose_name="number to give")),
                ("is_emergency", models.BooleanField(default=False, verbose_name="emergency: shown first and loud")),
                (
                    "cues",
                    models.TextField(
                        help_text="Parted by blanks; 信访+答复 asks for both.",
                        verbose_name="words by which it is known",
                    ),
                ),
                ("unless", models.TextField(blank=True, verbose_name="not where one of these words stands")),
                ("words", models.TextField(max_length=600, verbose_name="what the caller is told")),
                ("is_used", models.BooleanField(default=True, verbose_name="in use")),
            ],
            options={
                "verbose_name": "matter of others",
                "verbose_name_plural": "matters of others",
                "ordering": ["-is_emergency", "pk"],
            },
        ),
        migrations.RunPython(lay_in, migrations.RunPython.noop),
    ]
