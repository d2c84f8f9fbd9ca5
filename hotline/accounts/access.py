"""Guarding pages by the permission table."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from hotline.accounts.models import User

View = Callable[..., HttpResponseBase]


def requires(permission: str) -> Callable[[View], View]:
    """Only for people who hold `permission`; others get 403. Signing in is asked by the middleware."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not person(request).may(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def person(request: Any) -> User:
    """The signed-in person; LoginRequiredMiddleware lets nobody else through."""
    assert isinstance(request.user, User)
    return request.user
