"""Whose templates of answers somebody uses, and whose they change.

A department's templates are used by it and by the units below it; they are changed by its own people and by those of
the department above.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.accounts.models import Department, User
from hotline.accounts.permissions import Permission as P
from tickets.models import AnswerTemplate, Ticket
from tickets.models.wording import NAME_TAKEN
from tickets.reading import read
from tickets.wording.fields import filled

MOST_OFFERED = 100


class Changed(Exception):
    """Somebody changed or removed the template since it was looked at, or took its name; `message` says so."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def kept_by(user: User) -> QuerySet[AnswerTemplate]:
    """Those that `user` may change."""
    if not user.may(P.HANDLE):
        return AnswerTemplate.objects.none()
    found = AnswerTemplate.objects.filter(department__in=user.department_ids)
    return found.select_related("department", "by").order_by("department__path", "name")


def used_by(user: User) -> QuerySet[AnswerTemplate]:
    """Those that `user` may answer with: the own department's, and those from above and below."""
    if not user.may(P.HANDLE) or user.department is None:
        return AnswerTemplate.objects.none()
    departments = {*user.department_ids, *user.department.ancestor_ids}
    found = AnswerTemplate.objects.filter(department__in=departments)
    return found.select_related("department", "by").order_by("department__path", "name")


def for_ticket(ticket: Ticket, user: User, ours: Department | None) -> list[tuple[AnswerTemplate, str]]:
    """The templates that `user` may answer `ticket` with, each filled in by it; the own department's first."""
    reading = read(ticket, user)
    own_first = sorted(used_by(user)[:MOST_OFFERED], key=lambda one: one.department_id != user.department_id)
    return [(one, filled(one.text, reading, ours)) for one in own_first]


def save(one: AnswerTemplate, *, by: User, seen: int | None) -> None:
    """Writes a template that was looked at in version `seen`; None for a new one. Raises Changed."""
    try:
        with transaction.atomic():
            if seen is not None:
                _hold(one, seen)
                one.version = seen + 1
            one.by, one.at = by, timezone.now()
            one.save()
    except IntegrityError as error:  # two at once
        raise Changed(str(NAME_TAKEN)) from error


def remove(one: AnswerTemplate, *, seen: int) -> None:
    """Removes a template; answers that began with it keep their words. Raises Changed."""
    with transaction.atomic():
        _hold(one, seen)
        one.delete()


def _hold(one: AnswerTemplate, seen: int) -> None:
    now = AnswerTemplate.objects.select_for_update(no_key=True).filter(pk=one.pk).first()
    if now is None:
        raise Changed(_t("Somebody has removed this template meanwhile."))
    if now.version != seen:
        said = _t("%(person)s has changed this template at %(time)s, since you opened it; it now reads: %(text)s")
        raise Changed(said % {"person": now.by, "time": f"{timezone.localtime(now.at):%m-%d %H:%M}", "text": now.text})
