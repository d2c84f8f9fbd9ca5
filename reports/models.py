from __future__ import annotations

from typing import ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hotline import roles
from hotline.accounts.models import Department, User
from hotline.accounts.permissions import Permission as P

REPORT_LANGUAGE = "zh-hans"  # a report is an office document: Chinese whoever has it built


class ReportKind(models.TextChoices):
    WEEKLY = "weekly", _("Weekly report")
    MONTHLY = "monthly", _("Monthly report")
    SPECIAL = "special", _("Special report")


SCHEDULED = (ReportKind.WEEKLY, ReportKind.MONTHLY)


class Report(models.Model):
    """What is reported on: a kind, a period, and the tickets that it is about; its versions are its editions.

    It has a number (总第N期) from the moment at which it was first issued: each kind counts its own, without gaps.
    """

    kind = models.CharField(_("kind"), max_length=10, choices=ReportKind)
    period = models.CharField(_("period"), max_length=24)
    start = models.DateTimeField(_("from"))
    end = models.DateTimeField(_("to"))
    scope = models.CharField(max_length=200, blank=True)  # which tickets, as an address says it; empty: all
    # Whose own report it is: read by this department and no other.
    unit = models.ForeignKey(Department, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(_("issue number"), null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "period", "scope", "unit"], nulls_distinct=False, name="one_report_of_a_period"
            ),
            models.UniqueConstraint("kind", "number", name="one_report_of_a_number"),
        ]
        indexes: ClassVar = [models.Index(fields=["-start", "-id"], name="report_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.period} {self.scope}".strip()


class ReportRunQuerySet(models.QuerySet["ReportRun"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Who makes reports sees all; others what was issued to everybody, or to a department of theirs, and what was
        built of their department because somebody of it asked."""
        if not isinstance(user, User) or not user.may(P.READ_REPORTS):
            return self.none()
        if user.may(P.SEE_REPORTS):
            return self
        whose = models.Q(edition__report__unit__isnull=True) | models.Q(edition__report__unit__in=user.department_ids)
        issued = whose & models.Q(edition__state=Edition.State.ISSUED)
        if not user.may(P.ASK_OWN_REPORT):
            return self.filter(issued)
        theirs = user.department_ids
        own = models.Q(edition__report__unit__in=theirs, built_by__department__in=theirs)
        return self.filter(issued | own)


@roles.kept()
class ReportRun(models.Model):
    """One report as it was built (报告期): the period, the numbers as they were then, the files made of them.

    `sections` is what page, Word and Excel show; see reports.building.Section. A run is never changed; building
    the same period again adds a run. What becomes of it is its `edition`.
    """

    kind = models.CharField(_("kind"), max_length=10, choices=ReportKind)
    period = models.CharField(_("period"), max_length=24)
    start = models.DateTimeField(_("from"))
    end = models.DateTimeField(_("to"))
    title = models.CharField(max_length=200)
    sections = models.JSONField()
    built_at = models.DateTimeField(_("built at"), default=timezone.now)
    built_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    docx = models.FileField(upload_to="reports/%Y/%m")
    xlsx = models.FileField(upload_to="reports/%Y/%m")

    objects: ClassVar = ReportRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        indexes: ClassVar = [models.Index("kind", "start", "built_at", name="report_kind_start")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("report", args=[self.pk])

    @property
    def is_partial(self) -> bool:
        """Whether it was built before its period was over: it stands for a part of it."""
        return self.built_at < self.end


@roles.kept(
    but=("state", "version", "approved_by_id", "approved_at", "issued_by_id", "issued_at", "changes", "docx", "xlsx")
)
class Edition(models.Model):
    """A run in the life of its report: draft → approved → issued. What was issued stays issued for ever.

    Drafts are counted by `draft`; what is issued has a `version`, 1 at first, and 2 is a correction of 1. `changes`
    grows by each step, so that nobody decides on what somebody else has changed meanwhile. `docx` and `xlsx` are the
    files as they were issued, with number and version.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft of a report")
        APPROVED = "approved", _("Approved")
        ISSUED = "issued", pgettext_lazy("of a report", "Issued")

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="editions")
    run = models.OneToOneField(ReportRun, on_delete=models.PROTECT, related_name="edition")
    draft = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    version = models.PositiveSmallIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)  # of a correction
    changes = models.PositiveIntegerField(default=0)
    approved_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    issued_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField(null=True, blank=True)
    docx = models.FileField(upload_to="reports/%Y/%m", blank=True)
    xlsx = models.FileField(upload_to="reports/%Y/%m", blank=True)

    class Meta:
        ordering = ("-draft",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["report", "draft"], name="one_draft_of_a_number"),
            models.UniqueConstraint(fields=["report", "version"], name="one_version_of_a_number"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What it is called among the editions of its report: draft 2, version 1."""
        if self.version:
            return str(_("Version %(version)d")) % {"version": self.version}
        return str(_("Draft %(draft)d")) % {"draft": self.draft}


EDITION_STATES = Edition.State  # as the API's schema calls for it: by one name in a module


@roles.kept()
class ReportEvent(models.Model):
    """What was done with an edition, or remarked on it: by whom and when. `section` is the key of one."""

    class What(models.TextChoices):
        BUILT = "built", _("Report was built")
        REMARK = "remark", pgettext_lazy("on a report", "Remark")
        APPROVED = "approved", _("Approved")
        TAKEN_BACK = "taken_back", _("Approval taken back")
        ISSUED = "issued", pgettext_lazy("of a report", "Issued")

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="events")
    what = models.CharField(max_length=10, choices=What)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    section = models.CharField(max_length=60, blank=True)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ("at", "pk")


class Job(models.Model):
    """A report that is to be built, or an issue whose files are to be written: by a worker, never by a page.

    At most one is open for the same report. `attempts` grows whenever a worker takes it; what an earlier one that was
    thought dead still says of it does not count.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("of a report's job", "Waiting")
        RUNNING = "running", _("Being built")
        DONE = "done", pgettext_lazy("of a report's job", "Done")
        FAILED = "failed", pgettext_lazy("of a report's job", "Failed")
        CANCELLED = "cancelled", _("Cancelled")

    kind = models.CharField(max_length=10, choices=ReportKind)
    period = models.CharField(max_length=24)
    scope = models.CharField(max_length=200, blank=True)
    unit = models.ForeignKey(Department, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    edition = models.ForeignKey(Edition, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    step = models.CharField(max_length=80, blank=True)
    done = models.PositiveSmallIntegerField(default=0)
    steps = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    try_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    files = models.JSONField(default=list)  # places on the disk that it writes to, until a row speaks of them
    run = models.ForeignKey(ReportRun, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "period", "scope", "unit", "edition"], nulls_distinct=False, name="one_open_job",
                condition=models.Q(state__in=["waiting", "running"]),
            )
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index("try_at", name="job_open", condition=models.Q(state__in=["waiting", "running"]))
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.period} {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def tone(self) -> str:
        return {"done": "success", "failed": "danger", "running": "info"}.get(self.state, "neutral")


class OperatorDay(models.Model):
    """What an operator did in a day, summed up; `reports.sums` writes and reads it."""

    operator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    picked_up = models.PositiveIntegerField(default=0)
    received = models.PositiveIntegerField(default=0)
    direct = models.PositiveIntegerField(default=0)
    dispatched = models.PositiveIntegerField(default=0)
    returned = models.PositiveIntegerField(default=0)
    seconds = models.JSONField(default=dict)  # how many tickets took so many seconds to record

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("day", "operator", name="operator_day")]

    def __str__(self) -> str:
        return f"{self.operator_id} {self.day}"


class ChangedDay(models.Model):
    """A note that a figure of an operator's day may have changed; triggers write it, `reports.sums` takes it away.

    Notes are only added and taken away: of two who change the same day neither waits for the other.
    """

    operator = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index("at", "operator", name="changed_day")]

    def __str__(self) -> str:
        return f"{self.operator} {self.at}"


class PastFigure(models.Model):
    """A figure of the whole city of a period that is over; `reports.past` writes and reads it.

    It is one of `notes` changes that had been noted of its time, and of the definitions `rules`.
    """

    start = models.DateTimeField()
    end = models.DateTimeField()
    name = models.CharField(max_length=40)
    base = models.PositiveIntegerField()
    part = models.PositiveIntegerField(null=True)
    measured = models.FloatField(null=True)
    notes = models.PositiveIntegerField()
    rules = models.CharField(max_length=16)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("start", "end", "name", name="past_figure")]

    def __str__(self) -> str:
        return f"{self.name} {self.start} {self.end}"


class PastChange(models.Model):
    """A note that what had happened from `at` on was written otherwise, or only now; triggers write it.

    One statement leaves few, however many rows it writes. None is taken away: it is looked at whether there are more
    than before.
    """

    at = models.DateTimeField()
    transaction = models.BigIntegerField()
    statement = models.DateTimeField()  # when it began

    class Meta:
        indexes: ClassVar = [
            models.Index("at", name="past_change_at"),
            models.Index("transaction", "statement", "at", name="past_change_of"),
        ]

    def __str__(self) -> str:
        return f"{self.at}"


class ReportTemplate(models.Model):
    """A Word template of reports that the city loaded; the latest is in use. One without content: ours is used again.

    None is changed or taken away, so that it is known by which a paper was made.
    """

    name = models.CharField(_("file"), max_length=200, blank=True)
    content = models.BinaryField(null=True)
    loaded_at = models.DateTimeField(default=timezone.now)
    loaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("report template")
        verbose_name_plural = _("report templates")

    def __str__(self) -> str:
        return self.name or str(_("the template that is shipped"))

    @classmethod
    def in_use(cls) -> ReportTemplate | None:
        """The latest; None where none was ever loaded."""
        return cls.objects.select_related("loaded_by").order_by("-pk").first()

    @classmethod
    def content_in_use(cls) -> bytes | None:
        """The city's own template; None where the shipped one is used."""
        found = cls.objects.order_by("-pk").values_list("content", flat=True).first()
        return None if found is None else bytes(found)


class ReportSentence(models.Model):
    """A sentence of reports in the city's own words; `reports.content.sentences` says which there are and checks it."""

    name = models.CharField(_("sentence"), max_length=30, unique=True)
    text = models.CharField(_("its words"), max_length=500)
    is_used = models.BooleanField(_("in use"), default=True, help_text=_("Not in use: the sentence of the system."))

    class Meta:
        verbose_name = _("sentence of reports")
        verbose_name_plural = _("sentences of reports")

    def __str__(self) -> str:
        return self.name


class Target(models.Model):
    """What an indicator shall come to (目标值): for the city with all its units, or for one unit with all below it.

    `value` is in percent for a share, in hours or a number for others; `reports.targets` reads it.
    """

    indicator = models.CharField(_("indicator"), max_length=40)
    department = models.ForeignKey(
        Department, verbose_name=_("department"), null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text=_("Empty: the city, and every unit that has none of its own."),
    )  # fmt: skip
    value = models.DecimalField(_("target"), max_digits=10, decimal_places=2)
    is_used = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("target")
        verbose_name_plural = _("targets")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["indicator", "department"], nulls_distinct=False, name="one_target"),
            models.CheckConstraint(condition=models.Q(value__gte=0), name="target_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.value}"
