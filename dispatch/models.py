"""Who is responsible for what, and what happens when that is disputed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import Department, Region, User
from tickets.choices import Principle, ReturnGround
from tickets.models import Category, Ticket


class DirectoryEntry(models.Model):
    """One line of the responsibility directory (派单目录): this category, in this region, is that department's.

    Category and region may be of any level; the most specific entry wins, the category before the region.
    """

    category = models.ForeignKey(Category, verbose_name=_("category"), on_delete=models.CASCADE, related_name="+")
    region = models.ForeignKey(Region, verbose_name=_("region"), on_delete=models.CASCADE, related_name="+")
    department = models.ForeignKey(
        Department, verbose_name=_("responsible department"), on_delete=models.CASCADE, related_name="directory"
    )
    basis = models.CharField(_("legal basis"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("directory entry")
        verbose_name_plural = _("responsibility directory")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["category", "region"], name="one_department_for_a_duty")
        ]

    def __str__(self) -> str:
        return f"{self.category} · {self.region} → {self.department}"


class Return(models.Model):
    """A department's request to be rid of a ticket (退单), and what was ruled on it."""

    class Ruling(models.TextChoices):
        PENDING = "pending", _("Under review")
        GRANTED = "granted", _("Granted")
        REFUSED = "refused", _("Refused")
        LAPSED = "lapsed", _("Lapsed")

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="return_requests")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+")
    ground = models.CharField(_("ground"), max_length=20, choices=ReturnGround)
    basis = models.TextField(_("basis"))
    proposed = models.ForeignKey(Department, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    ruling = models.CharField(max_length=10, choices=Ruling, default=Ruling.PENDING)
    ruled_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ruled_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ticket", "department"], name="one_return_of_a_department")
        ]
        indexes: ClassVar = [models.Index("asked_at", name="return_asked")]


class Precedent(models.Model):
    """A settled responsibility (判例): suggestions cite it before the directory."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="precedents")
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+")
    principle = models.CharField(max_length=12, choices=Principle)
    text = models.TextField(_("what was settled"))
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("precedent")
        verbose_name_plural = _("precedents")
        indexes: ClassVar = [models.Index("category", "region", name="precedent_category_region")]

    def __str__(self) -> str:
        return f"{self.category} · {self.region} → {self.department}"


class Source(models.TextChoices):
    """What a proposal rests on."""

    PRECEDENT = "precedent", _("Precedent")
    LEARNED = "learned", _("Learned")
    DIRECTORY = "directory", _("Directory")


class Suggestion(models.Model):
    """What was proposed for a dispatch and what was done instead: the measure of the proposals."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="suggestions")
    suggested = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=10, choices=Source, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    chosen = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index("at", name="suggestion_at")]


class DispatchModel(models.Model):
    """One time that departments were learned from answered tickets, and how well it did on later ones.

    The file lies in the data folder; `digest` tells whether it is still the one that was written.
    """

    trained_at = models.DateTimeField(_("trained at"))
    learned_from = models.PositiveIntegerField(_("learned from"))
    measured_on = models.PositiveIntegerField(_("measured on"))
    departments = models.PositiveSmallIntegerField(_("departments"))
    accuracy = models.FloatField(_("right"))
    coverage = models.FloatField(_("coverage"))
    threshold = models.FloatField(_("confidence needed"))
    directory_accuracy = models.FloatField(_("the directory right"))
    file = models.FileField(upload_to="models/")
    digest = models.CharField(max_length=64)
    is_used = models.BooleanField(_("in use"), default=False)

    class Meta:
        verbose_name = _("dispatch model")
        verbose_name_plural = _("dispatch models")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["is_used"], condition=models.Q(is_used=True), name="one_model_in_use")
        ]
        indexes: ClassVar = [models.Index("trained_at", name="model_trained")]

    def __str__(self) -> str:
        return f"{self.trained_at:%Y-%m-%d} {self.accuracy:.1%}"
