"""The portal’s own change reasons are shown in the reader’s language, those of editors as they wrote them."""

import pytest
from django.utils import translation

from portal.tracking.change_reasons import ChangeReason, localized


@pytest.mark.parametrize("reason", ChangeReason)
@pytest.mark.parametrize("language", ["ko", "ru"])
def test_every_reason_is_translated_with_what_fills_its_gaps(reason, language):
    gaps = {"key": "aral-2", "when": "2026-03-01 14:05", "why": "A slip: see (page 3).", "file": "koica 2026.xml"}
    filled = reason.format(**gaps)
    with translation.override(language):
        words = localized(filled)
    assert words != filled
    assert all(text in words for name, text in gaps.items() if f"{{{name}}}" in reason)


@pytest.mark.parametrize("reason", ChangeReason)
def test_in_english_a_reason_reads_as_it_is_kept(reason):
    filled = reason.format(key="k", when="w", why="y", file="f")
    assert localized(filled) == filled


@pytest.mark.parametrize("words", ["", "The ministry corrected it.", "Published, {why} not?", "Reverted to the state"])
def test_words_of_editors_stay_as_they_are(words):
    with translation.override("ko"):
        assert localized(words) == words
