"""The timeline: events and agreements in one order, with the same filters, counted together."""

import re
from collections import Counter

import pytest

from issues.models import Event
from portal.core.choices import Area
from projects.models import Agreement
from tests import reading
from tests.counting import settle
from tests.make import (
    UNPUBLISHED,
    make_agreement,
    make_area,
    make_country,
    make_event,
    make_issue,
    make_organisation,
    make_party,
    make_place,
)
from tests.pages import LANGUAGES

pytestmark = pytest.mark.django_db


def get(client, language="en", **query):
    return client.get(f"/{language}/timeline/", query)


def entries(response):
    """Return (kind, key) of the records on the page, in its order."""
    found = [
        heading.get("href").split("/")[2:4] for heading in reading.page(response).xpath("//*[@class='timeline']//h3/a")
    ]
    return [("event" if kind == "timeline" else "agreement", key) for kind, key in found]


def keys(response):
    return [key for _kind, key in entries(response)]


def decades(response):
    """Return the headings of the page, each with the number of its entries."""
    sections = reading.page(response).xpath("//*[@class='timeline']/section")
    return [(reading.words(section.find("h2")), len(section.findall("ol/li"))) for section in sections]


def table(response):
    """Return the rows of the table below the histogram: a dict from decade to events, agreements and both."""
    rows = reading.page(response).xpath("//figure[@class='density']//tbody/tr")
    return {reading.words(row[0]): tuple(int(reading.words(cell)) for cell in row[1:]) for row in rows}


def strips(response):
    return [svg for svg in reading.page(response).iter("svg") if "density-strip" in svg.get("class", "")]


@pytest.fixture
def both(client):
    """Make three of each kind, in turn: e1 1992, a1 1992-05, e2 2007-11, a2 2008, e3 2021-07-01, a3 2021-07-02."""
    for key, date in {"e1": "1992", "e2": "2007-11", "e3": "2021-07-01"}.items():
        make_event(key=key, date=date)
    for key, date in {"a1": "1992-05", "a2": "2008", "a3": "2021-07-02"}.items():
        make_agreement(key=key, date=date)


# ── Content ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_events_and_agreements_stand_in_one_order(client, both):
    expected = ["e1", "a1", "e2", "a2", "e3", "a3"]
    assert keys(get(client)) == keys(get(client, sort="date")) == expected
    assert keys(get(client, sort="-date")) == expected[::-1]
    assert entries(get(client))[:2] == [("event", "e1"), ("agreement", "a1")]


def test_entries_stand_under_their_decades(client, both):
    assert decades(get(client)) == [("1990s", 2), ("2000s", 2), ("2020s", 2)]


def test_event_and_agreement_of_one_key_and_day_both_stand(client):
    make_event(key="same", date="2021")
    make_agreement(key="same", date="2021")
    assert entries(get(client)) == [("agreement", "same"), ("event", "same")]


def test_entries_say_what_they_are(client):
    event = make_event(text_en="The northern sea rises again.")
    event.countries.add(make_country(name_en="Kazakhstan"))
    event.issues.add(make_issue(name_en="Aral Sea"))
    agreement = make_agreement(summary_en="Both will plant trees.")
    make_party(agreement=agreement, organisation=make_organisation(name_en="Gyeonggi Province"))
    make_area(agreement, Area.FORESTRY)
    first, second = reading.said(get(client), "event")
    for words in ("Environment and policy", "The northern sea rises again.", "Kazakhstan", "Aral Sea"):
        assert words in first
    for words in ("Agreement: Memorandum of understanding", "Both will plant trees.", "Gyeonggi Province", "Forestry"):
        assert words in second


@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_what_is_not_published_is_not_there(client, both, publication):
    make_event(title_en="Secret", date="1950", publication=publication)
    agreement = make_agreement(title_en="Secret", date="1951", publication=publication)
    make_area(agreement, Area.WASTE)
    Event.objects.get(key="e1").countries.add(make_country(name_en="Secret", publication=publication))
    make_party(
        agreement=Agreement.objects.get(key="a1"),
        organisation=make_organisation(name_en="Secret", publication=publication),
    )
    response = get(client)
    assert b"Secret" not in response.content
    assert len(entries(response)) == 6
    assert list(table(response)) == ["1990s", "2000s", "2010s", "2020s"]
    assert reading.options(response, "area") == {}


def test_pages_hold_25_entries_of_both_kinds(client):
    for number in range(15):
        make_event(key=f"e{number}", date=f"{2000 + number}-01")
        make_agreement(key=f"a{number}", date=f"{2000 + number}-02")
    first, second = entries(get(client)), entries(get(client, page=2))
    assert (len(first), len(second)) == (25, 5)
    assert len({*first, *second}) == 30
    assert Counter(kind for kind, _key in first) == {"event": 13, "agreement": 12}


