from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0005_lines_name_no_ticket")]

    operations = [
        migrations.AddField(
            "dispatchmodel",
            "learns",
            models.CharField(
                choices=[("department", "Department"), ("category", "Category")],
                default="department",
                max_length=10,
                verbose_name="learns",
            ),
        ),
        migrations.RenameField("dispatchmodel", "departments", "labels"),
        migrations.RenameField("dispatchmodel", "directory_accuracy", "floor_accuracy"),
        migrations.AlterField("dispatchmodel", "labels", models.PositiveSmallIntegerField(verbose_name="labels")),
        migrations.AlterField(
            "dispatchmodel", "floor_accuracy", models.FloatField(verbose_name="directory or keywords right")
        ),
        migrations.RemoveConstraint("dispatchmodel", "one_model_in_use"),
        migrations.AddConstraint(
            "dispatchmodel",
            models.UniqueConstraint(condition=models.Q(("is_used", True)), fields=("learns",), name="one_model_in_use"),
        ),
    ]
