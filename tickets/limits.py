"""Time limits and other numbers of a city, as rows that an administrator changes.

The defaults are domain.md's ("Time limits"); migration 0003 lays them in. The most specific row wins: one
for a kind and an urgency, then for an urgency, then for a kind, then for all.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext_lazy as _

from hotline.remembered import Remembered
from hotline.worktime import calendar

from .choices import Kind, Urgency

if TYPE_CHECKING:
    from .models import Ticket

CACHE_SECONDS = 30


class Stage(models.TextChoices):
    DISPATCH = "dispatch", _("Dispatch a recorded ticket")
    ACCEPT = "accept", _("Accept a dispatched ticket")
    ANSWER = "answer", _("Answer, counted from the first dispatch")
    RETURN = "return", _("Ask to return, counted from the dispatch")
    REVIEW = "review", _("Review a return")
    ASSIST = "assist", _("Answer as an assisting department")
    OPINION = "opinion", _("Give an opinion in a dispute")
    RULING = "ruling", _("Rule on a dispute")
    PROGRESS = "progress", _("Longest time in work without a word")
    COORDINATION = "coordination", _("Longest time in coordination without a word")
    FOLLOW_UP = "follow_up", _("Make the follow-up call")
    SUSPENSION = "suspension", _("Look again at a suspended ticket")


class Unit(models.TextChoices):
    CLOCK_MINUTE = "clock_minute", _("minutes, day and night")
    CLOCK_HOUR = "clock_hour", _("hours, day and night")
    CLOCK_DAY = "clock_day", _("calendar days")
    WORK_DAY = "work_day", _("working days")


CLOCK_UNITS = {
    Unit.CLOCK_MINUTE: timedelta(minutes=1),
    Unit.CLOCK_HOUR: timedelta(hours=1),
    Unit.CLOCK_DAY: timedelta(days=1),
}


class TimeLimit(models.Model):
    stage = models.CharField(_("stage"), max_length=15, choices=Stage)
    kind = models.CharField(_("kind"), max_length=15, choices=Kind, blank=True, help_text=_("Empty: every kind."))
    urgency = models.CharField(
        _("urgency"), max_length=10, choices=Urgency, blank=True, help_text=_("Empty: every urgency.")
    )
    amount = models.DecimalField(_("amount"), max_digits=6, decimal_places=2)
    unit = models.CharField(_("unit"), max_length=15, choices=Unit)

    class Meta:
        app_label = "tickets"
        verbose_name = _("time limit")
        verbose_name_plural = _("time limits")
        ordering = ("stage", "kind", "urgency")
        constraints = [
            models.UniqueConstraint(fields=["stage", "kind", "urgency"], name="one_limit_for_each_case"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="limit_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.get_stage_display()}: {self.amount.normalize():f} {self.get_unit_display()}"


class RuleKey(models.TextChoices):
    RETURNS_TO_RULING = "returns_to_ruling", _("Granted returns after which a ruling decides")
    EXTENSIONS = "extensions", _("Extensions a ticket may have")
    FOLLOW_UP_TRIES = "follow_up_tries", _("Calls tried before a caller counts as not reached")
    FOLLOW_UP_DAYS = "follow_up_days", _("Days over which these calls are spread")
    REOPEN_DAYS = "reopen_days", _("Days within which a closed ticket can be reopened")
    FIRST_WARNING = "first_warning", _("Percent of the answer limit after which a first warning is raised")
    LAST_WARNING = "last_warning", _("Percent of the answer limit after which the last warning is raised")
    REDONE = "redone", _("Rounds of doing again that make a case for supervision")
    MANY_CALLERS = "many_callers", _("Callers about one matter that make it a hot matter")
    FREQUENT_CALLER = "frequent_caller", _("Calls of one caller in a week that make a frequent caller")


DEFAULT_RULES = {
    RuleKey.RETURNS_TO_RULING: 2,
    RuleKey.EXTENSIONS: 2,
    RuleKey.FOLLOW_UP_TRIES: 3,
    RuleKey.FOLLOW_UP_DAYS: 2,
    RuleKey.REOPEN_DAYS: 7,
    RuleKey.FIRST_WARNING: 50,
    RuleKey.LAST_WARNING: 80,
    RuleKey.REDONE: 2,
    RuleKey.MANY_CALLERS: 3,
    RuleKey.FREQUENT_CALLER: 3,
}


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


def _read() -> tuple[dict[tuple[str, str, str], tuple[float, str]], dict[str, int]]:
    limits = {(row.stage, row.kind, row.urgency): (float(row.amount), row.unit) for row in TimeLimit.objects.all()}
    rules = {str(key): value for key, value in DEFAULT_RULES.items()}
    rules.update(CityRule.objects.values_list("key", "value"))
    return limits, rules


_current = Remembered(_read, seconds=CACHE_SECONDS)
forget = _current.forget


def rule(key: RuleKey) -> int:
    """The number that this city goes by."""
    return _current()[1][key]


def limit(stage: Stage, ticket: Ticket) -> tuple[float, str]:
    """Amount and unit of the limit that holds for `ticket`. Raises LookupError where no row fits."""
    limits, _rules = _current()
    for kind, urgency in ((ticket.kind, ticket.urgency), ("", ticket.urgency), (ticket.kind, ""), ("", "")):
        if found := limits.get((stage, kind, urgency)):
            return found
    raise LookupError(f"no time limit for stage {stage}")


def due(stage: Stage, ticket: Ticket, start: datetime, *, share: float = 1.0) -> datetime:
    """The instant at which `share` of the limit of `stage` has passed since `start`."""
    amount, unit = limit(stage, ticket)
    return shift(start, amount * share, unit)


def shift(start: datetime, amount: float, unit: str) -> datetime:
    """`start` moved by `amount` of `unit`; negative amounts go back."""
    if unit == Unit.WORK_DAY:
        return calendar.current().add_days(start, amount)
    return start + amount * CLOCK_UNITS[Unit(unit)]


for _model in (TimeLimit, CityRule):
    post_save.connect(forget, sender=_model)
    post_delete.connect(forget, sender=_model)
