"""The desk finds promised calls by when they were promised; made beside running work."""

from typing import ClassVar

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar = [("tickets", "0036_due_first_and_templates")]
    operations: ClassVar = [
        AddIndexConcurrently(
            "followup", models.Index("again_at", name="follow_up_promised", condition=models.Q(why="later"))
        ),
    ]
