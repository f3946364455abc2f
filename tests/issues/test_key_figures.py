"""Key figures: those of a series state its value with year and source, and those written by hand agree with it."""

import json
from decimal import Decimal

import pytest
from django.urls import reverse

from issues.key_figures import agrees, base_unit, contradictions, with_observations
from issues.models import KeyFigure
from portal.models import Source
from portal.publishing.checks import publishing_blockers
from tests import reading
from tests.make import (
    UNPUBLISHED,
    make_citation,
    make_country,
    make_figure_of_series,
    make_indicator,
    make_issue,
    make_key_figure,
    make_observation,
    make_source,
)
from tests.portal.staff.test_admin import form_data

pytestmark = pytest.mark.django_db


@pytest.fixture
def stress():
    """A headline figure: the latest water stress of Uzbekistan, 123% in 2022; it was 168.9 % in 2017."""
    source = make_source(key="wdi", title="World Development Indicators", publisher="World Bank", date="2025")
    indicator = make_indicator(key="water-stress", name_en="Water stress", unit_symbol_en="%", source=source)
    place = make_country(key="uz", name_en="Uzbekistan")
    for year, value in ((2017, "168.9"), (2022, "123")):
        make_observation(indicator=indicator, place=place, year=year, value=value, source=source)
    issue = make_issue(key="water-scarcity")
    indicator.issues.add(issue)
    return make_figure_of_series(
        issue=issue, label_en="Water stress in Uzbekistan", indicator=indicator, place=place, headline=True
    )


def stated():
    return [
        (figure.stated_value, figure.stated_year, figure.stated_unit[0], [one.key for one in figure.stated_sources])
        for figure in with_observations(KeyFigure.objects.all())
    ]


def content(response):
    return response.getvalue().decode("utf-8-sig")


# ── Which observation ────────────────────────────────────────────────────────────────────────────────────────────


def test_figure_without_a_year_is_the_latest_value(stress):
    assert stated() == [(Decimal(123), 2022, "%", ["wdi"])]


def test_figure_with_a_year_is_the_value_of_that_year(stress):
    KeyFigure.objects.update(year=2017)
    assert stated() == [(Decimal("168.9"), 2017, "%", ["wdi"])]


def test_figure_of_a_year_without_a_value_is_not_shown(client, stress):
    KeyFigure.objects.update(year=2018)
    assert stated() == []
    for path in ("/en/", "/en/issues/water-scarcity/"):
        assert "Water stress in Uzbekistan" not in client.get(path).content.decode()


@pytest.mark.parametrize("state", UNPUBLISHED)
def test_value_of_an_unpublished_source_is_not_stated(stress, state):
    hidden = make_source(publication=state)
    make_observation(indicator=stress.indicator, place=stress.place, year=2023, value=999, source=hidden)
    assert stated() == [(Decimal(123), 2022, "%", ["wdi"])]
    stress.indicator.publication = state
    stress.indicator.save()
    assert stated() == []


def test_main_source_comes_before_others_of_the_same_year(stress):
    other = make_source(key="a-press-account")
    make_observation(indicator=stress.indicator, place=stress.place, year=2022, value=144, source=other)
    assert stated() == [(Decimal(123), 2022, "%", ["wdi"])]


def test_figures_of_series_cost_one_query_however_many(stress, django_assert_num_queries):
    for position in range(2, 6):
        make_figure_of_series(issue=stress.issue, position=position, indicator=stress.indicator, place=stress.place)
    figures = list(KeyFigure.objects.all())
    with django_assert_num_queries(1):
        assert len(with_observations(figures)) == 5


def test_figures_written_by_hand_cost_no_query(django_assert_num_queries):
    figures = [make_key_figure()]
    with django_assert_num_queries(0):
        assert with_observations(figures) == figures


# ── Where it is shown ────────────────────────────────────────────────────────────────────────────────────────────


def test_home_shows_value_year_source_and_series(client, stress):
    [card] = reading.page(client.get("/en/")).find_class("card-issue")
    text = reading.words(card)
    assert "123% Water stress in Uzbekistan, 2022" in text
    assert "Series: Water stress" in text
    assert "World Bank, 2025" in text
    assert "/en/indicators/water-stress/" in card.xpath(".//a/@href")


def test_issue_page_shows_value_year_note_and_series(client, stress):
    response = client.get("/en/issues/water-scarcity/")
    [figure] = reading.said(response, "stat")
    assert figure == "123% Water stress in Uzbekistan, 20221 Series: Water stress"
    assert "World Development Indicators" in reading.words(reading.page(response))


def test_comparison_shows_the_stated_value(client, stress):
    make_issue(key="drought")
    response = client.get("/en/compare/?issue=water-scarcity&issue=drought")
    [cell] = [cell for cell in reading.page(response).xpath("//td") if "Water stress in" in cell.text_content()]
    assert cell.text_content().split()[:2] == ["123%", "20221"]  # and its note


def test_page_of_the_source_lists_the_figure_that_states_its_value(client, stress):
    text = reading.words(reading.page(client.get("/en/sources/wdi/")))
    assert "Water stress in Uzbekistan, 123% (2022)" in text
    make_observation(indicator=stress.indicator, place=stress.place, year=2023, source=make_source(key="newer"))
    assert "Water stress in Uzbekistan, 123%" not in reading.words(reading.page(client.get("/en/sources/wdi/")))


