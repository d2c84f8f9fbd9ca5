"""What people said of who called: that two numbers are one person's, or two people's."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hotline import roles
from hotline.accounts.models import User
from tickets.models.ticket import Caller


@roles.kept()
class SamePerson(models.Model):
    """One such word; the latest of a pair stands."""

    one = models.ForeignKey(Caller, on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey(Caller, on_delete=models.PROTECT, related_name="+")
    is_same = models.BooleanField(_("the same person"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
