"""The box in which files are chosen that are sent with a form."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings

from tickets.attachments.kinds import ACCEPT

register = template.Library()


@register.inclusion_tag("components/files.html", takes_context=True)
def files_box(context: template.Context) -> dict[str, Any]:
    """Goes into a form with enctype="multipart/form-data"; shows what was wrong with the files sent before."""
    return {
        "accept": ACCEPT,
        "most_files": settings.MAX_ATTACHMENTS,
        "most_bytes": settings.MAX_ATTACHMENT_BYTES,
        "most_megabytes": settings.MAX_ATTACHMENT_BYTES // 2**20,
        "file_errors": context.get("file_errors", ()),
    }
