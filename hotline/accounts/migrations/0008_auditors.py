from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_where_regions_lie"),
    ]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="role",
            field=models.CharField(
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
                verbose_name="role",
            ),
        ),
    ]
