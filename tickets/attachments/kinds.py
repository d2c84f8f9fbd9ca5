"""What a file is, by what stands in it and never by its name: pictures, recordings, and papers of an office.

A name says nothing: a recording comes as `record.dat`, a programme as `photo.jpg`. Each kind is asked for the
structure that a reader of it would need, so that an archive is no Word file and a film is no recording.
"""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from django.utils.translation import gettext_lazy as _

from tickets.attachments.words import Unfit

HEAD = 4096  # bytes that are looked at for a signature
PDF_WITHIN = 1024  # bytes: readers accept a PDF whose heading comes this late


@dataclass(frozen=True)
class FileKind:
    """One kind of file. `endings` are those that its name may have; the first is given where it has none of them."""

    content_type: str
    endings: tuple[str, ...]
    is_picture: bool = False


JPEG = FileKind("image/jpeg", (".jpg", ".jpeg", ".jfif"), is_picture=True)
PNG = FileKind("image/png", (".png",), is_picture=True)
GIF = FileKind("image/gif", (".gif",), is_picture=True)
WEBP = FileKind("image/webp", (".webp",), is_picture=True)
HEIC = FileKind("image/heic", (".heic", ".heif"), is_picture=True)
PDF = FileKind("application/pdf", (".pdf",))
DOC = FileKind("application/msword", (".doc", ".dot", ".wps"))
XLS = FileKind("application/vnd.ms-excel", (".xls", ".xlt", ".et"))
DOCX = FileKind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (".docx",))
XLSX = FileKind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (".xlsx",))
MP3 = FileKind("audio/mpeg", (".mp3",))
WAV = FileKind("audio/wav", (".wav",))
AMR = FileKind("audio/amr", (".amr", ".awb"))
M4A = FileKind("audio/mp4", (".m4a", ".mp4", ".3gp"))
AAC = FileKind("audio/aac", (".aac",))
KINDS = (JPEG, PNG, GIF, WEBP, HEIC, PDF, DOC, XLS, DOCX, XLSX, MP3, WAV, AMR, M4A, AAC)
# What a browser's file box offers; what is really taken is decided by content.
ACCEPT = ",".join(ending for kind in KINDS for ending in kind.endings)


UNKNOWN = _(
    "It is none of what can be attached:"
    " pictures (JPG, PNG, GIF, WebP, HEIC), recordings (MP3, WAV, AMR, M4A), PDF, Word or Excel."
)


def recognise(file: IO[bytes]) -> FileKind:
    """The kind of an open file, which is left at its beginning. Raises Unfit, in words, where none fits."""
    file.seek(0)
    head = file.read(HEAD)
    found = None
    for looks_like in _QUESTIONS:
        if found := looks_like(head, file):
            break
    file.seek(0)
    if found is None:
        raise Unfit(UNKNOWN)
    return found


# -- pictures: whether they can be read is for `pictures` to find out ---------------------------------------


def _picture(head: bytes, file: IO[bytes]) -> FileKind | None:
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    return HEIC if _brands(head) & HEIC_BRANDS else None


HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


def _brands(head: bytes) -> set[bytes]:
    """The brands that an ISO media file (ISO/IEC 14496-12) claims to follow; empty for any other file."""
    if head[4:8] != b"ftyp":
        return set()
    size = min(struct.unpack(">I", head[:4])[0], len(head))
    return {head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4))}


# -- papers -------------------------------------------------------------------------------------------------


def _pdf(head: bytes, file: IO[bytes]) -> FileKind | None:
    return PDF if b"%PDF-" in head[:PDF_WITHIN] else None


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the compound file of Office 97 to 2003, and of WPS
OLE_ENTRY = 128  # bytes of one entry of its directory


def _old_office(head: bytes, file: IO[bytes]) -> FileKind | None:
    """A Word or Excel file of the old format, told by the streams that it holds."""
    if not head.startswith(OLE):
        return None
    streams = _ole_streams(file)
    if "EncryptedPackage" in streams:
        raise Unfit(_("It is protected by a password. Save it without one and attach it again."))
    if streams & {"VBA", "_VBA_PROJECT_CUR", "Macros"}:
        raise Unfit(MACROS)
    if "WordDocument" in streams:
        return DOC
    return XLS if streams & {"Workbook", "Book"} else None


def _ole_streams(file: IO[bytes]) -> set[str]:
    """The names in the directory of a compound file, which stands in 128-byte entries somewhere in it."""
    file.seek(0)
    names = set()
    while block := file.read(OLE_ENTRY * 512):
        for at in range(0, len(block) - OLE_ENTRY + 1, OLE_ENTRY):
            length = int.from_bytes(block[at + 64 : at + 66], "little")
            if 4 <= length <= 64 and length % 2 == 0 and block[at + 66] in (1, 2, 5):
                names.add(block[at : at + length - 2].decode("utf-16-le", "ignore"))
    return names


MACROS = _("It carries macros. Save it without macros (as .docx or .xlsx) and attach it again.")
# Where the main part of an Office file of today lies (some programs number it), and what that makes it.
MAIN_PARTS = ((re.compile(r"word/document\d*\.xml"), DOCX), (re.compile(r"xl/workbook\d*\.xml"), XLSX))
MOST_PARTS = 20_000  # members of an archive that are looked through


