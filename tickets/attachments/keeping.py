"""Files are kept whole with what they came with, or not at all.

1. Each file is looked at (kind, size, name), pictures are drawn anew; one that does not do refuses all, by its name.
2. They are written to the disk before anything is locked, and are there for good before a row speaks of them.
3. Their rows are written in the transaction of whatever they came with.
4. Where anything of that fails, the files are taken off the disk again; where the process is killed in between,
   `sweep` does it the next night.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline import disk
from hotline.accounts.models import User
from tickets.attachments import pictures
from tickets.attachments.kinds import FileKind, recognise
from tickets.attachments.names import shown_name
from tickets.attachments.words import Unfit
from tickets.models import Attachment, Ticket, TicketEvent
from tickets.models.attachments import Shows, new_place

# Tables that speak of files on the disk, in their column `file`; rooms above add theirs.
SPOKEN_OF_BY: list[Any] = [Attachment]
FORGOTTEN_AFTER = timedelta(hours=6)  # no request takes so long: a file without a row is nobody's then
CHUNK = 256 * 1024  # bytes


class FilesRefused(Exception):
    """Files that cannot be kept; `reasons` has a sentence for each, with its name."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.message = " ".join(reasons)
        super().__init__(self.message)
        self.reasons = list(reasons)


@dataclass(frozen=True)
class Checked:
    """A file that may be kept. `content` is set where it was made anew."""

    name: str
    kind: FileKind
    size: int
    upload: UploadedFile
    content: bytes | None = None

    def chunks(self) -> Iterator[bytes]:
        if self.content is not None:
            yield self.content
        else:
            yield from self.upload.chunks(CHUNK)


@dataclass
class Files:
    """Files that lie on the disk and belong to no ticket yet."""

    kept: list[tuple[str, Checked]] = field(default_factory=list)  # their place on the disk with what they are
    shows: Sequence[str] = ()  # of each in turn, what whoever sent it said that it shows, or nothing
    given: set[str] = field(default_factory=set)

    def give_to(self, ticket: Ticket, *, actor: User, with_last_event: bool = False) -> list[Attachment]:
        """Writes their rows; call it in the transaction of what they came with, the ticket's last event or nothing."""
        self.given = {place for place, _checked in self.kept}
        came_with: TicketEvent | None = None
        if self.kept and with_last_event:
            came_with = ticket.events.get(sequence=ticket.version)
        return [
            Attachment.objects.create(
                ticket=ticket, file=place, called=checked.name, content_type=checked.kind.content_type,
                size=checked.size, by=actor, came_with=came_with, shows=self._shown(at, checked),
            )
            for at, (place, checked) in enumerate(self.kept)
        ]  # fmt: skip

    def _shown(self, at: int, checked: Checked) -> str:
        """What the file with the number `at` shows: said of pictures alone."""
        said = self.shows[at] if at < len(self.shows) else ""
        return said if said in Shows.values and checked.kind.content_type.startswith("image/") else ""

    def take_away(self, *, but: Iterable[str] = ()) -> None:
        for place, _checked in self.kept:
            if place not in but:
                _path(place).unlink(missing_ok=True)


@contextmanager
def taken_in(uploads: Sequence[UploadedFile], shows: Sequence[str] = ()) -> Iterator[Files]:
    """Files that were sent, on the disk for as long as the block succeeds; what it gives to no ticket goes again.

    `shows` has for each in turn what a picture shows (`Shows`), if that was said.
    Put the transaction inside. Raises FilesRefused before anything is on the disk.
    """
    checked = check(uploads)
    files = Files(shows=shows)
    try:
        for one in checked:
            _keep(one, files)
        yield files
    except OperationalError:
        files.take_away(but=_with_rows(files))
        raise
    except BaseException:
        files.take_away()
        raise
    files.take_away(but=files.given)


