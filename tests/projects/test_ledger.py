"""The ledger of ties: states, next steps, filters, years and files."""

import datetime
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.core.choices import Level, PublicationStatus
from portal.models import Place
from projects.ledger import coming_events, next_step
from projects.models import Agreement, Organisation, Project
from tests import reading
from tests.counting import settle
from tests.make import (
    make_activity,
    make_agreement,
    make_citation,
    make_country,
    make_event,
    make_organisation,
    make_outcome,
    make_party,
    make_place,
    make_project,
    make_source,
)
from tests.portal.formats import files

pytestmark = pytest.mark.django_db

LOCAL = Organisation.Kind.LOCAL_GOVERNMENT
TODAY = datetime.date(2026, 11, 27)
DRAFT = PublicationStatus.DRAFT
PAGE = "/en/agreements/ledger/"


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda *args: TODAY)


@pytest.fixture
def bodies():
    """The city of Suwon, in Gyeonggi, and the city of Fergana."""
    korea = make_country(key="kr", group=Place.Group.KOREA, name_en="Korea")
    province = make_place(key="gyeonggi", kind=Place.Kind.PROVINCE, name_en="Gyeonggi Province", country=korea)
    suwon = make_place(key="suwon", name_en="Suwon", part_of=province, country=korea)
    uzbekistan = make_country(key="uz", name_en="Uzbekistan")
    fergana = make_place(key="fergana", name_en="Fergana", country=uzbekistan)
    return (
        make_organisation(key="suwon-city", name_en="Suwon City", kind=LOCAL, country=korea, seat=suwon),
        make_organisation(key="fergana-city", name_en="Fergana City", kind=LOCAL, country=uzbekistan, seat=fergana),
    )


def make_tie(bodies=(), level=Level.MUNICIPAL, **fields):
    agreement = make_agreement(level=level, **fields)
    for body in bodies:
        make_party(agreement=agreement, organisation=body)
    return agreement


def found(client, **query):
    """Return the keys of the agreements that the page lists, in their order."""
    names = reading.page(client.get(PAGE, query)).xpath("//td[contains(@class, 'name')]/div/a[1]")
    return [link.get("href").split("/")[3] for link in names]


def row(client, **query):
    """Return the words of the cells of the only row, by column."""
    [only] = reading.page(client.get(PAGE, query)).xpath("//table[contains(@class, 'records')]/tbody/tr")
    return {cell.get("data-label"): reading.words(cell) for cell in only.findall("td")}


# ── The next step ────────────────────────────────────────────────────────────────────────────────────────────


def step_of(agreement):
    step = next_step(Agreement.objects.get(pk=agreement.pk), coming_events(TODAY), TODAY)
    return step and (step.date, step.kind, step.record.key)


def test_agreement_without_a_date_ahead_has_no_next_step(bodies):
    agreement = make_tie(bodies, key="mou", date="2020")
    make_activity(agreement=agreement, date="2026-11-27")
    make_outcome(agreement=agreement, project=make_project(key="old", start="2021", end="2026-10"))
    assert step_of(agreement) is None


def test_earliest_date_ahead_is_the_next_step(bodies):
    agreement = make_tie(bodies, key="mou", date="2020")
    project = make_project(key="trees", start="2028", end="2029-12")
    make_outcome(agreement=agreement, project=project)
    assert step_of(agreement) == ("2028", "Planned start of the project", "trees")
    make_activity(agreement=agreement, date="2027-06")
    assert step_of(agreement) == ("2027-06", "Planned activity", "mou")
    event = make_event(key="forum", date="2027-05-02")
    assert step_of(agreement) == ("2027-06", "Planned activity", "mou")
    event.places.add(bodies[0].seat, bodies[1].seat)
    assert step_of(agreement) == ("2027-05-02", "event", "forum")
    assert step_of(make_tie(bodies, key="next", date="2027-01")) == ("2027-01", "Planned date of the agreement", "next")


def test_end_of_a_project_is_due_until_its_last_day_unless_the_project_is_over(bodies):
    agreement = make_tie(bodies, key="mou", date="2020")
    project = make_project(key="trees", start="2021", end="2026", status=Project.Status.IMPLEMENTATION)
    make_outcome(agreement=agreement, project=project)
    assert step_of(agreement) == ("2026", "Planned end of the project", "trees")
    Project.objects.update(status=Project.Status.CANCELLED)
    assert step_of(agreement) is None


