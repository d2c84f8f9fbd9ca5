"""A second factor beside the password: a code of the moment from an app, or a recovery code without the telephone.

- Codes are those of RFC 6238 (TOTP): six digits, half a minute; one step before and after is taken, each code once.
- The secret is stored encrypted (hotline.vault), recovery codes as hashes keyed by `SECRET_KEY`, so that whoever reads
  the database can make no code. `SECRET_KEY_FALLBACKS` know the codes that were drawn before.
- Whose role is named in `HOTLINE_SECOND_FACTOR_ROLES` sets it up before anything else.
- Wrong codes count as wrong passwords do (`hotline.accounts.lockout`).

Nobody is signed in between password and code: a session begins when both were right.
"""

from __future__ import annotations

import base64
import secrets
import time
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_otp.oath import TOTP

from hotline.accounts import journal
from hotline.accounts.models import AccountEvent, Authenticator, RecoveryCode, User
from hotline.accounts.permissions import Role

SALT = "hotline.accounts.second_factor"
BYTES = 20  # of a secret, as RFC 4226 recommends
STEP = 30  # seconds
TOLERANCE = 1  # steps before and after
CODES = 10
GROUPS, OF = 6, 4  # of letters of a recovery code: 118 bits, which a hash alone keeps
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
Kind = AccountEvent.Kind


class WrongCode(Exception):
    """The code is not that of the moment, or was used before."""


def is_owed_by(user: User) -> bool:
    """Whether somebody of this role signs in with a second factor, and has none yet."""
    return user.role in obligatory_roles() and of(user) is None


def obligatory_roles() -> frozenset[str]:
    """The roles that the city asks for a second factor. Raises ImproperlyConfigured for one that there is not."""
    named = frozenset(settings.SECOND_FACTOR_ROLES)
    if unknown := named - set(Role.values):
        raise ImproperlyConfigured(f"HOTLINE_SECOND_FACTOR_ROLES names {', '.join(sorted(unknown))}: no such role")
    return named


def of(user: User) -> Authenticator | None:
    """The app that a person signs in with; None for one who has none."""
    return Authenticator.objects.filter(user=user, confirmed_at__isnull=False).first()


# -- setting it up --------------------------------------------------------------------------------------------------


def begin(user: User) -> Authenticator:
    """A new secret, which holds when a code of it was given (`confirm`); what holds until then goes on holding."""
    waiting = Authenticator.objects.filter(user=user, confirmed_at=None).first()
    if waiting is None:
        waiting = Authenticator(user=user)
        waiting.secret = base64.b32encode(secrets.token_bytes(BYTES)).decode()
        waiting.save()
    return waiting


def written(authenticator: Authenticator) -> str:
    """The secret as it is typed into an app, in groups of four."""
    text = authenticator.secret
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def address(authenticator: Authenticator) -> str:
    """What an app reads from the picture."""
    issuer = f"{settings.CITY_NAME} 12345"
    asked = {"secret": written(authenticator).replace(" ", ""), "issuer": issuer}
    return f"otpauth://totp/{quote(f'{issuer}:{authenticator.user.username}')}?{urlencode(asked, quote_via=quote)}"


@transaction.atomic
def confirm(user: User, code: str, *, address: str | None) -> list[str]:
    """Has the app that was begun be the one to sign in with; returns the recovery codes. Raises WrongCode."""
    waiting = Authenticator.objects.select_for_update(no_key=True).filter(user=user, confirmed_at=None).first()
    if waiting is None or not _is_now(waiting, code):
        raise WrongCode
    Authenticator.objects.filter(user=user, confirmed_at__isnull=False).delete()
    waiting.confirmed_at = timezone.now()
    waiting.save()
    journal.record(Kind.SECOND_FACTOR_ON, user, by=user, address=address)
    return _new_codes(user)


@transaction.atomic
def renew_codes(user: User, code: str, *, address: str | None) -> list[str]:
    """New recovery codes in place of all former ones. Raises WrongCode."""
    if not is_right(user, code):
        raise WrongCode
    journal.record(Kind.RECOVERY_CODES, user, by=user, address=address)
    return _new_codes(user)


def _new_codes(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    drawn = ["-".join("".join(secrets.choice(LETTERS) for _ in range(OF)) for _ in range(GROUPS)) for _ in range(CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=_digests(one)[0]) for one in drawn)
    return drawn


@transaction.atomic
def end(user: User, *, by: User, address: str | None = None) -> bool:
    """Takes the second factor away; returns whether there was one."""
    had = of(user) is not None
    Authenticator.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    if had:
        journal.record(Kind.SECOND_FACTOR_OFF, user, by=by, address=address)
    return had


# -- signing in -----------------------------------------------------------------------------------------------------


@transaction.atomic
def is_right(user: User, code: str) -> bool:
    """Whether `code` is that of the moment, or a recovery code; either is good for once."""
    authenticator = (
        Authenticator.objects.select_for_update(no_key=True).filter(user=user, confirmed_at__isnull=False).first()
    )
    if authenticator is None:
        return False
    if _is_now(authenticator, code):
        return True
    used, _of = RecoveryCode.objects.filter(user=user, digest__in=_digests(code)).delete()
    if used:
        journal.record(Kind.RECOVERY_CODE_USED, user, by=user)
    return bool(used)


def _is_now(authenticator: Authenticator, code: str) -> bool:
    typed = "".join(code.split())
    if not (typed.isascii() and typed.isdigit() and len(typed) == 6):
        return False
    totp = TOTP(base64.b32decode(authenticator.secret), step=STEP)
    totp.time = time.time()
    now = totp.t()
    for step in range(now - TOLERANCE, now + TOLERANCE + 1):
        totp.drift = step - now
        if step > authenticator.last_step and secrets.compare_digest(f"{totp.token():06d}", typed):
            authenticator.last_step = step
            Authenticator.objects.filter(pk=authenticator.pk).update(last_step=step)
            return True
    return False


# -- keys -----------------------------------------------------------------------------------------------------------


def _keys() -> list[str]:
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def _digests(code: str) -> list[str]:
    """A recovery code as it is stored, by the key of now and by those of before."""
    plain = "".join(letter for letter in code.casefold() if letter.isalnum())
    return [salted_hmac(SALT, plain, key, algorithm="sha256").hexdigest() for key in _keys()]
