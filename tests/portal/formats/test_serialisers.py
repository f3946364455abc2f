"""Serialisers read records in chunks, with a constant number of queries."""

from functools import partial

import pytest
from django.utils import translation

from portal.formats import serialisers
from projects.models import Project
from tests.counting import counts_of_one_world_and_three
from tests.lists import LISTS
from tests.make import make_country, make_project
from tests.portal.formats.files import FORMS, content, table

pytestmark = pytest.mark.django_db


@pytest.mark.any_database
def test_files_ask_the_same_of_the_database_for_one_record_as_for_three(client):
    def download(name, form):
        response = client.get(f"/en/{name}/", {"format": form})
        assert response.status_code in {200, 406}
        content(response)

    files = [(name, form) for name in [*LISTS, "countries"] for form in FORMS]
    one, three = counts_of_one_world_and_three({file: partial(download, *file) for file in files})
    assert three == one


def test_records_are_read_in_chunks(client, monkeypatch):
    monkeypatch.setattr(serialisers, "CHUNK", 2)
    for number in range(5):
        project = make_project(key=f"p{number}", start=str(2000 + number))
        project.countries.add(make_country(key=f"c{number}"))
    rows = table(client.get("/en/projects/?format=csv"))
    assert [(row["key"], row["countries"]) for row in rows] == [(f"p{n}", f"c{n}") for n in (4, 3, 2, 1, 0)]


def test_words_of_a_file_do_not_change_the_language_of_what_follows(client):
    make_project(title_ko="나무")
    content(client.get("/ko/projects/?format=ris"))
    with translation.override("en"):
        assert str(Project._meta.verbose_name) == "project"


def test_loaded_record_was_published_when_it_was_created(client):
    project = make_project(key="trees")
    Project.objects.filter(pk=project.pk).update(created_at="2026-03-04T12:00:00Z", published_at=None)
    [row] = table(client.get("/en/projects.csv"))
    assert row["published"] == "2026-03-04T12:00:00Z"
    assert client.get("/api/v1/projects/trees").json()["published"] == "2026-03-04T12:00:00Z"
    assert b"<published>2026-03-04T12:00:00Z</published>" in content(client.get("/en/projects.atom"))
    Project.objects.filter(pk=project.pk).update(published_at="2026-05-06T12:00:00Z")
    assert table(client.get("/en/projects.csv"))[0]["published"] == "2026-05-06T12:00:00Z"
