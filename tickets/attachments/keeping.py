"""Files that are kept with a ticket."""

from __future__ import annotations

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _t

from hotline.accounts.models import User
from tickets.models import Attachment, Ticket
from tickets.workflow.performing import Refused

# What a clerk attaches: pictures, recordings, office files. By their first bytes, not by their names.
SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),  # docx and xlsx too
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
)


def attach(ticket: Ticket, upload: UploadedFile, *, actor: User) -> Attachment:
    """Keeps a file with a ticket. Raises Refused where it is empty, too large or of no known kind."""
    size = upload.size or 0
    if size == 0:
        raise Refused(_t("The file is empty."))
    if size > settings.MAX_ATTACHMENT_BYTES:
        raise Refused(
            _t("The file has %(size)d MB; at most %(limit)d MB can be attached.")
            % {"size": size // 2**20, "limit": settings.MAX_ATTACHMENT_BYTES // 2**20}
        )
    head = upload.read(16)
    upload.seek(0)
    kind = next((kind for start, kind in SIGNATURES if head.startswith(start)), None)
    if kind is None:
        raise Refused(_t("Attach a picture, a PDF, a Word or Excel file or a recording."))
    return Attachment.objects.create(
        ticket=ticket, file=upload, name=(upload.name or "file")[-120:], content_type=kind, size=size, by=actor
    )
