"""What lies in the closed file: a compressed tar that begins with what must be known first and ends with the sums.

begin.json                  when, by which migrations, which keys it needs, the tables with their columns
tables/NAME/000001 …        the rows of a table in pieces, one row a line
files/media/…, files/ledger/…
end.json                    rows of each table, files and bytes, sequences
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import IO, Any

from hotline.backup.envelope import Damaged, Opened, Sealed

BEGIN, END, TABLES, FILES = "begin.json", "end.json", "tables/", "files/"
PIECE = 8 << 20  # bytes of rows
EFFORT = 4  # of compression; more takes twice the time for a twentieth less
READ = 1 << 20


@dataclass(frozen=True)
class Begin:
    taken_at: str
    city: str
    migrations: list[tuple[str, str]]
    keys: dict[str, list[str]]
    tables: dict[str, list[str]]
    form: int = 1


@dataclass
class Sums:
    """What was written, or found: by it a backup is known to be whole, and a restore to be complete."""

    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0  # of the files
    sequences: dict[str, int | None] = field(default_factory=dict)


class Writer:
    """Writes a backup into an open file, part by part."""

    def __init__(self, file: IO[bytes], secret: str) -> None:
        self._sealed = Sealed(file, secret)
        self._packed = gzip.GzipFile(fileobj=self._sealed, mode="wb", compresslevel=EFFORT, mtime=0)
        self._tar = tarfile.open(fileobj=self._packed, mode="w|", bufsize=READ)  # noqa: SIM115 - till end
        self.sums = Sums()

    def begin(self, what: Begin) -> None:
        self._small(BEGIN, asdict(what))

    def table(self, name: str, copy: Callable[[Any], None]) -> None:
        rows = _Pieces(lambda number, piece: self._add(f"{TABLES}{name}/{number:06d}", len(piece), io.BytesIO(piece)))
        copy(rows)
        rows.finish()
        self.sums.rows[name] = rows.count

    def file(self, name: str, size: int, file: IO[bytes]) -> None:
        self._add(FILES + name, size, file)
        self.sums.files += 1
        self.sums.bytes += size

    def end(self) -> None:
        self._small(END, asdict(self.sums))
        self._tar.close()
        self._packed.close()
        self._sealed.finish()

    def _small(self, name: str, what: dict[str, Any]) -> None:
        text = json.dumps(what, ensure_ascii=False).encode()
        self._add(name, len(text), io.BytesIO(text))

    def _add(self, name: str, size: int, file: IO[bytes]) -> None:
        member = tarfile.TarInfo(name)
        member.size = size
        self._tar.addfile(member, file)


class _Pieces:
    """Takes the rows of a table as they come and hands them on in pieces; counts the lines."""

    def __init__(self, put: Callable[[int, bytes], None]) -> None:
        self._put, self._waiting, self._number, self.count = put, bytearray(), 0, 0

    def write(self, data: bytes) -> int:
        self.count += data.count(b"\n")
        self._waiting += data
        if len(self._waiting) >= PIECE:
            self.finish()
        return len(data)

    def finish(self) -> None:
        if self._waiting:
            self._number += 1
            self._put(self._number, bytes(self._waiting))
            self._waiting.clear()


class Reader:
    """Goes through a backup from its beginning to its end, once."""

    def __init__(self, file: IO[bytes], secret: str) -> None:
        opened = io.BufferedReader(Opened(file, secret), READ)
        try:
            self._packed = gzip.GzipFile(fileobj=opened, mode="rb")
            self._tar = tarfile.open(fileobj=self._packed, mode="r|", bufsize=READ)  # noqa: SIM115
            self._next: tarfile.TarInfo | None = self._tar.next()
            self.begin = Begin(**self._small(BEGIN))
        except (tarfile.TarError, EOFError, gzip.BadGzipFile, TypeError, KeyError) as error:
            raise Damaged(f"the backup is not made as this version makes it ({error})") from error
        self.end: Sums | None = None

    def parts(self) -> Iterator[tuple[str, str, IO[bytes], int]]:
        """Each table with rows, then each file: `TABLES` or `FILES`, its name, what is in it, its size in bytes.

        The size of a table is not known. `end` is known afterwards. Raises Damaged where the end is missing.
        """
        while self._next is not None and self._next.name != END:
            name, size = self._next.name, self._next.size
            if name.startswith(FILES):
                content = self._tar.extractfile(self._next)
                assert content is not None
                yield FILES, name.removeprefix(FILES), content, size
                self._next = self._tar.next()
            else:
                table = name.removeprefix(TABLES).rpartition("/")[0]
                yield TABLES, table, io.BufferedReader(_Joined(self, f"{TABLES}{table}/"), READ), 0
        self.end = Sums(**self._small(END))
        while self._packed.read(READ):  # to the last chunk, which proves that nothing was cut off
            pass

    def _small(self, name: str) -> dict[str, Any]:
        if self._next is None or self._next.name != name:
            raise Damaged(f"the backup has no {name}")
        content = self._tar.extractfile(self._next)
        assert content is not None
        found: dict[str, Any] = json.loads(content.read())
        self._next = self._tar.next()
        return found

    def piece(self, beginning: str, before: tarfile.TarInfo | None) -> tuple[tarfile.TarInfo, IO[bytes]] | None:
        """The next piece of a table after `before`; None where it has no more."""
        if before is not None:
            self._next = self._tar.next()
        if self._next is None or not self._next.name.startswith(beginning):
            return None
        content = self._tar.extractfile(self._next)
        assert content is not None
        return self._next, content


class _Joined(io.RawIOBase):
    """The pieces of a table as one."""

    def __init__(self, reader: Reader, beginning: str) -> None:
        self._reader, self._beginning = reader, beginning
        self._at = reader.piece(beginning, None)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while self._at is not None:
            data = self._at[1].read(len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)
            self._at = self._reader.piece(self._beginning, self._at[0])
        return 0
