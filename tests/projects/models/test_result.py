"""The name of a result, which has no title."""

import pytest
from django.utils import translation

from projects.models.result import HEADLINE_WIDTH
from tests.make import make_project, make_result

pytestmark = pytest.mark.django_db


def test_name_is_the_text_if_it_is_short():
    result = make_result(text_en="Saxaul needs watering.", text_ko="삭사울에는 물이 필요하다.")
    assert (str(result), result.name_and_language()) == ("Saxaul needs watering.", ("Saxaul needs watering.", "en"))
    with translation.override("ko"):
        assert result.name_and_language() == ("삭사울에는 물이 필요하다.", "ko")
    with translation.override("ru"):
        assert result.name_and_language() == ("Saxaul needs watering.", "en")


def test_name_of_a_long_text_is_its_beginning_cut_at_a_word():
    result = make_result(text_en="watering " * 50)
    name, _language = result.name_and_language()
    assert name == result.headline_en
    assert len(name) <= HEADLINE_WIDTH
    assert name.endswith("watering…")


def test_subject_is_the_project_or_the_result_itself():
    project = make_project()
    assert make_result(project=project).subject == project
    result = make_result()
    assert result.subject == result
