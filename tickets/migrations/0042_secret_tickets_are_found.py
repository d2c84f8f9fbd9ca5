from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0041_exports_of_the_audit_log"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(models.F("id"), condition=models.Q(("is_secret", True)), name="ticket_secret"),
        ),
    ]
