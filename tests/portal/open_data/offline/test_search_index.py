"""The index of the offline search: small, of published records, and as the script reads it."""

import json

import pytest

from portal.core.choices import PublicationStatus
from portal.open_data.offline import contents
from portal.open_data.offline.search_index import base36, encoded, index_files, weights_of
from tests.make import make_project, make_term

pytestmark = pytest.mark.django_db


def test_tokens_share_their_beginnings_and_records_are_told_by_their_distance():
    postings = {"dry": {0: 0.0, 1: 1.0, 40: 0.5}, "drought": {2: 1.0}}
    assert encoded(postings) == "0drought Y2\n2y AYM12"
    assert [base36(number) for number in (0, 9, 35, 36)] == ["", "9", "z", "10"]


def test_token_of_the_title_weighs_more_than_one_of_the_body():
    weights = weights_of((" dry sea § ", " § ", " § ", " wind sea § "))
    assert 0 < weights["wind"] < weights["dry"] < weights["sea"] < 1
    assert set(weights) == {"dry", "sea", "wind"}


def test_index_has_the_published_records_of_the_edition_with_their_names():
    make_project(key="trees", title_en="Trees", title_ko="나무")
    make_project(key="draft", title_en="Hidden", publication=PublicationStatus.DRAFT)
    make_term(key="drought")
    files = contents.page_addresses()
    scripts = index_files(["en", "ko"], files)
    assert set(scripts) == {"index.js", "pages-en.js", "pages-ko.js"}
    assert "hidden" not in "".join(scripts.values()).lower()
    pages = {
        code: json.loads(scripts[f"pages-{code}.js"].removeprefix("var offlinePages = ").removesuffix(";\n"))["pages"]
        for code in ("en", "ko")
    }
    assert ["project", "Trees", "en", "projects/trees.html"] in pages["en"]
    assert ["project", "나무", "ko", "projects/trees.html"] in pages["ko"]
    assert "glossary.html#drought" in "".join(str(one[3]) for one in pages["en"]) or len(pages["en"]) == 2
    del files["/en/projects/trees/"]
    assert '"project"' not in index_files(["en"], files)["pages-en.js"].partition('"pages"')[2]
