"""What a person or a client is told when a request cannot be served."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.response import Response
from rest_framework.views import exception_handler


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    return render(request, "errors/500.html", status=500)


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's answers, with a `detail` in the language asked for. Workflow refusals are answered in tickets.api."""
    return exception_handler(error, context)
