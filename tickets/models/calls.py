"""Calls as the telephone system tells of them, and from which of them a ticket was recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hotline.accounts.models import User
from tickets.models.ticket import Ticket

LONGEST_ID = 80  # characters by which a telephone system names a call


class Call(models.Model):
    """One incoming call, named by the telephone system.

    What has been told of it is kept as one instant for each kind of event, so that the same event can be told twice and
    events in any order: where the call stands follows from which were told. `tickets.telephony.events` writes it.
    """

    class Event(models.TextChoices):
        RINGING = "ringing", pgettext_lazy("event of a call", "Ringing")
        ANSWERED = "answered", pgettext_lazy("event of a call", "Picked up")
        HUNG_UP = "hung_up", pgettext_lazy("event of a call", "Hung up")
        MISSED = "missed", pgettext_lazy("event of a call", "Not picked up")

    class State(models.TextChoices):
        UNTOLD = "untold", _("Nothing told")
        RINGING = "ringing", _("Rings")
        TALKING = "talking", _("On the line")
        ENDED = "ended", _("Ended")
        MISSED = "missed", _("Missed")

    call_id = models.CharField(_("call"), max_length=LONGEST_ID, unique=True)
    phone = models.CharField(_("telephone"), max_length=30, blank=True)  # empty: withheld, or none that can be read
    operator = models.ForeignKey(
        User, verbose_name=_("Operator"), null=True, blank=True, on_delete=models.PROTECT, related_name="calls"
    )
    extension = models.CharField(_("telephone extension"), max_length=20, blank=True)  # where nobody here has it
    began_at = models.DateTimeField(_("began at"))  # the earliest that was told; of an untold one when it was recorded
    ringing_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    hung_up_at = models.DateTimeField(null=True, blank=True)
    missed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("telephone", "call")
        verbose_name_plural = pgettext_lazy("telephone", "calls")
        indexes: ClassVar = [
            models.Index("phone", "began_at", name="call_phone", condition=~models.Q(phone="")),
            models.Index(
                "operator", "answered_at", name="call_operator", condition=models.Q(answered_at__isnull=False)
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.call_id

    @property
    def told(self) -> dict[str, Any]:
        """The instants that were told, by kind of event."""
        return {kind: at for kind in self.Event.values if (at := getattr(self, f"{kind}_at"))}

    @property
    def state(self) -> str:
        """Where the call stands by what was told, in whatever order: once somebody picked up it was not missed."""
        if self.answered_at:
            return self.State.ENDED if self.hung_up_at else self.State.TALKING
        if self.missed_at or self.hung_up_at:
            return self.State.MISSED
        return self.State.RINGING if self.ringing_at else self.State.UNTOLD

    @property
    def minutes(self) -> int | None:
        """How long they talked, begun minutes counted whole; None where that was not told, or is told the wrong way."""
        if not self.answered_at or not self.hung_up_at or self.hung_up_at < self.answered_at:
            return None
        return -(-(self.hung_up_at - self.answered_at) // timedelta(minutes=1))

    @property
    def state_label(self) -> Any:
        return self.State(self.state).label


class Intake(models.Model):
    """From which call a ticket was recorded. One call may make several tickets."""

    ticket = models.OneToOneField(Ticket, primary_key=True, on_delete=models.PROTECT, related_name="intake")
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="intakes")
