from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hotline import roles
from hotline.accounts.models import User

REPORT_LANGUAGE = "zh-hans"  # a report is an office document: Chinese whoever has it built


class ReportKind(models.TextChoices):
    WEEKLY = "weekly", _("Weekly report")
    MONTHLY = "monthly", _("Monthly report")


@roles.kept()
class ReportRun(models.Model):
    """One report as it was built (报告期): the period, the numbers as they were then, the files made of them.

    `sections` is what page, Word and Excel show; see reports.building.Section. A run is never changed; building
    the same period again adds a run.
    """

    kind = models.CharField(_("kind"), max_length=10, choices=ReportKind)
    period = models.CharField(_("period"), max_length=10)
    start = models.DateTimeField(_("from"))
    end = models.DateTimeField(_("to"))
    title = models.CharField(max_length=120)
    sections = models.JSONField()
    built_at = models.DateTimeField(_("built at"), default=timezone.now)
    built_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    docx = models.FileField(upload_to="reports/%Y/%m")
    xlsx = models.FileField(upload_to="reports/%Y/%m")

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        indexes: ClassVar = [models.Index("kind", "start", "built_at", name="report_kind_start")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("report", args=[self.pk])


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
