"""The files that a backup holds: attachments, reports, exports and learned models, and the anchors of the audit log."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from django.conf import settings

from hotline.backup.envelope import Damaged
from hotline.ledger import anchors
from hotline.ledger.models import Block

STAGED, ASIDE = ".restored", ".replaced"  # folders in which a restore lays what is to come, and what makes room for it
MEDIA, LEDGER = "media", "ledger"


def folders() -> dict[str, Path]:
    """Where files of each kind lie in this installation."""
    return {MEDIA: Path(settings.MEDIA_ROOT), LEDGER: anchors.path().parent}


def to_keep() -> Iterator[tuple[str, int, IO[bytes]]]:
    """Each file: its name in the backup, its size, and itself, open. One that was taken away meanwhile is passed over.

    Of the anchors only those of blocks that the database's snapshot holds: later ones would tell of blocks cut off.
    """
    media = folders()[MEDIA]
    for path in _below(media):
        try:
            file = path.open("rb")
        except FileNotFoundError:
            continue
        with file:
            yield f"{MEDIA}/{path.relative_to(media).as_posix()}", os.fstat(file.fileno()).st_size, file
    known = set(Block.objects.values_list("number", flat=True))
    text = "".join(line for number, _seal, line in anchors.lines() if number in known).encode()
    yield f"{LEDGER}/{anchors.NAME}", len(text), io.BytesIO(text)


def _below(folder: Path) -> Iterator[Path]:
    for at, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if name not in (STAGED, ASIDE))
        yield from (Path(at) / name for name in sorted(names) if (Path(at) / name).is_file())


def any_there() -> bool:
    """Whether this installation has attachments or reports already; what an empty one makes itself does not count."""
    return any(True for _path in _below(folders()[MEDIA]))


def place_of(name: str) -> Path:
    """Where a restore first lays a file. Raises Damaged for a name that leads out of its folder."""
    kind, *rest = PurePosixPath(name).parts
    if kind not in folders() or not rest or ".." in rest or PurePosixPath(*rest).is_absolute():
        raise Damaged(f"{name} is no file of a backup")
    return folders()[kind] / STAGED / Path(*rest)


def begin() -> None:
    """Makes room for the files to come; what a broken-off restore left is thrown away."""
    forget()
    for folder in folders().values():
        (folder / STAGED).mkdir(parents=True)


def forget() -> None:
    """Throws away what was laid ready and is not to come."""
    for folder in folders().values():
        shutil.rmtree(folder / STAGED, ignore_errors=True)


def swap() -> None:
    """Puts the files that were laid ready in their place; those that stood there are put aside until `settle`."""
    for folder in folders().values():
        (folder / ASIDE).mkdir(exist_ok=True)
        for standing in _standing(folder):
            standing.rename(folder / ASIDE / standing.name)
        for new in list((folder / STAGED).iterdir()):
            new.rename(folder / new.name)
        (folder / STAGED).rmdir()


def swap_back() -> None:
    """Undoes `swap`, where the database did not take what belongs to the files."""
    for folder in folders().values():
        if not (folder / ASIDE).exists():
            continue
        for new in _standing(folder):
            shutil.rmtree(new) if new.is_dir() else new.unlink()
        for standing in list((folder / ASIDE).iterdir()):
            standing.rename(folder / standing.name)
        (folder / ASIDE).rmdir()


def settle() -> None:
    """Throws away what was replaced, but anchors: they prove what this server held before, and are kept beside."""
    for name, folder in folders().items():
        former = folder / ASIDE / anchors.NAME
        if name == LEDGER and former.exists():
            former.rename(folder / f"anchors-before-{os.stat(former).st_mtime_ns}.txt")
        shutil.rmtree(folder / ASIDE, ignore_errors=True)


def _standing(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name not in (STAGED, ASIDE)]
