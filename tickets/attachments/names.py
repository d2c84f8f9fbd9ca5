"""What a file is called: the words that its sender gave it, without anything that deceives an eye or a disk."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext as _t

from tickets.attachments.kinds import FileKind

LONGEST = 120  # characters, as the column holds
MOST_BYTES = 200  # of UTF-8: a disk takes 255, and whoever saves the file may put something before the name
FORBIDDEN = re.compile(r'[<>:"|?*]')  # on the disks of Windows


def shown_name(given: str | None, kind: FileKind) -> str:
    """The name under which a file of this kind is shown and saved, made from the one that was given with it.

    Folders, control characters and marks that turn the direction of writing go (`fdp.exe` must not read `exe.pdf`); the
    ending is one that the kind has, so that what opens is what was looked at.
    """
    stem, ending = _parted(_plain(given or ""), kind)
    stem = stem.strip(" .") or _t("file")
    return _cut(stem, ending) + ending


def _plain(given: str) -> str:
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", given))[-1]
    kept = "".join(" " if letter.isspace() else letter for letter in last if not _is_hidden(letter))
    return re.sub(r"\s+", " ", FORBIDDEN.sub("_", kept)).strip()


def _is_hidden(letter: str) -> bool:
    """Control characters, marks of direction and other letters without a shape, halves of letters, private ones."""
    return unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn") and letter not in "\t\n"


def _parted(name: str, kind: FileKind) -> tuple[str, str]:
    stem, dot, last = name.rpartition(".")
    ending = f".{last.lower()}"
    if dot and ending in kind.endings:
        return stem, ending
    if dot and kind.is_picture and ending in (".heic", ".heif"):  # it was drawn anew as another kind
        return stem, kind.endings[0]
    return name, kind.endings[0]


def _cut(stem: str, ending: str) -> str:
    stem = stem[: LONGEST - len(ending)]
    while len((stem + ending).encode()) > MOST_BYTES:
        stem = stem[:-1]
    return stem.rstrip(" .")
