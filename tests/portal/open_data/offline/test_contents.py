"""What the offline edition contains."""

import pytest

from portal.core.choices import PublicationStatus
from portal.open_data.offline import contents
from tests.make import make_project, make_source, make_tombstone

pytestmark = pytest.mark.django_db


def test_files_have_the_names_of_their_pages():
    assert contents.file_of("/ko/") == "ko/index.html"
    assert contents.file_of("/en/projects/trees/") == "en/projects/trees.html"
    assert contents.file_of("/en/projects/?per_page=100") == "en/projects.html"
    assert contents.file_of("/en/projects/?page=2&per_page=100") == "en/projects.page-2.html"
    assert contents.file_of("/en/issues/?view=causes") == "en/issues.view-causes.html"


def test_edition_has_each_published_record_in_each_language_and_no_other():
    make_project(key="trees")
    make_project(key="secret", publication=PublicationStatus.DRAFT)
    files = contents.page_addresses()
    for language in contents.LANGUAGES:
        assert files[f"/{language}/projects/trees/"] == f"{language}/projects/trees.html"
        assert files[f"/{language}/projects/?per_page=100"] == f"{language}/projects.html"
        assert files[f"/{language}/map/?view=provinces"] == f"{language}/map.view-provinces.html"
    assert not any("secret" in address for address in files)
    assert len(set(files.values())) == len(files)
    assert contents.aliases(files)["/en/projects/"] == "en/projects.html"


def test_sources_share_files(monkeypatch):
    monkeypatch.setattr(contents, "OF_A_FILE", 2)
    for key in ("a", "b", "c"):
        make_source(key=key)
    files = contents.page_addresses()
    assert [files[f"/ru/sources/{key}/"] for key in "abc"] == [
        "ru/sources.records-1.html#a",
        "ru/sources.records-1.html#b",
        "ru/sources.records-2.html#c",
    ]


def test_lists_have_all_their_pages(monkeypatch):
    for _number in range(101):
        make_source()
    files = contents.page_addresses()
    assert files["/en/sources/?page=2&per_page=100"] == "en/sources.page-2.html"
    assert "/en/sources/?page=3&per_page=100" not in files


def test_removed_and_archived_records_have_the_page_that_says_so():
    make_tombstone(kind="project", key="removed")
    make_project(key="archived", publication=PublicationStatus.ARCHIVED)
    files = contents.page_addresses()
    assert files["/en/projects/removed/"] == "en/projects/removed.html"
    assert files["/en/projects/archived/"] == "en/projects/archived.html"
