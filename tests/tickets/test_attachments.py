"""Files: what they may be, what is taken out of them, and that they are kept whole or not at all."""

from __future__ import annotations

import io
import os
import resource
import signal
import struct
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image, ImageCms

from hotline import disk
from tests import scene
from tickets.attachments import keeping, kinds, names, pictures
from tickets.attachments.words import Unfit
from tickets.choices import Status
from tickets.models import Attachment, Ticket, TicketEvent

SignIn = Callable[[str], Client]


@pytest.fixture(autouse=True)
def _files_go_elsewhere(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def on_disk(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def sent(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


# -- files as programs write them ------------------------------------------------------------------------------


def frames(second: int, count: int = 4) -> bytes:
    """Frames of an MP3 whose second byte says which kind of layer III it is."""
    head = bytes([0xFF, second, 0x90, 0])
    length = kinds._mp3_frame(head)
    assert length
    return (head + bytes(length - 4)) * count


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, name) + content


def media(brand: bytes, track: bytes) -> bytes:
    """An ISO media file as a telephone records it: the sound first, then what describes it."""
    handler = box(b"hdlr", bytes(8) + track + bytes(12))
    moov = box(b"moov", box(b"mvhd", bytes(20)) + box(b"trak", box(b"tkhd", bytes(8)) + box(b"mdia", handler)))
    return box(b"ftyp", brand + bytes(4) + b"isom") + box(b"mdat", bytes(5000)) + moov


def archive(*members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in members:
            file.writestr(name, "x")
    return out.getvalue()


def old_office(*streams: str) -> bytes:
    """A compound file with a directory of these streams, as Office 97 and WPS write it."""
    entries = b""
    for name in ("Root Entry", *streams):
        text = (name + "\0").encode("utf-16-le")
        entries += text.ljust(64, b"\0") + struct.pack("<HB", len(text), 5 if name == "Root Entry" else 2) + bytes(61)
    return kinds.OLE + bytes(504) + bytes(512) + entries


def tagged(sound: bytes, size: int = 9000) -> bytes:
    """With an ID3 tag before it, large enough to hold a picture."""
    return (
        b"ID3\x04\x00\x00"
        + bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127])
        + bytes(size)
        + sound
    )


def nested(times: int) -> bytes:
    """An ISO media file whose boxes lie one in the other, deeper than anybody would follow."""
    inner = b""
    for _depth in range(times):
        inner = box(b"moov", inner)
    return box(b"ftyp", b"M4A " + bytes(4)) + inner


GOOD = {
    "photo.jpg": (scene.picture(kind="JPEG"), "image/jpeg"),
    "photo.png": (scene.picture(), "image/png"),
    "photo.gif": (scene.picture(kind="GIF"), "image/gif"),
    "photo.webp": (scene.picture(kind="WEBP"), "image/webp"),
    "photo.heic": (scene.picture((64, 48), kind="HEIF"), "image/heic"),
    "paper.pdf": (b"%PDF-1.7 ...", "application/pdf"),
    "late.pdf": (b"\r\n\r\n%PDF-1.4 ...", "application/pdf"),
    "paper.doc": (old_office("WordDocument", "1Table"), "application/msword"),
    "table.xls": (old_office("Workbook"), "application/vnd.ms-excel"),
    "paper.docx": (archive("[Content_Types].xml", "word/document.xml"), kinds.DOCX.content_type),
    "office365.docx": (archive("[Content_Types].xml", "word/document2.xml"), kinds.DOCX.content_type),
    "table.xlsx": (archive("[Content_Types].xml", "xl/workbook.xml"), kinds.XLSX.content_type),
    "call.wav": (b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(50), "audio/wav"),
    "call.amr": (b"#!AMR\n" + bytes(50), "audio/amr"),
    "wide.amr": (b"#!AMR-WB\n" + bytes(50), "audio/amr"),
    "apple.m4a": (media(b"M4A ", b"soun"), "audio/mp4"),
    "android.m4a": (media(b"mp42", b"soun"), "audio/mp4"),
    "old.m4a": (media(b"3gp4", b"soun"), "audio/mp4"),
    "tagged.mp3": (tagged(frames(0xFB)), "audio/mpeg"),
    "telephone.aac": (
        b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9) + b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9),
        "audio/aac",
    ),
    "padded.mp3": (bytes(300) + frames(0xFB), "audio/mpeg"),
} | {f"{second:x}.mp3": (frames(second), "audio/mpeg") for second in (0xFB, 0xFA, 0xF3, 0xF2, 0xE3, 0xE2)}
BAD = {
    "empty.jpg": (b"", "空"),
    "script.jpg": (b"<script>alert(1)</script>", "WebP"),
    "programme.jpg": (b"MZ" + bytes(100), "WebP"),
    "archive.docx": (archive("notes.txt"), "压缩"),
    "archive.zip": (archive("[Content_Types].xml", "notes.txt"), "压缩"),
    "slides.pptx": (archive("[Content_Types].xml", "ppt/presentation.xml"), "压缩"),
    "cut.docx": (archive("[Content_Types].xml", "word/document.xml")[:40], "损坏"),
    "macros.docm": (archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "宏"),
    "loud.docm": (archive("[Content_Types].xml", "word/document.xml", "word/VBAPROJECT.BIN"), "宏"),
    "macros.xls": (old_office("Workbook", "_VBA_PROJECT_CUR"), "宏"),
    "locked.docx": (old_office("EncryptedPackage", "EncryptionInfo"), "密码"),
    "other.msi": (old_office("Tables"), "WebP"),
    "film.mp4": (media(b"isom", b"vide"), "视频"),
    "deep.m4a": (nested(3000), "WebP"),
    "half.png": (scene.picture((400, 300))[:60], "损坏"),
    "noise.mp3": (b"\xff\xfbhello" * 40, "WebP"),
    "page.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "WebP"),
}


