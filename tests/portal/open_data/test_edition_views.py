"""The page and the files of an edition of the data."""

import zipfile

import pytest

from portal.core.choices import PublicationStatus
from portal.models import Tombstone
from portal.open_data import editions
from projects.models import Project
from tests import reading
from tests.make import make_project, make_tombstone
from tests.portal.open_data.tables import content

pytestmark = pytest.mark.django_db
HEADINGS = {"en": "Data edition 2026-4", "ko": "데이터 2026-4판", "ru": "Выпуск данных 2026-4"}


@pytest.fixture
def edition(on):
    make_project(key="trees")
    make_project(key="secret", title_en="A draft", publication=PublicationStatus.DRAFT)
    on("2026-11-28")
    return editions.write_edition()[0]


@pytest.mark.parametrize("language", HEADINGS)
def test_page_lists_the_files_with_their_checksums(edition, client, language):
    response = client.get(f"/{language}/data/editions/2026-4/")
    tree = reading.page(response)
    assert tree.xpath("string(//h1)") == HEADINGS[language]
    text = response.content.decode()
    assert all(file.sha256 in text and file.name in text for file in edition.files)
    links = set(tree.xpath("//main//a/@href"))
    assert {f"/data/editions/2026-4/{name}" for name in (*(file.name for file in edition.files), "SHA256SUMS")} <= links
    assert "draft" not in text.lower()


def test_address_without_language_leads_to_the_readers_language(edition, client):
    response = client.get("/data/editions/2026-4/", headers={"accept-language": "ko"})
    assert (response.status_code, response.headers["Location"]) == (302, "/ko/data/editions/2026-4/")


def test_page_of_the_data_and_the_sitemap_name_it(edition, client):
    assert "/en/data/editions/2026-4/" in reading.page(client.get("/en/data/")).xpath("//main//a/@href")
    assert "http://testserver/ru/data/editions/2026-4/" in client.get("/sitemap-pages.xml").content.decode()


def test_page_of_the_data_names_no_edition_without_one(client):
    assert "data/editions" not in client.get("/en/data/").content.decode()


def test_files_are_sent_and_kept_by_their_checksum(edition, client):
    for name in (*(file.name for file in edition.files), "SHA256SUMS"):
        response = client.get(f"/data/editions/2026-4/{name}")
        assert content(response) == (edition.path / name).read_bytes()
        assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        etag = response.headers["ETag"]
        assert client.get(f"/data/editions/2026-4/{name}", headers={"if-none-match": etag}).status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/en/data/editions/2026-3/",
        "/data/editions/2026-3/",
        "/data/editions/2026-3/SHA256SUMS",
        "/data/editions/2026-4/edition.json",
        "/data/editions/2026-4/other.zip",
        "/data/editions/2026-4/%2e%2e%2flock",
        "/data/editions/..%2f2026-4/SHA256SUMS",
        "/en/data/editions/%3Cscript%3E/",
    ],
)
def test_what_is_not_there_is_not_found(edition, client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("language", HEADINGS)
def test_page_says_what_changed_and_what_was_removed_on_request(edition, client, on, language):
    Project.objects.filter(key="trees").delete()
    make_tombstone(key="trees", reason=Tombstone.Reason.ON_REQUEST)
    make_project(key="wells")
    on("2027-01-01")
    editions.write_edition()
    tree = reading.page(client.get(f"/{language}/data/editions/2027-1/"))
    assert [text.strip() for text in tree.xpath("//section[@aria-labelledby='changes']//dd/text()")] == ["1", "0", "0"]
    assert f"/{language}/data/editions/2026-4/" in tree.xpath("//main//a/@href")
    [note] = reading.page(client.get(f"/{language}/data/editions/2026-4/")).xpath(
        "//main//h1/following-sibling::ul[1]/li"
    )
    assert "1." in note.text_content()
    assert "2027" in note.text_content()


def test_edition_stays_in_english_when_a_reader_of_another_language_asks_for_it(edition, client):
    with zipfile.ZipFile(edition.path / edition.archive_name) as packed:
        before = packed.read("README.txt").decode().splitlines()
    make_tombstone(key="trees", reason=Tombstone.Reason.ON_REQUEST)
    assert client.get("/ko/data/editions/2026-4/").status_code == 200
    with zipfile.ZipFile(edition.path / edition.archive_name) as packed:
        after = packed.read("README.txt").decode().splitlines()
    assert after == [*before, "", "2026-11-28: 1 removed from projects on request."]
