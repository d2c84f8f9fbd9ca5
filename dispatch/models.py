"""Who is responsible for what, and what happens when that is disputed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hotline import roles
from hotline.accounts.models import Department, Region, User
from tickets.choices import Principle, ReturnGround
from tickets.models import Category, Ticket


class DirectoryVersion(models.Model):
    """A change of the responsibility directory (派单目录): drafted, looked at with what it would change, put in force.

    Versions in force are numbered without gaps; each keeps which lines it brought and which it withdrew, so the
    directory can be read as it stood in any of them.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_FORCE = "in_force", _("Put in force")
        DISCARDED = "discarded", _("Discarded")

    number = models.PositiveIntegerField(_("version"), null=True, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    note = models.CharField(_("what it is about"), max_length=200)
    base = models.PositiveIntegerField(_("drafted on version"), default=0)
    withdrawn = models.JSONField(default=list)  # ids of lines that this takes out
    brought = models.JSONField(default=list)  # lines that this puts in, as `directory.Line.as_json`
    made_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("drafted at"))
    settled_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(_("put in force or discarded at"), null=True, blank=True)

    class Meta:
        verbose_name = _("directory version")
        verbose_name_plural = _("directory versions")

    def __str__(self) -> str:
        return f"{self.number or self.get_state_display()}"

    def get_absolute_url(self) -> str:
        return reverse("directory-version", args=[self.pk])


@roles.kept(but=("withdrawn_in_id",))
class DirectoryEntry(models.Model):
    """One line of the directory: this category, in this region, is that department's, from one day to another.

    Category and region may be of any level; the most specific line wins, the category before the region. `sender`
    is the department that sends down by this line (二级派单); none means the hotline's own dispatchers. A line is
    never changed: a version withdraws it and brings another.
    """

    sender = models.ForeignKey(
        Department, verbose_name=_("sent by"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    category = models.ForeignKey(Category, verbose_name=_("category"), on_delete=models.PROTECT, related_name="+")
    region = models.ForeignKey(Region, verbose_name=_("region"), on_delete=models.PROTECT, related_name="+")
    department = models.ForeignKey(
        Department, verbose_name=_("responsible department"), on_delete=models.PROTECT, related_name="directory"
    )
    assisting = models.ManyToManyField(
        Department, verbose_name=_("assisting departments"), blank=True, related_name="+"
    )
    basis = models.CharField(_("legal basis"), max_length=200, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("last day valid"), null=True, blank=True)
    brought_in = models.ForeignKey(DirectoryVersion, on_delete=models.PROTECT, related_name="lines")
    withdrawn_in = models.ForeignKey(
        DirectoryVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="withdrawn_lines"
    )

    class Meta:
        verbose_name = _("directory entry")
        verbose_name_plural = _("responsibility directory")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["sender", "category", "region", "valid_from"],
                condition=models.Q(withdrawn_in__isnull=True), nulls_distinct=False, name="one_line_from_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until__isnull=True) | models.Q(valid_until__gte=models.F("valid_from")),
                name="line_ends_after_it_begins",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(
                "category", "region", name="line_standing", condition=models.Q(withdrawn_in__isnull=True)
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.category} · {self.region} → {self.department}"


@roles.kept(but=("ruling", "ruled_by_id", "ruled_at", "reason"))
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


@roles.kept()
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
    is_automatic = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index("at", name="suggestion_at")]


class Learns(models.TextChoices):
    """What a model names for a text."""

    DEPARTMENT = "department", _("Department")
    CATEGORY = "category", _("Category")


class DispatchModel(models.Model):
    """One time that departments or categories were learned from answered tickets, and how well it did on later ones.

    `floor_accuracy` is how often what people wrote down was right on the same tickets: the directory for departments,
    the keywords for categories.

    The file lies in the data folder; `digest` is the mark by which it is known for one that was written here.
    """

    learns = models.CharField(_("learns"), max_length=10, choices=Learns, default=Learns.DEPARTMENT)
    trained_at = models.DateTimeField(_("trained at"))
    learned_from = models.PositiveIntegerField(_("learned from"))
    measured_on = models.PositiveIntegerField(_("measured on"))
    labels = models.PositiveSmallIntegerField(_("labels"))
    accuracy = models.FloatField(_("right"))
    coverage = models.FloatField(_("coverage"))
    threshold = models.FloatField(_("confidence needed"))
    floor_accuracy = models.FloatField(_("directory or keywords right"))
    # for some confidences: how many of the held-out tickets reach it, and how many of those are right
    curve = models.JSONField(default=list)
    file = models.FileField(upload_to="models/")
    digest = models.CharField(max_length=64)
    is_used = models.BooleanField(_("in use"), default=False)

    class Meta:
        verbose_name = _("dispatch model")
        verbose_name_plural = _("dispatch models")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["learns"], condition=models.Q(is_used=True), name="one_model_in_use")
        ]
        indexes: ClassVar = [models.Index("trained_at", name="model_trained")]

    def __str__(self) -> str:
        return f"{self.trained_at:%Y-%m-%d} {self.accuracy:.1%}"


@roles.kept()
class AutomaticDispatch(models.Model):
    """One turn of the switch that lets what was learned dispatch by itself; the latest row holds, none means off.

    `precision` and `share` are what the switch showed when it was turned on: how many of the held-out tickets at least
    this sure were right, and how large a part of all they were.
    """

    is_on = models.BooleanField()
    confidence = models.FloatField(_("confidence needed"), default=1)
    precision = models.FloatField(_("right on history"), default=0)
    share = models.FloatField(_("share of tickets"), default=0)
    model = models.ForeignKey(DispatchModel, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("-pk",)


class CitySheet(models.Model):
    """A sheet of people, departments, regions or categories that was read, and is looked at before it is taken in.

    `told` is what the page said it would change; it is taken in only while that is still so.
    """

    sheet = models.CharField(max_length=20)  # one of `dispatch.city.sheets.ALL`
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    name = models.CharField(max_length=200)  # of the file, without its ending
    rows = models.JSONField(default=list)  # number, values and fault of each; emptied when it is taken in
    told = models.JSONField(default=dict)  # counts, entries and problems
    taken_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("city-sheet", args=[self.pk])