@pytest.mark.parametrize("name", GOOD)
def test_it_is_known_by_what_stands_in_it(name: str) -> None:
    content, expected = GOOD[name]
    assert kinds.recognise(io.BytesIO(content)).content_type == expected


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_attached_is_refused_by_its_name_with_the_reason(name: str, tmp_path: Path, db: None) -> None:
    content, reason = BAD[name]
    good = sent("photo.png", scene.picture())
    with pytest.raises(keeping.FilesRefused) as refused:
        keeping.attach(scene.call(), good, sent(name, content), actor=scene.user(scene.OPERATOR))
    [said] = refused.value.reasons
    assert name in said
    assert reason in said
    assert not Attachment.objects.exists()
    assert not on_disk(tmp_path), "one file that is refused refuses all, and leaves nothing"


def test_a_recording_called_otherwise_is_played(db: None) -> None:
    [kept] = keeping.attach(scene.call(), sent("rec.dat", frames(0xF3)), actor=scene.user(scene.OPERATOR))
    assert (kept.name, kept.content_type, kept.is_played) == ("rec.dat.mp3", "audio/mpeg", True)


# -- pictures --------------------------------------------------------------------------------------------------


def photograph(kind: str, size: tuple[int, int] = (40, 30)) -> bytes:
    """As a telephone writes it: lying on its side, with the place where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    exif[0x010F] = "Telephone of 刘女士"
    exif.get_ifd(0x8825).update({1: "N", 2: (30.0, 55.0, 28.0), 3: "E", 4: (113.0, 55.0, 1.0)})
    out = io.BytesIO()
    beside: dict[str, Any] = {"comment": b"SECRET-PLACE", "xmp": b"<x>SECRET-PLACE</x>"} if kind == "JPEG" else {}
    Image.new("RGB", size, "red").save(out, kind, exif=exif.tobytes(), **beside)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_picture_keeps_no_place_and_stands_upright(kind: str) -> None:
    file = io.BytesIO(photograph(kind))
    content, became = pictures.draw_anew(file, kinds.recognise(file))
    drawn = Image.open(io.BytesIO(content))
    assert drawn.size == (30, 40)
    assert not dict(drawn.getexif())
    assert not {"exif", "xmp", "comment"} & set(drawn.info)
    assert b"SECRET-PLACE" not in content
    assert became.content_type == ("image/jpeg" if kind in ("JPEG", "HEIF") else f"image/{kind.lower()}")


def test_metadata_that_cannot_be_read_is_no_reason_to_refuse() -> None:
    content = photograph("JPEG")
    at = content.index(b"Exif\0\0")
    broken = io.BytesIO(content[: at + 14] + b"\xff" * 40 + content[at + 54 :])
    assert pictures.draw_anew(broken, kinds.JPEG)[1] is kinds.JPEG


def test_a_moving_picture_goes_on_moving() -> None:
    out = io.BytesIO()
    first, *others = [Image.new("RGB", (20, 10), colour) for colour in ("red", "green", "blue")]
    first.save(out, "GIF", save_all=True, append_images=others, duration=100, comment=b"SECRET-PLACE")
    content, _kind = pictures.draw_anew(out, kinds.GIF)
    assert getattr(Image.open(io.BytesIO(content)), "n_frames", 1) == 3
    assert b"SECRET-PLACE" not in content


def test_a_picture_that_unpacks_to_gigabytes_is_refused_in_words() -> None:
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 100_000
    with pytest.raises(Unfit, match="400"):
        pictures.draw_anew(bomb, kinds.PNG)


def test_a_moving_picture_of_endless_frames_is_refused_before_one_is_drawn() -> None:
    first, *others = [Image.new("P", (2, 2), frame % 256) for frame in range(pictures.MOST_FRAMES + 1)]
    out = io.BytesIO()
    first.save(out, "GIF", save_all=True, append_images=others, optimize=False)
    with pytest.raises(Unfit, match=str(pictures.MOST_FRAMES)):
        pictures.draw_anew(out, kinds.GIF)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_colours_stay_and_the_profile_that_names_the_device_goes(kind: str) -> None:
    """Whose profile exchanges red and blue, as no device does, is red afterwards where its numbers said blue."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {
        bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * int.from_bytes(profile[128:132], "big"), 12)
    }
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    name = profile.index("sRGB".encode("utf-16-be"))
    profile[name : name + 8] = "IMEI".encode("utf-16-be")
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "blue").save(out, kind, icc_profile=bytes(profile))
    content, _kind = pictures.draw_anew(out, kinds.recognise(out))
    drawn = Image.open(io.BytesIO(content))
    assert "icc_profile" not in drawn.info
    assert "IMEI".encode("utf-16-be") not in content
    red_seen, _green, blue_seen = drawn.convert("RGB").getpixel((8, 8))  # type: ignore[misc]
    assert red_seen > 240 > 15 > blue_seen


