import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def give_editions(apps: object, editor: object) -> None:
    """What was built before reports had a life is a draft of its report."""
    Run, Report, Edition = (apps.get_model("reports", name) for name in ("ReportRun", "Report", "Edition"))  # type: ignore[attr-defined]
    drafts: dict[int, int] = {}
    for run in Run.objects.order_by("built_at", "pk").defer("sections"):
        report, _is_new = Report.objects.get_or_create(
            kind=run.kind, period=run.period, scope="", unit=None, defaults={"start": run.start, "end": run.end}
        )
        drafts[report.pk] = drafts.get(report.pk, 0) + 1
        Edition.objects.create(report=report, run=run, draft=drafts[report.pk])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_where_regions_lie"),
        ("reports", "0004_report_templates"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="reportrun",
            name="kind",
            field=models.CharField(
                choices=[("weekly", "Weekly report"), ("monthly", "Monthly report"), ("special", "Special report")],
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="reportrun",
            name="period",
            field=models.CharField(max_length=24, verbose_name="period"),
        ),
        migrations.AlterField(
            model_name="reportrun",
            name="title",
            field=models.CharField(max_length=200),
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("weekly", "Weekly report"),
                            ("monthly", "Monthly report"),
                            ("special", "Special report"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("period", models.CharField(max_length=24, verbose_name="period")),
                ("start", models.DateTimeField(verbose_name="from")),
                ("end", models.DateTimeField(verbose_name="to")),
                ("scope", models.CharField(blank=True, max_length=200)),
                ("number", models.PositiveIntegerField(blank=True, null=True, verbose_name="issue number")),
                (
                    "unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.department",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Edition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("draft", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft of a report"), ("approved", "Approved"), ("issued", "Issued")],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("changes", models.PositiveIntegerField(default=0)),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("issued_at", models.DateTimeField(blank=True, null=True)),
                ("docx", models.FileField(blank=True, upload_to="reports/%Y/%m")),
                ("xlsx", models.FileField(blank=True, upload_to="reports/%Y/%m")),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "issued_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="edition", to="reports.reportrun"
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="editions", to="reports.report"
                    ),
                ),
            ],
            options={
                "ordering": ("-draft",),
            },
        ),
        migrations.CreateModel(
            name="ReportEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("built", "Report was built"),
                            ("remark", "Remark"),
                            ("approved", "Approved"),
                            ("taken_back", "Approval taken back"),
                            ("issued", "Issued"),
                        ],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("section", models.CharField(blank=True, max_length=60)),
                ("text", models.TextField(blank=True)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="reports.edition"
                    ),
                ),
            ],
            options={
                "ordering": ("at", "pk"),
            },
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(fields=["-start", "-id"], name="report_newest"),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.UniqueConstraint(
                fields=("kind", "period", "scope", "unit"), name="one_report_of_a_period", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.UniqueConstraint(models.F("kind"), models.F("number"), name="one_report_of_a_number"),
        ),
        migrations.AddConstraint(
            model_name="edition",
            constraint=models.UniqueConstraint(fields=("report", "draft"), name="one_draft_of_a_number"),
        ),
        migrations.AddConstraint(
            model_name="edition",
            constraint=models.UniqueConstraint(fields=("report", "version"), name="one_version_of_a_number"),
        ),
        migrations.RunPython(give_editions, migrations.RunPython.noop),
    ]
