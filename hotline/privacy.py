"""What browsers and proxies may keep of an answer: nothing."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


def not_kept(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: every answer of ours may hold who called and what was said, so no cache on the way keeps it.

    Assets are answered further out. What a telephone keeps of a meeting it keeps by a script of ours (decision 0016).
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        response.headers["Cache-Control"] = "no-store, private"
        return response

    return middleware