def test_a_profile_that_cannot_be_read_is_left_out() -> None:
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "blue").save(out, "PNG", icc_profile=b"SECRET-DEVICE" * 20)
    assert "icc_profile" not in Image.open(io.BytesIO(pictures.draw_anew(out, kinds.PNG)[0])).info


def test_a_heic_becomes_a_picture_that_browsers_show(db: None) -> None:
    [kept] = keeping.attach(
        scene.call(), sent("IMG_0001.HEIC", photograph("HEIF", (64, 48))), actor=scene.user(scene.OPERATOR)
    )
    assert (kept.name, kept.content_type) == ("IMG_0001.jpg", "image/jpeg")
    assert Path(kept.file.path).read_bytes().startswith(b"\xff\xd8\xff")


# -- names -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("现场.jpg", "现场.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\照片\\现场.JPG", "现场.jpg"),
        ("photo\u202egpj.exe", "photogpj.exe.jpg"),
        ("a\x00b\x1b[31m\u200bc.jpg", "ab[31mc.jpg"),
        ("a\r\nb.jpg", "a b.jpg"),
        ("half \ud800 letter.jpg", "half letter.jpg"),
        ("...", "文件.jpg"),
        ("  .jpg", "文件.jpg"),
        (None, "文件.jpg"),
        ('a:b?"c".jpg', "a_b__c_.jpg"),
    ],
)
def test_a_name_deceives_neither_eye_nor_disk(given: str | None, shown: str) -> None:
    assert names.shown_name(given, kinds.JPEG) == shown


