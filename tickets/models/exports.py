"""Lists of tickets that people have written into a file."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import User


class TicketExport(models.Model):
    """A list of tickets as one person saw it, as a workbook: asked for, being made, ready, and withdrawn again.

    The row stays when its file has gone: who took out what is known. `done` of `total` tickets are written; `seen_at`
    is when the job was last known to be at work.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("being made")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Of(models.TextChoices):
        TICKETS = "tickets", _("Tickets")
        LEDGER = "ledger", _("Audit log")

    of = models.CharField(max_length=10, choices=Of, default=Of.TICKETS)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked = models.JSONField(default=dict)  # the list's filters as they stood in its address
    order = models.CharField(max_length=20)
    narrowed_by = models.CharField(max_length=300, blank=True)  # the same in words
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    total = models.PositiveIntegerField(null=True)
    done = models.PositiveIntegerField(default=0)
    said = models.CharField(max_length=300, blank=True)  # why there is no file
    file = models.FileField(upload_to="exports/", blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("export of tickets")
        verbose_name_plural = _("exports of tickets")
        constraints: ClassVar = [
            models.UniqueConstraint(
                "owner", condition=models.Q(state__in=["waiting", "running"]), name="one_export_each"
            )
        ]
        indexes: ClassVar = [models.Index("state", "seen_at", name="export_state")]

    @property
    def percent(self) -> int:
        return min(99, 100 * self.done // self.total) if self.total else 0

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)
