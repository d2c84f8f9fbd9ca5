"""Files kept with a ticket."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hotline import roles
from hotline.vault.fields import EncryptedCharField
from tickets.models.history import TicketEvent
from tickets.models.ticket import Ticket


def new_place() -> str:
    """A place on the disk that says nothing of the content and cannot be guessed; the shown name is kept apart."""
    return f"attachments/{timezone.localdate():%Y/%m}/{secrets.token_urlsafe(24)}"


def attachment_path(attachment: Attachment, filename: str) -> str:
    return new_place()


class Shows(models.TextChoices):
    """What a picture shows of the place that was complained of."""

    BEFORE = "before", _("Before")
    AFTER = "after", _("After")


@roles.kept(but=("called",))
class Attachment(models.Model):
    """A file and what it is called: a name of a file may say who called.

    `name_in_clear` is that of files which were kept before names were encrypted: what is kept is never changed.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="attachments")
    file = models.FileField(_("file"), upload_to=attachment_path)
    name_in_clear = models.CharField(max_length=120, blank=True, default="", db_column="name", editable=False)
    called = EncryptedCharField(max_length=120, default="", editable=False)
    content_type = models.CharField(max_length=60)
    size = models.PositiveIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    shows = models.CharField(max_length=6, choices=Shows, blank=True)  # of a picture, where whoever sent it said so
    # what it was sent with: the recording, an answer, a note of progress; empty where it was added by itself
    came_with = models.ForeignKey(
        TicketEvent, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="files"
    )

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.called or self.name_in_clear

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")

    @property
    def is_played(self) -> bool:
        """Whether a browser can play it on the page; none of them knows AMR."""
        return self.content_type in ("audio/mpeg", "audio/wav", "audio/mp4", "audio/aac")
