"""What the audit log says of a request: what was done, and to what kind of thing."""

from __future__ import annotations

from django.db import models
from django.utils.translation import pgettext_lazy


class Deed(models.TextChoices):
    SEEN = "seen", pgettext_lazy("audit log", "looked at")
    SEARCHED = "searched", pgettext_lazy("audit log", "searched")
    CHANGED = "changed", pgettext_lazy("audit log", "changed")
    EXPORTED = "exported", pgettext_lazy("audit log", "exported")
    DOWNLOADED = "downloaded", pgettext_lazy("audit log", "downloaded")
    PRINTED = "printed", pgettext_lazy("audit log", "opened to print")
    UNMASKED = "unmasked", pgettext_lazy("audit log", "unmasked")
    SIGNED_IN = "signed_in", pgettext_lazy("audit log", "signed in")
    SIGNED_OUT = "signed_out", pgettext_lazy("audit log", "signed out")
    USED_TOKEN = "used_token", pgettext_lazy("audit log", "used an API token")
    REFUSED = "refused", pgettext_lazy("audit log", "was refused")


class Of(models.TextChoices):
    """What a request is about. Of some, who holds the permission may still not know of each: `hotline.reach`."""

    NOTHING = "", pgettext_lazy("audit log", "a page")
    LIST = "list", pgettext_lazy("audit log", "a list")
    TICKET = "ticket", pgettext_lazy("audit log", "ticket")
    CALLER = "caller", pgettext_lazy("audit log", "caller")
    ATTACHMENT = "attachment", pgettext_lazy("audit log", "attachment")
    ORDER = "order", pgettext_lazy("audit log", "supervision order")
    MATTER = "matter", pgettext_lazy("audit log", "matter")
    MEETING = "meeting", pgettext_lazy("audit log", "coordination on the spot")
    MISSED_CALL = "missed_call", pgettext_lazy("audit log", "missed call")
    REPORT = "report", pgettext_lazy("audit log", "report")
    ARTICLE = "article", pgettext_lazy("audit log", "article of the knowledge base")
    MESSAGE = "message", pgettext_lazy("audit log", "message")
    EXPORT = "export", pgettext_lazy("audit log", "exported file")
    ACCOUNT = "account", pgettext_lazy("audit log", "account")
    TOKEN = "token", pgettext_lazy("audit log", "API token")
    SET_UP = "set_up", pgettext_lazy("audit log", "set-up")
    DIRECTORY = "directory", pgettext_lazy("audit log", "responsibility directory")
    PLACE = "place", pgettext_lazy("audit log", "place book")
    WORK = "work", pgettext_lazy("audit log", "working session")
    LEDGER = "ledger", pgettext_lazy("audit log", "audit log")
