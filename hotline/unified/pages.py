"""The way to the provider and back."""

from __future__ import annotations

import logging
from typing import Any

import requests
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _t
from django.views.decorators.cache import never_cache
from jwt import PyJWTError
from mozilla_django_oidc.views import OIDCAuthenticationRequestView

from hotline.accounts.models import User
from hotline.accounts.safety.pages import BACKEND, after_password, signed_in
from hotline.ledger.deeds import Deed, Of
from hotline.ledger.writing import record
from hotline.unified import entry, provider

logger = logging.getLogger(__name__)
BROKEN = (requests.RequestException, SuspiciousOperation, PyJWTError, ValueError, KeyError, TypeError)


class ToProvider(OIDCAuthenticationRequestView):
    """Sends the browser on with a state, a nonce and a proof key that only its session knows."""

    get_settings = staticmethod(provider.setting)


@login_not_required
@never_cache
def to_provider(request: HttpRequest) -> HttpResponse:
    if not provider.is_on() or request.user.is_authenticated:
        return redirect("sign-in")
    try:
        answer: HttpResponse = ToProvider.as_view()(request)
    except BROKEN as error:
        return _away(request, error)
    return answer


@login_not_required
@never_cache
def back(request: HttpRequest) -> HttpResponse:
    """Whoever comes back from the provider: let in, or told why not."""
    kept = request.session.get("oidc_states", {}).pop(request.GET.get("state", ""), None)
    request.session.modified = True
    if not provider.is_on() or request.user.is_authenticated:
        return redirect("sign-in")
    if kept is not None and request.GET.get("error"):
        return _refused(request, _t("The unified identity did not sign you in (%(error)s).") % {
            "error": request.GET["error"][:60]
        })  # fmt: skip
    if kept is None or not request.GET.get("code"):
        return redirect(f"{resolve_url('sign-in')}?again=1")
    try:
        claims = provider.Asking().told(request, nonce=kept["nonce"], code_verifier=kept.get("code_verifier"))
    except BROKEN as error:
        return _away(request, error)
    request.speaks_for = settings.OIDC_ISSUER  # type: ignore[attr-defined]  # to the audit log
    try:
        user = entry.enter(claims)
    except entry.NoEntry as refused:
        return _refused(request, str(refused))
    return _let_in(request, user, claims)


def _let_in(request: HttpRequest, user: User, claims: dict[str, Any]) -> HttpResponse:
    """A session, at once where the provider has asked for a second factor that counts here; else after our code."""
    to = request.session.pop("oidc_login_next", None) or resolve_url(settings.LOGIN_REDIRECT_URL)
    is_strong = has_second_factor(claims)
    if not is_strong and (asked := after_password(request, user, to)):
        return asked
    login(request, user, backend=BACKEND)
    response = redirect(to)
    signed_in(request, response, user, is_strong=is_strong)
    return response


def has_second_factor(claims: dict[str, Any]) -> bool:
    """Whether the provider asked for a second factor, by `acr` or `amr`, of those that the city has named."""
    amr = claims.get("amr")
    said = {str(claims.get("acr") or ""), *(map(str, amr) if isinstance(amr, list) else ())}
    return not said.isdisjoint(settings.OIDC_SECOND_FACTOR)


def _refused(request: HttpRequest, words: str) -> HttpResponse:
    record(Deed.REFUSED, request=request, of=Of.ACCOUNT, page="unified-back", told=words)
    return render(request, "accounts/unified_refused.html", {"words": words}, status=403)


def _away(request: HttpRequest, error: Exception) -> HttpResponse:
    """The provider cannot be reached, or what it says cannot be believed; the cause stands in the log alone."""
    logger.warning("unified identity: %s: %s", type(error).__name__, error)
    is_away = isinstance(error, requests.RequestException)
    words = _t(
        "What the unified identity answered cannot be trusted, so nobody is signed in. Try again; if it stays, tell"
        " whoever runs the machine."
    )
    if is_away:
        words = _t("The unified identity cannot be reached just now. Try again, or sign in with a password.")
    told = f"{type(error).__name__}: {error}"[:200]
    record(Deed.REFUSED, request=request, of=Of.ACCOUNT, page="unified-back", told=told)
    return render(request, "accounts/unified_refused.html", {"words": words}, status=503 if is_away else 400)
