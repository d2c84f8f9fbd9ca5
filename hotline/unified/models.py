"""Which account belongs to which identity at the provider."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from hotline.accounts.models import User


class Identity(models.Model):
    """A person at the provider, known by issuer and subject alone, as OpenID Connect has it: names are given anew."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="identity")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    made_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)  # since when the provider gives no role; it may open it again

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["issuer", "subject"], name="one_account_an_identity")]
