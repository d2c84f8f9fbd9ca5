"""Backup and restore: whole or not at all, nothing opened by mistake, and a copy that tells nobody anything."""

from __future__ import annotations

import io
import os
import resource
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hotline import channels, health
from hotline.accounts.models import User
from hotline.backup import envelope, files, fingerprints, holding, tables, versions
from hotline.backup.content import Begin, Reader, Writer
from hotline.ledger import anchors, sealing, verifying, writing
from supervision.ladder import messages, steps
from supervision.models import Notice, Step
from supervision.tasks import climb
from tests import scene
from tests.supervision.test_site import PNG
from tickets.attachments import keeping
from tickets.choices import Status

KEY = "a key for backups that nobody else has, of enough length"
Rows = dict[str, list[bytes]]


@pytest.fixture
def server(settings: Any, tmp_path: Path) -> Path:
    """Folders of this test's own, a key, and where backups go."""
    settings.BACKUP_KEY, settings.DISK_FLOOR_BYTES = KEY, 0
    settings.MEDIA_ROOT, settings.LEDGER_ANCHORS = tmp_path / "media", str(tmp_path / "ledger")
    settings.MEDIA_ROOT.mkdir()
    sealing.forget()
    writing.forget()
    return tmp_path / "one.backup"


def said(command: str, *arguments: Any, **options: Any) -> str:
    out = io.StringIO()
    call_command(command, *arguments, stdout=out, **options)
    return out.getvalue()


def refused(command: str, *arguments: Any, **options: Any) -> str:
    with pytest.raises(CommandError) as error:
        call_command(command, *arguments, stdout=io.StringIO(), **options)
    return str(error.value)


def rows_of_all() -> Rows:
    found = {}
    for table, columns in tables.all_of_them().items():
        into = io.BytesIO()
        tables.copy_out(table, columns, into)
        found[table] = sorted(into.getvalue().splitlines())
    return found


def files_of_all() -> dict[str, bytes]:
    folders = files.folders().values()
    return {str(path): path.read_bytes() for at in folders for path in at.rglob("*") if path.is_file()}


def empty_the_server() -> None:
    with connection.cursor() as cursor:
        names = ", ".join(f'"{name}"' for name in tables.all_of_them())
        cursor.execute(f"SET hotline.maintenance = on; TRUNCATE {names} RESTART IDENTITY")
    for path in files_of_all():
        Path(path).unlink()


# -- there and back ---------------------------------------------------------------------------------------------


