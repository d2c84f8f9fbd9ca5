"""Which account belongs to which identity at the provider."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from hotline.accounts.models import User

SUBJECT = 255  # characters, as OpenID Connect bounds it


class Identity(models.Model):
    """A person at the provider, known by issuer and subject alone, as OpenID Connect has it: names are given anew."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="identity")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=SUBJECT)
    made_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)  # since when the provider gives no role; it may open it again

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["issuer", "subject"], name="one_account_an_identity")]


@receiver(post_save, sender=User)
def closed_by_nobody(instance: User, update_fields: Any, **signal: Any) -> None:
    """An account in use is closed by nobody, whoever opened it: what an administrator closes later stays closed."""
    if instance.is_active and (update_fields is None or "is_active" in update_fields):
        Identity.objects.filter(user=instance, closed_at__isnull=False).update(closed_at=None)
