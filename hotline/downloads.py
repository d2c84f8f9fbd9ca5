"""Files that a page answers with."""

from __future__ import annotations

from pathlib import PurePath

from django.http import HttpResponse
from django.utils.http import content_disposition_header

# What is written here; the machine's own list of types may know none of them.
TYPES = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".csv": "text/csv; charset=utf-8",
    ".ics": "text/calendar; charset=utf-8",
}


def download(content: bytes | str, name: str) -> HttpResponse:
    """An answer that the browser keeps as the file `name`, whose ending is one of TYPES."""
    response = HttpResponse(content, content_type=TYPES[PurePath(name).suffix])
    response["Content-Disposition"] = content_disposition_header(True, name) or ""
    return response