def _with_rows(files: Files) -> set[str]:
    """Those whose rows are there although an error was reported: a connection can break just after the commit."""
    try:
        return _known(files.given)
    except DatabaseError:
        return files.given  # not to be known now: `sweep` will find out


def _known(places: set[str]) -> set[str]:
    """Those places that a row of any table speaks of."""
    return {
        place
        for table in SPOKEN_OF_BY
        for place in table.objects.filter(file__in=places).values_list("file", flat=True)
    }


def attach(ticket: Ticket, *uploads: UploadedFile, actor: User) -> list[Attachment]:
    """Keeps files with a ticket. Raises FilesRefused; then none is kept."""
    with taken_in(uploads) as files, transaction.atomic():
        return files.give_to(ticket, actor=actor)


# -- looking at them ----------------------------------------------------------------------------------------


def check(uploads: Sequence[UploadedFile]) -> list[Checked]:
    """What may be kept, as it will be. Raises FilesRefused with a reason for every file that may not."""
    if len(uploads) > settings.MAX_ATTACHMENTS:
        raise FilesRefused([_t("At most %(most)d files can be sent at once.") % {"most": settings.MAX_ATTACHMENTS}])
    checked, reasons = [], []
    for upload in uploads:
        try:
            checked.append(_check(upload))
        except Unfit as unfit:
            reasons.append(_t("%(name)s: %(reason)s") % {"name": _called(upload), "reason": unfit.reason})
    if reasons:
        raise FilesRefused(reasons)
    if checked and not disk.has_room_for(sum(one.size for one in checked)):
        raise FilesRefused([str(disk.FULL)])
    return checked


def _check(upload: UploadedFile) -> Checked:
    size, most = upload.size or 0, settings.MAX_ATTACHMENT_BYTES
    if getattr(upload, "found_no_room", False):
        raise Unfit(disk.FULL)
    if size == 0:
        raise Unfit(_t("The file is empty."))
    if size > most:
        raise Unfit(
            _t("The file has %(size).1f MB; at most %(limit)d MB can be attached.")
            % {"size": size / 2**20, "limit": most // 2**20}
        )
    kind = recognise(upload)
    if not kind.is_picture:
        return Checked(shown_name(upload.name, kind), kind, size, upload)
    content, kind = pictures.draw_anew(upload, kind)
    return Checked(shown_name(upload.name, kind), kind, len(content), upload, content)


def _called(upload: UploadedFile) -> str:
    """The name of a file that is refused, as it may be shown."""
    return shown_name(upload.name, FileKind("", (f".{(upload.name or '').rpartition('.')[2].lower()}",)))


# -- the disk -----------------------------------------------------------------------------------------------


def _path(place: str) -> Path:
    return Path(default_storage.path(place))


def _keep(checked: Checked, files: Files) -> None:
    """Writes one file; it is on the disk itself, not only in memory, before anybody is told that it is kept."""
    place = new_place()
    path = _path(place)
    files.kept.append((place, checked))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as out:
            for chunk in checked.chunks():
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        if disk.is_full(error):
            raise FilesRefused([str(disk.FULL)]) from error
        raise


def sweep() -> int:
    """Takes files off the disk that belong to nothing, since a process was killed before it could; returns how many.

    Looks at the folders of this month and the one before: older ones were looked at when they were this young.
    """
    gone = 0
    today = timezone.localdate()
    for month in {today.replace(day=1), today.replace(day=1) - timedelta(days=1)}:
        folder = _path(f"attachments/{month:%Y/%m}")
        lost = {f"attachments/{month:%Y/%m}/{name}" for name in _old_files(folder)}
        known = _known(lost) if lost else set()
        for place in lost - known:
            _path(place).unlink(missing_ok=True)
            gone += 1
    return gone


def _old_files(folder: Path) -> Iterator[str]:
    before = (timezone.now() - FORGOTTEN_AFTER).timestamp()
    if folder.is_dir():
        yield from (entry.name for entry in os.scandir(folder) if entry.is_file() and entry.stat().st_mtime < before)
