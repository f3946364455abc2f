"""Writes the offline edition as a ZIM file for Kiwix, with an index of all words. It needs the package libzim.

The portal runs without libzim, which is an extra package (docs/operation.md, Offline edition).
"""

import importlib.util
import io
from datetime import date
from pathlib import Path

from django.conf import settings
from PIL import Image

if is_available := importlib.util.find_spec("libzim") is not None:
    from libzim.writer import Creator, Hint, Item, StringProvider

ICON = 48  # pixels, as the format requires
# Stems of one language only. Measured on the labelled queries of the tests: docs/adr.
INDEX_LANGUAGE = "rus"
LANGUAGES = "eng,kor,rus"  # ISO 639-3
# In English, as long as the format allows: 30 characters for the title, 80 for the description.
DESCRIPTION = "Environment of Central Asia and cooperation with Korea, in three languages"
PUBLISHER = "Central Asia Environment and Cooperation Portal"


if is_available:

    class ZimItem(Item):
        """A file of the edition. Pages have a title, by which readers find them too."""

        def __init__(self, path, title, media, content):
            super().__init__()
            self.path, self.title, self.media, self.content = path, title, media, content

        def get_path(self):
            return self.path

        def get_title(self):
            return self.title

        def get_mimetype(self):
            return self.media

        def get_contentprovider(self):
            return StringProvider(self.content)

        def get_hints(self):
            return {Hint.FRONT_ARTICLE: bool(self.title)}


class ZimFile:
    """A ZIM file that is being written, as a context manager. The file is complete after the block."""

    def __init__(self, path: Path, day: date):
        self.creator = Creator(path).config_indexing(True, INDEX_LANGUAGE)
        self.creator.set_mainpath("index.html")
        self.metadata = {
            "Name": "central-asia-environment",
            "Title": "Central Asia Environment",
            "Description": DESCRIPTION,
            "Creator": PUBLISHER,
            "Publisher": PUBLISHER,
            "Date": day.isoformat(),
            "Language": LANGUAGES,
            "Source": settings.PUBLIC_URL,
            "License": "CC-BY-4.0",
        }

    def __enter__(self):
        self.creator.__enter__()
        for name, text in self.metadata.items():
            self.creator.add_metadata(name, text)
        self.creator.add_illustration(ICON, icon())
        return self

    def __exit__(self, *error):
        self.creator.__exit__(*error)

    def add(self, path: str, content: bytes, media: str, title: str = "") -> None:
        """Add a file. One with a title is a page."""
        self.creator.add_item(ZimItem(path, title, media, content))


def icon() -> bytes:
    """Return the icon of the portal as a PNG image of the size that the format requires."""
    file = io.BytesIO()
    with Image.open(settings.BASE_DIR / "static" / "img" / "icon-192.png") as image:
        image.convert("RGBA").resize((ICON, ICON)).save(file, "PNG", optimize=True)
    return file.getvalue()
