"""Pages as schema.org objects in JSON-LD, for search engines."""

import json

import pytest
from django.utils.translation import override
from lxml import html

from issues.models import Indicator
from issues.schema import dataset_description
from portal.models import Source
from portal.seo import schema_org
from tests import reading
from tests.make import (
    make_alias,
    make_attachment,
    make_country,
    make_observation,
    make_picture,
    make_place,
    make_project,
    make_source,
)
from tests.pages import LANGUAGES
from tests.portal.seo.heads import SITE, main, things

pytestmark = pytest.mark.django_db


def test_place_lies_in_others(client):
    country = make_country(key="uz")
    republic = make_place(key="karakalpakstan", kind="province", country=country)
    nukus = make_place(key="nukus", country=country, part_of=republic, name_ko="누쿠스")
    make_alias(nukus, text="No‘kis"), make_alias(nukus, text="Nukus")
    told = main(client.get("/en/places/nukus/"))
    assert (told["@type"], told["alternateName"]) == ("City", ["누쿠스", "No‘kis"])
    assert [whole["@type"] for whole in told["containedInPlace"]] == ["AdministrativeArea", "Country"]
    assert main(client.get("/en/countries/uz/"))["@type"] == "Country"


def test_record_has_its_pictures_with_licence_and_credit(client):
    place = make_place(key="moynaq")
    picture, _hidden = make_picture(place=place, url="https://example.org/p"), make_picture(place=place, is_shown=False)
    assert main(client.get("/ko/places/moynaq/"))["image"] == [
        {
            "@type": "ImageObject",
            "contentUrl": f"http://testserver{picture.src}",
            "width": 800,
            "height": 500,
            "caption": "마른 땅의 배",
            "creditText": "Test Drawer",
            "creator": {"@type": "Person", "name": "Test Drawer"},
            "license": "https://creativecommons.org/licenses/by/4.0/",
            "acquireLicensePage": "https://example.org/p",
            "dateCreated": "2021-07",
        }
    ]
    assert "image" not in main(client.get(f"/en/places/{make_place().key}/"))


def test_record_has_its_documents_with_format_language_and_licence(client):
    source = make_source(key="report")
    shown, _hidden = make_attachment(source=source, language="ru"), make_attachment(source=source, is_shown=False)
    assert main(client.get("/ko/sources/report/"))["subjectOf"] == [
        {
            "@type": "MediaObject",
            "contentUrl": f"http://testserver{shown.src}",
            "name": "최종 보고서",
            "encodingFormat": "application/pdf",
            "contentSize": f"{shown.size} B",
            "inLanguage": "ru",
            "creditText": "© Test Writer",
            "creator": {"@type": "Organization", "name": "Test Writer"},
            "license": "https://creativecommons.org/licenses/by/4.0/",
            "datePublished": "2021-07",
        }
    ]


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
