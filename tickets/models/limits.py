"""Time limits and other numbers of a city, as rows that an administrator changes.

A limit may be for a kind, an urgency, a category with all below it and a department with all below it. It is never
changed: from a day on another row holds in its place.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from hotline.instants import FIRST_DAY
from tickets.choices import Kind, RuleKey, Stage, Unit, Urgency

BEGINNING = FIRST_DAY  # of the limits that a city starts with


class TimeLimit(models.Model):
    """A limit from one day to another; it holds for what begins in these days."""

    stage = models.CharField(_("stage"), max_length=15, choices=Stage)
    kind = models.CharField(_("kind"), max_length=15, choices=Kind, blank=True, help_text=_("Empty: every kind."))
    urgency = models.CharField(
        _("urgency"), max_length=10, choices=Urgency, blank=True, help_text=_("Empty: every urgency.")
    )
    category = models.ForeignKey(
        "tickets.Category", verbose_name=_("category"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+", help_text=_("Empty: every category; else with all below it."),
    )  # fmt: skip
    department = models.ForeignKey(
        "accounts.Department", verbose_name=_("department"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+", help_text=_("Empty: every department; else with all below it."),
    )  # fmt: skip
    amount = models.DecimalField(_("amount"), max_digits=6, decimal_places=2)
    unit = models.CharField(_("unit"), max_length=15, choices=Unit)
    valid_from = models.DateField(_("valid from"), default=BEGINNING)
    valid_until = models.DateField(_("last day valid"), null=True, blank=True)

    class Meta:
        app_label = "tickets"
        verbose_name = _("time limit")
        verbose_name_plural = _("time limits")
        ordering = ("stage", "kind", "urgency")
        constraints = [
            models.UniqueConstraint(
                fields=["stage", "kind", "urgency", "category", "department", "valid_from"], nulls_distinct=False,
                name="one_limit_from_a_day",
            ),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="limit_is_positive"),
            models.CheckConstraint(
                condition=models.Q(valid_until__isnull=True) | models.Q(valid_until__gte=models.F("valid_from")),
                name="limit_ends_after_it_begins",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_stage_display()}: {float(self.amount):g} {self.get_unit_display()}"

    @property
    def case(self) -> tuple[Any, ...]:
        """For what it is; of two rows for the same case the later takes the place of the earlier."""
        return self.stage, self.kind, self.urgency, self.category_id, self.department_id

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


class CityRule(models.Model):
    """A number that this city sets differently from the default."""

    key = models.CharField(_("rule"), max_length=30, choices=RuleKey, unique=True)
    value = models.PositiveSmallIntegerField(_("value"))

    class Meta:
        app_label = "tickets"
        verbose_name = _("rule")
        verbose_name_plural = _("rules")

    def __str__(self) -> str:
        return f"{self.get_key_display()}: {self.value}"