@pytest.mark.parametrize("letter", ["长", "x", "😀"])
def test_a_long_name_keeps_its_ending_and_fits_a_disk(letter: str) -> None:
    name = names.shown_name(letter * 3000 + ".jpg", kinds.JPEG)
    assert name.endswith(f"{letter}.jpg")
    assert len(name) <= 120
    assert len(name.encode()) <= 255


# -- with the form they are sent with --------------------------------------------------------------------------


def form(**given: Any) -> dict[str, Any]:
    """A call as a browser sends it."""
    ticket = scene.call()
    usual = {
        "kind": "complaint", "channel": "phone", "urgency": "normal", "caller_phone": "13812345678",
        "caller_name": "王先生", "description": "路灯不亮已经三天了。", "region": ticket.region_id, "title": "",
        "then": "dispatch",
    }  # fmt: skip
    return usual | given


def test_files_are_recorded_with_the_call(signed_in: SignIn, db: None) -> None:
    files = [sent("现场.png", scene.picture()), sent("call.amr", GOOD["call.amr"][0])]
    answer = signed_in(scene.OPERATOR).post(reverse("new-ticket"), form(file=files))
    assert answer.status_code == 302
    ticket = Ticket.objects.latest("pk")
    assert sorted(file.name for file in ticket.attachments.all()) == ["call.amr", "现场.png"]
    assert {file.came_with.action for file in ticket.attachments.all() if file.came_with} == {"register"}


@pytest.mark.parametrize("action", ["answer", "progress"])
def test_files_belong_to_the_answer_they_are_sent_with(action: str, signed_in: SignIn, db: None) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    given = scene.inputs(action) | {"version": ticket.version, "file": [sent("完工.png", scene.picture())]}
    client = signed_in(scene.CLERK)
    client.post(reverse("ticket-action", args=[ticket.number, action]), given)
    file = ticket.attachments.get()
    assert file.came_with == TicketEvent.objects.get(ticket=ticket, action=action)
    page = client.get(ticket.get_absolute_url()).content.decode()
    assert page.count("完工.png") >= 2, "on the timeline and in the list"


def test_a_refused_file_refuses_the_answer_and_keeps_its_text(signed_in: SignIn, tmp_path: Path, db: None) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    files = [sent("完工.png", scene.picture()), sent("程序.jpg", b"MZ" + bytes(100))]
    given = scene.inputs("answer") | {"version": ticket.version, "file": files}
    answer = signed_in(scene.CLERK).post(reverse("ticket-action", args=[ticket.number, "answer"]), given)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert scene.ANSWER in page
    assert "程序.jpg" in page
    ticket.refresh_from_db()
    assert ticket.status == Status.WORKING
    assert not on_disk(tmp_path)


def test_a_refused_file_refuses_the_call_and_keeps_it(signed_in: SignIn, tmp_path: Path, db: None) -> None:
    given = form(file=[sent("程序.jpg", b"MZ" + bytes(100))], description="这段话不能丢失。")
    before = Ticket.objects.count()
    answer = signed_in(scene.OPERATOR).post(reverse("new-ticket"), given)
    assert answer.status_code == 422
    assert "这段话不能丢失。" in answer.content.decode()
    assert Ticket.objects.count() == before
    assert not on_disk(tmp_path)


def test_a_faulty_answer_leaves_none_of_its_files_on_the_disk(signed_in: SignIn, tmp_path: Path, db: None) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    given = {"answer": "", "version": ticket.version, "file": [sent("完工.png", scene.picture())]}
    answer = signed_in(scene.CLERK).post(reverse("ticket-action", args=[ticket.number, "answer"]), given)
    assert answer.status_code == 422
    assert not on_disk(tmp_path)
    assert not Attachment.objects.exists()


def test_what_was_typed_stays_when_the_action_has_become_impossible(signed_in: SignIn, db: None) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    scene.do(ticket, "answer", scene.CLERK)
    given = {"note": "已联系施工单位，明日进场。", "version": ticket.version}
    answer = signed_in(scene.CLERK).post(reverse("ticket-action", args=[ticket.number, "progress"]), given)
    assert answer.status_code == 409
    assert "已联系施工单位，明日进场。" in answer.content.decode()


