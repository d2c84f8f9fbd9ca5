"""The key under which a browser keeps what a person is typing, for that person alone.

A desk has many people and one disk. What is typed is kept on that disk (static/keep.js), so that neither a lost network
nor a browser that dies loses a call, but never in clear:

- its key is made from the secret key, the person and a random number that only this browser has, in a cookie;
- the server tells the key to nobody but that person, signed in;
- signing out takes the number away: then nobody can make the key again, and what lies on the disk is noise.

A session that merely ends leaves the number, so that whoever signs in again finds what they typed.
"""

from __future__ import annotations

import base64
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import salted_hmac
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from hotline.accounts.models import User

KEPT_FOR = 7 * 24 * 3600  # seconds: over a long holiday somebody else has taken the call
MADE_FOR = "made_for"  # the field of every form that holds the mark of whoever it was made for
PATH = "/drafts/"  # the only addresses that are sent the number


def mark(user: User) -> str:
    """What stands for a person in a page and on the disk of a desk; it tells nobody who it is."""
    return salted_hmac("hotline.drafts.mark", str(user.pk), algorithm="sha256").hexdigest()[:20]


def _cookie(marked: str) -> str:
    return f"{settings.PATH_COOKIE}draft-{marked}"


def _key(user: User, number: str) -> str:
    made = salted_hmac("hotline.drafts.key", f"{user.pk}:{number}", algorithm="sha256").digest()
    return base64.b64encode(made).decode()


@require_POST  # a key is not an address: no cache and no worker of a page ever keeps it
@never_cache
def key(request: HttpRequest) -> HttpResponse:
    """The key of whoever is signed in, for this browser, as JSON with their mark."""
    user = request.user
    assert isinstance(user, User)  # SignInRequired lets nobody else through
    cookie = _cookie(mark(user))
    before = request.COOKIES.get(f"draft-{mark(user)}")  # as it was called until it was bound to the host
    number = request.COOKIES.get(cookie) or before or secrets.token_urlsafe(32)
    response = JsonResponse({"person": mark(user), "key": _key(user, number)})
    response.set_cookie(
        cookie, number, max_age=KEPT_FOR, path=PATH, httponly=True, samesite="Strict",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    return response


def forget(response: HttpResponse, marked: str) -> None:
    """Makes what the person with this mark typed in this browser unreadable for good."""
    response.delete_cookie(_cookie(marked), path=PATH, samesite="Strict")
