"""The name of a result, which has no title, and the end of its project against the plan."""

import pytest
from django.utils import translation

from portal.core.partial_dates import PartialDate
from projects.models import EndAgainstPlan, Result
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


@pytest.mark.parametrize(
    ("planned", "actual", "against"),
    [
        ("2021", "2022", EndAgainstPlan.LATER),
        ("2021-06", "2021-07-01", EndAgainstPlan.LATER),
        ("2021-06-30", "2021-07", EndAgainstPlan.LATER),
        ("2021", "2021-12-31", EndAgainstPlan.AS_PLANNED),
        ("2021-06-30", "2021", EndAgainstPlan.AS_PLANNED),
        ("2021-06", "2021-06", EndAgainstPlan.AS_PLANNED),
        ("2021-06", "2021-05-31", EndAgainstPlan.EARLIER),
        ("2021", "2020-12", EndAgainstPlan.EARLIER),
        ("2021-06", "2020", EndAgainstPlan.EARLIER),
        (None, "2021", None),
        ("2021", None, None),
        (None, None, None),
    ],
)
def test_end_against_the_plan_is_compared_as_precisely_as_the_dates_are_known(planned, actual, against):
    assert EndAgainstPlan.of(planned and PartialDate(planned), actual and PartialDate(actual)) == against
    make_result(planned_end=planned, actual_end=actual)
    for value in EndAgainstPlan:
        assert Result.objects.filter(value.condition).exists() == (value == against)
