"""Whoever signed in with a one-time password chooses one of their own before anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _t

from hotline.accounts.models import User

OPEN = frozenset({"password", "sign-out", "sign-in", "language", "healthz"})  # pages that need no password of one's own


class OneTimePasswordMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        user, match = request.user, request.resolver_match
        if not isinstance(user, User) or not user.owes_new_password or (match and match.view_name in OPEN):
            return None
        if request.path.startswith("/api/") or not request.accepts("text/html"):
            return JsonResponse({"detail": _t("Sign in and choose a password of your own first.")}, status=403)
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": reverse("password")})
        return redirect("password")
