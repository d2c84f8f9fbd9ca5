"""What happened to a ticket: events, answers, follow-up calls."""

from __future__ import annotations

import hashlib
import json
import os
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from hotline import roles
from hotline.accounts.models import Department, User
from hotline.vault.fields import EncryptedJSONField
from tickets.choices import (
    Cause,
    ClosingReason,
    Contacted,
    NotReached,
    Satisfaction,
    Solved,
)

# Models that live in modules of their own; Django finds models here.
from tickets.models.ticket import Ticket

SALT = 16  # bytes


@roles.kept()
class TicketEvent(models.Model):
    """Something that happened to a ticket. The database refuses to change or delete it."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="events", db_index=False)
    sequence = models.PositiveIntegerField()
    action = models.CharField(max_length=30)
    from_status = models.CharField(max_length=15, blank=True)
    to_status = models.CharField(max_length=15)
    actor = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    department = models.ForeignKey(Department, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    round = models.PositiveSmallIntegerField(default=1)
    note = models.TextField(blank=True)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("ticket", "sequence")
        constraints: ClassVar = [
            # with who did what to which department, so that "who sent it first" is answered without reading the event
            models.UniqueConstraint(
                fields=["ticket", "sequence"], include=["action", "actor", "department", "at"], name="event_sequence"
            )
        ]
        indexes: ClassVar = [models.Index("action", "at", name="event_action_at")]

    def __str__(self) -> str:
        return f"{self.ticket_id}#{self.sequence} {self.action}"


class EventCaller(models.Model):
    """What an event says of who called: the pairs of old and new value that stood under `corrected`.

    Kept apart from the event, which can never be changed: a key is changed, and who called is forgotten in time. The
    event holds under `caller` the digest of what is here, with `salt`, which goes with it.
    """

    event = models.OneToOneField(TicketEvent, primary_key=True, on_delete=models.PROTECT, related_name="caller_told")
    corrected = EncryptedJSONField()
    salt = models.BinaryField(max_length=SALT)

    @classmethod
    def of(cls, event: TicketEvent, corrected: dict[str, list[str]]) -> EventCaller:
        """The row beside `event`, which is told the digest."""
        made = cls(event=event, corrected=corrected, salt=os.urandom(SALT))
        event.data["caller"] = made.digest
        return made

    @property
    def digest(self) -> str:
        """What nobody can make again who has not the salt, so that a number cannot be guessed by its digest."""
        said = json.dumps(self.corrected, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(bytes(self.salt) + said.encode()).hexdigest()


@roles.kept(but=("sent_back_at",))
class Answer(models.Model):
    """What the responsible department answered in one round."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="answers")
    round = models.PositiveSmallIntegerField()
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField(_("answer"))
    sent_back_at = models.DateTimeField(null=True, blank=True)
    # What was found of it when it was given (tickets.answers.checking); None where nobody looked: the caller was on the
    # telephone, or it was given before there was a check.
    is_evasive = models.BooleanField(null=True, editable=False)
    findings = models.JSONField(default=list, editable=False)
    sketch = ArrayField(models.BigIntegerField(), default=list, editable=False)  # finds answers like it

    class Meta:
        ordering = ("ticket", "at", "pk")
        indexes: ClassVar = [GinIndex(fields=["sketch"], name="answer_sketch")]


@roles.kept()
class FollowUp(models.Model):
    """One follow-up call (回访): what the caller said, or why they were not reached and when they are tried again."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="follow_ups")
    round = models.PositiveSmallIntegerField()
    department = models.ForeignKey(Department, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
                                   db_index=False)  # fmt: skip # whose answer the caller spoke of
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reached = models.BooleanField()
    contacted = models.CharField(max_length=5, choices=Contacted, blank=True)
    solved = models.CharField(max_length=10, choices=Solved, blank=True)
    satisfaction = models.CharField(max_length=20, choices=Satisfaction, blank=True)
    cause = models.CharField(max_length=15, choices=Cause, blank=True)
    closing_reason = models.CharField(max_length=15, choices=ClosingReason, blank=True)
    why = models.CharField(max_length=15, choices=NotReached, blank=True)
    again_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ("ticket", "at", "pk")
        indexes: ClassVar = [
            # the desk: whoever was promised a call at a time that has come
            models.Index("again_at", name="follow_up_promised", condition=models.Q(why=NotReached.LATER)),
            models.Index("at", name="follow_up_at"),
        ]


class FollowUpClaim(models.Model):
    """Who is on a follow-up call until when, so that nobody else is given it. It hinders nobody who calls all the same.

    It goes when the call is recorded; one that has expired is the next caller's.
    """

    ticket = models.OneToOneField(Ticket, on_delete=models.CASCADE, related_name="follow_up_claim")
    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    until = models.DateTimeField()
