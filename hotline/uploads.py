"""How a file that is being sent is held until a view has looked at it.

In a file without a name, so that nothing is left where the process is killed in between; and never more of it than may
be attached: what is longer is counted to its end, not kept, and refused by its size.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from . import disk


class SentFile(UploadedFile):
    """A file as it was sent. `found_no_room` says that the disk was full before all of it had come."""

    found_no_room = False


class NamelessUploadHandler(FileUploadHandler):
    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.found_no_room = False
        self.kept: IO[bytes] = tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115 - closed with the request

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.found_no_room or start + len(raw_data) > settings.MAX_ATTACHMENT_BYTES:
            return
        try:
            self.kept.write(raw_data)
        except OSError as error:
            if not disk.is_full(error):
                raise
            self.found_no_room = True

    def file_complete(self, file_size: int) -> SentFile:
        try:
            self.kept.seek(0)  # writes what is still in memory
        except OSError as error:
            if not disk.is_full(error):
                raise
            self.found_no_room = True
        sent = SentFile(
            file=self.kept, name=self.file_name, content_type=self.content_type, size=file_size, charset=self.charset,
            content_type_extra=self.content_type_extra,
        )  # fmt: skip
        sent.found_no_room = self.found_no_room
        return sent

    def upload_interrupted(self) -> None:
        if hasattr(self, "kept"):
            self.kept.close()


Answer = Callable[[HttpRequest], HttpResponseBase]


def answers_scripts(answer: Answer) -> Answer:
    """Middleware: a script that sent a form (static/upload.js) is told where to go on, instead of being led there.

    Followed by the script itself, the next page would be loaded twice and its messages shown to nobody.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = answer(request)
        if request.headers.get("X-Sent-By") == "script" and "Location" in response:
            response["X-Location"] = response["Location"]
            del response["Location"]
            response.status_code = 204
        return response

    return middleware