def test_event_that_names_one_side_or_is_a_draft_is_no_step(bodies):
    agreement = make_tie(bodies, key="mou", date="2020")
    make_event(key="one-side", date="2027").places.add(bodies[0].seat)
    make_event(key="draft", date="2027", publication=DRAFT).places.add(bodies[0].seat, bodies[1].seat)
    assert step_of(agreement) is None


# ── The page ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_row_has_state_last_activity_with_its_source_outcome_and_next_step(client, bodies):
    agreement = make_tie(bodies, key="mou", title_en="Suwon–Fergana", date="2020-03", looked_on="2026-11-26")
    for date, text in (("2025-07", "The mayors met."), ("2027-01", "They will meet.")):
        activity = make_activity(agreement=agreement, date=date, text_en=text)
        make_citation(activity, make_source(title=f"News of {date}"))
        make_citation(activity, make_source(title="A draft", publication=DRAFT))
    make_outcome(agreement=agreement, project=make_project(title_en="Trees"))
    make_outcome(agreement=agreement, project=make_project(title_en="Hidden", publication=DRAFT))
    assert row(client) == {
        "Agreement": "Suwon–Fergana Memorandum of understanding: Suwon City, Fergana City",
        "Date": "March 2020",
        "State and last activity": "Active, last sign July 2025 The mayors met. Source: News of 2025-07",
        "What came of it": "Trees Looked for on 26 November 2026",
        "Next step due": "January 2027 Planned activity",
    }


def test_row_says_what_is_not_known(client, bodies):
    make_tie(bodies, date="2020-03")
    cells = row(client)
    assert cells["State and last activity"] == "Not known No activity was found."
    assert cells["What came of it"] == ("No source that was read says what came of it. It has not been looked for yet.")
    assert cells["Next step due"] == "Not known"


def test_ledger_has_agreements_of_provinces_and_cities_unless_all_are_asked_for(client):
    for level in Level:
        make_agreement(key=level.value, level=level)
    make_agreement(key="draft", level=Level.MUNICIPAL, publication=DRAFT)
    assert sorted(found(client)) == ["municipal", "provincial"]
    assert sorted(found(client, scope="all")) == sorted(Level.values)
    response = client.get(PAGE, {"scope": "all", "kind": "mou"})
    assert reading.page(response).xpath("//form[@id='filters']//input[@name='scope']/@value") == ["all"]
    links = reading.page(response).xpath("//nav[contains(@class, 'tabs-scope')]//a")
    assert [(reading.words(a), a.get("href"), a.get("aria-current")) for a in links] == [
        ("Provinces and cities of Korea", f"{PAGE}?kind=mou", None),
        ("All agreements", f"{PAGE}?kind=mou&scope=all", "true"),
    ]
    assert reading.addresses(response, "//p[@class='filters-buttons']") == [f"{PAGE}?scope=all"]


def test_latest_activity_comes_first_and_unknown_last(client):
    for key, date in (("old", "2019"), ("none", None), ("new", "2025"), ("ahead", "2027")):
        agreement = make_tie(key=key)
        if date:
            make_activity(agreement=agreement, date=date)
    assert found(client) == ["new", "old", "ahead", "none"]
    assert found(client, sort="last") == ["old", "new", "ahead", "none"]


def test_key_of_the_page_is_reserved_and_other_keys_are_agreements(client):
    make_tie(key="ledger-of-1990")
    assert client.get(PAGE).context["title"] == "Ledger of ties"
    assert client.get("/en/agreements/ledger-of-1990/").context["agreement"].key == "ledger-of-1990"


# ── Filters ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def ledger(bodies):
    """An active and a quiet tie, one that has ended and one of which nothing is known."""
    suwon, fergana = bodies
    for key, date in (("active", "2025-07"), ("quiet", "2020-01")):
        make_activity(agreement=make_tie(bodies, key=key, date="2019"), date=date)
    make_activity(agreement=make_tie([suwon], key="ended", ended=True, date="2020"), date="2020-06")
    make_tie([fergana], key="unknown", date="2020")
    make_tie(bodies, key="national", level=Level.NATIONAL)


