"""A record as it was on a day, at its own URL for citations."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from portal.core.choices import PublicationStatus
from portal.core.urls import snapshot_url
from portal.curation.merge import merge
from portal.tracking.history import without_history
from tests import reading
from tests.counting import settle
from tests.make import (
    UNPUBLISHED,
    make_activity,
    make_agreement,
    make_answer,
    make_citation,
    make_country,
    make_event,
    make_former_key,
    make_indicator,
    make_issue,
    make_observation,
    make_organisation,
    make_outcome,
    make_participation,
    make_place,
    make_project,
    make_result,
    make_source,
    make_tombstone,
)
from tests.pages import LANGUAGES
from tests.world import SECRET, link, make_world, records, unpublished

pytestmark = pytest.mark.django_db

MAKERS = {
    make_issue: "name_en",
    make_indicator: "name_en",
    make_event: "title_en",
    make_project: "title_en",
    make_organisation: "name_en",
    make_agreement: "title_en",
    make_result: "text_en",
    make_country: "name_en",
    make_place: "name_en",
    make_source: "title",
}
BEFORE, FIRST, SECOND, THIRD = date(2026, 2, 1), date(2026, 3, 1), date(2026, 3, 15), date(2026, 4, 1)


def noon(day):
    return timezone.make_aware(datetime(day.year, day.month, day.day, 12))


@pytest.fixture
def on(monkeypatch):
    """Set the clock of the following code to noon of a day."""

    def happen(day):
        monkeypatch.setattr("portal.tracking.history.timezone.now", lambda: noon(day))

    return happen


def published(record, day=FIRST):
    """Set the day on which readers first saw a record."""
    with without_history():
        type(record).objects.filter(pk=record.pk).update(published_at=noon(day))
    return record


def address(record, day, language="en"):
    with translation.override(language):
        return snapshot_url(record.get_absolute_url(), day)


def change(record, **fields):
    record.refresh_from_db()
    for name, value in fields.items():
        setattr(record, name, value)
    record.save()


def heading(response):
    return reading.words(reading.page(response).find(".//h1"))


# ── What it shows ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("make", MAKERS)
def test_page_of_a_day_shows_the_record_as_it_was(client, on, make):
    on(FIRST)
    record = published(make(**{MAKERS[make]: "Its first name"}))
    on(SECOND)
    change(record, **{MAKERS[make]: "Its second name"})
    on(THIRD)
    names = [heading(client.get(address(record, day))) for day in (FIRST, SECOND - timedelta(days=1), SECOND, THIRD)]
    assert names == ["Its first name", "Its first name", "Its second name", "Its second name"]
    assert heading(client.get(record.get_absolute_url())) == "Its second name"


@pytest.mark.parametrize("make", MAKERS)
def test_page_of_a_day_says_so_and_leads_to_todays_and_is_in_no_search_engine(client, on, make):
    on(FIRST)
    record = published(make())
    on(SECOND)
    response = client.get(address(record, FIRST))
    page = reading.page(response)
    today = record.get_absolute_url()
    [notice] = reading.said(response, "past-notice")
    assert notice.startswith("As of 1 March 2026.")
    assert page.xpath("//div[@class='past-notice']//a/@href") == [today, f"{today}changes/"]
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]
    assert page.xpath("//link[@rel='canonical']/@href") == [f"http://testserver{today}"]
    assert page.xpath("//link[@hreflang]") == []
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert "X-Robots-Tag" not in client.get(today).headers


def test_page_of_a_day_has_its_rows_and_sources(client, on):
    on(FIRST)
    project = published(make_project())
    koica, kfs = make_organisation(name_en="KOICA"), make_organisation(name_en="Forest Service")
    first = make_participation(project=project, organisation=koica)
    make_citation(project, make_source(title="The first source"))
    on(SECOND)
    first.delete()
    project.citations.all().delete()
    make_participation(project=project, organisation=kfs)
    make_citation(project, make_source(title="The second source"))
    was, now = (
        reading.words(reading.page(client.get(address(project, day))).find(".//main")) for day in (FIRST, SECOND)
    )
    assert "KOICA" in was
    assert "The first source" in was
    assert "Forest Service" not in was
    assert "The second source" not in was
    assert "Forest Service" in now
    assert "KOICA" not in now


def test_indicator_of_a_day_has_the_values_of_that_day(client, on):
    on(FIRST)
    indicator = published(make_indicator())
    place = make_country(name_en="Uzbekistan")
    value = make_observation(indicator=indicator, place=place, year=2020, value="17.5")
    on(SECOND)
    value.value = "18.5"
    value.save()
    make_observation(indicator=indicator, place=place, year=2021, value="19", source=value.source)

    def rows(day):
        table = reading.page(client.get(address(indicator, day))).xpath("//table[contains(@class, 'values')]//tr")
        return [reading.words(row) for row in table[1:]]

    assert rows(FIRST) == ["2020 17.5"]
    assert rows(SECOND) == ["2021 19", "2020 18.5"]


def test_what_stands_around_a_record_today_is_left_out(client, on):
    on(FIRST)
    issue = published(make_issue(name_en="Dust"))
    make_answer(issue=issue, project=make_project(title_en="Trees against dust"))
    assert "Trees against dust" in client.get(issue.get_absolute_url()).content.decode()
    assert "Trees against dust" not in client.get(address(issue, FIRST)).content.decode()


def test_places_stand_in_the_order_of_their_names_in_the_readers_language(client, on):
    on(FIRST)
    project = published(make_project())
    for key, english, korean in (("kz", "Kazakhstan", "카자흐스탄"), ("kg", "Kyrgyzstan", "가나다")):
        project.countries.add(make_country(key=key, name_en=english, name_ko=korean))

    def countries(language):
        page = reading.page(client.get(address(project, FIRST, language)))
        return page.xpath("//dl[@class='fact-strip']//a[contains(@href, '/countries/')]/@href")

    assert countries("en") == ["/en/countries/kz/", "/en/countries/kg/"]
    assert countries("ko") == ["/ko/countries/kg/", "/ko/countries/kz/"]


def test_other_languages_show_the_same_day(client, on):
    on(FIRST)
    project = published(make_project(key="trees"))
    links = reading.page(client.get(address(project, FIRST))).xpath("//nav[@class='languages']//a/@href")
    assert links == [f"/{language}/projects/trees/on/2026-03-01/" for language in LANGUAGES]


# ── What it does not show ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("day", [BEFORE, THIRD])
def test_days_before_it_was_published_and_days_to_come_are_said_so_kindly(client, on, language, day):
    on(FIRST)
    project = published(make_project(key="trees"))
    on(SECOND)
    response = client.get(address(project, day, language))
    page = reading.page(response)
    assert (response.status_code, page.get("lang")) == (404, language)
    assert page.xpath("//main//li/a/@href")[:2] == [
        f"/{language}/projects/trees/",
        f"/{language}/projects/trees/changes/",
    ]
    [why] = reading.said(response, "lead")
    assert ("2026" in why) == (day == BEFORE)


@pytest.mark.parametrize("day", ["2026-02-30", "2026-13-01", "26-03-01", "0000-01-01"])
def test_what_is_no_day_is_no_address(client, on, day):
    on(FIRST)
    published(make_project(key="trees"))
    assert client.get(f"/en/projects/trees/on/{day}/").status_code == 404


def test_day_on_which_it_was_withdrawn_has_no_page(client, on):
    on(FIRST)
    project = published(make_project(title_en="Trees"))
    on(SECOND)
    change(project, publication=PublicationStatus.IN_REVIEW)
    on(THIRD)
    change(project, publication=PublicationStatus.PUBLISHED)
    statuses = {day: client.get(address(project, day)).status_code for day in (FIRST, SECOND, THIRD)}
    assert statuses == {FIRST: 200, SECOND: 404, THIRD: 200}
    assert "Trees" in client.get(address(project, FIRST)).content.decode()


def test_record_that_is_revised_today_stays_where_it_was_cited(client, on):
    on(FIRST)
    project = published(make_project(title_en="Trees"))
    on(SECOND)
    change(project, publication=PublicationStatus.IN_REVIEW, title_en="Trees, unseen")
    response = client.get(address(project, FIRST))
    assert heading(response) == "Trees"
    [notice] = reading.said(response, "past-notice")
    assert "being revised" in notice
    assert "Trees, unseen" not in response.content.decode()
    assert client.get(project.get_absolute_url()).status_code == 404


@pytest.mark.parametrize("publication", [one for one in UNPUBLISHED if one != PublicationStatus.ARCHIVED])
@pytest.mark.parametrize("day", [FIRST, THIRD])
def test_what_was_never_published_is_not_told_of(client, on, publication, day):
    on(FIRST)
    project = make_project(title_en=SECRET, publication=publication, publish_at=noon(THIRD))
    on(SECOND)
    response = client.get(address(project, day))
    assert (response.status_code, heading(response)) == (404, "Page not found")
    assert SECRET not in response.content.decode()


@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_records_that_readers_do_not_see_are_not_named_on_it(client, publication):
    world = make_world()
    new = unpublished(publication)
    for record in records(world):
        link(record, new, SECRET)
    today, shown = timezone.localdate(), 0
    for record in records(world):
        if hasattr(record, "publication") and "#" not in record.get_absolute_url():
            response = client.get(address(record, today))
            assert response.status_code == 200
            assert SECRET not in response.content.decode(), record
            shown += 1
    assert shown == 13


def test_source_or_organisation_that_was_merged_stands_under_the_record_that_was_kept(client, on):
    on(FIRST)
    project = published(make_project())
    source, organisation = make_source(title="Second copy"), make_organisation(name_en="Old name")
    make_citation(project, source)
    make_participation(project=project, organisation=organisation)
    on(SECOND)
    merge(make_source(title="First copy"), source)
    merge(make_organisation(name_en="New name"), organisation)
    on(THIRD)
    said = reading.words(reading.page(client.get(address(project, FIRST))))
    assert "First copy" in said
    assert "New name" in said


def test_source_that_was_deleted_is_left_out(client, on):
    on(FIRST)
    project, source = published(make_project()), make_source(title="Gone for good")
    citation = make_citation(project, source)
    indicator = published(make_indicator(source=source))
    on(SECOND)
    citation.delete()
    change(indicator, source=make_source())
    source.delete()
    on(THIRD)
    for record in (project, indicator):
        response = client.get(address(record, FIRST))
        assert response.status_code == 200
        assert "Gone for good" not in response.content.decode()


def test_archived_and_removed_records_are_gone_on_every_day(client, on):
    on(FIRST)
    archived, removed = published(make_project()), published(make_project(key="gone"))
    on(SECOND)
    change(archived, publication=PublicationStatus.ARCHIVED)
    removed.delete()
    make_tombstone(key="gone")
    assert client.get(address(archived, FIRST)).status_code == 410
    assert client.get(address(removed, FIRST)).status_code == 410


def test_former_key_leads_to_the_same_day_of_the_record_that_stays(client, on):
    on(FIRST)
    published(make_source(key="stays"))
    make_former_key(key="went", now="stays")
    response = client.get("/ko/sources/went/on/2026-03-01/")
    assert (response.status_code, response.url) == (301, "/ko/sources/stays/on/2026-03-01/")


def test_country_has_its_past_where_it_has_its_page(client, on):
    on(FIRST)
    published(make_country(key="uz")), published(make_place(key="nukus"))
    response = client.get("/en/places/uz/on/2026-03-01/")
    assert (response.status_code, response.url) == (301, "/en/countries/uz/on/2026-03-01/")
    response = client.get("/en/countries/nukus/on/2026-03-01/")
    assert (response.status_code, response.url) == (301, "/en/places/nukus/on/2026-03-01/")


def test_record_that_came_with_the_content_is_to_be_seen_since_then(client):
    with without_history():
        project = make_project()
        type(project).objects.filter(pk=project.pk).update(created_at=noon(SECOND), published_at=None)
    statuses = [client.get(address(project, day)).status_code for day in (FIRST, SECOND, THIRD)]
    assert statuses == [404, 200, 200]


# ── How it is cited ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("make", [make for make in MAKERS if make is not make_source])
def test_todays_page_is_cited_by_todays_address_and_a_past_one_by_its_own(client, on, make):
    on(FIRST)
    record = published(make())
    on(SECOND)
    for page, day in ((record.get_absolute_url(), SECOND), (address(record, FIRST), FIRST)):
        texts = reading.page(client.get(page)).xpath("//section[@aria-labelledby='cite']//*[@class='cite-text']")
        assert texts
        for text in map(reading.words, texts):
            assert f"http://testserver{address(record, day)}" in text


def test_references_to_a_past_page_hold_what_it_said(client, on):
    on(FIRST)
    project = published(make_project(key="trees", title_en="Trees"))
    make_citation(project, make_source(key="paper"))
    make_citation(project, make_source(key="draft", publication="draft"))
    on(SECOND)
    change(project, title_en="Wells")
    project.citations.all().delete()
    page = reading.page(client.get(address(project, FIRST)))
    here = address(project, FIRST)
    assert page.xpath("//details[@class='formats']//a/@href") == [
        f"{here.removesuffix('/')}.{one}" for one in ("ris", "bib", "csl")
    ]
    text = b"".join(client.get(f"{here}?format=ris").streaming_content).decode()
    assert "TI  - Trees\r\n" in text
    assert f"UR  - http://testserver{here}\r\n" in text
    assert "ID  - paper\r\n" in text
    assert "draft" not in text


@pytest.mark.parametrize("form", ["csv", "xlsx", "json", "atom"])
def test_past_has_no_data_but_what_one_cites(client, on, form):
    on(FIRST)
    for record in (published(make_project()), published(make_indicator())):
        response = client.get(address(record, FIRST), {"format": form})
        assert response.status_code == 406
        assert len(reading.page(response).xpath("//main//li/a[@type]")) == 3


@pytest.mark.parametrize("make", [make_issue, make_indicator])
def test_picture_of_today_is_not_one_of_the_past(client, on, make):
    on(FIRST)
    response = client.get(address(published(make()), FIRST), {"format": "svg", "part": "map"})
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"


# ── Query counts ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_past_costs_the_same_however_much_hangs_on_a_record(client):
    def asked():
        settle()
        counts = {}
        for record in records(world):
            if hasattr(record, "publication") and "#" not in record.get_absolute_url():
                with CaptureQueriesContext(connection) as queries:
                    assert client.get(address(record, timezone.localdate())).status_code == 200
                counts[type(record).__name__, record.pk] = len(queries)
        return counts

    world = make_world()
    for record in records(world):
        link(record)
    one = asked()
    for record in records(world):
        link(record)
    assert asked() == one


def test_project_of_a_day_does_not_say_that_it_has_no_results(client, on):
    on(FIRST)
    result = make_result(project=published(make_project(results_en="")))
    lacking = "reports results"
    assert lacking not in reading.words(reading.page(client.get(address(result.project, FIRST))))
    assert lacking in reading.words(reading.page(client.get(make_project(results_en="").get_absolute_url())))


def test_agreement_of_a_day_has_the_outcomes_activity_and_state_of_that_day(client, on):
    on(FIRST)
    agreement = published(make_agreement())
    outcome = make_outcome(agreement=agreement, project=make_project(title_en="Trees"), how_en="It names the site.")
    make_citation(outcome, make_source(title="The ministry"))
    make_activity(agreement=agreement, date="2024-03-10")
    on(SECOND)
    agreement.outcomes.all().delete()
    on(THIRD)
    then, now = (reading.words(reading.page(client.get(address(agreement, day)))) for day in (FIRST, THIRD))
    assert "Trees" in then
    assert "It names the site.1" in then
    assert "Active, last sign 10 March 2024" in then
    assert "Trees" not in now
    assert "Quiet since 10 March 2024" in now


def test_result_of_a_day_has_no_unpublished_countries_of_its_project(client, on):
    on(FIRST)
    project = make_project()
    project.countries.add(make_country(name_en="Uzbekistan"), make_country(name_en=SECRET, publication="draft"))
    result = published(make_result(project=project))
    said = client.get(address(result, FIRST)).content.decode()
    assert "Uzbekistan" in said
    assert SECRET not in said
