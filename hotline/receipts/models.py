"""What people have sent once, so that the same thing sent again does nothing a second time."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from hotline.accounts.models import User

KEY_LENGTH = 100  # characters of the key that a form or a client gives


class Receipt(models.Model):
    """That a person sent a form or a request with this key and this content, and what came of it.

    The key belongs to the person and covers one content: another person's equal key, or the same key with other
    words, is another thing.
    """

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=KEY_LENGTH)
    fingerprint = models.CharField(max_length=64)
    outcome = models.CharField(max_length=200)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "key", "fingerprint"], name="receipt_once"),
        ]
        indexes: ClassVar = [
            models.Index("at", name="receipt_at"),  # forgetting what is old
        ]