def test_no_second_form_for_files_stands_beside_an_open_action(signed_in: SignIn, db: None) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    client = signed_in(scene.CLERK)
    attach = reverse("attach", args=[ticket.number])
    assert attach in client.get(ticket.get_absolute_url()).content.decode()
    page = client.get(reverse("ticket-action", args=[ticket.number, "answer"])).content.decode()
    assert attach not in page
    assert 'type="file"' in page


def test_too_many_at_once(db: None) -> None:
    files = [sent(f"{i}.png", scene.picture()) for i in range(11)]
    with pytest.raises(keeping.FilesRefused, match="10"):
        keeping.attach(scene.call(), *files, actor=scene.user(scene.OPERATOR))


def test_a_file_that_is_too_large(signed_in: SignIn, settings: Any, tmp_path: Path, db: None) -> None:
    settings.MAX_ATTACHMENT_BYTES = 1024 * 1024
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1000  # so that it goes the way of large files, to the disk
    ticket = scene.ticket_in(Status.WORKING)
    files = [sent("大.png", scene.picture() + bytes(2 * 1024 * 1024)), sent("小.png", scene.picture())]
    client = signed_in(scene.CLERK)
    page = client.post(reverse("attach", args=[ticket.number]), {"file": files}, follow=True).content.decode()
    assert "大.png" in page
    assert "2.0" in page
    assert not Attachment.objects.exists()
    client.post(reverse("attach", args=[ticket.number]), {"file": sent("小.png", scene.picture())})
    assert Attachment.objects.get().name == "小.png"


# -- nothing stays that belongs to nothing -----------------------------------------------------------------------


def test_a_transaction_that_fails_takes_the_files_with_it(tmp_path: Path, db: None) -> None:
    ticket = scene.call()

    def fail() -> None:
        with keeping.taken_in([sent("a.png", scene.picture())]) as files:
            files.give_to(ticket, actor=scene.user(scene.OPERATOR))
            assert on_disk(tmp_path)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not on_disk(tmp_path)


def test_what_is_given_to_no_ticket_goes_again(tmp_path: Path, db: None) -> None:
    with keeping.taken_in([sent("a.png", scene.picture())]):
        assert on_disk(tmp_path)
    assert not on_disk(tmp_path)


def test_the_sweep_takes_what_a_killed_process_left_and_nothing_else(tmp_path: Path, db: None) -> None:
    [kept] = keeping.attach(scene.call(), sent("a.png", scene.picture()), actor=scene.user(scene.OPERATOR))
    folder = Path(kept.file.path).parent
    old, young = folder / "left-behind", folder / "being-written"
    old.write_bytes(b"x")
    young.write_bytes(b"x")
    long_ago = (timezone.now() - timedelta(hours=7)).timestamp()
    for path in (old, Path(kept.file.path)):
        os.utime(path, (long_ago, long_ago))
    assert keeping.sweep() == 1
    assert sorted(on_disk(tmp_path)) == sorted([young, Path(kept.file.path)])


def test_a_process_that_is_killed_leaves_only_what_the_sweep_takes(tmp_path: Path, db: None) -> None:
    if (child := os.fork()) == 0:
        with keeping.taken_in([sent("a.png", scene.picture())]):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert len(on_disk(tmp_path)) == 1
    assert keeping.sweep() == 0, "another process may be at work with it"
    with time_machine.travel(timezone.now() + timedelta(hours=7)):
        assert keeping.sweep() == 1
    assert not on_disk(tmp_path)