def test_each_state_has_its_agreements(client, ledger):
    for state in Agreement.State.values:
        assert found(client, state=state) == [state]
    assert reading.options(client.get(PAGE), "state") == dict.fromkeys(Agreement.State.values, 1)
    assert reading.options(client.get(PAGE, {"scope": "all"}), "state")["unknown"] == 2


def test_state_of_a_list_is_that_of_the_day(client, ledger, monkeypatch):
    assert reading.options(client.get(PAGE), "state")["active"] == 1
    monkeypatch.setattr(timezone, "localdate", lambda *args: datetime.date(2027, 8, 1))
    assert reading.options(client.get(PAGE), "state")["quiet"] == 2
    assert sorted(found(client, state="quiet")) == ["active", "quiet"]


def test_ledger_is_filtered_by_city_organisation_and_partner_country(client, ledger):
    assert sorted(found(client, place="fergana")) == ["active", "quiet", "unknown"]
    assert sorted(found(client, place="gyeonggi")) == ["active", "ended", "quiet"]  # Suwon is in the province
    assert sorted(found(client, organisation="suwon-city", state=["ended", "quiet"])) == ["ended", "quiet"]
    assert sorted(found(client, country="uz")) == ["active", "quiet", "unknown"]
    assert sorted(found(client, gyeonggi="1")) == ["active", "ended", "quiet"]


def test_years_lead_to_the_lists_of_their_agreements(client, ledger):
    response = client.get(PAGE, {"view": "years", "country": "uz"})
    rows = reading.page(response).xpath("//table[contains(@class, 'ledger-years')]/tbody/tr")
    cells = [[reading.words(cell) for cell in one] for one in rows]
    assert cells == [["2025", "0", "1"], ["2020", "1", "1"], ["2019", "2", "0"]]
    for one in rows:
        for link in one.iter("a"):
            assert client.get(link.get("href")).context["count"] == int(reading.words(link))
    assert found(client, activity=["2025", "2020"], country="uz") == ["active", "quiet"]


def test_page_states_the_rule_of_each_state(client):
    rules = reading.page(client.get(PAGE)).xpath("//section[@aria-labelledby='rules']//dt")
    assert [reading.words(one) for one in rules] == [*(str(state.label) for state in Agreement.State), "Next step due"]


# ── Files ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_file_has_the_rows_of_the_filtered_page(client, ledger):
    address = f"{PAGE}?state=active&state=unknown&place=fergana"
    data = json.loads(files.content(client.get(f"{address}&format=json")))
    assert [one["key"] for one in data["items"]] == ["active", "unknown"]
    assert data["items"][0] | {"title": ""} == {
        "key": "active",
        "date": "2019",
        "kind": "Memorandum of understanding",
        "title": "",
        "parties": "Suwon City; Fergana City",
        "state": "Active",
        "last_activity": "2025-07",
        "last_activity_text": "The ministries met in Tashkent.",
        "last_activity_sources": None,
        "outcomes": None,
        "looked_on": None,
        "next_step": None,
        "next_step_kind": None,
        "as_of": "2026-11-27",
    }
    rows = files.table(client.get(f"{address}&format=csv&scope=all"))
    assert [one["Key"] for one in rows] == ["active", "national", "unknown"]
    assert client.get(f"{address}&format=xlsx").status_code == 200


@pytest.mark.parametrize("query", ["state=asleep", "scope=half", "sort=kind", "lang=fr", "county=uz"])
def test_file_refuses_what_the_page_leaves_out(client, query):
    assert client.get(f"{PAGE}?{query}&format=json", headers={"Accept": "application/json"}).status_code == 400


def test_ledger_is_no_feed(client):
    assert client.get(f"{PAGE}?format=atom").status_code == 406


@pytest.mark.parametrize("query", ["", "&format=csv"])
def test_ledger_asks_as_much_of_the_database_for_many_agreements(client, bodies, query):
    def queries():
        settle()
        with CaptureQueriesContext(connection) as asked:
            b"".join(client.get(f"{PAGE}?scope=all&per_page=100{query}"))
        return len(asked)

    def grow(count):
        for _ in range(count):
            agreement = make_tie(bodies, level=Level.NATIONAL)
            make_citation(make_activity(agreement=agreement))
            make_outcome(agreement=agreement)
            make_event(date="2027").places.add(bodies[0].seat, bodies[1].seat)

    grow(1)
    client.get("/en/about/")  # the first page of a process fills Django's own caches
    few = queries()
    grow(6)
    assert queries() == few
