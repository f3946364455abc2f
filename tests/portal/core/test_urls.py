"""URLs of a page in other languages, with a query, and as it was on a day."""

from datetime import date

import pytest
from django.utils.translation import override

from portal.core.urls import (
    default_of,
    embed_path,
    file_url,
    is_embed,
    languages_of,
    page_of_embed,
    path_in,
    record_path,
    snapshot_url,
    with_query,
)


@pytest.mark.parametrize(
    ("path", "code", "expected"),
    [
        ("/en/projects/", "ko", "/ko/projects/"),
        ("/ko/", "en", "/en/"),
        ("/ru/projects/trees/", "ru", "/ru/projects/trees/"),
        ("/en/no-page/x/", "ru", "/ru/no-page/x/"),
        ("/data/projects.csv", "ko", "/ko/"),
    ],
)
def test_path_in_another_language(path, code, expected):
    assert path_in(path, code) == expected


def test_page_has_a_url_in_each_language_and_one_for_other_readers():
    assert languages_of("/ko/projects/", {"country": ["uz", "kz"]}) == [
        ("en", "/en/projects/?country=uz&country=kz"),
        ("ko", "/ko/projects/?country=uz&country=kz"),
        ("ru", "/ru/projects/?country=uz&country=kz"),
        ("x-default", "/en/projects/?country=uz&country=kz"),
    ]


def test_home_page_for_other_readers_is_the_one_that_reads_the_browsers_language():
    assert dict(languages_of("/ru/"))["x-default"] == default_of("/en/") == "/"


def test_path_without_a_language_has_no_other_languages():
    assert languages_of("/api/v1/projects") == []


def test_record_has_its_own_path_in_each_language():
    for language in ("en", "ko", "en"):
        with override(language):
            assert record_path("project", "trees") == f"/{language}/projects/trees/"


@pytest.mark.parametrize(
    ("url", "expected"),
    [("/en/projects/trees/", "/en/projects/trees/on/2026-03-01/"), ("/en/glossary/#tugai", "/en/glossary/#tugai")],
)
def test_snapshot_has_the_day_below_the_url_of_the_record(url, expected):
    assert snapshot_url(url, date(2026, 3, 1)) == expected


@pytest.mark.parametrize(("query", "expected"), [(None, "/en/"), ({}, "/en/"), ({"q": "물 & 소금"}, None)])
def test_query_is_encoded_and_left_out_if_empty(query, expected):
    assert with_query("/en/", query) == (expected or "/en/?q=%EB%AC%BC+%26+%EC%86%8C%EA%B8%88")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/en/coverage/", "/en/coverage.svg"),
        ("/en/issues/aral/?part=sea", "/en/issues/aral.svg?part=sea"),
        ("/en/indicators/area/?place=a&place=b", "/en/indicators/area.svg?place=a&place=b"),
    ],
)
def test_short_address_of_a_file_keeps_the_query_of_its_page(url, expected):
    assert file_url(url, "svg") == expected


@pytest.mark.parametrize(
    ("page", "embed"),
    [("/en/map/", "/en/embed/map/"), ("/ko/projects/trees/", "/ko/embed/projects/trees/"), ("/ru/", "/ru/embed/")],
)
def test_embed_of_a_page_has_its_path(page, embed):
    assert (embed_path(page), page_of_embed(embed)) == (embed, page)
    assert (is_embed(page), is_embed(embed)) == (False, True)


@pytest.mark.parametrize("path", ["", "/", "/embed/", "/fr/embed/map/", "/en/embedded/", "/en/a/embed/", "/en"])
def test_other_paths_are_no_embeds(path):
    assert not is_embed(path)
