"""Doing a thing once, however often it is sent: by a second click, by Back, or by a client that heard no answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import User
from hotline.waiting.busy import told

from .models import KEY_LENGTH, Receipt

KEPT = timedelta(days=30)  # nobody goes back to a page, and no client tries again, after longer than this
KEY_FIELD = "form_key"
SENT_BEFORE = _("Sent before, and not done twice.")
SECONDS_FIELD = "form_seconds"  # how long a form was worked on; it differs each time the same is sent
NOT_CONTENT = {KEY_FIELD, SECONDS_FIELD, "csrfmiddlewaretoken"}


@dataclass(frozen=True)
class Done:
    """What came of a thing that was sent; `now` is False where it had been done before."""

    outcome: str
    now: bool


def once(do: Callable[[], str], *, person: User, key: str, content: Mapping[str, Any]) -> Done:
    """Calls `do`, unless this person has sent the same `content` under this `key` before; without a key always.

    1. The receipt is written first. Whoever sends the same at the same moment waits for the unique index until the
       first has committed or failed.
    2. Then `do` runs, in the same transaction, and says in up to 200 characters what came of it.
    3. Where it raises, the receipt goes with everything else, and the next try is a first one.

    Raises whatever `do` raises, or Busy where the first took too long.
    """
    with told(), transaction.atomic():
        if not is_key(key):
            return Done(do(), now=True)
        receipt, is_first = Receipt.objects.get_or_create(person=person, key=key, fingerprint=fingerprint(content))
        if is_first:
            receipt.outcome = do()
            receipt.save(update_fields=["outcome"])
    return Done(receipt.outcome, now=is_first)


def once_for(request: HttpRequest, do: Callable[[], str], *, person: User) -> Done:
    """`once` for a form of a page, with the key that stands in it."""
    return once(do, person=person, key=request.POST.get(KEY_FIELD, ""), content=sent(request))


def is_key(text: str) -> bool:
    """Whether a text can be a key: something to be seen, not too long."""
    return 0 < len(text) <= KEY_LENGTH and text.isascii() and text.isprintable()


def sent(request: HttpRequest) -> dict[str, Any]:
    """All that a form said: where it was sent to, its fields, and its files by their content."""
    fields = {name: values for name, values in request.POST.lists() if name not in NOT_CONTENT}
    files = {name: [_content(file) for file in request.FILES.getlist(name)] for name in request.FILES}
    return {"to": request.path, "fields": fields, "files": files}


def fingerprint(content: Mapping[str, Any]) -> str:
    """64 hexadecimal digits that differ wherever the content does."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _content(file: UploadedFile) -> tuple[str, str]:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return file.name or "", digest.hexdigest()


def forget_old() -> int:
    """Deletes the receipts that nobody can need any more; returns how many."""
    deleted, _by_table = Receipt.objects.filter(at__lt=timezone.now() - KEPT).delete()
    return deleted
