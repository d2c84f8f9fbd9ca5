"""What an address may carry: PostgreSQL keeps no zero bytes, and nobody types one."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

ZERO = "\x00"


def without_zero_bytes(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: takes zero bytes out of what an address asks for, before any view looks anything up by it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "%00" in request.META.get("QUERY_STRING", ""):
            cleaned = request.GET.copy()
            for name, values in request.GET.lists():
                cleaned.setlist(name, [value.replace(ZERO, "") for value in values])
            request.GET = cleaned  # type: ignore[assignment]
        return answer(request)

    return middleware
