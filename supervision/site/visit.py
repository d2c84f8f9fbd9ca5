"""What is noted on the spot: kept once however often it is sent, in the order of a meeting."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission
from hotline.text import clean
from supervision.models import CoordinationTask, Participant, SiteEntry
from tickets.attachments.keeping import Files, FilesRefused, taken_in
from tickets.models import Attachment
from tickets.workflow.performing import NotAllowed, Refused, perform

MAX_TEXT = 2000
AHEAD = timedelta(minutes=5)  # by which a telephone's clock may be fast
State, Kind = CoordinationTask.State, SiteEntry.Kind
# In which states of the task a thing can be noted.
NOTED_WHILE: dict[str, tuple[str, ...]] = {
    Kind.ARRIVED: (State.CALLED,),
    Kind.CAME_TOO: (State.CALLED,),
    Kind.STATEMENT: (State.CALLED,),
    Kind.BEFORE: (State.CALLED,),
    Kind.FINDINGS: (State.CALLED,),
    Kind.DETERMINED: (State.CALLED,),
    Kind.SIGNED: (State.CALLED, State.DETERMINED, State.DONE),
    Kind.AFTER: (State.DETERMINED, State.DONE),
}
OF_A_PARTY = (Kind.ARRIVED, Kind.STATEMENT, Kind.SIGNED)
PHOTOS = {Kind.BEFORE: "整改前", Kind.AFTER: "整改后", Kind.SIGNED: "签字"}


def record(
    task: CoordinationTask,
    *,
    kind: str,
    actor: User,
    key: uuid.UUID | None = None,
    at: datetime | None = None,
    participant: Participant | None = None,
    text: str = "",
    upload: UploadedFile | None = None,
    given: Mapping[str, Any] | None = None,
) -> SiteEntry:
    """Keeps one entry and does what it means, in one transaction; with a `key` that is known, nothing.

    `at` is when it was noted by the clock of the telephone; now where that is missing or cannot be. `given` is the
    determination's input. Raises NotAllowed, Refused or InvalidInput; then nothing has changed.
    """
    if not actor.may(Permission.SUPERVISE):
        raise NotAllowed(_t("You may not do this."))
    with _looked_at(kind, upload, participant) as files, transaction.atomic():
        locked = CoordinationTask.objects.select_for_update(of=("self",), no_key=True)
        task = locked.prefetch_related("ticket").get(pk=task.pk)
        if key and (known := SiteEntry.objects.filter(task=task, by=actor, key=key).first()):
            return known
        if kind not in NOTED_WHILE:
            raise Refused(_t("This cannot be noted."))
        if task.state not in NOTED_WHILE[kind]:
            raise Refused(_refusal(task, kind))
        if kind in OF_A_PARTY and (participant is None or participant.task_id != task.pk):
            raise Refused(_t("Name the party that this is about."))
        now = timezone.now()
        noted_at = at if at and task.called_at <= at <= now + AHEAD else now
        entry = SiteEntry(
            task=task, key=key or uuid.uuid4(), kind=kind, text=clean(text).strip()[:MAX_TEXT], at=noted_at,
            received_at=now, by=actor, participant=participant,
        )  # fmt: skip
        if kind in PHOTOS:
            entry.attachment = _picture(task, files, actor)
        _do(entry, given or {})
        entry.save(force_insert=True)
    return entry


def _refusal(task: CoordinationTask, kind: str) -> str:
    if kind == Kind.AFTER and task.state == State.CALLED:
        return _t("First determine who is responsible; then photograph what was done.")
    return _t("This coordination has ended; its record is kept as it is.")


@contextmanager
def _looked_at(kind: str, upload: UploadedFile | None, participant: Participant | None) -> Iterator[Files]:
    """The photograph or signature on the disk, looked at before the meeting is locked. Raises Refused."""
    uploads = [upload] if upload is not None and kind in PHOTOS else []
    for one in uploads:
        ending = ".png" if kind == Kind.SIGNED else f".{(one.name or '').rpartition('.')[2][:5] or 'jpg'}"
        one.name = f"{PHOTOS[Kind(kind)]}{f'-{participant}' if participant else ''}{ending}"
    try:
        with taken_in(uploads, [kind]) as files:  # which says what it shows where it is one of before or after
            yield files
    except FilesRefused as refused:
        raise Refused(refused.message) from refused


def _picture(task: CoordinationTask, files: Files, actor: User) -> Attachment:
    if not files.kept:
        raise Refused(_t("Choose a photograph first."))
    [picture] = files.give_to(task.ticket, actor=actor)
    if not picture.is_image:
        raise Refused(_t("This is not a photograph."))
    return picture


def _do(entry: SiteEntry, given: Mapping[str, Any]) -> None:
    """What an entry means beside being kept."""
    task, party = entry.task, entry.participant
    if entry.kind == Kind.CAME_TOO:
        if not entry.text:
            raise Refused(_t("Write down who came."))
        entry.participant = Participant.objects.create(task=task, name=entry.text[:80], arrived_at=entry.at)
    elif entry.kind == Kind.DETERMINED:
        perform("determine", task.ticket, actor=entry.by, given=given)
    elif entry.kind == Kind.FINDINGS:
        perform("record_findings", task.ticket, actor=entry.by, given={"note": entry.text})
    elif party is not None:
        if entry.kind == Kind.STATEMENT:
            party.statement = entry.text
        elif entry.kind == Kind.SIGNED:
            party.signed_at, party.signature = entry.at, entry.attachment
        party.arrived_at = party.arrived_at or entry.at
        party.save(update_fields=["statement", "signed_at", "signature", "arrived_at"])
