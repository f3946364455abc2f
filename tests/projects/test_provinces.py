"""The provinces of a country for which no project is known."""

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from portal.core.choices import Area, PublicationStatus
from portal.facets.bitmaps import BitMap
from portal.models import Place
from projects.brief.content import write_brief
from projects.brief.subject import Subject
from projects.overlap.answer import answer_plan
from projects.overlap.plan import Plan
from projects.provinces import notes_on_provinces, provinces_without_projects
from tests import reading
from tests.make import make_country, make_place, make_project
from tests.maps import NUKUS, TASHKENT
from tests.projects.brief.worlds import texts_of

ALL = 14  # provinces of Uzbekistan, with the city of Tashkent and Karakalpakstan


@pytest.fixture
def uz():
    return make_country(key="uz")


def in_place(**fields):
    project = make_project()
    project.places.add(make_place(**fields))
    return project


@pytest.mark.django_db
class TestProvincesWithoutProjects:
    def test_province_without_a_record_is_listed(self, uz):
        without = provinces_without_projects("uz")
        assert len(without) == ALL
        assert without == sorted(without)
        assert {"Andijan Region", "Kashkadarya Region", "Surkhandarya Region"} < set(without)

    def test_place_counts_for_the_province_in_which_it_lies(self, uz):
        in_place(country=uz, **NUKUS)
        assert "Republic of Karakalpakstan" not in provinces_without_projects("uz")
        assert len(provinces_without_projects("uz")) == ALL - 1

    def test_draft_counts_for_no_province(self, uz):
        project = make_project(publication=PublicationStatus.DRAFT)
        project.places.add(make_place(country=uz, **NUKUS))
        assert len(provinces_without_projects("uz")) == ALL

    def test_only_the_given_projects_count(self, uz):
        one, _other = in_place(country=uz, **NUKUS), in_place(country=uz, **TASHKENT)
        assert "Tashkent" in provinces_without_projects("uz", BitMap([one.pk]))
        assert "Tashkent" not in provinces_without_projects("uz")

    def test_named_province_is_left_out(self, uz):
        make_place(key="karakalpakstan", kind=Place.Kind.PROVINCE, country=uz, **NUKUS)
        assert "Republic of Karakalpakstan" in provinces_without_projects("uz", besides=["nukus"])
        assert "Republic of Karakalpakstan" not in provinces_without_projects("uz", besides=["karakalpakstan"])

    def test_country_without_provinces_on_the_map_has_none(self):
        make_country(key="kr", group=Place.Group.KOREA)
        assert provinces_without_projects("kr") == []


def test_notes_say_what_counts_and_which_provinces_have_changed():
    known = "Only places with a known position count for a province."
    assert notes_on_provinces("uz") == [known]
    assert notes_on_provinces("kz") == [
        known,
        "In Kazakhstan the border between Abai Region and East Kazakhstan is partly approximate, "
        "and Shymkent is drawn smaller than it is today.",
    ]


@pytest.mark.usefixtures("content")
def test_map_plan_and_brief_have_the_notes():
    """Sources name a place in Kashkadarya, whose position is not known: the lists would be wrong without the note."""
    uz, kz = (Place.objects.get(key=key) for key in ("uz", "kz"))
    gaps = answer_plan(Plan(text="A tram", countries=("uz", "kz")))["gaps"]
    assert gaps[-2:] == notes_on_provinces("kz")
    for country in (uz, kz):
        brief = write_brief(Subject(place=country, area=Area.FORESTRY), timezone.localdate(), "https://example.org")
        assert " ".join(notes_on_provinces(country.key)) in texts_of(brief)
    page = reading.words(reading.page(Client().get("/en/map/", {"view": "provinces"})))
    assert all(note in page for note in notes_on_provinces("kz"))


def without_on_the_map(language, **query):
    """Return the names that the map of provinces lists as without projects, by the name of the country."""
    lists = Client().get(f"/{language}/map/", {"view": "provinces", **query}).context["lists"]
    return {group.heading: ", ".join(sorted(group.without)) for _size, groups in lists for group in groups}


@pytest.mark.usefixtures("content")
@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_map_plan_and_brief_list_the_same_provinces(language):
    """They once had lists of their own: those of plans and briefs had only provinces with a record."""
    of_all, of_forests = without_on_the_map(language), without_on_the_map(language, area=Area.FORESTRY.value)
    with override(language):
        for country in Place.objects.countries_of_central_asia():
            name, _language = country.name_and_language()
            answer = answer_plan(Plan(text="A tram", countries=(country.key,), language=language))
            assert not of_all[name] or any(gap.endswith(f": {of_all[name]}") for gap in answer["gaps"])
            brief = write_brief(Subject(place=country, area=Area.FORESTRY), timezone.localdate(), "https://example.org")
            assert of_forests[name] in texts_of(brief)
    assert any(of_all.values())
