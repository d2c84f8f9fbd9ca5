"""Making a backup: a name that is not taken, a file beside it that grows, and the name once it is whole."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.utils import timezone

from hotline.backup import envelope, files, fingerprints, tables, versions
from hotline.backup.content import Begin, Sums, Writer

PART = ".part"  # what the name ends in while the backup is being made
LOOK = 64  # chunks written between two looks at how much room is left


class Refused(Exception):
    """The backup cannot be written where it was told to."""


def target(named: Path) -> Path:
    """The file to be made: `named`, or one with the time in its name where that is a folder. Raises Refused."""
    if named.is_dir():
        named = named / f"hotline-{timezone.localtime():%Y%m%d-%H%M%S}.backup"
    if named.exists():
        raise Refused(f"{named} is there already; name another file, or a folder")
    if not named.parent.is_dir():
        raise Refused(f"there is no folder {named.parent}")
    return named


def take(path: Path) -> Sums:
    """Writes everything into `path`, which is there whole or not at all. Raises Refused, NoKey, OSError."""
    envelope.check(settings.BACKUP_KEY)
    with _growing(path) as file:
        writer = Writer(file, settings.BACKUP_KEY)
        with tables.snapshot():
            there = tables.all_of_them()
            writer.begin(
                Begin(
                    taken_at=timezone.now().isoformat(), city=settings.CITY_NAME, migrations=versions.applied(),
                    keys=fingerprints.of_all(), tables=there,
                )
            )  # fmt: skip
            for table, columns in there.items():
                writer.table(table, partial(tables.copy_out, table, columns))
            for name, size, kept in files.to_keep():
                writer.file(name, size, kept)
            writer.sums.sequences = tables.sequences()
        writer.end()
    return writer.sums


@contextmanager
def _growing(path: Path) -> Iterator[Any]:
    """A file beside `path` that gets its name when all went well, and goes when it did not."""
    part = path.with_name(path.name + PART)
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"{part} is being written by another backup") from None
        try:
            file.truncate()
            yield _LeavesRoom(file)
            file.flush()
            os.fsync(file.fileno())
            part.rename(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class _LeavesRoom:
    """Writes while enough stays free for the database, where both lie on one disk; then as on a disk that is full."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._count = file, 0
        shares = os.fstat(file.fileno()).st_dev == os.stat(settings.DATA_DIR).st_dev
        self._floor = settings.DISK_FLOOR_BYTES if shares else 0

    def write(self, data: bytes) -> int:
        if self._count % LOOK == 0 and shutil.disk_usage(self._file.fileno()).free < self._floor:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._count += 1
        return self._file.write(data)
