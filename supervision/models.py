"""What watches tickets: flags, extensions, supervision orders and on-site coordination."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import Department, User
from tickets.choices import ExtensionGround, FlagKind, Principle
from tickets.models import Ticket


class Flag(models.Model):
    """Why a ticket needs looking at (预警). Raised once, cleared when the cause ends, never deleted."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="flags")
    kind = models.CharField(max_length=20, choices=FlagKind)
    since = models.DateTimeField(_("cause began"))
    raised_at = models.DateTimeField(_("raised at"))
    cleared_at = models.DateTimeField(_("cleared at"), null=True, blank=True)
    evidence = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["ticket", "kind"], condition=models.Q(cleared_at__isnull=True), name="one_open_flag_of_a_kind"
            )
        ]
        indexes: ClassVar = [
            models.Index("kind", "since", name="flag_open_kind_since", condition=models.Q(cleared_at__isnull=True)),
            models.Index("kind", "raised_at", name="flag_raised"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.kind}"


class Extension(models.Model):
    """More time asked for (延期), and what was ruled on it."""

    class Ruling(models.TextChoices):
        PENDING = "pending", _("Under review")
        GRANTED = "granted", _("Granted")
        REFUSED = "refused", _("Refused")
        LAPSED = "lapsed", _("Lapsed")

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="extensions")
    days = models.PositiveSmallIntegerField(_("working days"))
    ground = models.CharField(_("ground"), max_length=10, choices=ExtensionGround, default=ExtensionGround.MORE_TIME)
    reason = models.TextField(_("reason"))
    plan = models.TextField(_("plan"), blank=True)
    asked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    ruling = models.CharField(max_length=10, choices=Ruling, default=Ruling.PENDING)
    ruled_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ruled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["ticket"], condition=models.Q(ruling="pending"), name="one_pending_extension"
            )
        ]


class SupervisionOrder(models.Model):
    """A formal order to a department (督办单), with a number and a deadline of its own."""

    number = models.CharField(_("number"), max_length=20, unique=True)
    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="supervision_orders")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+")
    requirement = models.TextField(_("requirement"))
    due = models.DateTimeField(_("deadline"))
    issued_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.number


class CoordinationTask(models.Model):
    """The parties meet on the spot (现场协调) and settle who is responsible (责任认定)."""

    class State(models.TextChoices):
        CALLED = "called", _("Called")
        DETERMINED = "determined", _("Determined")
        DONE = "done", _("Done")
        CALLED_OFF = "called_off", _("Called off")

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="coordination_tasks")
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.CALLED)
    lead = models.CharField(_("led by"), max_length=80)
    place = models.CharField(_("place"), max_length=200)
    meets_at = models.DateTimeField(_("time"))
    question = models.TextField(_("what is to be settled"))
    called_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    called_at = models.DateTimeField(default=timezone.now)
    findings = models.TextField(_("findings"), blank=True)
    department = models.ForeignKey(
        Department, verbose_name=_("responsible department"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    principle = models.CharField(_("principle"), max_length=12, choices=Principle, blank=True)
    directive = models.TextField(_("directive"), blank=True)
    due = models.DateTimeField(_("to be done by"), null=True, blank=True)
    determined_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    determined_at = models.DateTimeField(null=True, blank=True)
    outcome = models.TextField(_("outcome"), blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["ticket"], condition=models.Q(state="called"), name="one_called_task_of_a_ticket"
            )
        ]

    def __str__(self) -> str:
        return f"{self.ticket} @ {self.place}"

    def get_absolute_url(self) -> str:
        return reverse("coordination", args=[self.pk])


class CoordinatedTicket(models.Model):
    """A ticket that a task settles; the whole matter comes along."""

    task = models.ForeignKey(CoordinationTask, on_delete=models.PROTECT, related_name="coordinated")
    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="coordinated_in")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["task", "ticket"], name="ticket_once_in_task")]


class Participant(models.Model):
    """A party at the meeting: a department, or somebody outside government."""

    task = models.ForeignKey(CoordinationTask, on_delete=models.PROTECT, related_name="participants")
    department = models.ForeignKey(Department, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("party"), max_length=80)
    arrived_at = models.DateTimeField(_("arrived"), null=True, blank=True)
    statement = models.TextField(_("statement"), blank=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.name
