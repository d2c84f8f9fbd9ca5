"""What is answered while database or broker do not answer: our own page, which keeps what a form held."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from hotline import errors
from hotline.waiting.busy import Cause, cause_of, with_retry

TOKEN = "csrfmiddlewaretoken"  # noqa: S105 - the name of Django's field
logger = logging.getLogger(__name__)


def answer(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """The answer where `error` means that the house is busy; None for any other error."""
    cause = cause_of(error)
    if cause is None:
        return None
    logger.warning("%s %s answered 503 (%s): %s", request.method, request.path, cause.name, str(error).strip()[:200])
    if errors.wants_json(request):
        response: HttpResponse = JsonResponse({"detail": str(cause.value), "message": str(cause.value)}, status=503)
    else:
        response = HttpResponse(_page(request, cause), status=503)
    response["Cache-Control"] = "no-store"
    return with_retry(response)


def _page(request: HttpRequest, cause: Cause) -> str:
    """A page that asks nothing of database or session, since either may be what does not answer."""
    context = {"words": cause.value, "status": 503, "city_name": settings.CITY_NAME, "typed": errors.typed(request)}
    if request.headers.get("HX-Request"):
        return render_to_string("errors/fragment.html", context)
    fields = _fields(request)
    token = request.POST.get(TOKEN, "") if fields else ""
    return render_to_string("errors/503.html", context | {"fields": fields, "token": token, "here": _address(request)})


def _address(request: HttpRequest) -> str:
    """Where to ask again: the page itself, or the page on which a form stood that cannot be sent again from here."""
    return errors.came_from(request) if request.method == "POST" else request.get_full_path()


def _fields(request: HttpRequest) -> list[tuple[str, str]]:
    """All that a form held, so that it can be sent again; nothing where it held files or a password."""
    if request.method != "POST" or request.FILES or any("password" in name for name in request.POST):
        return []
    return [(name, value) for name, values in request.POST.lists() if name != TOKEN for value in values]


class BusyMiddleware:
    """Answers for a view that could not do its work because database or broker did not answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return answer(request, exception)


def broken(request: HttpRequest) -> HttpResponse:
    """The answer to whatever went wrong outside a view, where the database may not answer either; else our fault."""
    return answer(request, sys.exc_info()[1]) or errors.broken(request)