@pytest.fixture
def full_disk() -> Iterator[None]:
    """The system refuses to write more than 20 kB into any file of this process, as a full disk refuses it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_refuses_the_file_in_words_and_keeps_no_part_of_it(
    full_disk: None, signed_in: SignIn, tmp_path: Path, db: None
) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    files = [sent("小.pdf", b"%PDF-1.7"), sent("大.pdf", b"%PDF-1.7" + bytes(50_000))]
    given = scene.inputs("answer") | {"version": ticket.version, "file": files}
    answer = signed_in(scene.CLERK).post(reverse("ticket-action", args=[ticket.number, "answer"]), given)
    assert answer.status_code == 422
    assert "磁盘" in answer.content.decode()
    assert scene.ANSWER in answer.content.decode()
    assert not on_disk(tmp_path)


def test_a_disk_that_is_full_while_the_file_arrives_refuses_it_in_words(
    full_disk: None, signed_in: SignIn, settings: Any, tmp_path: Path, db: None
) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1000
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    ticket = scene.ticket_in(Status.WORKING)
    given = scene.inputs("answer") | {"version": ticket.version, "file": sent("大.pdf", b"%PDF-1.7" + bytes(300_000))}
    answer = signed_in(scene.CLERK).post(reverse("ticket-action", args=[ticket.number, "answer"]), given)
    assert answer.status_code == 422
    assert "磁盘" in answer.content.decode()
    assert scene.ANSWER in answer.content.decode()
    assert not on_disk(tmp_path)


def test_below_the_floor_files_are_refused_and_health_says_so(
    signed_in: SignIn, settings: Any, tmp_path: Path, db: None
) -> None:
    settings.DISK_FLOOR_BYTES = disk.free_bytes() * 2
    with pytest.raises(keeping.FilesRefused, match="磁盘"):
        keeping.attach(scene.call(), sent("a.png", scene.picture()), actor=scene.user(scene.OPERATOR))
    assert not on_disk(tmp_path)
    told = Client().get("/healthz").json()
    assert "disk" in told["down"]
    assert "full" in told["disk"]
    assert "文件暂不接收" in signed_in(scene.SUPERVISOR).get(reverse("sweeper")).content.decode()


# -- opening them ------------------------------------------------------------------------------------------------


@pytest.fixture
def recording(db: None) -> Attachment:
    [kept] = keeping.attach(scene.call(), sent("来电.wav", GOOD["call.wav"][0]), actor=scene.user(scene.OPERATOR))
    return kept


def content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize(
    ("asked", "part", "said"),
    [
        ("bytes=0-3", slice(0, 4), "bytes 0-3/{size}"),
        ("bytes=4-", slice(4, None), "bytes 4-{last}/{size}"),
        ("bytes=-5", slice(-5, None), "bytes {fifth}-{last}/{size}"),
        ("bytes=2-99999999", slice(2, None), "bytes 2-{last}/{size}"),
    ],
)
def test_a_player_asks_for_parts(asked: str, part: slice, said: str, recording: Attachment, signed_in: SignIn) -> None:
    answer = signed_in(scene.OPERATOR).get(reverse("attachment", args=[recording.pk]), headers={"Range": asked})
    whole = GOOD["call.wav"][0]
    assert answer.status_code == 206
    assert content(answer) == whole[part]
    assert answer["Content-Range"] == said.format(size=len(whole), last=len(whole) - 1, fifth=len(whole) - 5)


@pytest.mark.parametrize("asked", ["bytes=99999-", "bytes=5-2", "bytes=-0"])
def test_a_part_that_is_not_there(asked: str, recording: Attachment, signed_in: SignIn) -> None:
    answer = signed_in(scene.OPERATOR).get(reverse("attachment", args=[recording.pk]), headers={"Range": asked})
    assert answer.status_code == 416


@pytest.mark.parametrize("asked", ["", "bytes=-", "bytes=a-b", "bytes=0-1,4-5", "lines=1-2"])
def test_any_other_wish_gets_the_whole(asked: str, recording: Attachment, signed_in: SignIn) -> None:
    client = signed_in(scene.OPERATOR)
    answer = client.get(reverse("attachment", args=[recording.pk]), headers={"Range": asked})
    assert (answer.status_code, content(answer)) == (200, GOOD["call.wav"][0])
    assert answer["Content-Type"] == "audio/wav"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "<audio" in client.get(recording.ticket.get_absolute_url()).content.decode()


def test_a_file_that_is_gone_from_the_disk_is_no_broken_page(recording: Attachment, signed_in: SignIn) -> None:
    Path(recording.file.path).unlink()
    assert signed_in(scene.OPERATOR).get(reverse("attachment", args=[recording.pk])).status_code == 404
