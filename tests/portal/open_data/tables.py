"""Names and contents of the tables of open data in tests."""

import io
import zipfile

from portal.formats.serialisers import SERIALISERS
from portal.open_data import archive

FILES = [SERIALISERS[kind].file for kind in archive.KINDS]
ALL_FILES = [table.file for table in archive.all_tables()]


def content(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


def archived(client):
    return zipfile.ZipFile(io.BytesIO(content(client.get(f"/data/{archive.NAME}"))))
