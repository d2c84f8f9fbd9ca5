"""Every request that reads or changes what is somebody's is written down before it is answered.

What is written of an address stands in its row of `hotline.reach`. Where it cannot be written the answer is withheld:
page and file alike. A list that renews itself is not written down each time; words that are searched for always are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.messages import ERROR
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from hotline import errors, reach
from hotline.accounts.models import ApiToken, User
from hotline.finding import KEY, WORDS
from hotline.ledger.deeds import Deed, Of
from hotline.ledger.keys import LedgerClosed
from hotline.ledger.writing import acting, record
from hotline.shut import Shut
from hotline.waiting import pages

HIDDEN = {
    Of.TICKET,
    Of.CALLER,
    Of.ATTACHMENT,
    Of.ORDER,
    Of.MATTER,
    Of.REPORT,
    Of.EXPORT,
}  # to some there is none
BY_WHAT = ("name", "deed", "word", "do", "then", "which", "form", "way")  # arguments and fields that say what is done


class WrittenDown:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = acting.set(request)
        try:
            response = self.get_response(request)
            try:
                _write_down(request, response)
            except (Shut, DatabaseError) as error:
                _drop(response)
                return closed(request, error)
            return response
        finally:
            acting.reset(token)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return closed(request, exception) if isinstance(exception, Shut) else None


def _drop(response: HttpResponse) -> None:
    """Lets go of the file that would have been sent; to close the answer would end the request before it is one."""
    if file := getattr(response, "file_to_stream", None):
        file.close()


def closed(request: HttpRequest, error: Exception) -> HttpResponse:
    """The answer in place of one that could not be made, or not be written down."""
    return pages.answer(request, error) or errors.page(request, 503, getattr(error, "message", LedgerClosed.message))


def _write_down(request: HttpRequest, response: HttpResponse) -> None:
    match, user = request.resolver_match, request.user
    row = reach.of(match.view_name) if match else None
    if match is None or row is None or not isinstance(user, User):
        return
    told = getattr(request, "ledger_notes", {})
    if isinstance(token := getattr(request, "auth", None), ApiToken) and token.is_noted:
        record(Deed.USED_TOKEN, user=user, request=request, of=Of.TOKEN, key=token.pk, told=token.name)
    deed = _deed(request, response, row, told)
    if deed is None:
        return
    record(
        deed, user=user, request=request, of=told.get("of", row.of), key=told.get("key", _key(match.kwargs)),
        number=told.get("number", match.kwargs.get("number", "")), page=match.view_name, words=told.get("words", ""),
        why=told.get("why", ""), told=told.get("told", _told(request, match.kwargs)),
    )  # fmt: skip


def _deed(request: HttpRequest, response: HttpResponse, row: reach.Reach, told: dict[str, Any]) -> Deed | None:
    """What was done, as it turned out; None where nothing is to be written down."""
    status, is_read = response.status_code, request.method in ("GET", "HEAD")
    if status == 403 or (status == 404 and row.of in HIDDEN and row.read is not None):
        return Deed.REFUSED
    if not 200 <= status < 400 or _is_further_part(request):
        return None
    if told.get("deed"):
        return Deed(told["deed"])
    if told.get("words"):
        return Deed.SEARCHED
    if is_read:
        renews = row.of == Of.LIST and "HX-Request" in request.headers
        return None if renews or status >= 300 else row.read
    return None if _has_failed(request) else row.done


def _is_further_part(request: HttpRequest) -> bool:
    """A recording is asked for in parts; the first is written down."""
    asked = request.headers.get("Range", "")
    return bool(asked) and not asked.startswith("bytes=0-")


def _has_failed(request: HttpRequest) -> bool:
    """Whether a form was answered with words that say why not, on the page that it led back to."""
    told = getattr(getattr(request, "_messages", None), "_queued_messages", ())
    return any(one.level >= ERROR for one in told)


def _key(given: dict[str, Any]) -> str:
    parts = [given.get("name"), given.get("pk"), given.get("other"), given.get("digest")]
    return "/".join(str(part)[:32] for part in parts if part is not None)


def _told(request: HttpRequest, given: dict[str, Any]) -> str:
    """What of it, in the codes of addresses and forms: the filters of a list, the action that was taken."""
    if request.method in ("GET", "HEAD"):
        asked = [(name, value) for name, value in request.GET.items() if name not in (WORDS, KEY)]
    else:
        asked = [(name, request.POST.get(name, "")) for name in BY_WHAT if request.POST.get(name)]
    fixed = [(name, str(given[name])) for name in BY_WHAT if name in given]
    return " ".join(f"{name}={value[:60]}" for name, value in [*fixed, *asked])
