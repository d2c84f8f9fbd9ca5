"""Where a person is signed in: each place is listed to them, can be ended, and ends by itself when nobody is there.

A row is written when somebody signs in. Its last use is kept to five minutes in the row and exactly in the cache;
without the cache the time of idleness begins anew. What a page asks by itself (`X-Poll`) is no use of it, but for the
wall screen, which is there to be looked at.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.accounts import journal
from hotline.accounts.models import AccountEvent, SignedIn, User
from hotline.addresses import client_address

ROW = "signed_in"  # in the session: which row is its own
SINCE = "signed_in_at"  # in the session
NOTED_EVERY = 300  # seconds
AT_ONCE = 1.0  # seconds: a page and the parts that it loads are one use of it
REMEMBERED = timedelta(days=180)  # how long a place is one that is known
POLL = "X-Poll"
End = SignedIn.End


def begun(request: HttpRequest, user: User) -> SignedIn:
    """Writes down that `user` has just signed in here, and tells them where else somebody did since."""
    before = SignedIn.objects.filter(user=user, at__gt=timezone.now() - REMEMBERED)
    network = network_of(client_address(request))
    is_new = before.exists() and not before.filter(network=network).exists()
    row = SignedIn.objects.create(
        user=user, session=request.session.session_key or "", address=client_address(request), network=network,
        agent=request.headers.get("User-Agent", "")[:200], is_new_place=is_new,
    )  # fmt: skip
    request.session[ROW], request.session[SINCE] = row.pk, time.time()
    if is_new:
        journal.record(AccountEvent.Kind.NEW_PLACE, user, by=user, address=row.address)
    _tell(request, before.filter(is_new_place=True, told_at=None).exclude(network=network))
    return row


def _tell(request: HttpRequest, elsewhere: QuerySet[SignedIn]) -> None:
    told = list(elsewhere.order_by("at", "pk")[:3])
    for row in told:
        words = _t(
            "Somebody signed in with your account from a new place: %(at)s, %(address)s. If it was not you, change your"
            " password and end that sign-in under “Account security”."
        )
        at = timezone.localtime(row.at).strftime("%Y-%m-%d %H:%M")
        messages.warning(request, words % {"at": at, "address": row.address or "—"})
    SignedIn.objects.filter(pk__in=[row.pk for row in told]).update(told_at=timezone.now())


def network_of(address: str | None) -> str:
    """The network in which a place is the same place: addresses of an office and of a household change."""
    if address is None:
        return ""
    length = 24 if ipaddress.ip_address(address).version == 4 else 48
    return str(ipaddress.ip_network(f"{address}/{length}", strict=False))


def of(user: User) -> QuerySet[SignedIn]:
    """Where a person is signed in now, the latest use first."""
    open_ones = SignedIn.objects.filter(user=user, ended_at=None)
    alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    return open_ones.filter(session__in=alive).order_by("-seen_at", "-pk")


def end(rows: QuerySet[SignedIn], because: str) -> int:
    """Signs out what is signed in by these rows; returns how many there were."""
    found = list(rows.filter(ended_at=None))
    Session.objects.filter(session_key__in=[row.session for row in found]).delete()
    return SignedIn.objects.filter(pk__in=[row.pk for row in found]).update(
        ended_at=timezone.now(), ended_because=because
    )


def own(request: HttpRequest) -> int:
    """The row of the session that asks; 0 where it has none."""
    return int(request.session.get(ROW, 0))


def ends_when_idle(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: who does nothing for `HOTLINE_IDLE_MINUTES`, or signed in a shift ago, is signed out.

    What was typed stays in the browser.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.session.session_key and request.user.is_authenticated:
            if time.time() - request.session.get(SINCE, time.time()) > settings.SESSION_COOKIE_AGE:
                _sign_out(request, End.OVER)
            elif settings.IDLE_MINUTES:
                _look(request)
        return get_response(request)

    return middleware


def _sign_out(request: HttpRequest, because: str) -> None:
    if row := own(request):
        SignedIn.objects.filter(pk=row, ended_at=None).update(ended_at=timezone.now(), ended_because=because)
    logout(request)


def _look(request: HttpRequest) -> None:
    key, now = f"seen:{request.session.session_key}", time.time()
    seen = cache.get(key)
    if seen is not None and now - seen > settings.IDLE_MINUTES * 60:
        cache.delete(key)
        _sign_out(request, End.IDLE)
        return
    if seen is not None and (POLL in request.headers or now - seen < AT_ONCE):
        return
    cache.set(key, now, settings.SESSION_COOKIE_AGE)
    if (row := own(request)) and cache.add(f"{key}:noted", True, NOTED_EVERY):
        SignedIn.objects.filter(pk=row).update(seen_at=timezone.now())