def test_files_and_api_have_the_stated_value_and_its_source(client, stress):
    make_citation(make_key_figure(issue=stress.issue, position=2, label_en="Loss", other_definition=True))
    issue = json.loads(client.get("/api/v1/issues/water-scarcity").content)
    of_series, by_hand = issue["key_figures"]
    assert (of_series["value"], of_series["year"], of_series["unit"]["en"]) == (123, 2022, "%")
    assert (of_series["indicator"]["key"], of_series["place"]["key"]) == ("water-stress", "uz")
    assert [source["key"] for source in of_series["sources"]] == ["wdi"]
    assert (by_hand["value"], by_hand["year"], by_hand["unit"]["en"]) == (68000, 1960, "km²")
    assert (by_hand["indicator"], by_hand["place"], by_hand["other_definition"]) == (None, None, True)
    assert len(by_hand["sources"]) == 1
    head, row = content(client.get("/en/issues/water-scarcity/?format=csv")).splitlines()[:2]
    cells = dict(zip(head.split(","), row.split(","), strict=False))
    assert (cells["key_figures_value"], cells["key_figures_year"]) == ("123; 68000", "2022; 1960")


@pytest.mark.parametrize("state", UNPUBLISHED)
def test_files_leave_out_a_figure_whose_source_is_hidden(client, stress, state):
    Source.objects.filter(key="wdi").update(publication=state)
    assert json.loads(client.get("/api/v1/issues/water-scarcity").content)["key_figures"] == []


def test_figure_by_another_definition_says_so(client):
    figure = make_key_figure(other_definition=True)
    make_citation(figure)
    [text] = reading.said(client.get(figure.issue.get_absolute_url()), "stat")
    assert text.endswith("By another author or definition than the portal’s series")


# ── Contradictions ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "value", "expected"),
    [
        ("123", "123", True),
        ("123", "123.4", True),
        ("123", "124", False),
        ("66.7", "66.7213", True),
        ("66.7", "66.64", False),
        ("68000", "68478", True),  # rounded to thousands
        ("68000", "67320", False),  # more than one per cent
        ("70", "65.3", False),
        ("70", "69.6", True),
        ("169", "121.9", False),
        ("-29.35", "-29.347", True),
        ("0", "0.4", True),
    ],
)
def test_rounded_figure_agrees_and_another_does_not(written, value, expected):
    assert agrees(Decimal(written), Decimal(value)) is expected


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("%", ("%", 0)),
        ("million ha", ("ha", 6)),
        ("thousand ha", ("ha", 3)),
        ("billion m³", ("m³", 9)),
        ("km³", ("m³", 9)),
        ("US$ million", ("US$", 6)),
        ("million people", ("people", 6)),
    ],
)
def test_units_are_compared_without_their_magnitude(unit, expected):
    assert base_unit(unit) == expected


def by_hand(stress, **fields):
    return make_key_figure(
        **{
            "issue": stress.issue,
            "position": 2,
            "label_en": "Stress of water in Uzbekistan",
            "value": 169,
            "unit_en": "%",
            "year": 2022,
            **fields,
        }
    )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"label_en": "Water stress", "place": "uz"},
        {"value": "1.69", "unit_en": "%"},
    ],
)
def test_figure_that_contradicts_the_series_is_found(stress, fields):
    if "place" in fields:
        fields = fields | {"place": stress.place}
    figure = by_hand(stress, **fields)
    assert [(one, row.value) for one, row in contradictions(stress.issue)] == [(figure, Decimal(123))]


@pytest.mark.parametrize(
    "fields",
    [
        {"value": 123},
        {"year": 2021},
        {"year": None},
        {"unit_en": "km³"},
        {"label_en": "Water stress in Turkmenistan"},
        {"label_en": "Forest in Uzbekistan"},
        {"other_definition": True},
    ],
)
def test_figure_that_agrees_or_cannot_be_compared_is_not(stress, fields):
    by_hand(stress, **fields)
    assert contradictions(stress.issue) == []


def test_figure_agrees_if_one_source_of_the_series_does(stress):
    by_hand(stress)
    other = make_source()
    make_observation(indicator=stress.indicator, place=stress.place, year=2022, value="168.7", source=other)
    assert contradictions(stress.issue) == []


def test_figure_about_another_place_of_the_same_label_is_not_compared(stress):
    by_hand(stress, place=make_country(key="tm", name_en="Turkmenistan"))
    assert contradictions(stress.issue) == []


def gaps(issue):
    return [gap.text for gap in publishing_blockers(issue) if gap.field == "key_figures"]


def test_contradiction_blocks_publishing_and_names_both_values(stress):
    assert gaps(stress.issue) == []
    make_citation(by_hand(stress))
    assert gaps(stress.issue) == [
        "Key figure “Stress of water in Uzbekistan”: 169 % contradicts the portal’s series “Water stress”, which has "
        "123 % for Uzbekistan, 2022. Choose the indicator instead, or mark another author or definition."
    ]


def test_series_without_a_value_blocks_publishing_unless_it_waits_for_its_indicator(stress):
    KeyFigure.objects.update(year=1999)
    assert gaps(stress.issue) == [
        "Key figure “Water stress in Uzbekistan”: its series has no published value for that place and year."
    ]
    stress.indicator.publication = "draft"
    stress.indicator.save()
    assert gaps(stress.issue) == []


def test_desk_warns_of_a_contradiction_on_the_page_of_the_figure(administrator, stress):
    figure = by_hand(stress, value=123)
    make_citation(figure)
    url = reverse("admin:issues_keyfigure_change", args=[figure.pk])
    response = administrator.post(url, form_data(administrator.get(url), value="169"), follow=True)
    assert "contradicts the portal’s series" in " ".join(str(one) for one in response.context["messages"])
