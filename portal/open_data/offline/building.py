"""Writes the offline edition: first all pages, one file each, then the ZIP and the ZIM file.

Rendering takes minutes. A run that is interrupted goes on where it stopped, if the content, the code and the day are
still the same. Both files replace the old ones only when they are complete.
"""

import contextlib
import json
import mimetypes
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from posixpath import dirname

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.storage import default_storage
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.translation import gettext, override

from portal.core.formatting import date_text
from portal.http.page_cache import release_hash
from portal.models.picture import file_name
from portal.open_data.locks import folder_lock
from portal.open_data.offline import contents, edition, search_index, zim
from portal.open_data.offline.edition import OfflineEdition
from portal.open_data.offline.rendering import anonymous_request, render
from portal.open_data.offline.rewriting import LAND, Rewriter, Words, land_svg
from portal.ops.staticfiles import CSS_IMPORT
from portal.tracking import content_version

REPORT_EVERY = 200  # pages
SEARCH = "/offline/"  # the start of the addresses of the scripts with the index, which the portal does not have
PICTURES = "/files/pictures/"
LARGEST = 25_000_000  # bytes, of either file


class OfflineError(Exception):
    """The edition could not be written. The message says why and what to do."""


@dataclass
class Progress:
    """What the command tells of its work."""

    say: Callable[[str], None]

    def count(self, done: int, total: int, what: str) -> None:
        """Tell how many of `total` are done, at the end and after every REPORT_EVERY."""
        if done % REPORT_EVERY == 0 or done == total:
            self.say(f"{what}: {done} of {total}")


def write_edition(where: Path, say: Callable[[str], None], with_zim: bool = True) -> OfflineEdition | None:
    """Write the edition into the folder `where`, and return it; None if another process is writing it.

    Raise OfflineError if a record was withdrawn in the meantime: nothing is stored then.
    """
    with folder_lock(where, wait=False) as is_ours:
        if not is_ours:
            return None
        state = content_version.state()
        records, pictures = edition.published_records(), edition.shown_pictures()
        pages, addresses = PageStore(where / edition.WORK, state.number), contents.page_addresses()
        try:
            _render_pages(pages, addresses, Progress(say))
            made = timezone.now()
            builder = Builder(pages, addresses, pictures, made)
            sizes = builder.write(where, Progress(say), with_zim and zim.is_available)
            if edition.withdrawn(records, pictures):
                raise OfflineError("A record was withdrawn while the pages were written. Run the command again.")
        except OfflineError:
            pages.clear()
            raise
        for name, size in sizes.items():
            (where / f".new-{name}").replace(where / name)
            say(f"{where / name}: {size / 1_000_000:.1f} MB")
        if not sizes.get(edition.ZIM):
            (where / edition.ZIM).unlink(missing_ok=True)
        written = OfflineEdition(
            number=state.number,
            release=release_hash(),
            base=settings.PUBLIC_URL,
            made=made.isoformat(timespec="seconds"),
            zip_size=sizes[edition.ZIP],
            zim_size=sizes.get(edition.ZIM),
            records=records,
            pictures=pictures,
        )
        edition.store(written, where)
        pages.clear()
        return written


class PageStore:
    """The rendered pages of an unfinished edition, each in a compressed file. Pages of another state are deleted."""

    def __init__(self, where: Path, number: int):
        self.where = where
        state = json.dumps([number, release_hash(), settings.PUBLIC_URL, timezone.localdate().isoformat()])
        mark = where / "state.json"
        if not mark.exists() or mark.read_text() != state:
            self.clear()
            edition.write_atomically(mark, state.encode())

    def path(self, file: str) -> Path:
        """Return where the page with this file in the edition is kept."""
        return self.where / "pages" / f"{file}.z"

    def has(self, file: str) -> bool:
        return self.path(file).exists()

    def write(self, file: str, text: str) -> None:
        edition.write_atomically(self.path(file), zlib.compress(text.encode(), 1))

    def read(self, file: str) -> str:
        return zlib.decompress(self.path(file).read_bytes()).decode()

    def clear(self) -> None:
        """Delete all pages."""
        shutil.rmtree(self.where, ignore_errors=True)


def _render_pages(pages: PageStore, addresses: dict[str, str], progress: Progress) -> None:
    """Render the pages that are not stored yet. One that is not there any more is stored as an empty text."""
    for done, (address, file) in enumerate(addresses.items(), 1):
        if not pages.has(file):
            page = render(address)
            pages.write(file, page.text if page.status in {200, 410} else "")
        progress.count(done, len(addresses), "Pages rendered")