# ── Filters ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def told(client, both):
    """e1, a1 of Uzbekistan; e2, a2 of an issue below water; a3 of forestry, through an organisation of Kazakhstan."""
    uz, kz = make_country(key="uz", name_en="Uzbekistan"), make_country(key="kz", name_en="Kazakhstan")
    water = make_issue(key="water", name_en="Water")
    canals = make_issue(key="canals", name_en="Canals", parent=water)
    event, agreement = ({record.key: record for record in model.objects.all()} for model in (Event, Agreement))
    event["e1"].countries.add(uz)
    make_party(agreement=agreement["a1"], country=uz)
    make_party(agreement=agreement["a3"], organisation=make_organisation(country=kz))
    event["e2"].issues.add(canals)
    agreement["a2"].issues.add(canals)
    make_area(agreement["a3"], Area.FORESTRY)
    event["e3"].places.add(make_place(key="nukus"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"kind": "environment"}, ["e1", "e2", "e3"]),
        ({"kind": "mou"}, ["a1", "a2", "a3"]),
        ({"kind": ["environment", "mou"]}, ["e1", "a1", "e2", "a2", "e3", "a3"]),
        ({"kind": "relations"}, []),
        ({"country": "uz"}, ["e1", "a1"]),
        ({"country": "kz"}, ["a3"]),
        ({"country": ["kz", "uz"]}, ["e1", "a1", "a3"]),
        ({"issue": "canals"}, ["e2", "a2"]),
        ({"issue": "water"}, ["e2", "a2"]),
        ({"area": "forestry"}, ["a3"]),
        ({"place": "nukus"}, ["e3"]),
        ({"year_from": 2008}, ["a2", "e3", "a3"]),
        ({"year_to": 2007}, ["e1", "a1", "e2"]),
        ({"year_from": 2007, "year_to": 2008}, ["e2", "a2"]),
        ({"q": "forests"}, ["a1", "a2", "a3"]),
        ({"q": "dam"}, ["e1", "e2", "e3"]),
        ({"country": "uz", "kind": "mou"}, ["a1"]),
        ({"area": "forestry", "kind": "environment"}, []),
    ],
)
def test_filters_mean_the_same_for_both(client, told, query, expected):
    response = get(client, **query)
    assert keys(response) == expected
    assert reading.count(response).split()[0] == str(len(expected))
    assert reading.problems(response) == []


def test_values_are_counted_over_both(client, told):
    response = get(client)
    assert reading.options(response, "kind") == {"environment": 3, "mou": 3}
    assert reading.options(response, "country") == {"uz": 2, "kz": 1}
    assert reading.options(response, "issue") == {"water": 2, "canals": 2}
    assert reading.options(response, "area") == {"forestry": 1}
    assert reading.options(response, "place") == {"nukus": 1}
    assert reading.options(get(client, kind="mou"), "country") == {"uz": 1, "kz": 1}
    assert reading.options(get(client, country="uz"), "country") == {"uz": 2, "kz": 1}


@pytest.mark.parametrize("name", ["kind", "country", "issue", "area", "place"])
def test_counts_of_the_content_are_what_the_timeline_shows(content, client, name):
    for value, count in reading.options(get(client), name).items():
        assert reading.count(get(client, **{name: value})).split()[0] == str(count), (name, value)


def test_kinds_of_events_and_of_agreements_stand_apart(client, told):
    legends = [reading.words(legend) for legend in reading.page(get(client)).xpath("//form[@id='filters']//legend")]
    assert legends[:2] == ["Events", "Agreements"]


def test_hint_says_what_only_one_kind_has(client, told):
    assert reading.said(get(client), "facet-hint") == [
        ("Only agreements have an area of cooperation."),
        "Only events have places.",
    ]


def test_chosen_values_are_chips_and_wrong_ones_are_told(client, told):
    response = get(client, kind=["mou", "nonsense"], country="uz")
    assert sorted(reading.chips(response)) == [
        ("Country: Uzbekistan", "/en/timeline/?kind=mou&kind=nonsense"),
        ("Kind: Memorandum of understanding", "/en/timeline/?kind=nonsense&country=uz"),
    ]
    assert reading.problems(response) == ["Kind: “nonsense” was not found and was ignored."]


def test_total_is_of_both(client, told):
    assert reading.count(get(client, country="uz")) == "2 entries of 6"
    [empty] = reading.said(get(client, q="kangaroo"), "empty")
    assert "see all (6 entries)" in empty


# ── The strip ────────────────────────────────────────────────────────────────────────────────────────────────


