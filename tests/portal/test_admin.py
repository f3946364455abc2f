"""The admin of places, sources, aliases, former keys, links and removed records."""

import re

import pytest
from django.contrib.auth.models import User

from portal.models import Alias, ExternalLink, Place, PlaceCitation, Source
from projects.models import ProjectCitation
from tests.make import (
    make_alias,
    make_country,
    make_former_key,
    make_indicator,
    make_place,
    make_project,
    make_source,
    make_tombstone,
)
from tests.portal.staff.test_admin import address, change_address, errors_of, form_data, listed

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    client.force_login(User.objects.create_superuser("editor"))
    return client


@pytest.mark.parametrize("words", ["아랄", "Аральское", "аральское МОРЕ", "aral sea", "aral-sea"])
def test_search_finds_a_name_in_any_language_and_case(editor, words):
    sea = make_place(key="aral-sea", name_en="Aral Sea", name_ko="아랄해", name_ru="Аральское море")
    make_place(key="balkhash", name_en="Lake Balkhash", name_ko="발하시호", name_ru="Озеро Балхаш")
    assert listed(editor.get(address(Place, "changelist"), {"q": words})) == {sea}


def test_source_counts_all_that_cite_it(editor):
    source = make_source()
    PlaceCitation.objects.create(place=make_place(), source=source)
    ProjectCitation.objects.create(project=make_project(), source=source)
    make_indicator(source=source)
    unused = make_source()
    counts = {record: record.cited for record in listed(editor.get(address(Source, "changelist")))}
    assert counts == {source: 3, unused: 0}


def test_a_source_may_stay_without_an_address(editor):
    make_source(title="Dust from the dry bed")
    url = address(Source, "add")
    data = form_data(
        editor.get(url),
        key="micklin-2016",
        title="The Future Aral Sea",
        publisher="Springer",
        kind=Source.Kind.JOURNAL_ARTICLE,
        language="en",
        date="2016",
    )
    assert editor.post(url, data).status_code == 302
    source = Source.objects.get(key="micklin-2016")
    assert (source.url, source.date) == (None, "2016")


# ── Places ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_place_has_one_country_or_several_but_not_both(editor):
    place, uz, kz = make_place(), make_country(key="uz"), make_country(key="kz")
    url = change_address(place)
    response = editor.post(url, form_data(editor.get(url), country=uz.pk, countries=[uz.pk, kz.pk]))
    assert errors_of(response) == {"countries": ["A place has either one country or several that share it."]}
    place.refresh_from_db()
    assert (place.country, place.countries.count()) == (None, 0)


# ── Sources ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("words", ["2016-03", "10.1007/s12665", "example.org/aral", "micklin-2016", "springer"])
def test_source_is_found_by_its_date_doi_address_key_and_publisher(editor, words):
    source = make_source(
        key="micklin-2016",
        publisher="Springer",
        date="2016-03",
        doi="10.1007/s12665",
        url="https://example.org/aral",
    )
    make_source(date="2017")
    assert listed(editor.get(address(Source, "changelist"), {"q": words})) == {source}


# ── Aliases, former keys and removed records ─────────────────────────────────────────────────────────────────


def test_new_alias_is_of_the_record_whose_names_the_list_showed(editor):
    response = editor.get(address(Alias, "add"), {"_changelist_filters": "kind__exact=place&key=aral-sea"})
    form = response.context["adminform"].form
    assert (form["kind"].value(), form["key"].value()) == ("place", "aral-sea")
    form = editor.get(address(Alias, "add")).context["adminform"].form
    assert (form["kind"].value() or "", form["key"].value() or "") == ("", "")


def test_list_of_aliases_names_their_languages(editor):
    make_alias(text="Orol dengizi", language="uz"), make_alias(text="Aral")
    page = editor.get(address(Alias, "changelist")).content.decode()
    assert sorted(re.findall(r'<td class="field-language_name">(.*?)</td>', page)) == ["-", "Uzbek"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: make_former_key(key="old-name", now="new-name"), ("OLD-name", "new")),
        (lambda: make_tombstone(key="old-name", successor="new-name"), ("old", "NEW-name")),
    ],
)
def test_former_keys_and_notices_are_found_by_both_of_their_keys(editor, make, words):
    record = make()
    make_former_key(), make_tombstone()
    for one in words:
        assert listed(editor.get(address(type(record), "changelist"), {"q": one})) == {record}
    assert listed(editor.get(address(type(record), "changelist"), {"q": "neither"})) == set()


# ── External links ───────────────────────────────────────────────────────────────────────────────────────────


def test_link_shows_where_it_moved_and_which_records_use_it(editor):
    source = make_source(key="paper", title="A paper", url="https://example.org/a")
    ExternalLink.objects.filter(address=source.url).update(state="moved", moved_to="https://example.org/b")
    page = editor.get(address(ExternalLink, "changelist")).content.decode()
    for expected in (
        'href="https://example.org/a" rel="noreferrer"',
        '→ <a class="long-address" href="https://example.org/b"',
        f'<a href="{change_address(source)}">A paper</a>',
    ):
        assert expected in page


def test_page_of_a_link_shows_it_and_changes_nothing(editor):
    source = make_source(url="https://example.org/<b>")
    link = ExternalLink.objects.get()
    response = editor.get(address(ExternalLink, "change", link.pk))
    assert response.status_code == 200
    assert "https://example.org/&lt;b&gt;" in response.content.decode()
    assert change_address(source) in response.content.decode()
    assert (
        editor.post(address(ExternalLink, "change", link.pk), {"address": "https://evil.example/"}).status_code == 403
    )
    assert ExternalLink.objects.get().address == link.address


def test_link_that_was_never_checked_has_dashes(editor):
    make_source(url="https://example.org/a")
    page = editor.get(address(ExternalLink, "changelist")).content.decode()
    assert '<td class="field-good_on">–</td>' in page
    assert '<td class="field-checked_on">–</td>' in page
