"""Whom the claims of the provider let in, and as what: accounts are made, changed, closed and opened again by them.

1. A role is given by the claim of roles, whose values the city's settings map to ours. None that is mapped: no entry,
   and an account that there is closes. Two different: no entry, and nothing changes.
2. Administrators and auditors come from the provider only where the city said so (`HOTLINE_OIDC_ADMINISTRATORS`): else
   who controls the provider would control the hotline. Accounts that are administrators' here are not touched.
3. Staff need a department that is known here, by name or by a code that is mapped.
4. An account is known by issuer and subject. One that was set up before, by a sheet, is taken over by its user name the
   first time, if it never had a password; one with a password of its own is somebody who signs in here.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.accounts import administrators, journal
from hotline.accounts.models import AccountEvent, Department, User
from hotline.accounts.permissions import GUARDED, Role
from hotline.text import one_line
from hotline.unified.models import Identity

Kind = AccountEvent.Kind
MOST = 5  # values told back
UNCHECKED = {"password", "phone", "email"}  # which the provider does not give


class NoEntry(Exception):
    """The provider gives no entry; the words say why."""


@dataclass(frozen=True)
class Given:
    """What the provider gives somebody."""

    role: str
    department: Department | None


def enter(claims: dict[str, Any]) -> User:
    """The account of whoever has these claims, as they are now. Raises NoEntry, with what it closed written down."""
    subject = str(claims["sub"])
    try:
        given = _given(claims)
        with transaction.atomic(), _one_administrator_remains():
            return _as_given(_account(subject, claims, given), claims, given)
    except _Nothing as nothing:
        _close(subject, str(nothing))
        raise NoEntry(str(nothing)) from nothing
    except ValidationError as refused:
        raise NoEntry(" ".join(refused.messages)) from refused
    except IntegrityError as error:  # the same person arrives twice at once
        raise NoEntry(_t("Your account is just being made. Sign in once more.")) from error


def _one_administrator_remains() -> AbstractContextManager[None]:
    """Its locks come first, as wherever people are changed; where no administrator is touched it asks for none."""
    return administrators.one_remains() if settings.OIDC_ADMINISTRATORS else nullcontext()


class _Nothing(NoEntry):
    """No role at all."""


def _given(claims: dict[str, Any]) -> Given:
    values = _values(claims.get(settings.OIDC_ROLE_CLAIM))
    roles = {settings.OIDC_ROLES[value] for value in values if value in settings.OIDC_ROLES}
    if not roles:
        told = _t(", ").join(values[:MOST]) or "—"
        raise _Nothing(_t("Your unified identity gives you no role here (it says: %(values)s).") % {"values": told})
    if len(roles) > 1:
        named = _t(", ").join(sorted(str(Role(role).label) for role in roles))
        raise NoEntry(
            _t("Your unified identity gives you several roles (%(roles)s); here one holds one.") % {"roles": named}
        )
    (role,) = roles
    if role in GUARDED and not settings.OIDC_ADMINISTRATORS:
        said = _t("Your unified identity says that you are “%(role)s”, which it may not give. Nothing was changed.")
        raise NoEntry(said % {"role": Role(role).label})
    return Given(role, _department(claims, role))


def _department(claims: dict[str, Any], role: str) -> Department | None:
    told = _word(claims.get(settings.OIDC_DEPARTMENT_CLAIM))
    named = settings.OIDC_DEPARTMENTS.get(told, told)
    found = Department.objects.filter(name=named).first() if named else None
    if role == Role.STAFF and found is None:
        said = _t("Your unified identity names the department “%(name)s”, which is not known here.")
        raise NoEntry(said % {"name": told[:80] or "—"})
    return found


def _values(claim: Any) -> list[str]:
    if isinstance(claim, str):
        claim = claim.replace(",", " ").split()
    return [word for one in claim if (word := _word(one))] if isinstance(claim, list | tuple) else []


def _word(said: Any) -> str:
    """What a claim says in a word or a number; nothing where it is made otherwise."""
    return one_line(str(said)) if isinstance(said, str | int) and not isinstance(said, bool) else ""


def _account(subject: str, claims: dict[str, Any], given: Given) -> User:
    """The account of the identity, held until the end of the transaction; made or taken over where there is none."""
    identity = (
        Identity.objects.select_for_update(no_key=True).filter(issuer=settings.OIDC_ISSUER, subject=subject).first()
    )
    if identity is not None:
        return User.objects.select_for_update(no_key=True, of=("self",)).get(pk=identity.user_id)
    username = _word(claims.get(settings.OIDC_USERNAME_CLAIM))[:150]
    if not username:
        raise NoEntry(_t("Your unified identity tells no user name."))
    user = User.objects.select_for_update(no_key=True, of=("self",)).filter(username__iexact=username).first()
    if user is None:
        user = User(username=username, full_name=_name(claims, username), role=given.role, department=given.department)
        user.set_unusable_password()
        user.full_clean(exclude=UNCHECKED)
        user.save()
        journal.record(Kind.UNIFIED_MADE, user, by=None, detail=str(Role(given.role).label))
    elif user.has_usable_password() or user.role in GUARDED or not user.is_active or hasattr(user, "identity"):
        raise NoEntry(
            _t("The user name “%(name)s” belongs to another account here. Ask an administrator.") % {"name": username}
        )
    else:
        journal.record(Kind.UNIFIED_MADE, user, by=user, detail="")
    Identity.objects.create(user=user, issuer=settings.OIDC_ISSUER, subject=subject)
    return user


def _as_given(user: User, claims: dict[str, Any], given: Given) -> User:
    """The account with the role, department and name that are given; opened again where the provider had closed it."""
    identity: Identity = user.identity
    if not user.is_active and identity.closed_at is None:
        raise NoEntry(_t("An administrator has disabled your account."))
    if user.role in GUARDED and not settings.OIDC_ADMINISTRATORS:
        raise NoEntry(_t("Your account is an administrator's: it signs in here, by its password."))
    was = (user.role, user.department_id, user.is_active, user.full_name)
    user.role, user.department, user.is_active = given.role, given.department, True
    user.full_name = _name(claims, user.full_name)
    if was == (user.role, user.department_id, user.is_active, user.full_name):
        return user
    user.full_clean(exclude=UNCHECKED)
    user.save(update_fields=["role", "department", "is_active", "full_name", "is_staff", "is_superuser"])
    if was[0] != user.role or not was[2]:
        detail = f"{Role(was[0]).label} → {Role(user.role).label}"
        journal.record(Kind.UNIFIED_CHANGED, user, by=None, detail=detail)
    return user


def _name(claims: dict[str, Any], otherwise: str) -> str:
    return _word(claims.get(settings.OIDC_NAME_CLAIM))[:40] or otherwise[:40]


def _close(subject: str, why: str) -> None:
    """Closes the account of somebody to whom the provider gives no role any more; administrators of here stay."""
    try:
        with transaction.atomic(), _one_administrator_remains():
            _close_one(subject, why)
    except ValidationError as refused:  # the last administrator
        raise NoEntry(" ".join(refused.messages)) from refused


def _close_one(subject: str, why: str) -> None:
    rows = Identity.objects.select_for_update(no_key=True, of=("self",)).prefetch_related("user")
    identity = rows.filter(issuer=settings.OIDC_ISSUER, subject=subject).first()
    if identity is None or not identity.user.is_active:
        return
    if identity.user.role in GUARDED and not settings.OIDC_ADMINISTRATORS:
        return
    identity.user.is_active = False
    identity.user.save(update_fields=["is_active", "is_staff", "is_superuser"])
    Identity.objects.filter(pk=identity.pk).update(closed_at=timezone.now())
    journal.record(Kind.UNIFIED_CLOSED, identity.user, by=None, detail=why[:60])
