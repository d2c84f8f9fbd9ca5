"""Which keys the database was written with."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class KeyInUse(models.Model):
    """That something may be encrypted with the key of this name. `rotating` takes it away once nothing is."""

    name = models.CharField(max_length=16, primary_key=True)
    since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name
