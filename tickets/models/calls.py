"""Calls as the telephone system tells of them, and from which of them a ticket was recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hotline import roles
from hotline.accounts.models import User
from hotline.vault.fields import EncryptedCharField, MarkField
from tickets.models.ticket import NUMBER, Ticket

LONGEST_ID = 80  # characters by which a telephone system names a call
HOLD = timedelta(minutes=15)  # for so long whoever took a missed call is thought to be on the telephone


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
        ENDED = "ended", pgettext_lazy("state of a call", "Ended")
        MISSED = "missed", _("Missed")

    call_id = models.CharField(_("call"), max_length=LONGEST_ID, unique=True)
    # empty: withheld, or none that can be read
    phone = EncryptedCharField(_("telephone"), max_length=30, blank=True, purpose=NUMBER, found_by="phone_mark")
    phone_mark = MarkField(of="phone")
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
            models.Index("phone_mark", "began_at", name="call_phone", condition=models.Q(phone_mark__isnull=False)),
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


@roles.kept()
class Intake(models.Model):
    """How a ticket was recorded: from which call, of which there may be several tickets, and how long its form took."""

    ticket = models.OneToOneField(Ticket, primary_key=True, on_delete=models.PROTECT, related_name="intake")
    call = models.ForeignKey(Call, null=True, on_delete=models.PROTECT, related_name="intakes")
    is_first = models.BooleanField(default=True)  # of the tickets of its call
    # From the first key, or from the opening of a form that a call opened, until it was sent; as the browser says.
    form_seconds = models.PositiveIntegerField(null=True)


class MissedCallQuerySet(models.QuerySet["MissedCall"]):
    def open(self) -> Self:
        """Those whose caller has still to be called back."""
        return self.filter(settled_at__isnull=True)


class MissedCall(models.Model):
    """A call that nobody picked up (漏接), and what became of it.

    `due_at` is when the caller must have been called back. It is empty where the number was withheld. `called_back_at`
    is when that was first tried, whether somebody answered or not. `tickets.telephony.missed` writes it.
    """

    class Outcome(models.TextChoices):
        REACHED = "reached", pgettext_lazy("missed call", "Reached")
        NOT_REACHED = "not_reached", pgettext_lazy("missed call", "Not reached")
        CALLED_AGAIN = "called_again", _("Got through by themselves")
        PICKED_UP = "picked_up", _("Picked up after all")
        NO_NUMBER = "no_number", _("Number withheld")
        LAPSED = "lapsed", _("Never called back")

    call = models.OneToOneField(Call, on_delete=models.PROTECT, related_name="missed")
    phone = EncryptedCharField(_("telephone"), max_length=30, blank=True, purpose=NUMBER, found_by="phone_mark")
    phone_mark = MarkField(of="phone")
    missed_at = models.DateTimeField(_("missed at"))
    due_at = models.DateTimeField(_("to be called back by"), null=True, blank=True)
    taken_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)  # calls back that nobody answered
    called_back_at = models.DateTimeField(_("called back at"), null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, blank=True)
    note = EncryptedCharField(_("note"), max_length=200, blank=True)
    ticket = models.ForeignKey(Ticket, null=True, blank=True, on_delete=models.PROTECT, related_name="missed_calls")

    objects: ClassVar[MissedCallQuerySet] = MissedCallQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("missed call")
        verbose_name_plural = _("missed calls")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(settled_at__isnull=True, outcome="") | models.Q(settled_at__isnull=False)
                & ~models.Q(outcome=""), name="missed_call_settled_with_outcome",
            )
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index("due_at", name="missed_call_open", condition=models.Q(settled_at__isnull=True)),
            models.Index("phone_mark", name="missed_call_phone", condition=models.Q(phone_mark__isnull=False)),
            models.Index("due_at", "id", name="missed_call_due", condition=models.Q(due_at__isnull=False)),
            models.Index("missed_at", "id", name="missed_call_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.call_id} {self.missed_at:%Y-%m-%d %H:%M}"

    @property
    def is_late(self) -> bool:
        """Whether the call back came, or is still missing, after its limit."""
        return self.due_at is not None and (self.called_back_at or self.settled_at or timezone.now()) > self.due_at

    @property
    def holder(self) -> User | None:
        """Who is calling back just now."""
        is_held = self.settled_at is None and self.taken_at and timezone.now() - self.taken_at < HOLD
        return self.taken_by if is_held else None
