"""Uploaded images: checked by their content, then drawn anew in a few widths, without any metadata.

What is stored is never what was uploaded. Drawing anew drops EXIF data such as the position of the camera, colour
profiles, comments, and anything that somebody hid behind the pixels.
"""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP")
WIDTHS = (390, 780, 1280)  # pixels: a phone, a column at twice its density, a wide column
SMALLEST_WIDTH = WIDTHS[0]
TALLEST = 2  # times the width
MOST_PIXELS = 50_000_000  # before the image is decoded: 150 MB of memory
MOST_BYTES_ON_A_PHONE = 25_000
QUALITIES = (78, 68, 58, 48, 38, 28)  # of WebP; the first with which the smallest width is small enough
EXTENSION, CONTENT_TYPE = "webp", "image/webp"


@dataclass(frozen=True)
class EncodedImage:
    """An image as it is stored: WebP files by their width. `width` and `height` are those of the widest."""

    width: int
    height: int
    files: Mapping[int, bytes]

    @property
    def digest(self) -> str:
        """Return 32 hex digits that identify the content of the widest file."""
        return hashlib.sha256(self.files[self.width]).hexdigest()[:32]

    @property
    def size(self) -> int:
        """Return the bytes of all files together."""
        return sum(map(len, self.files.values()))


def widths_of(width: int) -> list[int]:
    """Return the widths in which an image is stored whose widest file is `width` pixels wide, the narrowest first."""
    return [*(narrower for narrower in WIDTHS if narrower < width), width]


def encode(data: bytes) -> EncodedImage:
    """Return an uploaded image, drawn anew. Raise ValidationError if it is none, too large or too small."""
    if len(data) > settings.MOST_PICTURE_BYTES:
        raise ValidationError(
            _("The picture is larger than {megabytes} MB. Save it in a smaller size.").format(
                megabytes=settings.MOST_PICTURE_BYTES // 1_000_000
            )
        )
    picture = _drawn(data)
    width, height = picture.size
    if width < SMALLEST_WIDTH:
        raise ValidationError(
            _("The picture is {width} pixels wide. It must be at least {least} pixels wide.").format(
                width=width, least=SMALLEST_WIDTH
            )
        )
    if height > TALLEST * width:
        raise ValidationError(_("The picture is more than twice as high as wide. Cut it first."))
    widest = min(width, WIDTHS[-1])
    return EncodedImage(
        widest,
        _height(picture, widest),
        {one: _webp(picture, one) for one in widths_of(widest)},
    )


def redraw(data: bytes, widest: int) -> bytes:
    """Return an uploaded image as one WebP file, at most `widest` pixels wide. Raise ValidationError if it is none."""
    picture = _drawn(data)
    return _webp(picture, min(picture.width, widest))


def _drawn(data: bytes) -> Image.Image:
    """Return the pixels of an image, upright, in sRGB and without transparency. Raise ValidationError if it is none."""
    unreadable = ValidationError(_("The file is not a JPEG, PNG or WebP picture that the portal can read."))
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as unread:
            if unread.width * unread.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            unread.verify()
        with Image.open(io.BytesIO(data), formats=FORMATS) as stored:
            picture = ImageOps.exif_transpose(stored)
            profile = stored.info.get("icc_profile")
            if picture.has_transparency_data:
                picture = picture.convert("RGBA")
                ground = Image.new("RGBA", picture.size, "white")
                return Image.alpha_composite(ground, picture).convert("RGB")
            return _in_srgb(picture.convert("RGB"), profile if stored.mode == "RGB" else None)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValidationError(
            _("The picture has more than {millions} million pixels. Save it in a smaller size.").format(
                millions=MOST_PIXELS // 1_000_000
            )
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError, IndexError, KeyError, TypeError) as error:
        raise unreadable from error  # what Pillow raises for damaged files differs by format


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the picture in sRGB, which browsers assume of a file without a colour profile."""
    if not profile:
        return picture
    try:
        own, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(picture, own, srgb) or picture
    except (ImageCms.PyCMSError, OSError):
        return picture  # a damaged profile: the colours are nearly right without it


def _height(picture: Image.Image, width: int) -> int:
    return max(round(picture.height * width / picture.width), 1)


def _webp(picture: Image.Image, width: int) -> bytes:
    smaller = picture.resize((width, _height(picture, width)), Image.Resampling.LANCZOS)
    for quality in QUALITIES:
        file = io.BytesIO()
        smaller.save(file, "WEBP", quality=quality, method=4)
        if width > SMALLEST_WIDTH or file.tell() <= MOST_BYTES_ON_A_PHONE:
            break
    return file.getvalue()
