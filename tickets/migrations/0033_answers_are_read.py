"""What is found of an answer is kept with it, and answers that are like it are found by an index."""

from typing import ClassVar

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("tickets", "0032_who_sent_it_first")]
    operations: ClassVar = [
        migrations.AddField("answer", "is_evasive", models.BooleanField(editable=False, null=True)),
        migrations.AddField("answer", "findings", models.JSONField(default=list, editable=False)),
        migrations.AddField(
            "answer",
            "sketch",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, editable=False, size=None
            ),
        ),
        migrations.AddIndex(
            "answer", django.contrib.postgres.indexes.GinIndex(fields=["sketch"], name="answer_sketch")
        ),
    ]
