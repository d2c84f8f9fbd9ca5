"""What watches tickets: flags, extensions, supervision orders and on-site coordination."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hotline import roles
from hotline.accounts.models import Department, User
from knowledge.models import Article
from tickets.choices import ExtensionGround, FlagKind, Principle
from tickets.models import Attachment, Ticket


class Flag(models.Model):
    """Why a ticket needs looking at (预警). Raised once, cleared when the cause ends, never deleted."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="flags")
    kind = models.CharField(max_length=20, choices=FlagKind)
    since = models.DateTimeField(_("cause began"))
    raised_at = models.DateTimeField(_("raised at"))
    cleared_at = models.DateTimeField(_("cleared at"), null=True, blank=True)
    evidence = models.JSONField(default=dict)
    next_step_at = models.DateTimeField(null=True, blank=True)  # when the ladder's next automatic step is due
    # Of its ticket, so that the board need not look at millions: the matter, or the ticket with a minus before it where
    # it belongs to none; and the risk. Kept up to date while the flag is open.
    key = models.BigIntegerField(default=0, editable=False)
    risk = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["ticket", "kind"], condition=models.Q(cleared_at__isnull=True), name="one_open_flag_of_a_kind"
            )
        ]
        indexes: ClassVar = [
            models.Index("kind", "since", name="flag_open_kind_since", condition=models.Q(cleared_at__isnull=True)),
            models.Index("kind", "raised_at", name="flag_raised"),
            # the ladder: whatever step is due now
            models.Index(
                "next_step_at",
                name="flag_next_step",
                condition=models.Q(cleared_at__isnull=True, next_step_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.kind}"


class Step(models.TextChoices):
    """The steps by which a stuck ticket is brought to higher ears, in their order; then those beside the ladder."""

    REMINDER = "reminder", _("Reminder to the staff")
    LEAD = "lead", _("Word to the head of the department")
    URGE = "urge", _("Urging by the supervisor")
    ORDER = "order", _("Supervision order")
    CIRCULAR = "circular", _("Notice to all")
    INVITATION = "invitation", _("Invitation to the spot")
    CORRECTION = "correction", _("Correction of what was recorded")
    CALLER = "caller", _("Word of the caller")
    ARTICLE_ENDING = "ending", _("Article expires soon")
    ARTICLE_ENDED = "ended", _("Article has expired")
    MATTER = "matter", _("Many callers about one matter")
    REPORT = "report", _("A report was issued")
    REPORT_FAILED = "report_fail", _("A report could not be built")


LADDER = (Step.REMINDER, Step.LEAD, Step.URGE, Step.ORDER, Step.CIRCULAR)


class LadderRule(models.Model):
    """How long after a flag's cause a step is due, and whether it is taken by itself or offered to the supervisor."""

    step = models.CharField(_("step"), max_length=12, choices=[(s.value, s.label) for s in LADDER], unique=True)
    after_days = models.DecimalField(_("after working days"), max_digits=5, decimal_places=2)
    after_minutes = models.PositiveIntegerField(_("after minutes, for what is urgent"))
    is_automatic = models.BooleanField(_("taken by itself"), default=False)

    class Meta:
        verbose_name = _("step of the ladder")
        verbose_name_plural = _("steps of the ladder")
        ordering = ("after_days",)

    def __str__(self) -> str:
        return str(self.get_step_display())


@roles.kept()
class Rung(models.Model):
    """A step that was taken for a ticket: by a person, or by the rule at most once a round and department."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="rungs")
    step = models.CharField(max_length=12, choices=Step)
    round = models.PositiveSmallIntegerField(default=1)
    department = models.ForeignKey(Department, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["ticket", "step", "round", "department"], condition=models.Q(by__isnull=True),
                nulls_distinct=False, name="one_rung_by_rule",
            )
        ]  # fmt: skip


class Delivery(models.Model):
    """One message to one addressee, about as many tickets as had gathered: sent at most once.

    It is written before it is sent. What was not marked as sent within minutes is not sent again by itself: whether it
    arrived is not known, and nobody shall be told twice.
    """

    class State(models.TextChoices):
        SENDING = "sending", _("being sent")
        ARRIVED = "arrived", _("delivered")
        FAILED = "failed", _("not delivered")

    to_user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    to_department = models.ForeignKey(Department, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=20, blank=True)  # the kind of Apprise address; empty: the messages page
    state = models.CharField(max_length=10, choices=State, default=State.SENDING)
    error = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index("to_department", "made_at", name="delivery_department"),
            models.Index("to_user", "made_at", name="delivery_user"),
        ]

    @property
    def way(self) -> str:
        """How it went, in words."""
        return self.channel or str(_("messages page"))


class Notice(models.Model):
    """What one addressee is to be told about one ticket, one article of the knowledge base, or a page of a room above.

    Of such a page `title` says what it is, and `link` is its address. It is delivered together with whatever else
    gathered for them.
    """

    ticket = models.ForeignKey(Ticket, null=True, blank=True, on_delete=models.PROTECT, related_name="notices")
    article = models.ForeignKey(Article, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200, blank=True)
    link = models.CharField(max_length=200, blank=True)
    step = models.CharField(max_length=12, choices=Step)
    text = models.TextField()
    to_user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    to_department = models.ForeignKey(Department, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    for_leads = models.BooleanField(default=False)  # of the department, only those who lead it
    is_urgent = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    delivery = models.ForeignKey(Delivery, null=True, blank=True, on_delete=models.PROTECT, related_name="notices")
    read_at = models.DateTimeField(null=True, blank=True)
    read_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(to_user__isnull=False) | models.Q(to_department__isnull=False),
                name="notice_has_addressee",
            ),
            models.CheckConstraint(
                condition=models.Q(ticket__isnull=False, article__isnull=True, link="")
                | models.Q(ticket__isnull=True, article__isnull=False, link="")
                | (models.Q(ticket__isnull=True, article__isnull=True) & ~models.Q(link="")),
                name="notice_is_about_one_thing",
            ),
        ]
        indexes: ClassVar = [
            models.Index("made_at", name="notice_waiting", condition=models.Q(delivery__isnull=True)),
            models.Index(fields=["to_department", "-made_at"], name="notice_department"),
            models.Index(fields=["to_user", "-made_at"], name="notice_user"),
            # the number beside the door: what nobody has read yet
            *(
                models.Index(addressee, name=f"notice_unread_{addressee}", condition=models.Q(read_at__isnull=True))
                for addressee in ("to_user", "to_department")
            ),
        ]


@roles.kept(but=("ruling", "ruled_by_id", "ruled_at"))
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


@roles.kept()
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
        DONE = "done", _("Done, to be verified")
        VERIFIED = "verified", _("Verified")
        CALLED_OFF = "called_off", _("Called off")

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="coordination_tasks")
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.CALLED)
    lead = models.CharField(_("led by"), max_length=80)
    place = models.CharField(_("place"), max_length=200)
    latitude = models.DecimalField(_("latitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6, null=True, blank=True)
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
    verified_at = models.DateTimeField(null=True, blank=True)

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

    @property
    def point(self) -> str:
        """The map point as it is typed, empty where there is none."""
        return "" if self.latitude is None else f"{self.latitude},{self.longitude}"


@roles.kept()
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
    signed_at = models.DateTimeField(_("signed"), null=True, blank=True)
    signature = models.ForeignKey(Attachment, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.name


@roles.kept()
class SiteEntry(models.Model):
    """One thing noted on the spot, maybe without a network and sent later.

    The same key twice of the same person at the same meeting is the same entry.
    """

    class Kind(models.TextChoices):
        ARRIVED = "arrived", _("Arrived")
        CAME_TOO = "came_too", _("Came too")
        STATEMENT = "statement", _("Statement")
        BEFORE = "before", _("Photograph before")
        FINDINGS = "findings", _("Findings")
        DETERMINED = "determined", _("Determined")
        SIGNED = "signed", _("Signed")
        AFTER = "after", _("Photograph after")

    task = models.ForeignKey(CoordinationTask, on_delete=models.PROTECT, related_name="entries")
    key = models.UUIDField()
    kind = models.CharField(max_length=12, choices=Kind)
    participant = models.ForeignKey(Participant, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    attachment = models.ForeignKey(Attachment, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(blank=True)
    at = models.DateTimeField(_("noted at"))
    received_at = models.DateTimeField(_("received at"))
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("at", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["task", "by", "key"], name="site_entry_once_of_a_person"),
        ]


class SweepRun(models.Model):
    """One run of the sweep that had something to do, or that failed: what the page on the state of the clocks shows."""

    started_at = models.DateTimeField()
    seconds = models.FloatField(default=0)
    lag_seconds = models.FloatField(default=0)  # how late the longest due ticket was looked at
    due = models.PositiveIntegerField(default=0)
    raised = models.PositiveIntegerField(default=0)
    cleared = models.PositiveIntegerField(default=0)
    set_aside = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index("started_at", name="sweep_started")]


class SetAside(models.Model):
    """A ticket that could not be evaluated: put aside for a while and named, so that it does not stop the others."""

    ticket = models.OneToOneField(Ticket, on_delete=models.PROTECT, related_name="set_aside")
    error = models.CharField(max_length=300)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)
    cleared_at = models.DateTimeField(null=True, blank=True)
