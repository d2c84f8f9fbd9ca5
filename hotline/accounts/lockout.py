"""After how many wrong passwords whom is refused, for how long. django-axes asks here; its rows keep the attempts.

1. Five wrong passwords for one account from one address close that account to that address for a while. Whoever sits
   elsewhere signs in as before, so nobody can lock a colleague out.
2. Wrong passwords for many accounts from one address (spraying) close the address to sign-ins.
3. A browser in which a person has signed in before is known by a cookie and counted by itself: guesses of others at
   the same address, as behind an office's one way out, do not touch it.

Whoever is refused costs one query: no password is hashed, and the attempt does not make the wait longer. What axes
calls the user agent, and every client may invent, holds the known browser here.
"""

from __future__ import annotations

import ipaddress
import logging
import secrets
from collections.abc import Mapping
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from axes.models import AccessAttempt
from django.conf import settings
from django.core import signing
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _t

from hotline.addresses import client_address

logger = logging.getLogger(__name__)

KNOWN_BROWSER = "known-browser"  # what the cookie is signed as
COOKIE = f"{settings.PATH_COOKIE}{KNOWN_BROWSER}"
KNOWN_FOR = 180 * 24 * 3600  # seconds
MOST_PEOPLE = 12  # who share one browser, as at a desk worked in shifts


def counted_address(request: HttpRequest) -> str | None:
    """The address that attempts are counted under: a household's whole network where it has one of IPv6."""
    address = client_address(request)
    if address is None or ipaddress.ip_address(address).version == 4:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False).network_address)


class Lockout(AxesDatabaseHandler):
    def filter_user_attempts(self, request: Any, credentials: dict[str, Any] | None = None) -> list[Any]:
        request.axes_user_agent = known_browser(request, get_client_username(request, credentials) or "")
        return list(super().filter_user_attempts(request, credentials))

    def get_failures(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """Wrong passwords within the time that counts; as many as close an account where the address is closed."""
        own = int(super().get_failures(request, credentials))
        return settings.AXES_FAILURE_LIMIT if self._is_spraying(request) else own

    def _is_spraying(self, request: Any) -> bool:
        if request.axes_user_agent or request.axes_ip_address is None:
            return False
        tried = AccessAttempt.objects.filter(ip_address=request.axes_ip_address, user_agent="")
        tried = tried.filter(attempt_time__gte=get_cool_off_threshold(request))
        return tried.count() >= settings.SPRAYED_ACCOUNTS  # a row is an account

    def user_login_failed(self, sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any) -> None:
        """Counts a wrong password. One given while locked out counts for nothing."""
        if request is None:
            return
        request.axes_credentials = credentials
        if request.axes_locked_out:
            return
        self.clean_expired_user_attempts(request, credentials)
        username = get_client_username(request, credentials)
        request.axes_user_agent = known_browser(request, username or "")
        attempt, _made = AccessAttempt.objects.get_or_create(
            username=username, ip_address=request.axes_ip_address, user_agent=request.axes_user_agent,
            defaults={"failures_since_start": 0, "path_info": request.axes_path_info},
        )  # fmt: skip
        AccessAttempt.objects.filter(pk=attempt.pk).update(
            failures_since_start=F("failures_since_start") + 1, attempt_time=request.axes_attempt_time
        )
        if self.is_locked(request, credentials):
            logger.warning("locked out: account %r from %s", username, request.axes_ip_address)
            request.axes_locked_out = True


def locked_out(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Told after too many wrong passwords, in place of any other answer; it opens again by itself."""
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    if request.path.startswith("/api/"):
        said = _t("Too many wrong passwords. Wait %(minutes)d minutes and try again.") % {"minutes": minutes}
        answer: HttpResponse = JsonResponse({"detail": said}, status=429)
    else:
        answer = render(request, "accounts/locked_out.html", {"minutes": minutes}, status=429)
    answer.headers["Retry-After"] = str(minutes * 60)
    return answer


# -- browsers that are known ------------------------------------------------------------------------------------


def known_browser(request: HttpRequest, username: str) -> str:
    """The name of the browser if `username` has signed in with it before; empty for one that is not known."""
    kept = _kept(request.COOKIES)
    return str(kept["browser"]) if _mark(username) in kept["people"] else ""


def knows_somebody(cookies: Mapping[str, str]) -> bool:
    """Whether anybody has signed in before with the browser that sends these cookies."""
    return bool(_kept(cookies)["people"])


def remember_browser(request: HttpRequest, response: HttpResponse, username: str) -> None:
    """Lets the browser be known for `username` from now on. Names are kept as marks that nobody else can read."""
    kept = _kept(request.COOKIES)
    mark = _mark(username)
    people = [mark, *(one for one in kept["people"] if one != mark)][:MOST_PEOPLE]
    response.set_cookie(
        COOKIE, signing.dumps({"browser": kept["browser"], "people": people}, salt=KNOWN_BROWSER),
        max_age=KNOWN_FOR, path=request.path, httponly=True, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax",
    )  # fmt: skip


def _kept(cookies: Mapping[str, str]) -> dict[str, Any]:
    try:
        return dict(signing.loads(cookies[COOKIE], salt=KNOWN_BROWSER, max_age=KNOWN_FOR))
    except (KeyError, signing.BadSignature):
        return {"browser": f"browser:{secrets.token_hex(8)}", "people": []}


def _mark(username: str) -> str:
    return salted_hmac(KNOWN_BROWSER, username).hexdigest()[:16]
