"""The box in which files are chosen that are sent with a form."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings

from tickets.attachments.kinds import ACCEPT
from tickets.models.attachments import Shows

register = template.Library()


@register.inclusion_tag("components/files.html", takes_context=True)
def files_box(context: template.Context, before_and_after: bool = False) -> dict[str, Any]:
    """Goes into a form with enctype="multipart/form-data"; shows what was wrong with the files sent before.

    With `before_and_after` a picture may be said to show the one or the other, and a phone takes it with its camera.
    """
    return {
        "sides": Shows.choices if before_and_after else (),
        "accept": ACCEPT,
        "most_files": settings.MAX_ATTACHMENTS,
        "most_bytes": settings.MAX_ATTACHMENT_BYTES,
        "most_megabytes": settings.MAX_ATTACHMENT_BYTES // 2**20,
        "file_errors": context.get("file_errors", ()),
    }