class Builder:
    """Writes the two files from the rendered pages."""

    def __init__(self, pages: PageStore, addresses: dict[str, str], pictures, made):
        self.pages, self.made = pages, made
        self.addresses = {address: file for address, file in addresses.items() if pages.read(file)}
        self.pictures = set(pictures)
        with override("en"):
            searches = {f"/{code}/search/": f"{code}/search.html" for code in contents.LANGUAGES}
        self.files = self.addresses | contents.aliases(self.addresses) | searches | {"/": "index.html"}
        self.rewriter = Rewriter(settings.PUBLIC_URL, static("css/offline.css"), self.files, self.file_of)

    def file_of(self, path: str) -> str | None:
        """Return the file in the edition of a static file, a shown picture or a script of the search, by its path."""
        if path.startswith(SEARCH):
            return f"search/{path.removeprefix(SEARCH)}"
        if path.startswith(settings.STATIC_URL):
            return f"static/{path.removeprefix(settings.STATIC_URL)}"
        if path.startswith(PICTURES) and path.split("/")[3] in self.pictures:
            return f"pictures/{path.removeprefix(PICTURES).replace('/', '-')}"
        return None

    def write(self, where: Path, progress: Progress, with_zim: bool) -> dict[str, int]:
        """Write the new files beside the old ones, with `.new-` before their names. Return their sizes in bytes."""
        names = [edition.ZIP, *([edition.ZIM] if with_zim else [])]
        new = {name: where / f".new-{name}" for name in names}
        for path in new.values():
            path.unlink(missing_ok=True)
        with contextlib.ExitStack() as stack:
            archive = stack.enter_context(zipfile.ZipFile(new[edition.ZIP], "w", zipfile.ZIP_DEFLATED, compresslevel=9))
            book = None
            if with_zim:
                book = stack.enter_context(zim.ZimFile(new[edition.ZIM], timezone.localdate(self.made)))
            day = timezone.localtime(self.made).timetuple()[:6]
            for file, content, title in self.contents(progress):
                archive.writestr(_zip_entry(file, day), content, compresslevel=9)
                if book:
                    media = mimetypes.guess_type(file)[0] or "text/plain"
                    book.add(file, content, media, title)
        sizes = {name: path.stat().st_size for name, path in new.items()}
        if too_large := [name for name, size in sizes.items() if size > LARGEST]:
            progress.say(f"Larger than {LARGEST / 1_000_000:.0f} MB: {', '.join(too_large)}")
        return sizes

    def contents(self, progress: Progress) -> Iterator[tuple[str, bytes, str]]:
        """Yield path, content and title of each file of the edition. Files that are not pages have no title."""
        shared: dict[str, list[tuple[str, str]]] = {}
        for address, file in self.addresses.items():
            shared.setdefault(file.partition("#")[0], []).append((address, file))
        for done, (file, members) in enumerate(shared.items(), 1):
            language = file.partition("/")[0]
            texts = [(self.pages.read(one), address) for address, one in members]
            if members[0][1] == file:
                content, title = self.rewriter.page(*texts[0], self.words(language))
            else:
                content, title = self.rewriter.shared_page(texts, self.words(language))
            yield file, content, title
            progress.count(done, len(shared), "Files written")
        for language in contents.LANGUAGES:
            yield f"{language}/search.html", self.search_page(language), ""
        start, title = self.rewriter.plain(self.start_page(), "/"), str(settings.PORTAL_NAME)
        yield "index.html", start, title
        for name, script in search_index.index_files(contents.LANGUAGES, self.files).items():
            yield f"search/{name}", script.encode(), ""
        if self.rewriter.land:
            yield LAND, land_svg(list(self.rewriter.land)).encode(), ""
        for path, file in self.rewriter.used.items():
            if (content := self.read(path)) is not None:
                yield file, content, ""

    def read(self, path: str) -> bytes | None:
        """Return the content of a static file or a picture by its URL path; None for a script of the search."""
        if path.startswith(SEARCH):
            return None
        if path.startswith(PICTURES):
            digest, width = path.removeprefix(PICTURES).removesuffix(".webp").split("/")
            with default_storage.open(file_name(digest, int(width))) as file:
                return file.read()
        name = path.removeprefix(settings.STATIC_URL)
        if finders.find(name):  # in development and tests, names have no hash, and stylesheets import others
            return _with_imports(name)
        with staticfiles_storage.open(name) as file:
            return file.read()

    # ── Words ────────────────────────────────────────────────────────────────────────────────────────────────────

    def words(self, language: str) -> Words:
        """Return the sentences of the edition in a language."""
        with override(language):
            return Words(
                edition=gettext("Offline edition of {day}").format(day=date_text(timezone.localdate(self.made))),
                online=gettext("This page online"),
                needs_portal=gettext("The forms of this page work online only."),
            )

    def search_page(self, language: str) -> bytes:
        with override(language):
            address = f"/{language}/search/"
            context = {"title": gettext("Search")}
            text = render_to_string("portal/offline/search.html", context, anonymous_request(address))
        return self.rewriter.page(text, address, self.words(language))[0]

    def start_page(self) -> str:
        languages = []
        for code, name in settings.LANGUAGES:
            with override(code):
                languages.append((code, name, str(settings.PORTAL_NAME), self.words(code).edition))
        with override("en"):
            return render_to_string(
                "portal/offline/start.html", {"title": str(settings.PORTAL_NAME), "languages": languages}
            )


def _with_imports(name: str) -> bytes:
    """Return a static file by its name without a hash, with the stylesheets that it imports."""
    content = Path(finders.find(name)).read_bytes()
    if not name.endswith(".css"):
        return content
    return CSS_IMPORT.sub(
        lambda found: _with_imports(f"{dirname(name)}/{found[1]}").decode(), content.decode()
    ).encode()


def _zip_entry(file: str, day) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(file, day)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    return entry
