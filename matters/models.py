"""What is known of a matter (同一事项) beside its tickets: its totals, what people chose, what the machine found.

The matter itself and its tickets stand in `tickets`; this room says how that came about and what follows.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hotline import roles
from hotline.accounts.models import Department, Region, User
from tickets.models import Category, Matter, Ticket


class Standing(models.Model):
    """The totals of a matter, so that no page counts its tickets; `matters.totals` keeps them.

    `lately` are the last days that alerts look at, `before` as many days before them. `lead` is the department that
    takes the matter in hand (牵头单位), `lead_by` who said so; without anybody it is the one that holds most of it.
    `version` grows with each deed of a person on the matter as a whole. `recount_at` is when the totals may be others.
    """

    matter = models.OneToOneField(Matter, primary_key=True, on_delete=models.CASCADE, related_name="standing")
    tickets = models.PositiveIntegerField(_("tickets"), default=0)
    open = models.PositiveIntegerField(_("open tickets"), default=0)
    callers = models.PositiveIntegerField(_("callers"), default=0)
    callers_lately = models.PositiveIntegerField(default=0)
    callers_before = models.PositiveIntegerField(default=0)
    calls_lately = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField(_("first call"), null=True, blank=True)
    last_at = models.DateTimeField(_("last call"), null=True, blank=True)
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    region = models.ForeignKey(Region, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    lead = models.ForeignKey(
        Department, verbose_name=_("lead department"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    lead_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    words = models.CharField(max_length=120, blank=True)  # sensitive ones that its callers said
    came_back = models.PositiveIntegerField(default=0)
    came_back_open = models.PositiveIntegerField(default=0)
    merged_into = models.ForeignKey(Matter, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    version = models.PositiveIntegerField(default=0)
    recount_at = models.DateTimeField(null=True, blank=True)
    counted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index("recount_at", name="standing_recount", condition=models.Q(recount_at__isnull=False)),
            models.Index("last_at", "matter", name="standing_last", condition=models.Q(tickets__gt=0)),
            models.Index("callers_lately", "last_at", name="standing_lately", condition=models.Q(callers_lately__gt=1)),
        ]

    @property
    def growth(self) -> int:
        """How many more callers of the last days than of those before."""
        return self.callers_lately - self.callers_before


@roles.kept()
class Choice(models.Model):
    """What a person chose: that a ticket belongs together with another or with a matter, or does not.

    The latest choice about a pair holds. No run of the machine goes against it, and training learns from it.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="choices")
    other = models.ForeignKey(Ticket, null=True, on_delete=models.PROTECT, related_name="chosen_with")
    matter = models.ForeignKey(Matter, null=True, on_delete=models.PROTECT, related_name="choices")
    is_together = models.BooleanField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(other__isnull=False) | models.Q(matter__isnull=False),
                name="choice_is_about_something",
            )
        ]  # fmt: skip


class Looked(models.Model):
    """That the machine has looked at a ticket, and what came of it: written in the transaction of what it did."""

    class Outcome(models.TextChoices):
        JOINED = "joined", _("Joined to a matter")
        PROPOSED = "proposed", _("Proposed")
        ALONE = "alone", _("Like no other")
        KEPT = "kept", _("Left as people had it")
        PASSED_OVER = "passed_over", _("Not looked for")
        FAILED = "failed", _("Could not be looked at")

    ticket = models.OneToOneField(Ticket, primary_key=True, on_delete=models.CASCADE, related_name="looked")
    outcome = models.CharField(max_length=12, choices=Outcome)
    matter = models.ForeignKey(Matter, null=True, on_delete=models.SET_NULL, related_name="+")
    probability = models.FloatField(default=0)
    at = models.DateTimeField(default=timezone.now)


