"""Alerts about matters: raised and ended by what was counted, each with why, and to whom it went.

A matter is watched, or alerted to, by how many different callers it had in the last days; sooner where a sensitive word
was said. Where its whole category has more calls in the city than usual (a heat wave, a cut of the water), that is one
alert, and of its matters only those that stand out have one of their own. Rooms above say who is told (`tells`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from matters.models import Alert, Standing
from tickets import limits
from tickets.choices import RuleKey
from tickets.models import Ticket

WEEKS = 8  # before this one, by which it is known what is usual
STANDS_OUT = 2  # times the callers of an alert, with which a matter has one of its own while its category surges
YEAR = timedelta(days=364)  # so that the days of the week fall together

Teller = Callable[[Alert], list[str]]
_tellers: list[Teller] = []


def tells(teller: Teller) -> Teller:
    """Registers who is told of an alert when it is raised or becomes graver; it returns their names."""
    _tellers.append(teller)
    return teller


def sync(rows: Sequence[Standing], *, now: datetime) -> None:
    """Makes the open alerts of these matters, whose totals are held, what is true at `now`."""
    surging = {pk: surge(pk, rows, now) for pk in {row.category_id for row in rows if row.category_id}}
    standing = {alert.matter_id: alert for alert in Alert.objects.filter(matter__in=rows_of(rows), ended_at=None)}
    for row in rows:
        known = standing.get(row.pk)
        found = surging.get(row.category_id) if row.category_id else None
        level = _level(row)
        if level and found and not _stands_out(row):
            _raise_surge(row, found, now)
            level, because = None, "surge"
        else:
            because = "closed" if not row.open else "fewer"
        if level is None:
            if known:
                end([known], because, now)
        elif known is None:
            _tell(_raised(row, level, now))
        else:
            _keep(known, row, level, now)


def rows_of(rows: Iterable[Standing]) -> list[int]:
    return [row.pk for row in rows]


def _level(row: Standing) -> str | None:
    if not row.open:
        return None
    if row.callers_lately >= limits.rule(RuleKey.ALERT_CALLERS):
        return Alert.Level.ALERT
    if row.words and row.callers_lately >= limits.rule(RuleKey.SENSITIVE_CALLERS):
        return Alert.Level.ALERT
    return Alert.Level.WATCH if row.callers_lately >= limits.rule(RuleKey.MANY_CALLERS) else None


def _stands_out(row: Standing) -> bool:
    return bool(row.words) or row.callers_lately >= STANDS_OUT * limits.rule(RuleKey.ALERT_CALLERS)


def _why(row: Standing) -> dict[str, Any]:
    return {
        "callers": row.callers_lately, "before": row.callers_before, "calls": row.calls_lately, "words": row.words,
        "days": limits.rule(RuleKey.ALERT_DAYS),
    }  # fmt: skip


def _raised(row: Standing, level: str, now: datetime) -> Alert:
    alert, _is_new = Alert.objects.get_or_create(
        matter_id=row.pk, kind=Alert.Kind.CALLERS, ended_at=None,
        defaults={"level": level, "is_sensitive": bool(row.words), "why": _why(row), "raised_at": now},
    )  # fmt: skip
    return alert


def _keep(alert: Alert, row: Standing, level: str, now: datetime) -> None:
    """What an alert says follows what is true; it is told again only where it has become graver."""
    is_graver = level == Alert.Level.ALERT and alert.level == Alert.Level.WATCH
    if is_graver:
        alert.level = level
    alert.is_sensitive, alert.why = bool(row.words), _why(row)
    alert.save(update_fields=["level", "is_sensitive", "why"])
    if is_graver:
        _tell(alert)


def _tell(alert: Alert) -> None:
    names = [name for teller in _tellers for name in teller(alert)]
    alert.told = list(dict.fromkeys([*alert.told, *names]))
    alert.save(update_fields=["told"])


def end(alerts: Iterable[Alert], because: str, now: datetime) -> None:
    """Ends those of these alerts that are open."""
    pks = [alert.pk for alert in alerts]
    Alert.objects.filter(pk__in=pks, ended_at=None).update(ended_at=now, ended_because=because)


# -- what is usual ------------------------------------------------------------------------------------------------


def surge(category: int, rows: Iterable[Standing], now: datetime) -> dict[str, Any] | None:
    """How many calls a category had in the whole city in the last days, where that is far more than usual.

    The largest matter of those asked about is left out: it is not unusual by itself. What is usual say the weeks
    before and the same days of the year before, whichever is more; without any history nothing is unusual.
    """
    days = timedelta(days=limits.rule(RuleKey.ALERT_DAYS))
    own = max((row.calls_lately for row in rows if row.category_id == category), default=0)
    others = _calls(category, now - days, now) - own
    if others < limits.rule(RuleKey.SURGE_CALLS):
        return None
    if not Ticket.objects.filter(registered_at__lte=now - 2 * days).exists():
        return None
    usual = max(
        _calls(category, now - days - WEEKS * days, now - days) / WEEKS, _calls(category, now - YEAR - days, now - YEAR)
    )
    if others * 100 < usual * limits.rule(RuleKey.SURGE_PERCENT):
        return None
    return {"calls": others, "usual": round(usual, 1), "days": days.days}


def _calls(category: int, after: datetime, until: datetime) -> int:
    return Ticket.objects.filter(category=category, registered_at__gt=after, registered_at__lte=until).count()


def _raise_surge(row: Standing, why: dict[str, Any], now: datetime) -> None:
    """One alert for the whole category; its matters that have one of their own are counted anew."""
    assert row.category_id is not None
    _alert, is_new = Alert.objects.get_or_create(
        category_id=row.category_id, kind=Alert.Kind.SURGE, ended_at=None,
        defaults={"level": Alert.Level.ALERT, "why": why, "raised_at": now},
    )  # fmt: skip
    if is_new:
        Standing.objects.filter(category=row.category_id, callers_lately__gt=1).exclude(pk=row.pk).update(
            recount_at=now
        )


def look_at_surges(now: datetime) -> None:
    """Ends the alerts of categories that have no more calls than usual; their matters are looked at by themselves."""
    for alert in Alert.objects.filter(category__isnull=False, ended_at=None):
        assert alert.category_id is not None
        if (found := surge(alert.category_id, (), now)) is None:
            end([alert], "fewer", now)
            Standing.objects.filter(category=alert.category_id, callers_lately__gt=1).update(recount_at=now)
        elif found != alert.why:
            Alert.objects.filter(pk=alert.pk).update(why=found)