def test_every_table_and_every_file_comes_back_and_the_audit_log_is_proven(
    live_city: None, server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MANY", 100)  # some of the tables count as large
    ticket = scene.ticket_in(Status.FOLLOW_UP)
    keeping.attach(ticket, SimpleUploadedFile("现场.png", PNG), actor=scene.user(scene.OPERATOR))
    sealing.seal()
    large = Path(files.folders()[files.MEDIA]) / "reports" / "2026" / "月报.docx"
    large.parent.mkdir(parents=True)
    large.write_bytes(bytes(range(256)) * 12_000)  # three chunks
    rows, kept = rows_of_all(), files_of_all()
    assert "bytes" in said("backup", server)
    assert server.stat().st_mode & 0o077 == 0
    assert b"".join(rows["accounts_user"]) not in server.read_bytes()
    assert "not empty" in refused("restore", server)
    assert rows_of_all().pop("tickets_ticket") == rows["tickets_ticket"]

    empty_the_server()
    assert "as many rows" in said("restore", server)
    again = rows_of_all()
    assert len(again.pop("backup_hold")) == len(rows.pop("backup_hold")) + 1
    assert set(again["ledger_entry"]) > set(rows["ledger_entry"]), "that it was backed up lies after it"
    assert {name: found for name, found in again.items() if found != rows[name]}.keys() == {"ledger_entry"}
    assert files_of_all() == kept
    found = verifying.verify()
    assert (found.wrong, found.blocks > 0, found.anchors) == (0, True, found.blocks)
    assert User.objects.create(username="new", full_name="新人").pk > max(
        int(one.split(b"\t")[0]) for one in rows["accounts_user"]
    )
    with pytest.raises(Exception, match="append-only"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM tickets_ticketevent")  # the triggers stand again


def test_what_stands_is_only_thrown_away_where_told_and_its_anchors_are_kept_beside(
    live_city: None, server: Path
) -> None:
    sealing.seal()
    call_command("backup", server, stdout=io.StringIO())
    scene.ticket_in(Status.WORKING)
    sealing.seal()
    (files.folders()[files.MEDIA] / "later.txt").write_text("x")
    said("restore", server, replace=True)
    assert verifying.verify().wrong == 0
    assert sorted(path.name for path in files.folders()[files.MEDIA].iterdir()) == []
    beside = [path.name for path in anchors.path().parent.iterdir()]
    assert len(beside) == 2
    assert anchors.NAME in beside


# -- nothing by mistake -----------------------------------------------------------------------------------------


def small(path: Path, **what: Any) -> bytes:
    """A backup without tables, as `what` says it begins."""
    given = {"taken_at": timezone.now().isoformat(), "city": "孝感市", "migrations": versions.applied(),
             "keys": fingerprints.of_all(), "tables": {}} | what  # fmt: skip
    with path.open("wb") as file:
        writer = Writer(file, KEY)
        writer.begin(Begin(**given))
        writer.file("media/a", 3_000_000, io.BytesIO(os.urandom(3_000_000)))
        writer.end()
    return path.read_bytes()


@pytest.mark.parametrize(("suite", "other"), [("aes", "sm"), ("sm", "aes")])
def test_a_file_that_was_cut_or_altered_is_refused_wherever_that_is(
    suite: str, other: str, db: None, server: Path, settings: Any
) -> None:
    settings.CRYPTO_SUITE = [suite]
    whole = small(server)
    assert whole.startswith(envelope.MAGICS[suite])
    settings.CRYPTO_SUITE = [other]
    assert "is whole" in said("restore", server, check=True), "a file of either suite is read under the other"
    server.write_bytes(envelope.MAGICS[other] + whole[envelope.MAGIC :])
    assert "not the key" in refused("restore", server), "nor can it be taken for one of the other"
    cuts = [0, 10, 40, 41, envelope.CHUNK, envelope.MAGIC + 24 + envelope.CHUNK + 16, len(whole) - 1]
    for at in cuts:
        server.write_bytes(whole[:at])
        assert "Nothing was restored" in refused("restore", server), at
    for at in (0, 20, 39, 50, envelope.CHUNK * 2, len(whole) - 1):
        server.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert "Nothing was restored" in refused("restore", server), at
    server.write_bytes(whole + b"x")
    assert "cut off or altered" in refused("restore", server)


@pytest.mark.parametrize(
    ("key", "words"), [("", "is not set"), ("short", "at least 32"), (KEY + "x", "is not the key")]
)
def test_a_missing_or_wrong_key_is_said(key: str, words: str, db: None, server: Path, settings: Any) -> None:
    small(server)
    settings.BACKUP_KEY = key
    assert words in refused("restore", server)
    if not key:
        assert words in refused("backup", server.parent)
        assert list(server.parent.glob("*.part")) == []


def test_keys_that_this_server_lacks_are_named_and_so_is_a_later_version(db: None, server: Path, settings: Any) -> None:
    small(server, migrations=[*versions.applied(), ("tickets", "9999_from_the_future")])
    assert "later version" in refused("restore", server)
    small(server)
    settings.LEDGER_KEYS = ["another key of the audit log, which is long enough"]
    told = refused("restore", server)
    assert "LEDGER_KEYS lacks" in told
    assert "SECRET_KEY lacks" not in told
    held = str(fingerprints.of_all())
    assert settings.SECRET_KEY not in held


def test_a_full_disk_leaves_no_half_backup(live_city: None, server: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        told = refused("backup", server)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "the disk is full" in told
    assert list(server.parent.glob("one*")) == []


def twenty(into: Any) -> None:
    for _ in range(20):
        into.write(b"x" * 999_999 + b"\n")


def test_what_is_read_of_a_backup_comes_in_pieces(db: None, server: Path) -> None:
    with server.open("wb") as file:
        writer = Writer(file, KEY)
        writer.begin(Begin(taken_at="", city="", migrations=[], keys={}, tables={"t": ["a"]}))
        writer.table("t", twenty)
        writer.end()
    with server.open("rb") as file:
        reader = Reader(file, KEY)
        parts = [(kind, name, len(content.read())) for kind, name, content, _size in reader.parts()]
    assert parts == [("tables/", "t", 20_000_000)]
    assert reader.end is not None
    assert reader.end.rows == {"t": 20}


# -- a copy tells nobody ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_restored_copy_sends_nothing_until_told(
    signed_in: Callable[[str], Client], monday: Any, server: Path
) -> None:
    holding.begin(taken_at=timezone.now())
    ticket = scene.ticket_in(Status.DISPATCHED)
    steps.tell(Step.URGE, ticket, scene.department(scene.DEPARTMENT), "请办理", at=timezone.now())
    monday.shift(timedelta(days=3))
    climb()
    assert list(Notice.objects.values_list("text", "delivery")) == [("请办理", None)], "no step, no delivery"
    assert channels.send("json://127.0.0.1:1/", "题", "文")
    assert any("messages are held" in notice for notice in health.notices_now())
    line = "manage.py resume_messages"
    assert line in signed_in(scene.ADMIN).get(reverse("set-up")).content.decode()
    assert line not in signed_in(scene.MANAGER).get(reverse("dashboard")).content.decode()
    said("resume_messages")
    assert messages.deliver() == 1
    assert line not in signed_in(scene.ADMIN).get(reverse("set-up")).content.decode()
    said("hold_messages")
    assert holding.is_on()
