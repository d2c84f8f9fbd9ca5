"""Pictures are drawn anew before they are kept: without where, when and with which telephone they were taken.

What a camera writes beside the pixels (place, time, owner, comments of programmes) stays behind, and so does whatever
else somebody hid in the file. The picture is turned the way it was held. Its colours are brought into the common space
(sRGB), since a profile of colours names the camera or the screen that it was made for.
"""

from __future__ import annotations

import io
import struct
import warnings
from typing import IO, Any

import pillow_heif
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageCms, ImageOps, ImageSequence

from tickets.attachments.kinds import GIF, HEIC, JPEG, WEBP, FileKind
from tickets.attachments.words import Unfit

pillow_heif.register_heif_opener()
Image.MAX_IMAGE_PIXELS = None  # bounded below, in words, before a pixel is unpacked

MOST_PIXELS = 64_000_000  # of one picture, all frames together: what a telephone of today takes, and 200 MB to unpack
MOST_FRAMES = 1000  # of a moving picture: each takes its time to draw, however small it is
JPEG_QUALITY = 90
# What is kept of the facts that stand beside the pixels: what is needed to show them, nothing that tells of anybody.
SHOWN_WITH = ("transparency", "duration", "loop", "background")
# Kinds of pixels that a profile of colours may speak of, each with what it becomes.
IN_COLOURS = {"RGB": "RGB", "RGBA": "RGBA", "CMYK": "RGB", "L": "RGB"}
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP", "image/heic": "HEIF"}
DAMAGED = _("The picture is damaged and cannot be opened.")


def draw_anew(file: IO[bytes], kind: FileKind) -> tuple[bytes, FileKind]:
    """The picture as it is kept, and as which kind: HEIC, which browsers do not show, becomes JPEG.

    Raises Unfit where it cannot be read or has more pixels than a picture that somebody took.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks about odd metadata, which goes away anyway
            with Image.open(file, formats=[FORMATS[kind.content_type]]) as picture:
                return _drawn(picture, JPEG if kind is HEIC else kind)
    except Unfit:
        raise
    except MemoryError:
        raise Unfit(_too_many(0)) from None
    except Exception as error:  # whatever a decoder makes of bytes that somebody made up
        raise Unfit(DAMAGED) from error


def for_word(file: IO[bytes]) -> IO[bytes]:
    """The picture as a kind that Word takes in; it knows no WebP."""
    out = io.BytesIO()
    with Image.open(file) as picture:
        picture.convert("RGBA" if picture.has_transparency_data else "RGB").save(out, "PNG")
    out.seek(0)
    return out


def _drawn(picture: Image.Image, kind: FileKind) -> tuple[bytes, FileKind]:
    frames = getattr(picture, "n_frames", 1) if kind in (GIF, WEBP) else 1
    if picture.width * picture.height * frames > MOST_PIXELS:
        raise Unfit(_too_many(picture.width * picture.height * frames))
    if frames > MOST_FRAMES:
        raise Unfit(
            _("The moving picture has %(count)d frames; at most %(most)d can be attached.")
            % {"count": frames, "most": MOST_FRAMES}
        )
    out = io.BytesIO()
    if frames > 1:
        moving = [_bare(frame.copy()) for frame in ImageSequence.Iterator(picture)]
        moving[0].save(out, FORMATS[kind.content_type], save_all=True, append_images=moving[1:], **_timing(picture))
    else:
        still = _bare(_upright(picture))
        if kind is JPEG and still.mode not in ("L", "RGB"):
            still = still.convert("RGB")
        still.save(out, FORMATS[kind.content_type], **_how(kind))
    return out.getvalue(), kind


def _upright(picture: Image.Image) -> Image.Image:
    """The picture as it was held; metadata that cannot be read is no reason to refuse a photograph."""
    try:
        return ImageOps.exif_transpose(picture)
    except (OSError, ValueError, TypeError, KeyError, SyntaxError, struct.error):
        return picture.copy()


def _bare(picture: Image.Image) -> Image.Image:
    """The picture with nothing beside its pixels but what is needed to show them."""
    picture.load()
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in IN_COLOURS:
        picture = _in_common_colours(picture, profile)
    picture.info = {name: picture.info[name] for name in SHOWN_WITH if name in picture.info}
    return picture


def _in_common_colours(picture: Image.Image, profile: bytes) -> Image.Image:
    """The picture as sRGB shows it; as it is where its profile cannot be read."""
    try:
        own = ImageCms.getOpenProfile(io.BytesIO(profile))
        if ImageCms.getProfileDescription(own).startswith("sRGB"):
            return picture
        mode = IN_COLOURS[picture.mode]
        drawn = ImageCms.profileToProfile(picture, own, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture
    assert drawn is not None  # only where it was to be done in place
    drawn.info = picture.info
    return drawn


def _how(kind: FileKind) -> dict[str, Any]:
    return {"quality": JPEG_QUALITY} if kind in (JPEG, WEBP) else {}


def _timing(picture: Image.Image) -> dict[str, Any]:
    return {name: picture.info[name] for name in ("duration", "loop") if name in picture.info}


def _too_many(pixels: int) -> Any:
    if not pixels:
        return _("The picture is too large to be opened.")
    return _("The picture has %(count)d million pixels; at most %(most)d can be attached.") % {
        "count": pixels // 1_000_000, "most": MOST_PIXELS // 1_000_000,
    }  # fmt: skip
