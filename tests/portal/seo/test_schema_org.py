"""Pages as schema.org objects in JSON-LD, for search engines."""

import json

import pytest
from django.utils.translation import override
from lxml import html

from issues.models import Indicator
from issues.schema import dataset_description
from portal.models import Source
from portal.seo import schema_org
from projects.models import Agreement, Participation
from tests import reading
from tests.make import (
    make_agreement,
    make_alias,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_issue_in_country,
    make_observation,
    make_organisation,
    make_participation,
    make_party,
    make_place,
    make_project,
    make_source,
)
from tests.pages import LANGUAGES
from tests.portal.seo.heads import SITE, main, things

pytestmark = pytest.mark.django_db


def test_indicator_is_a_dataset(client):
    source = make_source(publisher="FAO")
    indicator = make_indicator(key="area", source=source, licence_en="CC BY 4.0 (Our World in Data)", name_ko="면적")
    place = make_place(key="aral-sea", kind="lake", name_en="Aral Sea", latitude=45, longitude=60)
    for year in (1960, 2018, 1990):
        make_observation(indicator=indicator, place=place, year=year, source=source)
    told = main(client.get("/ko/indicators/area/"))
    assert (told["@type"], told["@id"]) == ("Dataset", f"{SITE}/en/indicators/area/#it")
    assert (told["name"], told["url"], told["inLanguage"]) == ("면적", f"{SITE}/ko/indicators/area/", "ko")
    assert told["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert told["temporalCoverage"] == "1960/2018"
    [where] = told["spatialCoverage"]
    assert (where["@type"], where["geo"]["latitude"]) == ("LakeBodyOfWater", 45)
    assert told["creator"]["name"] == "FAO"
    assert told["variableMeasured"]["unitText"] == "square kilometres"
    for file in told["distribution"]:
        response = client.get(file["contentUrl"].removeprefix(SITE))
        assert (response.status_code, response.headers["Content-Type"].partition(";")[0]) == (
            200,
            file["encodingFormat"],
        )


def test_indicator_that_has_no_values_covers_no_time(client):
    make_indicator(key="area", licence_en="Facts quoted")
    told = main(client.get("/en/indicators/area/"))
    assert {"temporalCoverage", "spatialCoverage"} & set(told) == set()
    licence = {"@type": "CreativeWork", "name": "Facts quoted", "url": f"{SITE}/en/indicators/area/#licence"}
    assert told["license"] == licence


def test_issue_is_an_article_about_places(client):
    issue = make_issue(key="aral")
    make_issue_in_country(issue=issue, country=make_country(key="uz"))
    issue.places.add(make_place(key="nukus"))
    told = main(client.get("/en/issues/aral/"))
    assert (told["@type"], told["headline"], told["description"]) == ("Article", issue.name_en, issue.summary_en)
    assert [place["@id"] for place in told["spatialCoverage"]] == [
        f"{SITE}/en/countries/uz/#it",
        f"{SITE}/en/places/nukus/#it",
    ]


def test_event_has_a_day_and_a_place(client):
    event = make_event(key="dam", date="2005-08")
    event.countries.add(make_country(key="kz", name_en="Kazakhstan"))
    told = main(client.get("/en/timeline/dam/"))
    assert (told["@type"], told["startDate"]) == ("Event", "2005-08")
    assert [place["name"] for place in told["location"]] == ["Kazakhstan"]


def test_project_names_who_funds_it_and_who_takes_part(client):
    project = make_project(key="trees", start="2021", end="2024-12")
    funder, partner = make_organisation(key="koica"), make_organisation(key="gggi", kind="multilateral")
    make_participation(project=project, organisation=funder, role=Participation.Role.FUNDING)
    make_participation(project=project, organisation=funder, role=Participation.Role.IMPLEMENTING)
    make_participation(project=project, organisation=partner, role=Participation.Role.PARTNER)
    told = main(client.get("/en/projects/trees/"))
    assert (told["@type"], told["foundingDate"], told["dissolutionDate"]) == ("Project", "2021", "2024-12")
    assert [(one["@type"], one["url"]) for one in told["funder"]] == [
        ("GovernmentOrganization", f"{SITE}/en/organisations/koica/")
    ]
    assert [(one["@type"], one["url"]) for one in told["member"]] == [
        ("Organization", f"{SITE}/en/organisations/gggi/")
    ]


@pytest.mark.parametrize(
    ("language", "name", "value"),
    [
        ("en", "Status today", "Under way when last reported (June 2019)"),
        ("ko", "현재 상태", "2019년 6월 기준 진행 중(이후 미확인)"),
        ("ru", "Статус на сегодня", "Выполнялся, по сведениям на июнь 2019 г."),
    ],
)
def test_project_has_the_status_of_today_with_its_date(client, language, name, value):
    make_project(key="trees", status="implementation", status_as_of="2019-06")
    status = main(client.get(f"/{language}/projects/trees/"))["additionalProperty"]
    as_of = status.pop("valueReference")
    assert status == {"@type": "PropertyValue", "propertyID": "status_now", "name": name, "value": value}
    assert (as_of["propertyID"], as_of["value"]) == ("status_as_of", "2019-06")


def test_project_whose_end_has_passed_is_not_under_way(client):
    make_project(key="trees", status="implementation", end="2020")
    status = main(client.get("/en/projects/trees/"))["additionalProperty"]
    assert status["value"] == "End date 2020 passed; completion not confirmed"
    assert "valueReference" not in status


@pytest.mark.parametrize(
    ("kind", "called", "dated"), [("mou", "CreativeWork", "dateCreated"), ("summit", "Event", "startDate")]
)
def test_agreement_is_a_work_of_its_parties_or_a_meeting(client, kind, called, dated):
    agreement = make_agreement(key="forests", kind=Agreement.Kind(kind), date="2021-07-02")
    make_party(agreement=agreement, organisation=make_organisation(key="koica"))
    told = main(client.get("/en/agreements/forests/"))
    assert (told["@type"], told[dated]) == (called, "2021-07-02")
    assert [one["@id"] for one in told["contributor"]] == [f"{SITE}/en/organisations/koica/#it"]


def test_organisation_has_names_and_a_site_of_its_own(client):
    country = make_country(key="kr", group="korea", name_en="Korea")
    make_organisation(
        key="koica", acronym="KOICA", name_ko="한국국제협력단", country=country, url="https://koica.go.kr/"
    )
    told = main(client.get("/en/organisations/koica/"))
    assert told["alternateName"] == ["KOICA", "한국국제협력단"]
    assert (told["sameAs"], told["location"][0]["@type"]) == (["https://koica.go.kr/"], "Country")


def test_place_lies_in_others(client):
    country = make_country(key="uz")
    republic = make_place(key="karakalpakstan", kind="province", country=country)
    nukus = make_place(key="nukus", country=country, part_of=republic, name_ko="누쿠스")
    make_alias(nukus, text="No‘kis"), make_alias(nukus, text="Nukus")
    told = main(client.get("/en/places/nukus/"))
    assert (told["@type"], told["alternateName"]) == ("City", ["누쿠스", "No‘kis"])
    assert [whole["@type"] for whole in told["containedInPlace"]] == ["AdministrativeArea", "Country"]
    assert main(client.get("/en/countries/uz/"))["@type"] == "Country"


def test_source_is_the_work_that_it_is(client):
    make_source(
        key="aral",
        author="Philip Micklin, Nikolay Aladin",
        title_original="Будущее Аральского моря",
        language="ru",
        date="2016-03",
        doi="10.1007/s12665-016-5614-5",
        licence_en="CC BY 4.0",
    )
    told = main(client.get("/en/sources/aral/"))
    assert (told["@type"], told["name"], told["inLanguage"]) == ("ScholarlyArticle", "Будущее Аральского моря", "ru")
    assert [(one["@type"], one["name"]) for one in told["author"]] == [
        ("Person", "Philip Micklin"),
        ("Person", "Nikolay Aladin"),
    ]
    assert (told["datePublished"], told["sameAs"]) == ("2016-03", ["https://doi.org/10.1007/s12665-016-5614-5"])
    assert told["isPartOf"] == {"@type": "Periodical", "name": "Environmental Earth Sciences"}


def test_data_page_is_a_catalogue_of_datasets_that_are_there(client):
    make_observation()
    told = main(client.get("/ru/data/"))
    assert (told["@type"], told["@id"]) == ("DataCatalog", f"{SITE}/en/data/#it")
    assert len(told["dataset"]) == 11
    ids = set(reading.page(client.get("/ru/data/")).xpath("//@id"))
    for dataset in told["dataset"]:
        assert 50 <= len(dataset["description"]) <= 5_000, "What search engines for datasets ask for."
        assert dataset["url"].rpartition("#")[2] in ids
        for file in dataset["distribution"]:
            assert client.get(file["contentUrl"].removeprefix(SITE)).status_code == 200
    own = [one["license"] for one in told["dataset"] if isinstance(one["license"], dict)]
    assert [licence["url"] for licence in own] == [f"{told['url']}#licence"]  # of the observations


def datasets(value):
    """Yield every dataset that a tree of JSON-LD describes and does not only name."""
    if isinstance(value, dict | list):
        if isinstance(value, dict) and value.get("@type") == "Dataset" and set(value) - {"@type", "@id", "name", "url"}:
            yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from datasets(inner)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_dataset_has_the_description_and_licence_that_dataset_search_wants(content, client, language):
    """It has 50 to 5,000 characters and a URL (developers.google.com/search/docs/appearance/structured-data)."""
    shortest = min(
        Indicator.objects.all(), key=lambda one: len(getattr(one, f"definition_{language}") or one.definition_en)
    )
    words = Indicator.objects.exclude(licence_en__contains="CC BY").first()
    pages = ["data/", f"indicators/{shortest.key}/", f"indicators/{words.key}/"]
    pages += [f"sources/{key}/" for key in ("unsd-sdg-2020", "wdi-ghg")]
    found = [one for page in pages for one in datasets(list(things(client.get(f"/{language}/{page}")).values()))]
    assert len(found) == 11 + 4
    for one in found:
        assert 50 <= len(one["description"]) <= 5_000, one["name"]
        licence = one["license"]
        address = licence if isinstance(licence, str) else licence["url"]
        assert address.startswith("https://creativecommons.org/") or "#licence" in address
        if address.startswith(SITE):
            path = address.removeprefix(SITE).partition("#")[0]
            assert reading.page(client.get(path)).xpath("//*[@id='licence']")
    with override(language):
        assert min(len(dataset_description(one)) for one in Indicator.objects.all()) >= 50


def test_text_of_a_record_does_not_end_the_script(client):
    hostile = "</script><script>alert(1)</script><!-- & \u2028"
    make_project(key="trees", title_en=hostile)
    response = client.get("/en/projects/trees/")
    assert main(response)["name"] == hostile
    [script] = html.fromstring(response.content.decode()).xpath("//script[@type='application/ld+json']/text()")
    assert not set("<>&") & set(script)
    assert json.loads(script)


def test_kinds_of_places_and_sources_all_have_a_name_there():
    assert {schema_org.SOURCES[kind] for kind in Source.Kind} == set(schema_org.SOURCES.values())
    assert all(schema_org.PLACES[kind] for kind in type(make_place()).Kind)


def test_licence_of_every_indicator_is_an_address_or_words(content):
    found = {text: schema_org.licence(text, "") for text in Indicator.objects.values_list("licence_en", flat=True)}
    named = {text for text, licence in found.items() if isinstance(licence, str)}
    assert {text for text in named if "CC BY 4.0" not in text} == set()
    assert "FAO AQUASTAT, CC BY 4.0 (FAO database terms)" in named
    assert "PDDL as stated by the repository; the figures are credited there to a UNESCO study" not in named
