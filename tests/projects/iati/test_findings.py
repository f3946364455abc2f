"""Findings are sentences in the reader's language."""

import pytest
from django.utils import translation

from projects.iati import facts
from projects.iati.findings import WORDS
from tests.projects.iati.files import activity, file


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ko", "file.xml:12: <iati-activity>에 activity-status 요소가 없음"),
        ("ru", "file.xml:12: в <iati-activity> нет activity-status"),
    ],
)
def test_words_are_the_readers(complaints, language, words):
    with translation.override(language):
        assert complaints(file(activity("1", ('    <activity-status code="2"/>\n', ""))))[0] == [words]


def test_all_words_are_whole():
    assert all(str(words) for words in WORDS.values())
    assert facts.code_on("Sector", "31140") == "31140"
    assert facts.sector_name("31140") == "Agricultural water resources"
