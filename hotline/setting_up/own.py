"""What this room asks of a new city: regions, departments, people, the calendar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import Department, Region, User
from hotline.accounts.permissions import Role
from hotline.setting_up.checks import Standing, State, check, standing
from hotline.setting_up.tables import TABLES
from hotline.worktime import calendar
from hotline.worktime.models import OfficeHours

NAMED = 4  # names written out in one sentence
NEEDED_ROLES = [role for role in Role if role != Role.TELEPHONY]  # which is no person
GOVERNMENTS = (Department.Level.CITY, Department.Level.DISTRICT)  # that stand above all and work on nothing for them
DECEMBER = 12  # by when the arrangement of the next year has been announced


def named(names: Sequence[Any]) -> str:
    """The first few names, and how many more."""
    shown = _t(", ").join(map(str, names[:NAMED]))
    more = len(names) - NAMED
    return shown if more <= 0 else _t("{names} and {count} others").format(names=shown, count=more)


@check(5, _("Name of the city"), "set-up-table", "regions")
def name_of_the_city() -> Standing:
    """Whether what stands on every page and slip is the city whose regions were laid in."""
    cities = list(Region.objects.filter(level=Region.Level.CITY).order_by("code").values_list("name", flat=True))
    named_so = {"name": settings.CITY_NAME, "prefix": settings.CITY_PREFIX}
    if cities and settings.CITY_NAME not in cities:
        words = _t(
            "pages and slips say %(name)s, numbers begin with %(prefix)s, and the region is %(city)s: set "
            "HOTLINE_CITY_NAME and HOTLINE_CITY_PREFIX, and start anew"
        )
        return Standing(State.MISSING, words % {**named_so, "city": cities[0]})
    return Standing(State.DONE, _t("%(name)s; numbers begin with %(prefix)s") % named_so)


@check(10, _("Regions"), "set-up-table", "regions")
def regions() -> Standing:
    counts = Counter(Region.objects.order_by().values_list("level", flat=True))
    words = _t("%(districts)d districts, %(streets)d streets and towns") % {
        "districts": counts[Region.Level.DISTRICT], "streets": counts[Region.Level.STREET]
    }  # fmt: skip
    return standing(counts[Region.Level.STREET] > 0, words)


@check(20, _("Departments of the city"), "set-up-table", "departments")
def departments() -> Standing:
    counts = Counter(Department.objects.order_by().values_list("is_open", flat=True))
    words = _t("%(open)d take tickets, %(closed)d take none") % {"open": counts[True], "closed": counts[False]}
    return standing(counts[True] > 0, words)


@check(30, _("Somebody in each role"), "people")
def roles() -> Standing:
    counts = dict(User.objects.filter(is_active=True).order_by().values_list("role").annotate(Count("pk")))
    people = sum(count for role, count in counts.items() if role != Role.TELEPHONY)
    words = _t("%(count)d people in use") % {"count": people}
    if lacking := [role.label for role in NEEDED_ROLES if not counts.get(role)]:
        words = _t("%(words)s; nobody yet: %(names)s") % {"words": words, "names": _t(", ").join(map(str, lacking))}
    return standing(not lacking, words)


def without_people() -> tuple[list[Department], int]:
    """The departments that take tickets and in which nobody reads them, and how many take tickets at all.

    What is sent to a department is read by its own people, or by those of the one it is a part of.
    """
    staff = User.objects.filter(is_active=True, role=Role.STAFF, department__isnull=False).order_by()
    peopled = set(staff.values_list("department", flat=True).distinct())
    rows = list(Department.objects.order_by("path"))
    governments = {one.pk for one in rows if one.level in GOVERNMENTS}
    taking = [one for one in rows if one.is_open]
    return [one for one in taking if not peopled & ({one.pk} | (set(one.ancestor_ids) - governments))], len(taking)


@check(32, _("Somebody in each department"), "set-up-table", "departments", query="?tab=empty")
def staffed() -> Standing:
    empty, taking = without_people()
    if empty:
        words = _t("%(count)d departments have nobody: %(names)s") % {"count": len(empty), "names": named(empty)}
        return Standing(State.MISSING, words)
    if not taking:
        return Standing(State.MISSING, _t("no department takes tickets yet"))
    return Standing(State.DONE, _t("each of %(count)d departments has somebody") % {"count": taking})


@check(34, _("First passwords"), "people", query="?state=without")
def passwords() -> Standing:
    without = User.objects.filter(is_active=True, password__startswith=UNUSABLE_PASSWORD_PREFIX)
    if count := without.count():
        return Standing(State.MISSING, _t("%(count)d people have no password and cannot sign in") % {"count": count})
    return Standing(State.DONE, _t("everybody in use has a password"))


@check(36, _("Demo accounts"), "people", query="?state=demo")
def demo_accounts() -> Standing:
    count = User.objects.filter(is_demo=True, is_active=True).count()
    words = _t("%(count)d demo accounts, whose password everybody knows, are in use") % {"count": count}
    if count and settings.DEPLOYED:
        return Standing(State.MISSING, words)
    return Standing(State.ADVICE, words) if count else Standing(State.DONE, _t("none in use"))


@check(60, _("Working calendar"), "calendar")
def working_calendar() -> Standing:
    today, known = timezone.localdate(), calendar.current()
    told, lacking = [], []
    for year in (today.year, today.year + 1):
        announced = year in known.arranged or calendar.is_announced(year)
        kind = _t("as announced") if announced else _t("by the law alone")
        told.append(_t("%(year)d: %(kind)s") % {"year": year, "kind": kind})
        if not announced:
            lacking.append(year)
    words = _t(", ").join(told)
    if today.year in lacking or (lacking and today.month == DECEMBER):
        return Standing(State.MISSING, words)
    return Standing(State.ADVICE if lacking else State.DONE, words)


@check(62, _("Office hours"), "set-up-table", "office-hours")
def office_hours() -> Standing:
    if own := list(OfficeHours.objects.all()):
        return Standing(State.DONE, _t(", ").join(map(str, own)))
    usual = _t(", ").join(f"{opens:%H:%M}–{closes:%H:%M}" for opens, closes in calendar.DEFAULT_HOURS)
    return Standing(State.ADVICE, _t("not set; these hold: %(hours)s") % {"hours": usual})


@check(70, _("Channels for messages"), "set-up-table", "departments")
def channels() -> Standing:
    taking = Department.objects.filter(is_open=True)
    told = taking.exclude(channel="").count()
    words = _t("%(told)d of %(count)d departments are told by a channel, the others on the page of messages alone") % {
        "told": told, "count": taking.count()
    }  # fmt: skip
    return Standing(State.DONE if told else State.ADVICE, words)


TABLES["departments"].parts["empty"] = (
    _("With nobody"), lambda rows: rows.filter(pk__in=[one.pk for one in without_people()[0]])
)  # fmt: skip
