"""What was owed, by whom, until when, and what became of it: each limit that anybody had is a fact of its own."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import Department
from tickets.choices import Duty
from tickets.models.ticket import Ticket


class Span(models.Model):
    """One limit while it was in force (时限记录), or the time for which a ticket was open.

    `supervision.clocks.spans` writes it after each action and recomputes it from events; nothing else does. A row holds
    what was true from `begun_at` to `ended_at`: where the limit moves or the ticket goes to somebody else, the row ends
    and another begins, so that what is asked as of a past instant is answered as it would have been then.

    `department` is who owed it; none where the hotline did. Of an open ticket it is who held it when it ended.
    `minutes` is for how much office time it had been owed by the row's end, with the rows that it goes on from: one
    whose limit was moved, one that was suspended. `undone_at` is when what had ended the row was taken back: an answer
    that was sent back, a dispatch that was undone.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="spans", db_index=False)
    duty = models.CharField(_("what is owed"), max_length=15, choices=Duty)
    department = models.ForeignKey(Department, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
                                   db_index=False)  # fmt: skip
    round = models.PositiveSmallIntegerField(default=1)
    begun_at = models.DateTimeField(_("in force from"))
    begun_by = models.CharField(max_length=30)  # the action
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    ended_at = models.DateTimeField(_("in force until"), null=True, blank=True)
    ended_by = models.CharField(max_length=30, blank=True)
    is_met = models.BooleanField(default=False)
    undone_at = models.DateTimeField(null=True, blank=True)
    minutes = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("limit")
        verbose_name_plural = _("limits")
        indexes: ClassVar = [
            models.Index("ticket", "duty", name="span_of_ticket"),
            # what fell due, and what ended, in a period
            models.Index("duty", "due_at", name="span_due", condition=Q(due_at__isnull=False)),
            models.Index("duty", "ended_at", name="span_ended", condition=Q(ended_at__isnull=False)),
            models.Index("duty", "begun_at", name="span_begun"),
            # what is owed now
            models.Index("duty", "department", "due_at", name="span_owed", condition=Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.duty} {self.begun_at:%m-%d %H:%M}"
