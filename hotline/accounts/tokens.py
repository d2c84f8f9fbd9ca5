"""API tokens: issued by their owner, kept as hashes, shown once, and at an end by themselves.

A token ends when its days are over, when its owner revokes it, changes the password or is given a new one, and when
the account is closed. Only then is a key in somebody's script no longer than needed a way in.
"""

from __future__ import annotations

import re
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from knox.auth import TokenAuthentication as KnoxAuthentication
from rest_framework.exceptions import AuthenticationFailed

from hotline.accounts import journal
from hotline.accounts.backend import is_open
from hotline.accounts.models import AccountEvent, ApiToken, User

MOST = 20  # tokens of one person; another one ends the one that was not used for longest
KEY = re.compile(rb"[0-9a-f]{64}")


def of(person: User) -> Any:
    """Their tokens that still open, the newest first."""
    return ApiToken.objects.filter(user=person, expiry__gt=timezone.now()).order_by("-created")


@transaction.atomic
def issue(person: User, name: str, *, address: str | None) -> tuple[ApiToken, str]:
    """A new token and its key, which is kept nowhere."""
    User.objects.select_for_update(no_key=True).get(pk=person.pk)  # one at a time, so that no more than MOST come to be
    ApiToken.objects.filter(user=person, expiry__lte=timezone.now()).delete()
    held = sorted(of(person), key=lambda one: one.last_used_at or one.created)
    for too_many in held[: max(0, len(held) - MOST + 1)]:
        revoke(too_many, by=person, address=address)
    token, key = ApiToken.objects.create(user=person, name=name)
    journal.record(AccountEvent.Kind.TOKEN_ISSUED, person, by=person, detail=name, address=address)
    return token, key


@transaction.atomic
def revoke(token: ApiToken, *, by: User | None, address: str | None = None) -> None:
    """Ends a token at once."""
    token.delete()
    journal.record(AccountEvent.Kind.TOKEN_REVOKED, token.user, by=by, detail=token.name, address=address)


class TokenAuthentication(KnoxAuthentication):
    """`Authorization: Token KEY`, of a person whose account is open and who owes no change of password."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        if not KEY.fullmatch(token):
            raise AuthenticationFailed(_t("Invalid token."))
        person, kept = super().authenticate_credentials(token)
        kept.note_use()
        return person, kept

    def validate_user(self, auth_token: ApiToken) -> tuple[User, ApiToken]:
        person = auth_token.user
        if not is_open(person):
            raise AuthenticationFailed(_t("This account is closed."))
        if person.owes_new_password:
            raise AuthenticationFailed(_t("Sign in and choose a password of your own first."))
        return person, auth_token


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "hotline.accounts.tokens.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> Any:
        return build_bearer_security_scheme_object(header_name="Authorization", token_prefix="Token")  # noqa: S106