def test_table_has_the_numbers_of_each_decade(client, both):
    assert table(get(client)) == {"1990s": (1, 1, 2), "2000s": (1, 1, 2), "2010s": (0, 0, 0), "2020s": (1, 1, 2)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_strip_of_the_content_and_its_table_have_the_same_numbers(content, client, language):
    response = get(client, language)
    rows = list(table(response).values())
    events = Event.objects.published().without_agreements().count()
    agreements = Agreement.objects.published().count()
    assert tuple(map(sum, zip(*rows, strict=True))) == (events, agreements, events + agreements)
    for svg in strips(response):
        drawn = []
        for decade in svg.find_class("decade"):
            parts = [decade.xpath(f"count(.//rect[@class='kind-{kind}'])") for kind in (1, 2)]
            numbers = [title.text for title in decade.iter("title")]
            drawn.append((numbers, parts))
        assert len(drawn) == len(rows)
        for (numbers, _parts), (of_events, of_agreements, _all) in zip(drawn, rows, strict=True):
            whole, *years = [[int(n) for n in re.findall(r"\d+", words)][-2:] for words in numbers]
            assert whole == [of_events, of_agreements]
            assert [sum(column) for column in zip(*years, strict=True)] == (whole if years else [])


def test_decade_leads_to_its_heading_where_that_is_on_the_page_and_else_to_its_years(client):
    for year in (1992, *range(2000, 2010), *range(2010, 2020), *range(2020, 2026)):
        make_event(date=str(year))
        make_agreement(date=str(year))
    response = get(client, sort="date", kind=["environment", "mou"])
    for svg in strips(response):
        assert [decade.get("href") for decade in svg.find_class("decade")] == [
            "#decade-1990",
            "#decade-2000",
            "#decade-2010",
            "/en/timeline/?sort=date&kind=environment&kind=mou&year_from=2020&year_to=2029",
        ]
    anchors = reading.page(response).xpath("//h2/@id")
    assert {"decade-1990", "decade-2000", "decade-2010"} <= set(anchors)
    [*_others, last] = reading.page(response).xpath("//figure[@class='density']//tbody//a/@href")
    assert keys(client.get(last))[:1] == keys(get(client, year_from=2020))[:1]
    assert reading.count(client.get(last)).split()[0] == "12"


def test_strip_shows_all_years_and_marks_those_that_were_asked_for(client, both):
    response = get(client, year_from=2000, year_to=2009)
    assert keys(response) == ["e2", "a2"]
    assert list(table(response)) == ["1990s", "2000s", "2010s", "2020s"]
    for svg in strips(response):
        assert ["chosen" in decade.get("class") for decade in svg.find_class("decade")] == [False, True, False, False]


def test_strip_follows_the_other_filters(client, told):
    assert table(get(client, country="uz")) == {"1990s": (1, 1, 2)}


def test_sentence_says_from_when_to_when_and_the_fullest_year(client, both):
    [sentence] = reading.said(get(client), "density-sentence")
    assert sentence == ("1992–2021; the year with the most entries is 1992 (2). Select a decade to jump to it.")


def test_timeline_without_any_entry_has_no_strip(client):
    response = get(client)
    assert (response.status_code, reading.count(response), strips(response)) == (200, "0 entries", [])


# ── Elsewhere ────────────────────────────────────────────────────────────────────────────────────────────────


def test_page_of_an_issue_has_both_by_date(client, told):
    [part] = reading.page(client.get("/en/issues/canals/")).xpath("//section[@aria-labelledby='events']")
    assert part.xpath(".//ol//a/@href") == ["/en/agreements/a2/", "/en/timeline/e2/"]
    assert part.xpath(".//p//a/@href") == ["/en/timeline/?issue=canals"]


def test_page_of_a_country_has_the_newest_of_both_and_counts_them(client, told):
    page = reading.page(client.get("/en/countries/uz/"))
    [part] = page.xpath("//details[summary/h2[@id='events']]")
    assert part.xpath(".//ol//a/@href") == ["/en/agreements/a1/", "/en/timeline/e1/"]
    assert reading.words(part.xpath(".//p/a")[0]) == "All 2 entries on the timeline"
    [address] = part.xpath(".//p/a[1]/@href")
    assert keys(client.get(address)) == ["a1", "e1"]
    [events] = [link for link in page.xpath("//li[@class='stat']/a") if "event" in reading.words(link)]
    assert reading.words(events) == "1 event"
    assert keys(client.get(events.get("href"))) == ["e1"]


# ── Query counts ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.any_database
@pytest.mark.parametrize("count", [1, 6])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_timeline_asks_the_same_of_the_database_for_one_of_each_as_for_six(
    client, django_assert_num_queries, count, language
):
    for number in range(count):
        event = make_event(date=f"{1990 + number}")
        event.countries.add(make_country())
        event.issues.add(make_issue())
        agreement = make_agreement(date=f"{1990 + number}")
        make_party(agreement=agreement, country=make_country())
        make_area(agreement, Area.FORESTRY)
        agreement.issues.add(make_issue())
    settle()
    with django_assert_num_queries(33):
        get(client, language)
