"""Verbs that begin a ticket or touch what lies beside the workflow: numbers, callers, matters, attachments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.accounts.models import Department, User

from . import workflow
from .models import Attachment, Caller, Matter, NumberCounter, Ticket
from .stores import DatabaseStore
from .workflow import NotAllowed, Refused

SERIAL_DIGITS = 6
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


def normalise_phone(phone: str) -> str:
    """A telephone number as it is kept: digits and a leading plus, China's country code off."""
    kept = re.sub(r"[^\d+]", "", phone)
    return re.sub(r"^(\+86|0086)(?=1\d{10}$)", "", kept)


def next_number(day: date) -> str:
    """The next ticket number of `day`, such as XG20260419000123. Call inside a transaction."""
    NumberCounter.objects.get_or_create(day=day)
    counter = NumberCounter.objects.select_for_update().get(day=day)
    counter.last = F("last") + 1
    counter.save(update_fields=["last"])
    counter.refresh_from_db()
    return format_number(day, counter.last)


def format_number(day: date, serial: int) -> str:
    return f"{settings.CITY_PREFIX}{day:%Y%m%d}{serial:0{SERIAL_DIGITS}d}"


class NumberBook:
    """Numbers for many tickets at once, counted in memory; `close` writes what was taken. One writer at a time."""

    def __init__(self) -> None:
        self._last = dict(NumberCounter.objects.values_list("day", "last"))
        self._taken: set[date] = set()

    def take(self, day: date) -> str:
        """The next number of `day`."""
        self._last[day] = self._last.get(day, 0) + 1
        self._taken.add(day)
        return format_number(day, self._last[day])

    def close(self) -> None:
        """Writes the counters; call in the transaction that writes the tickets."""
        NumberCounter.objects.bulk_create(
            [NumberCounter(day=day, last=self._last[day]) for day in sorted(self._taken)],
            update_conflicts=True, unique_fields=["day"], update_fields=["last"],
        )  # fmt: skip
        self._taken.clear()


def register(
    *, actor: User | None, details: dict[str, Any], at: datetime | None = None, import_key: str | None = None
) -> Ticket:
    """Records a call as a ticket and returns it.

    `details` holds the columns of a ticket that a call fills (title, description, kind, region, …) with
    `caller_name` and `caller_phone` as typed. `at` is when the call came; now by default. Raises NotAllowed.
    """
    action = workflow.ACTIONS[workflow.STARTING]
    if actor is not None and not workflow.may_perform(action, None, actor):
        raise NotAllowed(_t("You may not do this."))
    at = at or timezone.now()
    with transaction.atomic():
        ticket = Ticket(**details, registered_by=actor, registered_at=at, import_key=import_key)
        ticket.caller_phone = normalise_phone(ticket.caller_phone)
        if ticket.is_anonymous:
            ticket.caller_name = ""
        ticket.caller = caller_for(ticket.caller_phone, ticket.caller_name)
        ticket.number = next_number(timezone.localdate(at))
        workflow.apply(action, ticket, actor=actor, given={}, at=at, store=DatabaseStore())
    return ticket


def caller_for(phone: str, name: str) -> Caller | None:
    """The caller with this number, made on the first call; None without a number."""
    if not phone:
        return None
    caller, _made = Caller.objects.get_or_create(phone=phone, defaults={"name": name})
    if name and not caller.name:
        caller.name = name
        caller.save(update_fields=["name"])
    return caller


def hand_over_from(department: Department) -> int:
    """Takes the tickets that a closed department has not answered from it; returns how many.

    They go to its successor, else back to the dispatchers. Those answered stay, so that the answer keeps its author.
    """
    held = Ticket.objects.filter(department=department, status__in=workflow.ACTIONS["hand_over"].sources)
    with transaction.atomic():
        for ticket in held.order_by("pk"):
            workflow.perform("hand_over", ticket, actor=None)
    return len(held)


@receiver(post_save, sender=Department)
def hand_over_when_closed(instance: Department, raw: bool = False, **kwargs: object) -> None:
    """Closing a department takes its tickets from it in the same transaction, wherever it is closed."""
    if not instance.is_open and not raw:
        hand_over_from(instance)


# -- matters: tickets about one thing -----------------------------------------------------------------------


def join(tickets: Iterable[Ticket], *, actor: User | None, title: str = "") -> Matter:
    """Joins tickets to one matter: the one that some of them have already, else a new one.

    Raises NotAllowed, or Refused where fewer than two are given or they belong to different matters.
    """
    rows = sorted({ticket.pk: ticket for ticket in tickets}.values(), key=lambda ticket: ticket.number)
    if len(rows) < 2:
        raise Refused(_t("Choose at least two tickets."))
    first, *others = rows
    given = {"numbers": " ".join(ticket.number for ticket in others), "title": title}
    joined = workflow.perform("join_matter", first, actor=actor, given=given)
    assert joined.matter is not None
    return joined.matter


# -- attachments --------------------------------------------------------------------------------------------


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
