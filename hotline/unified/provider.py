"""Speaking to the provider: where its addresses are, and whether what it says can be believed.

mozilla-django-oidc asks for the tokens and proves their signatures. It looks neither at who issued a token nor for
whom, nor whether the identity that is told beside it is the same; that is done here.
"""

from __future__ import annotations

from typing import Any

import jwt
import requests
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.utils import import_from_settings

from hotline.text import clean
from hotline.unified.models import SUBJECT

KNOWN_FOR = 600  # seconds
# What mozilla-django-oidc calls an address, and what the provider calls it.
ADDRESSES = {
    "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization_endpoint", "OIDC_OP_TOKEN_ENDPOINT": "token_endpoint",
    "OIDC_OP_USER_ENDPOINT": "userinfo_endpoint", "OIDC_OP_JWKS_ENDPOINT": "jwks_uri",
}  # fmt: skip
TOLD_BY_TOKEN = ("acr", "amr")  # how somebody signed in there: only the signed token is believed


def is_on() -> bool:
    return bool(settings.OIDC_ISSUER)


def described() -> dict[str, Any]:
    """What the provider says of itself. Raises RequestException or SuspiciousOperation."""
    key = f"unified:{settings.OIDC_ISSUER}"
    known = cache.get(key)
    if known is None:
        address = f"{settings.OIDC_ISSUER.rstrip('/')}/.well-known/openid-configuration"
        answer = requests.get(address, timeout=settings.OIDC_TIMEOUT, allow_redirects=False)
        answer.raise_for_status()
        known = answer.json()
        if not isinstance(known, dict) or known.get("issuer") != settings.OIDC_ISSUER:
            raise SuspiciousOperation("the provider names another issuer than HOTLINE_OIDC_ISSUER")
        cache.set(key, known, KNOWN_FOR)
    return dict(known)


def setting(name: str, *default: Any) -> Any:
    """What mozilla-django-oidc asks for: addresses from the provider, the rest from the settings."""
    return described()[ADDRESSES[name]] if name in ADDRESSES else import_from_settings(name, *default)


class Asking(OIDCAuthenticationBackend):
    """One exchange with the provider. It is no backend of Django's: who is let in is decided in `entry`."""

    get_settings = staticmethod(setting)

    def told(self, request: HttpRequest, *, nonce: str | None, code_verifier: str | None) -> dict[str, Any]:
        """The claims of whoever comes back with a code. Raises RequestException or SuspiciousOperation."""
        found: Any = self.authenticate(request, nonce=nonce, code_verifier=code_verifier)
        if not isinstance(found, dict):
            raise SuspiciousOperation("the provider told nothing of who signed in")
        return found

    def retrieve_matching_jwk(self, token: Any) -> Any:
        """The key that a token names; one that names none, as the standard allows, is of the only key there is."""
        head = jwt.get_unverified_header(token)
        answer = requests.get(self.OIDC_OP_JWKS_ENDPOINT, timeout=settings.OIDC_TIMEOUT, allow_redirects=False)
        answer.raise_for_status()
        keys = [
            one for one in answer.json()["keys"]
            if head.get("kid") in (None, one.get("kid")) and one.get("alg", head["alg"]) == head["alg"]
            and one.get("use", "sig") == "sig"
        ]  # fmt: skip
        if len(keys) != 1:
            raise SuspiciousOperation("no key of the provider fits the token, or several do")
        return jwt.PyJWK(keys[0], algorithm=head["alg"])

    def verify_token(self, token: Any, **kwargs: Any) -> Any:
        payload = super().verify_token(token, **kwargs)
        audience = payload.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if payload.get("iss") != settings.OIDC_ISSUER or self.OIDC_RP_CLIENT_ID not in audiences:
            raise SuspiciousOperation("the token was issued by or for somebody else")
        if payload.get("azp", self.OIDC_RP_CLIENT_ID) != self.OIDC_RP_CLIENT_ID or "exp" not in payload:
            raise SuspiciousOperation("the token was issued for another program, or never ends")
        return payload

    def get_or_create_user(self, access_token: Any, id_token: Any, payload: Any) -> Any:
        """The claims, in place of an account."""
        told = self.get_userinfo(access_token, id_token, payload)
        if not isinstance(told, dict) or not payload.get("sub") or told.get("sub") != payload["sub"]:
            raise SuspiciousOperation("the token and what is told beside it are of two people")
        if (subject := str(payload["sub"])) != clean(subject) or len(subject) > SUBJECT:
            raise SuspiciousOperation("the token names somebody by what is no name")
        return {**payload, **told} | {name: payload.get(name) for name in TOLD_BY_TOKEN}
