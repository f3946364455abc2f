"""The offline edition of a small world: complete, resumable, and without unpublished records."""

import io
import zipfile

import pytest
from django.db import transaction
from django.utils.translation import override
from lxml import html

from portal.core.choices import PublicationStatus
from portal.open_data.locks import folder_lock
from portal.open_data.offline import building, contents, edition
from portal.search import indexing
from tests.make import make_picture, make_place, make_project, make_source
from tests.portal.open_data.offline.test_zim import zim_tools  # noqa: F401 -- a fixture
from tests.world import SECRET, link, make_world, records, unpublished

pytestmark = pytest.mark.django_db


@pytest.fixture
def few(monkeypatch):
    """Leave out the pages that are not of a record, and two of three languages: rendering takes most of the time."""
    monkeypatch.setattr(contents, "PAGES", (("home", ""), ("projects", "")))
    monkeypatch.setattr(contents, "LISTS", ())
    monkeypatch.setattr(contents, "LANGUAGES", ["en"])


@pytest.fixture
def rendered(monkeypatch):
    """Return the list of the addresses that are rendered from now on."""
    asked = []
    render = building.render
    monkeypatch.setattr(building, "render", lambda address: asked.append(address) or render(address))
    return asked


def write(where, **options):
    """Write an edition, and return it and what was said."""
    said = []
    return building.write_edition(where, said.append, **options), said


def members(where):
    with zipfile.ZipFile(where / edition.ZIP) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="class")
def written(own_database, tmp_path_factory):
    with override("en"), transaction.atomic():
        world = make_world()
        for record in records(world):
            link(record, unpublished(PublicationStatus.DRAFT), SECRET)
        make_project(key="archived", title_en=SECRET, publication=PublicationStatus.ARCHIVED)
        make_picture(place=world.place)
        indexing.flush_index()
    where = tmp_path_factory.mktemp("offline")
    made, said = write(where)
    return where, made, said


@pytest.mark.any_database
class TestWholeWorld:
    """An edition of one record of each kind with unpublished ones beside each."""

    def test_edition_has_all_pages_in_three_languages(self, written):
        where, made, said = written
        files = members(where)
        for language in contents.LANGUAGES:
            expected = {"index", "search", "projects", "issues", "map", "coverage", "glossary", "sources.records-1"}
            assert {f"{language}/{name}.html" for name in expected} <= set(files)
        assert {"index.html", "search/index.js", "search/pages-ko.js"} <= set(files)
        assert made.zip_size == (where / edition.ZIP).stat().st_size < 25_000_000
        assert sorted(path.name for path in where.iterdir()) == ["edition.json", "lock", edition.ZIM, edition.ZIP]
        assert said[0].startswith("Pages rendered: ")

    def test_no_unpublished_record_is_in_it(self, written):
        files = members(written[0])
        word = SECRET.lower().encode()
        assert [name for name, content in files.items() if word in content.lower()] == []
        assert b"Depletion of the Aral Sea" in files["search/pages-en.js"]
        assert b"It is now archived" in files["en/projects/archived.html"]

    def test_every_link_to_a_file_leads_to_a_file(self, written):
        files = members(written[0])
        broken, count = [], 0
        for name, content in files.items():
            if not name.endswith(".html"):
                continue
            tree = html.fromstring(content.decode(), base_url=f"https://file/{name}")
            tree.make_links_absolute()
            for _element, attribute, url, _position in tree.iterlinks():
                if url.startswith("https://file/"):
                    count += 1
                    there, _hash, fragment = url.removeprefix("https://file/").partition("#")
                    lacks = (
                        there in files
                        and fragment
                        and name != there
                        and f'id="{fragment}"'.encode() not in files[there]
                    )
                    if there not in files or lacks:
                        broken.append((name, attribute, url))
        assert broken == []
        assert count > 1_000

    def test_pages_ask_the_network_for_nothing(self, written):
        for name, content in members(written[0]).items():
            if name.endswith(".html"):
                tree = html.document_fromstring(content.decode())
                loaded = tree.xpath("//script/@src | //img/@src | //link/@href | //image/@href")
                assert [url for url in loaded if url.startswith(("http", "//", "/"))] == [], name
                assert tree.xpath("//script[not(@src)] | //script[@type='module']") == []

    def test_zim_file_is_valid(self, written, zim_tools):  # noqa: F811
        assert "Overall Test Status: Pass" in zim_tools("zimcheck", written[0] / edition.ZIM)

    def test_pictures_are_files_of_the_edition(self, written):
        files = members(written[0])
        [picture] = [name for name in files if name.startswith("pictures/")]
        assert files[picture][:4] == b"RIFF"


