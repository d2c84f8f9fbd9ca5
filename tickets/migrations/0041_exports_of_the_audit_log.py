from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0040_rows_of_one_instant_have_an_order"),
    ]

    operations = [
        migrations.AddField(
            model_name="ticketexport",
            name="of",
            field=models.CharField(
                choices=[("tickets", "Tickets"), ("ledger", "Audit log")], default="tickets", max_length=10
            ),
        ),
    ]
