"""Fixtures written from the portal: the public records, in one form, which loads into the same records."""

import json

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model

from portal.core.choices import PublicationStatus
from portal.import_export.fixtures import content_models, fixture_texts
from tests.make import (
    UNPUBLISHED,
    make_correction,
    make_country,
    make_indicator,
    make_organisation,
    make_participation,
    make_place,
    make_portal_details,
    make_project,
    make_reader_report,
    make_source,
)


def written(name):
    """Return the rows of a fixture file, as pairs of model and fields."""
    texts, _left_out = fixture_texts()
    return [(row["model"], row["fields"]) for row in json.loads(texts[name])]


def keys(name, model):
    return [fields["key"] for of_model, fields in written(name) if of_model == model]


def test_fixtures_hold_every_model_with_a_natural_key():
    ours = [model for app in ("portal", "issues", "projects") for model in apps.get_app_config(app).get_models()]
    assert sorted(model._meta.label for model in content_models()) == sorted(
        model._meta.label for model in ours if hasattr(model, "natural_key")
    )


def test_a_model_follows_those_that_it_names():
    known = set()
    for model in content_models():
        known.add(model)
        named = {
            field.related_model
            for field in (*model._meta.concrete_fields, *model._meta.local_many_to_many)
            if field.is_relation
        }
        assert named - known == set(), model


@pytest.mark.django_db
def test_only_public_records_are_written():
    get_user_model().objects.create_user("aigerim", email="aigerim@example.org")
    shown = make_project(key="shown")
    for publication in UNPUBLISHED:
        make_project(key=publication, publication=publication)
    for publication in PublicationStatus:
        make_participation(project=shown, organisation=make_organisation(key=publication, publication=publication))
    texts, left_out = fixture_texts()

    assert keys("60_projects", "projects.project") == ["shown"]
    assert [fields["organisation"] for model, fields in written("60_projects") if "organisation" in fields] == [
        ["published"]
    ]
    assert "aigerim" not in "".join(texts.values())
    assert left_out == []


@pytest.mark.django_db
def test_a_record_that_names_an_unpublished_one_is_left_out_and_said_so():
    make_indicator(key="area", source=make_source(publication=PublicationStatus.ARCHIVED))
    _texts, left_out = fixture_texts()
    assert written("50_indicators") == []
    assert left_out == ["indicator area: it names a record that is not public."]


@pytest.mark.django_db
def test_records_are_sorted_by_key_and_follow_those_that_they_name():
    country = make_country(key="uz")
    make_place(key="nukus", country=country)
    make_place(key="aral-sea", part_of=make_place(key="turan"))
    assert keys("20_places", "portal.place") == ["turan", "aral-sea", "uz", "nukus"]


@pytest.mark.django_db
def test_relations_are_sorted_and_numbers_are_short():
    project = make_project(budget="1200000.50", currency="USD")
    project.countries.add(make_country(key="uz"), make_country(key="kz"))
    [(_model, fields)] = written("60_projects")
    assert (fields["countries"], fields["budget"]) == ([["kz"], ["uz"]], "1200000.5")
    assert next(iter(fields)) == "key"
    assert "title" not in fields


def test_fixtures_are_what_the_portal_writes(content):
    """If it fails: load fixtures/ into an empty database and run `manage.py export_fixtures`."""
    texts, left_out = fixture_texts()
    kept = {path.stem: path.read_text(encoding="utf-8") for path in settings.BASE_DIR.glob("fixtures/*.json")}
    assert left_out == []
    assert sorted(texts) == sorted(kept)
    assert [name for name in sorted(kept) if texts[name] != kept[name]] == []


def test_files_hold_nothing_of_reports_corrections_and_details(db):
    make_reader_report(message="Zzyzx", email="zzyzx@example.org", url="https://zzyzx.example/")
    make_correction(what_en="Zzyzx")
    make_portal_details(publisher_en="Zzyzx")
    assert not [name for name, text in fixture_texts()[0].items() if "zzyzx" in text.lower()]
