"""What somebody owes before anything else: a password of their own, and a second factor where their role needs one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _t

from hotline.accounts.models import User
from hotline.accounts.safety.pages import OWES

OPEN = frozenset({"sign-out", "sign-in", "language", "healthz"})  # pages that anybody opens all the same


class OwedMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        owed = _owed(request)
        if owed is None:
            return None
        page, said = owed
        match = request.resolver_match
        if match and match.view_name in OPEN | {page}:
            return None
        if request.path.startswith("/api/") or not request.accepts("text/html"):
            return JsonResponse({"detail": said}, status=403)
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": reverse(page)})
        return redirect(page)


def _owed(request: HttpRequest) -> tuple[str, str] | None:
    """The page where it is made good, and what a program is told."""
    if not isinstance(request.user, User):
        return None
    if request.user.owes_new_password:
        return "password", _t("Sign in and choose a password of your own first.")
    if request.session.get(OWES):
        return "account-security", _t("Sign in and set up the second factor first.")
    return None
