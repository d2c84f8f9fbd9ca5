"""Adding files to a ticket, and opening them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_GET, require_POST

from hotline import errors
from hotline.accounts.access import person
from hotline.accounts.models import User
from hotline.ledger.writing import note
from hotline.receipts import services as receipts
from hotline.shell import back
from tickets.attachments import keeping
from tickets.models import Attachment, Ticket
from tickets.reading import read

CHUNK = 64 * 1024  # bytes
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@require_POST
def attach(request: HttpRequest, number: str) -> HttpResponse:
    """Adds files by themselves, without an action."""
    ticket = get_object_or_404(Ticket.objects.visible_to(request.user), number=number)
    uploads, user = request.FILES.getlist("file"), person(request)
    try:
        if not uploads:
            raise keeping.FilesRefused([_t("Choose a file first.")])
        with keeping.taken_in(uploads) as files:
            receipts.once_for(request, lambda: _given(files, ticket, user), person=user)
    except keeping.FilesRefused as refused:
        if request.headers.get("X-Sent-By") == "script":
            return errors.page(request, 422, refused.message)  # which it shows beside the files that it still holds
        messages.error(request, refused.message)
    else:
        messages.success(request, _t("Attached."))
    return back(request, ticket)


def _given(files: keeping.Files, ticket: Ticket, user: User) -> str:
    files.give_to(ticket, actor=user)
    return ticket.number


@require_GET
def attachment(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A file, for whoever may see its ticket; pictures open, recordings play on the page, everything else is saved."""
    visible = Ticket.objects.visible_to(request.user)
    found = get_object_or_404(Attachment.objects.select_related("ticket").filter(ticket__in=visible), pk=pk)
    note(request, number=found.ticket.number)
    return served(request, found, read(found.ticket, person(request)).text(found.name))


def served(request: HttpRequest, found: Any, name: str) -> HttpResponseBase:
    """A kept file (`file`, `content_type`, `is_image`, `is_played`) under `name`, for somebody who may read it."""
    try:
        file = found.file.open("rb")
    except FileNotFoundError as missing:
        raise Http404 from missing
    response = _answer(request, found, file, name)
    response["Content-Type"] = found.content_type
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Accept-Ranges"] = "bytes"
    return response


def _answer(request: HttpRequest, found: Any, file: IO[bytes], name: str) -> HttpResponseBase:
    """The whole file, or the part that a player asks for when somebody listens to the middle of a call."""
    size = found.file.size
    asked = RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None or asked[0] == "bytes=-":
        is_shown = found.is_image or found.is_played
        return FileResponse(file, as_attachment=not is_shown, filename=name)
    if asked[1]:
        first, last = int(asked[1]), min(int(asked[2] or size), size - 1)
    else:
        first, last = max(size - int(asked[2]), 0), size - 1
    if first > last:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    response = StreamingHttpResponse(_part(file, first, last - first + 1), status=206)
    response["Content-Range"] = f"bytes {first}-{last}/{size}"
    response["Content-Length"] = str(last - first + 1)
    return response


def _part(file: IO[bytes], first: int, length: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        while length > 0 and (chunk := file.read(min(CHUNK, length))):
            length -= len(chunk)
            yield chunk