class Proposal(models.Model):
    """That two tickets may be about one thing: a person takes it or refuses it."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("proposal", "Waiting")
        TAKEN = "taken", pgettext_lazy("proposal", "Taken")
        REFUSED = "refused", pgettext_lazy("proposal", "Refused")
        SETTLED = "settled", pgettext_lazy("proposal", "Settled otherwise")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="proposals")
    other = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="proposed_to")
    probability = models.FloatField()
    why: Any = models.JSONField(default=list)  # sentences
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    made_at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ticket", "other"], name="proposal_once_of_a_pair")]
        indexes: ClassVar = [
            models.Index(
                fields=["-probability", "-id"], name="proposal_waiting", condition=models.Q(state="waiting")
            )
        ]  # fmt: skip


class Recurrence(models.Model):
    """A ticket about a thing that had been closed within the last days (复发): `earlier` was closed with an answer."""

    ticket = models.OneToOneField(Ticket, primary_key=True, on_delete=models.CASCADE, related_name="recurrence")
    earlier = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="came_back_as")
    matter = models.ForeignKey(Matter, null=True, on_delete=models.SET_NULL, related_name="recurrences")
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="+")  # that answered
    days = models.PositiveSmallIntegerField()  # from the closing to the call
    found_at = models.DateTimeField(default=timezone.now)
    refuted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    refuted_at = models.DateTimeField(null=True, blank=True)


class Alert(models.Model):
    """Why a matter, or a category in the whole city, needs looking at: raised and ended by `matters.alerts`."""

    class Kind(models.TextChoices):
        CALLERS = "callers", _("Many callers")
        SURGE = "surge", _("More than usual in the whole city")
        PERHAPS = "perhaps", _("Perhaps one matter")

    class Level(models.TextChoices):
        WATCH = "watch", _("Watch")
        ALERT = "alert", _("Alert")

    matter = models.ForeignKey(Matter, null=True, blank=True, on_delete=models.CASCADE, related_name="alerts")
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    # The ticket that began what is only proposed to be one matter (`matters.perhaps`).
    first = models.ForeignKey(Ticket, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    level = models.CharField(max_length=10, choices=Level)
    is_sensitive = models.BooleanField(default=False)
    why: Any = models.JSONField(default=dict)  # the numbers that it goes by
    told: Any = models.JSONField(default=list)  # the departments that were told, by their names
    raised_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["matter", "kind"], condition=models.Q(ended_at__isnull=True, matter__isnull=False),
                name="one_open_alert_of_a_matter",
            ),
            models.UniqueConstraint(
                fields=["category", "kind"], condition=models.Q(ended_at__isnull=True, category__isnull=False),
                name="one_open_alert_of_a_category",
            ),
            models.UniqueConstraint(
                fields=["first", "kind"], condition=models.Q(ended_at__isnull=True, first__isnull=False),
                name="one_open_alert_of_a_beginning",
            ),
            models.CheckConstraint(
                condition=models.Q(matter__isnull=False, category__isnull=True, first__isnull=True)
                | models.Q(matter__isnull=True, category__isnull=False, first__isnull=True)
                | models.Q(matter__isnull=True, category__isnull=True, first__isnull=False),
                name="alert_is_about_one_thing",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(
                fields=["-is_sensitive", "level", "-raised_at"], name="alert_open",
                condition=models.Q(ended_at__isnull=True),
            )
        ]  # fmt: skip


class SensitiveWord(models.Model):
    """A word by which a matter comes first and is alerted to sooner (敏感词)."""

    word = models.CharField(_("word"), max_length=20, unique=True)
    is_used = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("sensitive word")
        verbose_name_plural = _("sensitive words")
        ordering = ("word",)

    def __str__(self) -> str:
        return self.word


@roles.kept()
class Deed(models.Model):
    """What was done with a matter as a whole: named, merged, split, given to a lead department, answered as one."""

    class What(models.TextChoices):
        NAMED = "named", pgettext_lazy("matter", "Named")
        LEAD = "lead", _("Lead department set")
        MERGED = "merged", _("Another matter merged into it")
        MERGED_AWAY = "merged_away", _("Merged into another matter")
        SPLIT = "split", _("Tickets split off")
        SPLIT_OFF = "split_off", _("Split off from another matter")
        TOGETHER = "together", _("Handled as one")

    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="deeds")
    what = models.CharField(max_length=12, choices=What)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    note = models.TextField(blank=True)
    data: Any = models.JSONField(default=dict)

    class Meta:
        ordering = ("at", "pk")


class Trace(models.Model):
    """What a ticket is found by when another may be about the same thing; kept by `matters.nearest`.

    `pieces` are its rarest pairs of characters, each with the month, as numbers, so that what is common in ten years is
    looked up in a few months only. `thread` is the ticket that begins what the machine takes for one thing, joined or
    only proposed; `sure` is how sure it was.
    """

    ticket = models.OneToOneField(Ticket, primary_key=True, on_delete=models.CASCADE, related_name="trace")
    pieces = ArrayField(models.IntegerField())
    places: Any = models.JSONField(default=list)  # as `matters.pairs.Place`, as lists
    thread = models.BigIntegerField(db_index=True)
    sure = models.FloatField(default=1.0)

    class Meta:
        # Without a list of what is to be put in later, which every one of hundreds of look-ups would read.
        indexes: ClassVar = [GinIndex("pieces", name="trace_pieces", fastupdate=False)]


class PairModel(models.Model):
    """A pair decision that was learned from what people chose, on top of the shipped one: numbers and words, signed."""

    trained_at = models.DateTimeField(default=timezone.now)
    learned_from = models.PositiveIntegerField()  # pairs on which people decided
    measured_on = models.PositiveIntegerField()  # later ones that were not learned from
    right = models.FloatField()  # share of those that it judges as people did
    right_before = models.FloatField()  # and that of what was used until then
    numbers = models.TextField()  # as `matters.pairs.Learned` writes itself
    digest = models.CharField(max_length=64)
    is_used = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["is_used"], condition=models.Q(is_used=True), name="one_pair_model_in_use")
        ]
