"""Uploaded images are drawn anew: what is stored shows the same and holds nothing else."""

import io
import struct
import zlib

import pytest
from django.core.exceptions import ValidationError
from PIL import Image, ImageCms

from portal.core import images
from tests.drawings import drawing

GPS, MAKE, ORIENTATION = 0x8825, 0x010F, 0x0112


def opened(encoded, width=None):
    return Image.open(io.BytesIO(encoded.files[width or encoded.width]))


def test_image_is_stored_in_a_few_widths_with_its_proportions():
    encoded = images.encode(drawing(2000, 1000))
    assert (encoded.width, encoded.height) == (1280, 640)
    assert {width: opened(encoded, width).size for width in encoded.files} == {
        390: (390, 195),
        780: (780, 390),
        1280: (1280, 640),
    }
    assert opened(encoded).format == "WEBP"
    assert encoded.size == sum(map(len, encoded.files.values()))


def test_small_image_is_not_enlarged():
    assert list(images.encode(drawing(500, 300)).files) == [390, 500]
    assert list(images.encode(drawing(390, 300)).files) == [390]


def test_phones_get_at_most_25_kb_of_a_picture_full_of_detail():
    noise = Image.effect_noise((1600, 1200), 120).convert("RGB")
    file = io.BytesIO()
    noise.save(file, "JPEG", quality=90)
    assert len(images.encode(file.getvalue()).files[390]) <= images.MOST_BYTES_ON_A_PHONE


def test_position_of_the_camera_and_all_other_metadata_are_dropped():
    exif = Image.Exif()
    exif[MAKE] = "A camera that tells"
    exif.get_ifd(GPS).update({1: "N", 2: (43.0, 45.0, 0.0), 3: "E", 4: (59.0, 2.0, 0.0)})
    data = drawing(exif=exif, comment=b"A comment that tells", icc_profile=srgb())
    assert b"A camera that tells" in data
    assert Image.open(io.BytesIO(data)).getexif().get_ifd(GPS)
    encoded = images.encode(data)
    for width, content in encoded.files.items():
        assert b"tells" not in content
        stored = opened(encoded, width)
        assert not stored.getexif()
        assert set(stored.info) <= {"loop", "background", "timestamp", "duration"}


def srgb():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def test_image_that_a_camera_turned_stands_upright():
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # turned by a quarter
    encoded = images.encode(drawing(800, 500, exif=exif))
    assert (encoded.width, encoded.height) == (500, 800)


def test_transparent_image_gets_a_white_ground():
    file = io.BytesIO()
    Image.new("RGBA", (400, 300), (0, 0, 0, 0)).save(file, "PNG")
    red, green, blue = opened(images.encode(file.getvalue())).convert("RGB").getpixel((200, 150))
    assert min(red, green, blue) > 250


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_other_formats_are_read_too(form):
    assert opened(images.encode(drawing(form=form))).size == (800, 500)


def test_same_image_has_the_same_digest_and_another_image_another():
    one, again, other = (images.encode(drawing(seed=seed)).digest for seed in (1, 1, 2))
    assert one == again != other
    assert len(one) == 32


def png_that_says(width, height):
    """Return a PNG of 1 kB whose header gives a size that nobody could decode."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a JPEG, PNG or WebP"),
        (SVG, "not a JPEG, PNG or WebP"),
        (HTML, "not a JPEG, PNG or WebP"),
        (b"GIF89a" + HTML, "not a JPEG, PNG or WebP"),
        (b"\xff\xd8\xff\xe0" + HTML, "not a JPEG, PNG or WebP"),
        (drawing()[:2000], "not a JPEG, PNG or WebP"),
        (drawing(form="TIFF"), "not a JPEG, PNG or WebP"),
        (drawing(form="PNG")[:-400], "not a JPEG, PNG or WebP"),
        (png_that_says(30_000, 30_000), "more than 50 million pixels"),
        (png_that_says(9_000, 9_000), "more than 50 million pixels"),
        (drawing(389, 300), "389 pixels wide. It must be at least 390"),
        (drawing(400, 900), "more than twice as high as wide"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
def test_what_is_no_picture_or_too_large_is_refused(data, said):
    with pytest.raises(ValidationError, match=said):
        images.encode(data)


def test_file_above_the_limit_is_refused_before_it_is_read(settings):
    settings.MOST_PICTURE_BYTES = 1_000_000
    with pytest.raises(ValidationError, match="larger than 1 MB"):
        images.encode(b"\0" * 1_000_001)


def test_code_behind_the_pixels_is_not_stored():
    """A file may be a picture and a page at once; drawn anew, it is a picture only."""
    encoded = images.encode(drawing(comment=HTML) + HTML)
    assert not any(b"<script" in content for content in encoded.files.values())
