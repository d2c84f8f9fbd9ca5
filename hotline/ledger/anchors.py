"""Anchors: the seal of each block is also written where no database is, so that the end of the chain cannot be cut off.

They are lines of a file that is only added to, in the folder of `LEDGER_ANCHORS`, and of the log of the process that
seals. A city has the folder copied to where the administrators of the database cannot write.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from hotline.ledger.models import Block

NAME = "anchors.txt"
LINE = re.compile(r"(\d{1,18})\t([0-9a-f]{64})\t")
logger = logging.getLogger(__name__)


def path() -> Path:
    return Path(settings.LEDGER_ANCHORS) / NAME


def read() -> Iterator[tuple[int, str]]:
    """Each anchor: the number of a block and its seal."""
    for number, seal, _line in lines():
        yield number, seal


def lines() -> Iterator[tuple[int, str, str]]:
    """The same with the line that it stands in. One that a full disk cut off is none, and written again."""
    if not path().exists():
        return
    with path().open(encoding="ascii", errors="replace") as file:
        for line in file:
            if found := LINE.match(line):
                yield int(found[1]), found[2], line


def catch_up() -> int:
    """Anchors the blocks that are not yet; how many. A killed worker leaves some, and the next round has them."""
    folder = path().parent
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with path().open("a", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        highest, is_whole = _end()
        if not is_whole:
            file.write("\n")
        blocks = Block.objects.filter(number__gt=highest).order_by("number")
        for block in blocks.only("number", "at", "source", "seal", "last").iterator(chunk_size=200):
            line = f"{block.number}\t{bytes(block.seal).hex()}\t{block.at:%Y-%m-%dT%H:%M:%SZ}\t{block.source}"
            file.write(line + "\n")
            logger.info("anchor of the audit log: %s", line.replace("\t", " "))
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return count


def _end() -> tuple[int, bool]:
    """The number in the last whole line, and whether the file ends with a whole line."""
    with path().open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
        tail = file.read()
    for line in reversed(tail.decode("ascii", "replace").splitlines(keepends=True)):
        if (found := LINE.match(line)) and line.endswith("\n"):
            return int(found[1]), tail.endswith(b"\n")
    return 0, not tail or tail.endswith(b"\n")
