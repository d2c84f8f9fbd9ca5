"""That this server is a copy of another's data, and whether it may tell anybody anything."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Hold(models.Model):
    """From `at` on nothing is sent to anybody, until `ended_at`. A restored server begins with one."""

    at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)  # when the backup was made that was restored; none where held by hand
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(ended_at__isnull=True), name="backup_one_hold_at_a_time"
            )
        ]
