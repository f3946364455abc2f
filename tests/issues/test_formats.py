"""What files and the API state of issues, indicators, events, terms and observations."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.core.choices import PublicationStatus
from portal.formats.serialisers import SERIALISERS
from tests.make import (
    UNPUBLISHED,
    make_citation,
    make_country,
    make_event,
    make_figure_of_series,
    make_indicator,
    make_issue,
    make_issue_in_country,
    make_issue_link,
    make_key_figure,
    make_observation,
    make_place,
    make_sdg,
    make_source,
    make_term,
)
from tests.portal.formats.files import all_stated, stated

pytestmark = pytest.mark.django_db


def test_issue_states_its_countries_causes_and_effects():
    parent = make_issue(key="parent", name_en="Water")
    issue = make_issue(key="aral", parent=parent, drivers_en="Cotton.")
    make_issue_in_country(issue=issue, country=make_country(key="uz", name_en="Uzbekistan"), note_en="In the west.")
    make_sdg(issue, "6.4")
    cause = make_issue_link(cause=make_issue(key="cotton", name_en="Cotton"), effect=issue, mechanism_en="It drinks.")
    make_citation(cause, make_source(key="paper"))
    make_issue_link(cause=issue, effect=make_issue(key="dust", name_en="Dust"), mechanism_en="It dries.")
    told = stated(issue)
    assert told["parent"] == {"key": "parent", "name": "Water"}
    assert told["drivers"] == "Cotton."
    assert told["countries"] == [{"key": "uz", "name": "Uzbekistan", "note": "In the west."}]
    assert told["sdgs"] == ["6.4"]
    [known] = told["causes"]
    assert (known["key"], known["mechanism"], [one["key"] for one in known["sources"]]) == (
        "cotton",
        "It drinks.",
        ["paper"],
    )
    assert [(one["key"], one["mechanism"]) for one in told["effects"]] == [("dust", "It dries.")]


def test_unpublished_records_are_not_named():
    draft = make_issue(publication=PublicationStatus.DRAFT)
    issue = make_issue(parent=draft)
    make_issue_link(cause=draft, effect=issue)
    make_issue_in_country(issue=issue, country=make_country(publication=PublicationStatus.DRAFT))
    told = stated(issue)
    assert (told["parent"], told["causes"], told["countries"]) == (None, [], [])


def test_figure_of_a_series_has_the_newest_value_with_its_source_and_unit():
    indicator = make_indicator(key="area", unit_symbol_en="km²")
    place = make_place(key="sea")
    for year, value in ((2010, "12.50"), (2020, "7.00")):
        make_observation(
            indicator=indicator, place=place, year=year, value=value, source=make_source(key=f"paper-{year}")
        )
    issue = make_issue()
    make_figure_of_series(issue=issue, indicator=indicator, place=place, position=2)
    make_key_figure(issue=issue, position=1, value="68000", unit_en="ha", year=1960)
    written, series = stated(issue)["key_figures"]
    assert (written["value"], written["unit"], written["year"], written["sources"]) == (68000, "ha", 1960, [])
    assert (series["value"], series["unit"], series["year"]) == (7, "km²", 2020)
    assert [source["key"] for source in series["sources"]] == ["paper-2020"]
    assert (series["indicator"]["key"], series["place"]["key"]) == ("area", "sea")


def test_figure_of_a_series_may_state_a_former_year():
    indicator, place = make_indicator(), make_place()
    for year, value in ((2010, "12.5"), (2020, "7")):
        make_observation(indicator=indicator, place=place, year=year, value=value)
    figure = make_figure_of_series(indicator=indicator, place=place, year=2010)
    [told] = stated(figure.issue)["key_figures"]
    assert (told["value"], told["year"]) == (12.5, 2010)


@pytest.mark.parametrize("publication", UNPUBLISHED)
@pytest.mark.parametrize("hidden", ["source", "indicator"])
def test_figure_of_a_series_that_readers_cannot_see_is_left_out(hidden, publication):
    observation = make_observation(indicator=make_indicator(), place=make_place())
    figure = make_figure_of_series(indicator=observation.indicator, place=observation.place)
    assert len(stated(figure.issue)["key_figures"]) == 1
    record = getattr(observation, hidden)
    record.publication = publication
    record.save()
    assert stated(figure.issue)["key_figures"] == []


@pytest.mark.any_database
def test_figures_of_three_issues_take_the_same_queries_as_those_of_one():
    def issue_with_figure():
        observation = make_observation(indicator=make_indicator(), place=make_place())
        return make_figure_of_series(indicator=observation.indicator, place=observation.place).issue

    def queries(*issues):
        with CaptureQueriesContext(connection) as asked:
            assert [len(told["key_figures"]) for told in all_stated(issues)] == [1] * len(issues)
        return len(asked)

    one, two, three = (issue_with_figure() for _ in range(3))
    assert queries(one) == queries(one, two, three)


def test_indicator_states_its_unit_source_and_issues():
    indicator = make_indicator(key="area", source=make_source(key="paper"), sdg_indicator="6.6.1", unit_symbol_ko="㎢")
    indicator.issues.add(make_issue(key="aral"), make_issue(key="draft", publication=PublicationStatus.DRAFT))
    told = stated(indicator)
    assert (told["unit"], told["unit_symbol"]) == ("square kilometres", "km²")
    assert (told["source"]["key"], told["sdg_indicator"]) == ("paper", "6.6.1")
    assert [issue["key"] for issue in told["issues"]] == ["aral"]
    assert stated(indicator, language="ko")["unit_symbol"] == "㎢"


def test_event_states_its_date_as_precisely_as_it_is_known():
    event = make_event(key="dam", date="2005-08")
    event.countries.add(make_country(key="kz"))
    event.places.add(make_place(key="sea"))
    told = stated(event)
    assert (told["date"], told["kind"]["code"]) == ("2005-08", "environment")
    assert ([one["key"] for one in told["countries"]], [one["key"] for one in told["places"]]) == (["kz"], ["sea"])


def test_term_leads_to_its_place_in_the_glossary():
    told = stated(make_term(key="tugai"))
    assert told["url"] == "http://testserver/en/glossary/#tugai"
    assert (told["term"], told["definition"]) == ("Tugai", "Forest along the rivers of a desert.")


def test_observation_states_value_unit_and_licence_of_its_indicator():
    indicator, place = make_indicator(key="area", licence_en="CC BY 4.0"), make_place(key="sea")
    observation = make_observation(indicator=indicator, place=place, year=2020, value="24.10")
    told = stated(observation)
    assert {name: told[name] for name in ("year", "value", "unit", "licence")} == {
        "year": 2020,
        "value": Decimal("24.1"),
        "unit": "square kilometres",
        "licence": "CC BY 4.0",
    }
    assert (told["indicator"]["key"], told["place"]["key"]) == ("area", "sea")


@pytest.mark.parametrize("hidden", ["indicator", "place", "source"])
@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_observation_is_published_if_all_that_it_names_is(hidden, publication):
    observation = make_observation()
    published = SERIALISERS["observation"].published
    assert [row.pk for row in published()] == [observation.pk]
    record = getattr(observation, hidden)
    record.publication = publication
    record.save()
    assert list(published()) == []
