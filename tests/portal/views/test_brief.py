"""The page of a brief, its form and its files."""

import pytest

from portal.core.choices import Area, PublicationStatus
from tests import reading
from tests.make import make_organisation, make_project
from tests.projects.brief.worlds import make_world

pytestmark = pytest.mark.django_db
QUERY = {"country": "uz", "issue": "water-scarcity"}


@pytest.fixture
def world():
    return make_world()


def test_page_without_a_subject_asks_for_one(client, world):
    page = reading.page(client.get("/en/brief/"))
    assert [reading.words(label) for label in page.xpath("//form[@class='brief-form']//label")] == [
        "Country",
        "Issue",
        "Area of cooperation",
        "As of",
    ]
    assert not page.find_class("brief") + page.find_class("problems")


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_page_states_the_brief_and_offers_its_files(client, world, language):
    response = client.get(f"/{language}/brief/", QUERY)
    page = reading.page(response)
    assert "Smart water for Osh" in reading.words(page.find_class("brief")[0])
    assert "Hidden" not in response.text
    hrefs = [link.get("href") for link in page.xpath("//*[@class='brief-files']/a")]
    assert hrefs == [f"/{language}/brief/?country=uz&issue=water-scarcity&format={form}" for form in ("pdf", "docx")]
    assert 'content="noindex"' in response.text
    for note in page.xpath("//sup/a"):
        assert page.get_element_by_id(note.get("href").removeprefix("#")) is not None


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"country": "uz"}, "Choose a country, and an issue or an area of cooperation."),
        ({"country": "xx", "issue": "water-scarcity"}, "Country (ignored): “xx” is not available."),
        ({"country": "uz", "issue": "<b>"}, "Issue (ignored): “<b>” is not available."),
        ({"place": "nowhere", "issue": "water-scarcity"}, "Place (ignored): “nowhere” is not available."),
        ({"place": "no\0where", "issue": "water-scarcity"}, "Place (ignored): “no\ufffdwhere” is not available."),
        (
            {**QUERY, "area": Area.FORESTRY.value},
            "Area of cooperation (ignored): Choose an issue or an area of cooperation, not both.",
        ),
        ({**QUERY, "day": "soon"}, "As of (ignored): “soon” is not a day. Write it like 2027-03-15."),
        ({**QUERY, "day": "20\0x"}, "As of (ignored): “20\ufffdx” is not a day. Write it like 2027-03-15."),
        ({**QUERY, "day": "1991-12-31"}, "As of (ignored): Choose a day from 1992 until five years ahead."),
        ({**QUERY, "day": "9999-12-31"}, "As of (ignored): Choose a day from 1992 until five years ahead."),
        ({**QUERY, "project": "nothing"}, "There is no project “nothing”."),
        ({**QUERY, "project": "no\0thing"}, "There is no project “no\ufffdthing”."),
    ],
)
def test_mistakes_are_told_and_the_choices_stay(client, world, query, sentence):
    page = reading.page(client.get("/en/brief/", query))
    assert reading.words(page.find_class("problems")[0]) == sentence


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_another_day_stays_in_the_form_and_in_the_links(client, world, on, language):
    on("2026-11-27")
    response = client.get(f"/{language}/brief/", {**QUERY, "day": "2027-03-15"})
    page = reading.page(response)
    assert page.get_element_by_id("brief-day").get("value") == "2027-03-15"
    links = page.xpath("//*[@class='brief-files' or @class='currency-links']//a/@href")
    assert len(links) > 2
    assert all("day=2027-03-15" in link for link in links)
    assert "2027" in reading.words(page.find_class("lead")[0])
    name = client.get(f"/{language}/brief/", {**QUERY, "day": "2027-03-15", "format": "docx"})["Content-Disposition"]
    assert name == 'attachment; filename="brief-uz-water-scarcity-2027-03-15.docx"'


def test_drafts_cannot_be_the_subject(client, world):
    make_organisation(key="hidden", publication=PublicationStatus.DRAFT)
    make_project(key="secret", publication=PublicationStatus.DRAFT)
    page = reading.page(client.get("/en/brief/", {"organisation": "hidden", "issue": "water-scarcity"}))
    assert not page.find_class("brief")
    page = reading.page(client.get("/en/brief/", {**QUERY, "project": "secret"}))
    assert "There is no project “secret”." in reading.words(page.find_class("problems")[0])


@pytest.mark.parametrize(
    ("form", "content_type", "begins"),
    [
        ("pdf", "application/pdf", b"%PDF"),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK"),
    ],
)
def test_files_are_named_after_the_subject_and_the_day(client, world, on, form, content_type, begins):
    on("2026-11-27")
    response = client.get("/ko/brief/", {**QUERY, "format": form})
    assert response["Content-Type"] == content_type
    assert response["Content-Disposition"] == f'attachment; filename="brief-uz-water-scarcity-2026-11-27.{form}"'
    assert response["X-Robots-Tag"] == "noindex"
    assert response.content.startswith(begins)
    again = client.get("/ko/brief/", {**QUERY, "format": form}, headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({**QUERY, "format": "odt"}, "“format” is one of: pdf, docx."),
        ({"country": "uz", "format": "pdf"}, "State a country, a place or an organisation"),
        ({"country": "xx", "issue": "water-scarcity", "format": "pdf"}, "“country”: “xx” is not available."),
        ({**QUERY, "project": "nothing", "format": "pdf"}, "There is no project “nothing”."),
    ],
)
def test_file_with_a_mistake_is_refused(client, world, query, detail):
    response = client.get("/en/brief/", query)
    assert response.status_code == 400
    assert detail in response.json()["detail"]


def test_files_count_against_the_limit_of_files(client, world, settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "export": 8}
    found = [client.get("/en/brief/", {**QUERY, "format": "docx"}).status_code for _time in range(4)]
    assert found[0] == 200
    assert found[-1] == 429


def test_address_of_the_plan_leads_to_the_brief(client):
    response = client.get("/ru/plan/brief/?country=uz&issue=water-scarcity")
    assert (response.status_code, response["Location"]) == (301, "/ru/brief/?country=uz&issue=water-scarcity")
