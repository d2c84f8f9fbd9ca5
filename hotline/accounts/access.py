"""Guarding pages by the permission table."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.permissions import BasePermission

from hotline import errors
from hotline.accounts.models import User

View = Callable[..., HttpResponseBase]


def requires(*permissions: str) -> Callable[[View], View]:
    """Only for people who hold one of `permissions`; others get 403. Signing in is asked by the middleware."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not any(person(request).may(permission) for permission in permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def holders_of(*names: str) -> type[BasePermission]:
    """The same for the API: people who hold one of these permissions. Put it behind IsAuthenticated."""

    class Holds(BasePermission):
        def has_permission(self, request: Any, view: Any) -> bool:
            return any(person(request).may(name) for name in names)

    return Holds


def person(request: Any) -> User:
    """The signed-in person; LoginRequiredMiddleware lets nobody else through."""
    assert isinstance(request.user, User)
    return request.user


class SignInRequired(LoginRequiredMiddleware):
    """Sends strangers to the sign-in page; whoever sent a form, or asked for a part of a page, is told in its place.

    Led on to the sign-in page, a form would be lost, and a fragment would show that page inside another.
    """

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:
        is_page = request.method in ("GET", "HEAD") and not request.headers.get("HX-Request")
        if is_page and not errors.wants_json(request):
            return super().handle_no_permission(request, view_func)
        return errors.signed_out(request)
