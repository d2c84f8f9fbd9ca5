"""What a person or a client is told when a request cannot be served, and that what they typed is not lost with it.

Every page here is ours: it says what to do, shows the texts that were sent so that they can be copied, and offers to
send them again where that is safe. Scripts get the same words as JSON, htmx as a fragment.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.response import Response
from rest_framework.views import exception_handler

from hotline import disk, drafts

WORDS = {
    400: _("The browser sent something that cannot be read. Go back and try again."),
    403: _("You may not open this page. If your work needs it, ask an administrator."),
    404: _("There is nothing here, or it is not for you to see."),
    405: _("This address only takes in forms. Go on from the start page."),
    413: _("Too much was sent at once. Send fewer or smaller files, or choose fewer rows."),
    500: _("Something broke on our side. It has been written down; please try again."),
    507: disk.FULL,
}
SIGNED_OUT = _("You have been signed out. Sign in again; what you typed is not lost.")
OLD_PAGE = _("This page was older than your sign-in, so nothing has been sent yet. Look at it and send it again.")
OF_ANOTHER = _("This form was typed by somebody else, who was signed in on this computer before. It has not been sent.")
WORDS_OF_CSRF = _("The request carries no sign of our own pages (X-CSRFToken). Other programs send a token instead.")
TOO_MUCH = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)
# Fields of a form that nobody typed, or that nobody else may read.
NOT_TYPED = re.compile(
    r"csrfmiddlewaretoken|password|^(made_for|next|back|then|version|form_key|call_id|called_back|form_seconds|seen|how|key|kind|language)$"
)
CHOSEN = re.compile(r"[a-z_]{1,20}|\d{1,4}")  # a choice as a browser sends it: a code or the number of a row


@dataclass(frozen=True)
class Typed:
    """A text that was sent and not taken in."""

    name: str
    text: str

    @property
    def rows(self) -> int:
        """How many lines a box needs to show it."""
        return min(12, 1 + self.text.count("\n") + len(self.text) // 60)


def typed(request: HttpRequest) -> list[Typed]:
    """The texts of the form that was sent, in its order; what was chosen and not typed is left out."""
    return [
        Typed(name, value)
        for name, values in _sent(request)
        for value in values
        if value.strip() and not NOT_TYPED.search(name) and not CHOSEN.fullmatch(value)
    ]


def _sent(request: HttpRequest) -> list[tuple[str, list[str]]]:
    if request.method != "POST":
        return []
    try:
        return list(request.POST.lists())
    except Exception:  # a body that cannot be read may be why we are here
        return []


# -- the pages ----------------------------------------------------------------------------------------------


def page(
    request: HttpRequest, status: int, words: Any = "", *, template: str = "errors/page.html", **context: Any
) -> HttpResponse:
    """The answer with `status`: a page, or JSON or a fragment for whoever asked for that."""
    words = words or WORDS[status]
    if wants_json(request):
        return JsonResponse({"detail": str(words), "message": str(words)}, status=status)
    if request.headers.get("HX-Request"):
        template = "errors/fragment.html"
    context = {"status": status, "words": words, "typed": typed(request), **context}
    try:
        content = render_to_string(template, context, request)
    except Exception:  # the frame of a page asks the database who is signed in, and that may be what is broken
        content = render_to_string("errors/bare.html", context)
    return HttpResponse(content, status=status)


def wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or "application/json" in request.headers.get("Accept", "")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, SessionInterrupted):
        return signed_out(request)
    return page(request, 413 if isinstance(exception, TOO_MUCH) else 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(request, 404)


def broken(request: HttpRequest) -> HttpResponse:
    return page(request, 507 if disk.is_full(sys.exc_info()[1]) else 500)


def signed_out(request: HttpRequest) -> HttpResponse:
    """For whoever sends a form, or asks for a part of a page, after their session has ended."""
    address = f"{reverse('sign-in')}?{urlencode([('next', came_from(request))])}"
    return page(request, 401, SIGNED_OUT, template="errors/signed_out.html", sign_in=address)


def came_from(request: HttpRequest) -> str:
    """The page on which a form stood or a fragment was asked for, as an address within this site."""
    stood_on = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    if url_has_allowed_host_and_scheme(stood_on, allowed_hosts={request.get_host()}):
        parts = urlsplit(stood_on)
        path = "/" + parts.path.lstrip("/")  # two slashes would begin the name of another site
        if path != reverse("sign-in"):
            return f"{path}?{parts.query}" if parts.query else path
    return request.get_full_path()


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token is not the one of this browser: mostly a page from before somebody signed in here.

    Signed out, it is told so. Signed in, the texts are shown and can be sent again, unless the form came from another
    site or was made for another person: then it is refused and nothing of it is shown.
    """
    if request.path == reverse("sign-in"):
        again = [("next", request.POST.get("next", "")), ("again", "1")]
        return redirect(f"{request.path}?{urlencode(again)}")
    if reason.startswith(("Origin checking", "Referer checking")):
        return page(request, 403, typed=[])
    if not request.user.is_authenticated:
        return signed_out(request)
    if request.POST.get(drafts.MADE_FOR, mark := drafts.mark(request.user)) != mark:
        return page(request, 403, OF_ANOTHER, typed=[])
    own = ("csrfmiddlewaretoken", drafts.MADE_FOR)
    fields = [(name, value) for name, values in _sent(request) for value in values if name not in own]
    if request.FILES or any("password" in name for name, _value in fields):
        fields = []  # a page cannot carry files, and must not carry a password: they are given once more in the form
    return page(
        request, 403, OLD_PAGE, template="errors/old_page.html", fields=fields, address=request.get_full_path(),
        form_page=came_from(request),
    )  # fmt: skip


Answer = Callable[[HttpRequest], HttpResponseBase]


def own_pages(answer: Answer) -> Answer:
    """Middleware: what Django answers with an empty page (a wrong method above all) is said in words."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = answer(request)
        if response.status_code in WORDS and isinstance(response, HttpResponse) and not response.content:
            said = page(request, response.status_code)
            if "Allow" in response:
                said["Allow"] = response["Allow"]
            return said
        return response

    return middleware


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's answers, with a `detail` in the language asked for. Workflow refusals are answered in tickets.api."""
    if isinstance(error, Http404):
        error = NotFound()  # Django's own words name the table, in English
    elif isinstance(error, PermissionDenied) and str(error.detail).startswith("CSRF Failed"):
        error = PermissionDenied(WORDS_OF_CSRF)
    return exception_handler(error, context)
