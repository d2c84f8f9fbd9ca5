"""What a caller asked besides, and is still to be recorded."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from hotline.accounts.models import User
from hotline.vault.fields import EncryptedTextField
from tickets.models.ticket import Ticket


class SecondConcern(models.Model):
    """The words of the second concern of a call, which whoever took it still has to record as a ticket of its own.

    It goes when it is recorded or dropped; `tickets.calls.second` writes it. Only its operator reads it.
    """

    operator = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    first = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")  # the ticket of the first concern
    words = EncryptedTextField()
    since = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("operator", "first", name="second_concern_of_a_ticket")]

    def __str__(self) -> str:
        return f"{self.first_id} {self.words[:20]}"
