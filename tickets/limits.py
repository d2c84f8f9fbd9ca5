"""Time limits and other numbers of a city, as rows that an administrator changes.

The defaults are domain.md's ("Time limits"); migrations 0003 and 0005 lay them in. A limit may be for a kind, an
urgency, a category with all below it and a department with all below it. The most specific row wins, in this order:
one for an urgency (what is urgent is not made slower by its category), for a department, for the nearest category, for
a kind. A limit is never changed: from a day on another row holds in its place.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta

from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from hotline.accounts.models import TreeNode
from hotline.remembered import Remembered
from hotline.worktime import calendar
from tickets.choices import RuleKey, Stage, Unit
from tickets.models import CityRule, Ticket, TimeLimit

CACHE_SECONDS = 30


CLOCK_UNITS = {
    Unit.CLOCK_MINUTE: timedelta(minutes=1),
    Unit.CLOCK_HOUR: timedelta(hours=1),
    Unit.CLOCK_DAY: timedelta(days=1),
}


def fit(row: TimeLimit, ticket: Ticket) -> tuple[int, ...] | None:
    """How closely a limit fits a ticket, to be compared; None where it is not for it."""
    if row.kind not in ("", ticket.kind) or row.urgency not in ("", ticket.urgency):
        return None
    # Rows without either are the rule: they must not cost a query for the ticket's own.
    department = _depth(row.department_id, ticket.department) if row.department_id else 0
    category = _depth(row.category_id, ticket.category) if row.category_id else 0
    if department is None or category is None:
        return None
    return int(bool(row.urgency)), department, category, int(bool(row.kind))


def _depth(wanted: int, node: TreeNode | None) -> int | None:
    """How deep in the way to `node` the wanted id stands; None where it is not on the way."""
    way = list(reversed(node.ancestor_ids)) if node else []
    return way.index(wanted) + 1 if wanted in way else None


DEFAULT_RULES = {
    RuleKey.RETURNS_TO_RULING: 2,
    RuleKey.EXTENSIONS: 2,
    RuleKey.EXTENSION_DAYS: 5,
    RuleKey.PLANNED_DAYS: 180,
    RuleKey.REDO_PERCENT: 50,
    RuleKey.FOLLOW_UP_TRIES: 3,
    RuleKey.FOLLOW_UP_DAYS: 2,
    RuleKey.REOPEN_DAYS: 7,
    RuleKey.MISSED_DAYS: 3,
    RuleKey.ARTICLE_DAYS: 14,
    RuleKey.FORGET_YEARS: 0,
    RuleKey.FIRST_WARNING: 50,
    RuleKey.LAST_WARNING: 80,
    RuleKey.REDONE: 2,
    RuleKey.MANY_CALLERS: 3,
    RuleKey.FREQUENT_CALLER: 3,
    RuleKey.ALERT_DAYS: 7,
    RuleKey.ALERT_CALLERS: 5,
    RuleKey.SENSITIVE_CALLERS: 2,
    RuleKey.CAME_BACK_DAYS: 30,
    RuleKey.SURGE_PERCENT: 200,
    RuleKey.SURGE_CALLS: 20,
}


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
    fitting = [(close, row) for row in rows if row.holds_on(day) and (close := fit(row, ticket)) is not None]
    if not fitting:
        raise LookupError(f"no time limit for stage {stage} on {day}")
    _close, best = max(fitting, key=lambda pair: pair[0])
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
