"""Fields of records as cells of a table and as JSON."""

import json

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from portal.formats import fields
from portal.formats.fields import ReadContext, cached_column, csv_text, dumps, json_texts
from portal.formats.serialisers import SERIALISERS
from tests.make import make_issue
from tests.portal.formats.files import content, full_project, table
from tests.world import make_world

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


# ── Columns of long files ───────────────────────────────────────────────────────────────────────────────────────


def columns_differ(serialiser, language, chunk=3):
    """Return the names of the fields whose columns for CSV or JSON differ from the values of each row."""
    found, reading = set(), ReadContext("https://portal.example.org", "ko", language)
    parts = [
        (field.name, getattr(field, of)(reading, at), getattr(field, values_of)(reading, at), write)
        for field in serialiser.fields
        for of, values_of, write in (("texts_of", "cells_of", csv_text), ("json_of", "data_of", dumps))
        for at in [serialiser.places[field.name]]
    ]
    pks = list(serialiser.published().values_list("pk", flat=True))
    for start in range(0, len(pks), chunk):
        rows = serialiser.rows(pks[start : start + chunk], reading)
        for name, column, values, write in parts:
            if column(rows) != [write(values(row)) for row in rows]:
                found.add(name)
    return found


@pytest.mark.parametrize("language", [None, "ko"])
def test_columns_have_the_values_of_their_rows(language):
    make_world()
    make_world()
    differing = {kind: columns_differ(serialiser, language) for kind, serialiser in SERIALISERS.items()}
    assert differing == {kind: set() for kind in SERIALISERS}


@pytest.mark.usefixtures("content")
def test_columns_of_the_content_have_the_values_of_their_rows():
    kinds = ("project", "agreement", "issue", "result", "organisation")
    with translation.override("ru"):
        assert {kind: columns_differ(SERIALISERS[kind], None, 400) for kind in kinds} == {kind: set() for kind in kinds}


def test_full_cache_of_a_column_is_cleared(monkeypatch):
    monkeypatch.setattr(fields, "REMEMBERED", 3)
    calls = []
    column = cached_column(lambda key: calls.append(key) or str(key), lambda rows: rows)
    assert column([n % 5 for n in range(10)]) == [str(n % 5) for n in range(10)]
    assert calls == list(range(5))
    assert column([0, 0]) == ["0", "0"]
    assert calls == [*range(5), 0]


@given(st.lists(st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=("Cs",)))))
def test_values_of_a_column_are_json(values):
    assert [json.loads(text) for text in json_texts(values)] == [None if value == "" else value for value in values]
    assert json_texts(values) == [dumps(None if value == "" else value) for value in values]
