"""How much room the disk still has, and what is said when there is none."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
FULL = _(
    "The disk of the server is full: no files can be taken in now."
    " Tell the administrator, and send without files until then."
)


def free_bytes() -> int:
    """What is free where the data of this installation lie; attachments may have a disk of their own."""
    places = (Path(settings.DATA_DIR), Path(settings.MEDIA_ROOT), Path(settings.FILE_UPLOAD_TEMP_DIR))
    return min(shutil.disk_usage(place).free for place in places if place.exists())


def has_room_for(size: int) -> bool:
    """Whether `size` bytes can be kept and the floor, which database and reports live on, stays free."""
    return free_bytes() - size >= settings.DISK_FLOOR_BYTES


def is_full(error: BaseException | None) -> bool:
    """Whether this is how the system says that no more can be written."""
    return isinstance(error, OSError) and error.errno in NO_ROOM


def state() -> str:
    """`ok`, or how little is left; for the health report."""
    free = free_bytes()
    return "ok" if free >= settings.DISK_FLOOR_BYTES else f"full: {free // 2**20} MB free"
