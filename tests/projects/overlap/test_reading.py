"""What is read from the title and the text of a plan."""

import json

import pytest

from projects.overlap.answer import answer_plan
from projects.overlap.plan import Plan
from projects.overlap.reading import read_plan

pytestmark = [pytest.mark.usefixtures("content"), pytest.mark.any_database]


@pytest.mark.parametrize(
    "title",
    [
        "Monitoring of glaciers and floods in Tajikistan",
        "Мониторинг ледников и паводков в Таджикистане",
        "타지키스탄의 빙하와 홍수 모니터링",
    ],
)
def test_country_and_issue_are_read_in_any_case(title):
    facts = read_plan(Plan(title=title))
    assert facts.countries.keys() == {"tj"}
    assert "floods-and-mudflows" in facts.issues


def test_country_is_not_said_to_be_a_shared_word():
    plan = Plan(language="ru", title="Мониторинг ледников и паводков в Таджикистане")
    answer = json.dumps(answer_plan(plan), ensure_ascii=False)
    assert "Общие слова: " in answer
    assert "таджикистане" not in answer


@pytest.mark.parametrize(
    "name", ["카자흐스탄 공화국", "카자흐스탄공화국", "Республика Казахстан", "Republic of Kazakhstan"]
)
def test_official_name_of_a_country_is_read(name):
    assert read_plan(Plan(countries=(name,))).countries.keys() == {"kz"}
