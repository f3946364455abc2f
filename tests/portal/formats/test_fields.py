"""Fields of records as cells of a table and as JSON."""

import json

import pytest

from tests.make import make_issue
from tests.portal.formats.files import content, full_project, table

pytestmark = pytest.mark.django_db


# ── What a file says ────────────────────────────────────────────────────────────────────────────────────────────


def test_table_has_codes_with_words_beside_them_in_all_languages(client):
    full_project()
    [row] = table(client.get("/ru/projects/?format=csv"))
    assert {name: row[name] for name in ("url", "key", "title_en", "title_ko", "title_ru")} == {
        "url": "http://testserver/ru/projects/trees/",
        "key": "trees",
        "title_en": "Trees",
        "title_ko": "나무",
        "title_ru": "Деревья",
    }
    assert [row[f"status{rest}"] for rest in ("", "_iati", "_en", "_ko", "_ru")] == [
        *("closed", "4", "Completed", "완료", "Завершён"),
    ]
    assert (row["start"], row["end"], row["budget"], row["currency"]) == ("2020", "2023-05", "5600000.5", "USD")
    assert (row["countries"], row["countries_en"]) == ("uz; kz", "Uzbekistan; Kazakhstan")
    assert row["countries_ko"] == "우즈베키스탄; Kazakhstan", "English in the gap keeps words beside their keys"
    assert (row["areas"], row["areas_en"]) == ("forestry; energy", "Forestry; Energy")
    assert [row[f"organisations{rest}"] for rest in ("", "_role", "_role_iati")] == ["koica", "funding", "1"]
    assert (row["sources"], row["sources_title"]) == ("paper", "A paper")
    assert row["sources_url"] == "https://example.org/paper"
    assert row["finance"] == row["finance_en"] == row["issues"] == ""


def test_json_says_the_same_in_a_nest(client):
    full_project()
    found = json.loads(content(client.get("/en/projects/trees/?format=json")))
    project = found["record"]
    assert project["title"] == {"en": "Trees", "ko": "나무", "ru": "Деревья"}
    assert project["status"] == {
        "code": "closed",
        "iati": "4",
        "name": {"en": "Completed", "ko": "완료", "ru": "Завершён"},
    }
    assert project["budget"] == {"amount": 5600000.5, "currency": "USD"}
    assert project["finance"] is None
    assert project["summary"] == {"en": "Saxaul is planted on the dry bed.", "ko": None, "ru": None}
    assert [area["code"] for area in project["areas"]] == ["forestry", "energy"]
    assert project["places"][0]["position"] == {"latitude": 42.46, "longitude": 59.61}
    assert project["organisations"][0]["role"]["code"] == "funding"
    assert project["sources"][0]["title"] == "A paper"
    assert found["licence"] == "https://creativecommons.org/licenses/by/4.0/"
    assert (found["count"], found["address"]) == (1, "http://testserver/en/projects/trees/")
    assert len(found["retrieved"]) == 10


# ── Query counts ────────────────────────────────────────────────────────────────────────────────────────────────


def test_issue_without_words_in_a_language_has_empty_cells(client):
    make_issue(key="aral", name_ko="", name_ru="")
    [row] = table(client.get("/ko/issues/?format=csv"))
    assert (row["name_en"], row["name_ko"], row["name_ru"]) == ("Depletion of the Aral Sea", "", "")
