"""Time limits and other numbers of a city, as rows that an administrator changes.

The defaults are domain.md's ("Time limits"); migrations 0003 and 0005 lay them in. A limit may be for a kind, an
urgency, a category with all below it and a department with all below it. The most specific row wins, in this order:
one for an urgency (what is urgent is not made slower by its category), for a department, for the nearest category, for
a kind. A limit is never changed: from a day on another row holds in its place.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.signals import post_delete, post_save
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hotline.remembered import Remembered
from hotline.worktime import calendar

from .choices import Kind, Urgency

if TYPE_CHECKING:
    from hotline.accounts.models import TreeNode

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


BEGINNING = date(2000, 1, 1)  # before any ticket: the first day of the limits that a city starts with


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

    def fit(self, ticket: Ticket) -> tuple[int, ...] | None:
        """How closely it fits a ticket, to be compared; None where it is not for it."""
        if self.kind not in ("", ticket.kind) or self.urgency not in ("", ticket.urgency):
            return None
        # Rows without either are the rule: they must not cost a query for the ticket's own.
        department = _depth(self.department_id, ticket.department) if self.department_id else 0
        category = _depth(self.category_id, ticket.category) if self.category_id else 0
        if department is None or category is None:
            return None
        return int(bool(self.urgency)), department, category, int(bool(self.kind))


def _depth(wanted: int, node: TreeNode | None) -> int | None:
    """How deep in the way to `node` the wanted id stands; None where it is not on the way."""
    way = list(reversed(node.ancestor_ids)) if node else []
    return way.index(wanted) + 1 if wanted in way else None


class RuleKey(models.TextChoices):
    RETURNS_TO_RULING = "returns_to_ruling", _("Granted returns after which a ruling decides")
    EXTENSIONS = "extensions", _("Extensions a ticket may have")
    EXTENSION_DAYS = "extension_days", _("Working days of one extension without a plan")
    PLANNED_DAYS = "planned_days", _("Working days of one extension with a plan")
    REDO_PERCENT = "redo_percent", _("Percent of the answer limit for a new round")
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
    RuleKey.EXTENSION_DAYS: 5,
    RuleKey.PLANNED_DAYS: 180,
    RuleKey.REDO_PERCENT: 50,
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


Limits = dict[str, list[TimeLimit]]  # by stage


def _read() -> tuple[Limits, dict[str, int]]:
    limits: Limits = defaultdict(list)
    for row in TimeLimit.objects.all():
        limits[row.stage].append(row)
    rules = {str(key): value for key, value in DEFAULT_RULES.items()}
    rules.update(CityRule.objects.values_list("key", "value"))
    return limits, rules


_current = Remembered(_read, seconds=CACHE_SECONDS)
forget = _current.forget


def rule(key: RuleKey) -> int:
    """The number that this city goes by."""
    return _current()[1][key]


def current() -> Limits:
    """The limits as they stand."""
    return _current()[0]


def limit(stage: Stage, ticket: Ticket, day: date, limits: Limits | None = None) -> tuple[float, str]:
    """Amount and unit of the limit that holds for `ticket` for what begins on `day`.

    `limits` are others than those that stand, to see what a change would do. Raises LookupError where no row fits.
    """
    rows = (current() if limits is None else limits).get(stage, ())
    fitting = [(fit, row) for row in rows if row.holds_on(day) and (fit := row.fit(ticket)) is not None]
    if not fitting:
        raise LookupError(f"no time limit for stage {stage} on {day}")
    _fit, best = max(fitting, key=lambda pair: pair[0])
    return float(best.amount), best.unit


def due(
    stage: Stage, ticket: Ticket, start: datetime, *, share: float = 1.0, limits: Limits | None = None
) -> datetime:  # fmt: skip
    """The instant at which `share` of the limit of `stage` has passed since `start`."""
    amount, unit = limit(stage, ticket, timezone.localdate(start), limits)
    return shift(start, amount * share, unit)


def shift(start: datetime, amount: float, unit: str) -> datetime:
    """`start` moved by `amount` of `unit`; negative amounts go back."""
    if unit == Unit.WORK_DAY:
        return calendar.current().add_days(start, amount)
    return start + amount * CLOCK_UNITS[Unit(unit)]


for _model in (TimeLimit, CityRule):
    post_save.connect(forget, sender=_model)
    post_delete.connect(forget, sender=_model)