def _new_office(head: bytes, file: IO[bytes]) -> FileKind | None:
    """A Word or Excel file of today: an archive with a list of content types and the part that makes it one."""
    if not head.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist()[:MOST_PARTS])
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error):
        raise Unfit(_("It is damaged and cannot be opened.")) from None
    if "[Content_Types].xml" not in names:
        raise Unfit(ARCHIVE)
    if any(name.casefold().endswith(("vbaproject.bin", "vbadata.xml")) for name in names):  # Office asks no case
        raise Unfit(MACROS)
    for part, kind in MAIN_PARTS:
        if any(part.fullmatch(name) for name in names):
            return kind
    raise Unfit(ARCHIVE)


ARCHIVE = _("It is an archive and no Word or Excel file. Unpack it and attach what is in it.")

# -- recordings ---------------------------------------------------------------------------------------------


def _wav(head: bytes, file: IO[bytes]) -> FileKind | None:
    return WAV if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE" else None


def _amr(head: bytes, file: IO[bytes]) -> FileKind | None:
    return AMR if head.startswith((b"#!AMR\n", b"#!AMR-WB\n", b"#!AMR_MC1.0\n", b"#!AMR-WB_MC1.0\n")) else None


def _m4a(head: bytes, file: IO[bytes]) -> FileKind | None:
    """An ISO media file that holds sound and no film, whichever of the many brands a telephone wrote into it."""
    if not _brands(head):
        return None
    tracks = set(_tracks(file))
    if b"vide" in tracks:
        raise Unfit(_("Films cannot be attached; a recording of the sound can."))
    return M4A if b"soun" in tracks else None


CONTAINERS = (b"moov", b"trak", b"mdia")  # the boxes that lead, one in the other, to the one that says what a track is


def _tracks(file: IO[bytes]) -> Iterator[bytes]:
    """The handler of each track (`soun`, `vide`) of an ISO media file."""
    file.seek(0, 2)
    yield from _handlers(file, 0, file.tell())


def _handlers(file: IO[bytes], at: int, end: int, depth: int = 0) -> Iterator[bytes]:
    while at + 8 <= end:
        file.seek(at)
        size, name = struct.unpack(">I4s", file.read(8))
        begins = at + 8
        if size == 1:  # the size did not fit into 32 bits
            size = int.from_bytes(file.read(8), "big")
            begins += 8
        ends = end if size == 0 else at + size
        if ends <= at or ends > end:
            return
        if name in CONTAINERS[depth : depth + 1]:
            yield from _handlers(file, begins, ends, depth + 1)
        elif name == b"hdlr":
            yield file.read(12)[8:12]
        at = ends


FRAMES_IN_A_ROW = 3  # as many frames must follow each other before noise is taken for sound
FRAME_HEAD = 7  # bytes that say how long a frame is
# kbit/s of layer III, by the number in a frame's head: MPEG 1, then MPEG 2 and 2.5 (ISO/IEC 11172-3, 13818-3).
BITRATES = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def _mp3(head: bytes, file: IO[bytes]) -> FileKind | None:
    """An MP3 with or without tags before its sound: frames that follow each other where each says that they do."""
    sound = _after_tags(head, file)
    found = any(_runs_from(sound, at, _mp3_frame) for at in range(min(len(sound), HEAD)))
    return MP3 if found else None


def _aac(head: bytes, file: IO[bytes]) -> FileKind | None:
    """AAC without a container (ADTS, ISO/IEC 13818-7), as some telephones record."""
    return AAC if _runs_from(_after_tags(head, file), 0, _aac_frame) else None


def _after_tags(head: bytes, file: IO[bytes]) -> bytes:
    """What follows the ID3 tags: a tag may hold a cover of a megabyte, and there may be several."""
    start = 0
    while True:
        file.seek(start)
        tag = file.read(10)
        if len(tag) < 10 or tag[:3] != b"ID3" or any(byte & 0x80 for byte in tag[6:]):
            break
        size = tag[6] << 21 | tag[7] << 14 | tag[8] << 7 | tag[9]
        start += 10 + size + (10 if tag[5] & 0x10 else 0)
    file.seek(start)
    return file.read(HEAD * 4)


def _runs_from(sound: bytes, at: int, length_of: Callable[[bytes], int]) -> bool:
    """Whether frames stand one after the other from `at`; a file may end before there are three."""
    seen = 0
    while seen < FRAMES_IN_A_ROW and at + FRAME_HEAD <= len(sound):
        length = length_of(sound[at : at + FRAME_HEAD])
        if not length:
            return False
        seen += 1
        at += length
    return seen >= FRAMES_IN_A_ROW or (seen > 0 and at == len(sound))


def _mp3_frame(head: bytes) -> int:
    """The length in bytes of the layer III frame that begins so; 0 where none does."""
    if head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or layer != 1 or bitrate in (0, 15) or rate == 3:
        return 0
    is_first = version == 3
    return (144 if is_first else 72) * BITRATES[not is_first][bitrate] * 1000 // SAMPLE_RATES[version][rate] + padding


def _aac_frame(head: bytes) -> int:
    """The length in bytes of the ADTS frame that begins so; 0 where none does."""
    if head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return 0
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length if length >= FRAME_HEAD else 0


_QUESTIONS: tuple[Callable[[bytes, IO[bytes]], FileKind | None], ...] = (
    _picture, _pdf, _old_office, _new_office, _wav, _amr, _m4a, _aac, _mp3,
)  # fmt: skip