@pytest.mark.usefixtures("few")
class TestResumption:
    """What an interrupted run leaves, and what the next one does with it."""

    def test_run_goes_on_where_it_stopped(self, tmp_path, rendered, monkeypatch):
        make_project(key="a"), make_project(key="b")
        render = building.render

        def interrupted(address):
            if address.endswith("/b/"):
                raise KeyboardInterrupt
            return render(address)

        with monkeypatch.context() as patch:
            patch.setattr(building, "render", interrupted)
            with pytest.raises(KeyboardInterrupt):
                write(tmp_path)
        assert edition.stored_edition(tmp_path) is None
        assert "/en/projects/a/" in rendered
        rendered.clear()
        made, _said = write(tmp_path, with_zim=False)
        assert rendered == ["/en/projects/b/"]
        assert {"en/projects/a.html", "en/projects/b.html"} <= set(members(tmp_path))
        assert edition.stored_edition(tmp_path) == made
        assert not (tmp_path / edition.WORK).exists()

    def test_change_of_the_content_or_a_new_day_begins_anew(self, tmp_path, rendered, on):
        make_project(key="a")
        on("2026-07-01")
        for change in (lambda: None, lambda: make_project(key="b"), lambda: on("2026-07-02")):
            change()
            rendered.clear()
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(building, "Builder", lambda *_args: 1 / 0)
                with pytest.raises(ZeroDivisionError):
                    write(tmp_path)
            assert "/en/projects/a/" in rendered

    def test_failure_leaves_the_old_files(self, tmp_path, monkeypatch):
        make_project(key="a")
        made, _said = write(tmp_path, with_zim=False)
        make_project(key="b")
        monkeypatch.setattr(building.search_index, "index_files", lambda *_args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            write(tmp_path, with_zim=False)
        assert edition.stored_edition(tmp_path) == made

    def test_record_that_is_withdrawn_meanwhile_is_not_stored(self, tmp_path, monkeypatch):
        make_project(key="a")
        gone = make_project(key="gone")

        def withdrawing(*_args):
            gone.delete()
            return {}

        monkeypatch.setattr(building.search_index, "index_files", withdrawing)
        with pytest.raises(building.OfflineError, match="Run the command again"):
            write(tmp_path, with_zim=False)
        assert edition.stored_edition(tmp_path) is None
        assert not (tmp_path / edition.WORK).exists()

    def test_second_process_writes_nothing(self, tmp_path):
        with folder_lock(tmp_path) as is_ours:
            assert is_ours
            assert write(tmp_path) == (None, [])

    def test_files_that_are_too_large_are_told(self, tmp_path, monkeypatch):
        monkeypatch.setattr(building, "LARGEST", 1_000)
        _made, said = write(tmp_path, with_zim=False)
        assert "Larger than 0 MB: offline.zip" in said

    def test_without_libzim_there_is_no_zim_file(self, tmp_path, monkeypatch):
        (tmp_path / edition.ZIM).write_bytes(b"old")
        monkeypatch.setattr(building.zim, "is_available", False)
        made, _said = write(tmp_path)
        assert made.zim_size is None
        assert not (tmp_path / edition.ZIM).exists()


@pytest.mark.usefixtures("few")
def test_next_edition_has_a_note_in_place_of_a_withdrawn_record(tmp_path):
    make_place(), make_source()
    project = make_project(key="trees", title_en="Saxaul on the dry bed")
    write(tmp_path, with_zim=False)
    project.publication = PublicationStatus.ARCHIVED
    project.save()
    write(tmp_path, with_zim=False)
    files = members(tmp_path)
    assert b"It is now archived" in files["en/projects/trees.html"]
    assert [name for name, content in files.items() if b"Saxaul" in content] == []


def test_archive_opens_in_any_program():
    with zipfile.ZipFile(io.BytesIO(), "w") as archive:
        archive.writestr(building._zip_entry("en/index.html", (2026, 7, 1, 0, 0, 0)), b"x" * 99)
        [entry] = archive.infolist()
    assert (entry.compress_type, entry.external_attr >> 16) == (zipfile.ZIP_DEFLATED, 0o644)
