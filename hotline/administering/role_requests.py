"""A role is changed, and administrators and auditors are made and unmade, by the word of two administrators.

One asks and says why; the account stays as it is until another decides. Who decides is neither who asked nor whom it is
about, and nobody who could be: who gives an account a password, or takes its second factor away, could sign in by it,
and is taken for its owner too within these days. Else one person could ask and answer by two accounts.

Two who decide at once wait for each other, and the second is told. Who asks or decides is an administrator still at
that moment, not only when the page was opened. Where the account is no longer as it was when it was
asked, or who asked is no administrator any more, nothing is changed: the request lapses and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from hotline.accounts import administrators, journal
from hotline.accounts.models import AccountEvent, Department, User
from hotline.accounts.permissions import GUARDED, Permission, roles_with
from hotline.administering.models import RoleRequest

FREE_AFTER = timedelta(days=7)  # since who asked had power over the account of who decides
NOBODY_ELSE = _(
    "This needs another administrator, who is neither you nor the person concerned, and there is none in use. Whoever "
    "runs the machine makes one by the command create_administrator (see docs/deploy.md)."
)
POWER = (AccountEvent.Kind.PASSWORD_RESET, AccountEvent.Kind.SECOND_FACTOR_OFF)
Decision, Kind = RoleRequest.Decision, AccountEvent.Kind


@dataclass(frozen=True)
class Wish:
    """What an account shall be."""

    role: str
    department: Department | None
    is_active: bool


def needs_a_second(was_role: str, role: str, *, opens_or_closes: bool) -> bool:
    """Whether a change of an account is one that two administrators decide. A new account has no role before."""
    if was_role and was_role != role:
        return True
    return role in GUARDED and (opens_or_closes or not was_role)


def waiting() -> QuerySet[RoleRequest]:
    rows = RoleRequest.objects.filter(decided_at=None).order_by("asked_at", "pk")
    return rows.select_related("person", "asked_by", "was_department", "department")


def check_that_somebody_decides(by: User, about: User | None) -> None:
    """Raises ValidationError where no other administrator is there."""
    others = User.objects.filter(role__in=roles_with(Permission.SET_UP), is_active=True).exclude(pk=by.pk)
    if about is not None:
        others = others.exclude(pk=about.pk)
    if not others.exists():
        raise ValidationError(str(NOBODY_ELSE))


@transaction.atomic
def ask(person: User, wish: Wish, *, by: User, reason: str) -> RoleRequest:
    """Keeps that `by` wants the account to be so. Raises ValidationError."""
    if not reason.strip():
        raise ValidationError(_t("Say why: another administrator decides on it."))
    if person.pk == by.pk:
        raise ValidationError(_t("Your own is changed by another administrator."))
    _check_still(by)
    check_that_somebody_decides(by, person)
    now = User.objects.select_for_update(no_key=True, of=("self",)).prefetch_related("department").get(pk=person.pk)
    if open_one := waiting().filter(person=now).first():
        said = _t("A change of this account waits already: %(what)s, asked for by %(by)s.")
        raise ValidationError(said % {"what": open_one.what, "by": open_one.asked_by})
    made = RoleRequest.objects.create(
        person=now, asked_by=by, reason=reason.strip(), was_role=now.role, was_department=now.department,
        was_active=now.is_active, role=wish.role, department=wish.department, is_active=wish.is_active,
    )  # fmt: skip
    journal.record(Kind.ROLE_ASKED, now, by=by, detail=made.what[:60])
    return made


def _check_still(by: User) -> None:
    """Raises ValidationError where `by` was let in as an administrator and is none any more by now."""
    if not User.objects.get(pk=by.pk).may(Permission.SET_UP):
        raise ValidationError(_t("You are no administrator any more, so nothing was done."))


def why_not(request: RoleRequest, by: User) -> str:
    """Why this administrator does not decide on it; empty where they may."""
    if request.asked_by_id == by.pk:
        return _t("You asked for it: another administrator decides.")
    if request.person_id == by.pk:
        return _t("It is about you: another administrator decides.")
    both = _behind(by) & (_behind(request.asked_by) | {request.person_id})
    if by.pk in both:
        said = _t(
            "You have given %(by)s a password or taken their second factor away within the last %(days)d days: a third "
            "administrator decides."
        )
        return said % {"by": request.asked_by, "days": FREE_AFTER.days}
    if both:
        said = _t(
            "%(by)s has given you a password or taken your second factor away within the last %(days)d days: a third "
            "administrator decides."
        )
        return said % {"by": User.objects.get(pk=min(both)), "days": FREE_AFTER.days}
    return ""


def _behind(account: User) -> set[int]:
    """Who could sign in by an account: its owner, who had power over it of late, and who had power over those."""
    found = new = {account.pk}
    while new:
        events = AccountEvent.objects.filter(person__in=new, kind__in=POWER, at__gt=timezone.now() - FREE_AFTER)
        new = set(events.exclude(by=None).values_list("by", flat=True)) - found
        found = found | new
    return found


@transaction.atomic
def decide(pk: int, *, by: User, is_granted: bool, note: str = "") -> RoleRequest:
    """Grants or refuses; the request may turn out to have lapsed. Raises ValidationError where `by` may not."""
    request = _locked(pk)
    with administrators.one_remains():  # whose locks come first, as wherever people are changed
        _check_still(by)
        if reason := why_not(request, by):
            raise ValidationError(reason)
        person = User.objects.select_for_update(no_key=True).get(pk=request.person_id)
        if lapsed := _why_lapsed(request, person):
            return _close(request, Decision.LAPSED, by=by, note=lapsed)
        if not is_granted:
            return _close(request, Decision.REFUSED, by=by, note=note)
        person.role, person.department, person.is_active = request.role, request.department, request.is_active
        person.save(update_fields=["role", "department", "is_active", "is_staff", "is_superuser"])
    return _close(request, Decision.GRANTED, by=by, note=note)


@transaction.atomic
def withdraw(pk: int, *, by: User) -> RoleRequest:
    """Takes back what one asked for oneself. Raises ValidationError."""
    request = _locked(pk)
    if request.asked_by_id != by.pk:
        raise ValidationError(_t("Only who asked for it takes it back."))
    return _close(request, Decision.WITHDRAWN, by=by)


def _locked(pk: int) -> RoleRequest:
    """The request, held until the end of the transaction. Raises ValidationError where it is decided already."""
    # Alone: what is joined to a row that was waited for is as it was before the wait, so nobody would have decided.
    request = RoleRequest.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if request is None:
        raise ValidationError(_t("There is no such request."))
    if request.decided_at is not None:
        said = _t("%(by)s was faster: %(decision)s.")
        raise ValidationError(said % {"by": request.decided_by, "decision": request.get_decision_display()})
    return request


def _why_lapsed(request: RoleRequest, now: User) -> str:
    was = (request.was_role, request.was_department_id, request.was_active)
    if was != (now.role, now.department_id, now.is_active):
        return _t("The account has changed since it was asked: ask again.")
    if not request.asked_by.may(Permission.SET_UP):
        return _t("Who asked for it is no administrator any more.")
    return ""


def _close(request: RoleRequest, decision: str, *, by: User, note: str = "") -> RoleRequest:
    request.decision, request.decided_by, request.decided_at = decision, by, timezone.now()
    request.note = note.strip()
    request.save(update_fields=["decision", "decided_by", "decided_at", "note"])
    kind = Kind.ROLE_CHANGED if decision == Decision.GRANTED else Kind.ROLE_NOT_CHANGED
    journal.record(kind, request.person, by=by, detail=request.what[:60])
    return request
