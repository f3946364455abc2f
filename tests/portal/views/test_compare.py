"""The comparison of records: query parameters, rows, the same rows as a file, and the forms to begin with."""

import csv
import io
import itertools
import json
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from openpyxl import load_workbook

from issues.models import Indicator, PageIndicator
from portal.core.choices import Area, PublicationStatus
from portal.core.formatting import number
from portal.models import FormerKey, Place
from projects.models import Participation, Project, ProjectIssue, RioMarker
from tests.make import (
    make_answer,
    make_area,
    make_citation,
    make_comparison_example,
    make_country,
    make_former_key,
    make_indicator,
    make_issue,
    make_issue_in_country,
    make_issue_link,
    make_key_figure,
    make_observation,
    make_organisation,
    make_page_indicator,
    make_participation,
    make_project,
    make_rio_marker,
    make_sdg,
    make_sector,
    make_source,
)
from tests.reading import count, page, problems, words
from tests.world import SECRET, link, make_world, unpublished

pytestmark = pytest.mark.django_db

LANGUAGES = ("en", "ko", "ru")
KINDS = ("country", "issue", "project")


def address(kind, *records, language="en", **more):
    query = "&".join([f"{kind}={getattr(record, 'key', record)}" for record in records])
    return f"/{language}/compare/?{query}" + "".join(f"&{name}={value}" for name, value in more.items())


def ask(client, kind, *records, **more):
    response = client.get(address(kind, *records, **more))
    assert response.status_code == 200
    return response


def label_of(head):
    """Return the label of a row without the text below it."""
    return words(head.find("a")) if head.find("a") is not None else " ".join(head.text.split())


def rows(response):
    """Return the cells of the rows as elements, by label, over all tables of the page."""
    return {
        label_of(row.find("th")): [cell[0] for cell in row.findall("td")]
        for row in page(response).xpath("//table[contains(@class, 'compare')]/tbody/tr")
    }


def row(response, label):
    """Return the texts of the cells of a row, with a bar between the entries of a list."""
    return [" | ".join(words(entry) for entry in cell.xpath("ul/li") or [cell]) for cell in rows(response)[label]]


def heads(response):
    """Return the column headings of the first table."""
    return [words(head) for head in page(response).xpath("(//table[contains(@class, 'compare')])[1]/thead//th")]


def notes(response):
    """Return the text of the notes by number."""
    return {item.get("value"): words(item) for item in page(response).xpath("//ol[@class='note-list']/li")}


def file_rows(response):
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(response).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


# ── Countries ────────────────────────────────────────────────────────────────────────────────────────────────────


def three_countries():
    return (
        make_country(key="uz", name_en="Uzbekistan"),
        make_country(key="kz", name_en="Kazakhstan"),
        make_country(key="tm", name_en="Turkmenistan"),
    )


def test_a_value_stands_with_its_year_and_its_source(client):
    uz, kz, tm = three_countries()
    stress = make_indicator(name_en="Water stress", unit_en="percentage", key="water-stress")
    first, second = make_source(title="FAO 2021"), make_source(title="World Bank 2023")
    make_observation(indicator=stress, place=uz, year=2018, value="99", source=first)
    make_observation(indicator=stress, place=uz, year=2020, value="135.200000", source=first)
    make_observation(indicator=stress, place=kz, year=2020, value="0", source=second)

    response = ask(client, "country", uz, kz, tm)

    assert heads(response) == ["Uzbekistan", "Kazakhstan", "Turkmenistan"]
    assert row(response, "Water stress") == ["135.2 20201", "0 20202", "no data"]
    assert [words(cell.find_class("notes")[0]) for cell in rows(response)["Water stress"][:2]] == ["1", "2"]
    assert "FAO 2021" in notes(response)["1"]
    assert "World Bank 2023" in notes(response)["2"]
    head = page(response).xpath("//tr[th/a[text()='Water stress']]/th")[0]
    assert words(head) == "Water stress per cent"
    assert head.xpath("a/@href") == ["/en/indicators/water-stress/?place=uz&place=kz&place=tm"]


def test_years_that_differ_are_marked_with_the_last_that_all_have(client):
    uz, kz, tm = three_countries()
    stress, use = make_indicator(name_en="Water stress"), make_indicator(name_en="Water use")
    source = make_source()
    for place, years in ((uz, (2018, 2019)), (kz, (2018, 2021))):
        for year in years:
            make_observation(indicator=stress, place=place, year=year, source=source)
    make_observation(indicator=use, place=uz, year=2018, source=source)
    make_observation(indicator=use, place=kz, year=2021, source=source)

    response = ask(client, "country", uz, kz, tm)

    said = [words(mark) for mark in page(response).find_class("compare-caution")]
    assert said == [
        "The years differ. 2018 is the last with values for all.",
        "The years differ, and no year has values for all.",
    ]


def test_two_sources_of_one_year_both_stand(client):
    uz, kz, _tm = three_countries()
    area = make_indicator(name_en="Area of cooperation")
    make_observation(indicator=area, place=uz, value="8", source=make_source(key="a"))
    make_observation(indicator=area, place=uz, value="10", source=make_source(key="b"))

    assert row(ask(client, "country", uz, kz), "Area of cooperation") == ["8 20201 | 10 20202", "no data"]


def test_an_indicator_without_a_value_for_them_has_no_row(client):
    uz, kz, tm = three_countries()
    make_observation(indicator=make_indicator(name_en="Camels"), place=tm)
    make_observation(indicator=make_indicator(name_en="Yaks"), place=uz)

    labels = rows(ask(client, "country", uz, kz))

    assert "Yaks" in labels
    assert "Camels" not in labels


def test_bars_are_sizes_against_the_largest_and_none_is_below_zero(client):
    uz, kz, tm = three_countries()
    rain, warmth = make_indicator(name_en="Rain"), make_indicator(name_en="Warmth")
    for place, mm, degrees in ((uz, "50", "-1"), (kz, "200", "1"), (tm, "0", "2")):
        make_observation(indicator=rain, place=place, value=mm)
        make_observation(indicator=warmth, place=place, value=degrees)

    found = rows(ask(client, "country", uz, kz, tm))

    assert [cell.xpath(".//rect/@width") for cell in found["Rain"]] == [["25"], ["100"], ["0"]]
    assert [cell.xpath(".//rect") for cell in found["Warmth"]] == [[], [], []]


def test_counts_and_areas_lead_to_lists_of_just_as_many(client, content):
    response = ask(client, "country", "uz", "tm")

    counted = [
        (words(anchor), anchor.get("href"))
        for section in ("counts", "areas")
        for anchor in page(response).xpath(f"//section[@aria-labelledby='{section}']//td//a")
    ]

    assert len(counted) > 12
    for number_here, href in counted:
        assert int(count(client.get(href)).split()[0].replace(",", "")) == int(number_here), href


def test_korea_is_not_counted_where_only_central_asia_is(client):
    uz, _kz, _tm = three_countries()
    korea = make_country(key="kr", name_en="Republic of Korea", group=Place.Group.KOREA)
    project = make_project()
    project.countries.add(uz)
    make_area(project, Area.FORESTRY)
    make_organisation(country=korea)

    response = ask(client, "country", uz, korea)

    assert row(response, "Projects") == ["1", "not counted"]
    assert row(response, "Organisations") == ["0", "1"]
    assert row(response, "Forestry") == ["1", "not counted"]


def test_issues_stand_with_what_they_mean_in_each_country(client):
    uz, kz, _tm = three_countries()
    issue = make_issue(name_en="Soil salinization")
    make_issue_in_country(issue=issue, country=uz, note_en="Half of the fields are salty.")

    assert row(ask(client, "country", uz, kz), "Soil salinization") == [
        "Half of the fields are salty.",
        "not listed there",
    ]


def test_charts_compare_the_countries_where_two_have_several_years(client):
    uz, kz, _tm = three_countries()
    source = make_source()
    for key, places in {"co2": (uz, kz), "water-stress": (uz, kz), "lonely": (uz,)}.items():
        indicator = make_indicator(key=key)
        for place in places:
            for year in (2018, 2019, 2020):
                make_observation(indicator=indicator, place=place, year=year, source=source)
    make_observation(indicator=make_indicator(key="short"), place=uz)
    for key in ("lonely", "water-stress"):
        make_page_indicator(page=PageIndicator.Page.COMPARISON, indicator=Indicator.objects.get(key=key))
    make_page_indicator(page=PageIndicator.Page.COUNTRY, indicator=Indicator.objects.get(key="co2"))

    response = ask(client, "country", uz, kz)

    assert page(response).xpath("//figure/@id") == ["chart-water-stress", "chart-co2"]
    assert page(response).xpath("//figure[1]//a[text()='CSV']/@href") == [
        "/en/indicators/water-stress/?place=uz&place=kz&format=csv"
    ]
    assert "charts.css" in response.content.decode()


def test_there_are_four_charts_at_most(client, content):
    response = ask(client, "country", "uz", "kz", "kr")
    assert len(page(response).xpath("//figure")) == 4
    assert {words(label) for label in page(response).xpath("//figure[1]//table/thead//th")} >= {
        "Uzbekistan",
        "Kazakhstan",
        "Republic of Korea",
    }


# ── Issues ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_key_figures_stand_with_unit_year_and_source(client):
    sea, soil = make_issue(name_en="The sea"), make_issue(name_en="The soil")
    figure = make_key_figure(issue=sea, value="68000", unit_en="km²", year=1960, label_en="Area of the sea")
    make_key_figure(issue=sea, position=2, value="-2.5", unit_en="m", year=None, label_en="Change of level")
    make_citation(figure, make_source(title="Micklin 2016"))

    response = ask(client, "issue", sea, soil)

    [here, there] = rows(response)["Key figures"]
    assert [words(item) for item in here.xpath(".//li")] == [
        "68,000 km² 19601 Area of the sea",
        "−2.5 m Change of level (year not stated)",
    ]
    assert words(there) == "no data"
    assert "Micklin 2016" in notes(response)["1"]


def test_an_issue_says_its_main_issue_or_that_it_is_one(client):
    water = make_issue(name_en="Water scarcity")
    wells = make_issue(name_en="Dry wells", parent=water)
    dust = make_issue(name_en="Dust", parent=make_issue(name_en="Hidden", publication=PublicationStatus.DRAFT))

    response = ask(client, "issue", water, wells, dust)

    assert row(response, "Top-level issue") == ["This is a top-level issue.", "Water scarcity compared here", "no data"]


def test_causes_and_effects_are_counted_and_linked(client):
    canal, sea, dust = (make_issue(name_en=name) for name in ("Leaky canals", "The dry sea", "Dust storms"))
    storm = make_issue_link(cause=sea, effect=dust, mechanism_en="The wind lifts the salt.")
    make_issue_link(cause=canal, effect=sea, mechanism_en="The rivers run out.")
    make_citation(storm, make_source(title="Orlovsky 2012"))

    response = ask(client, "issue", sea, dust)

    assert row(response, "Number of causes") == ["1", "1"]
    assert row(response, "Number of effects") == ["1", "0"]
    assert row(response, "What causes or worsens it") == [
        "Leaky canals The rivers run out.",
        "The dry sea1 compared here The wind lifts the salt.",
    ]
    assert row(response, "What it causes or worsens") == [
        "Dust storms1 compared here The wind lifts the salt.",
        "none in the portal",
    ]
    assert rows(response)["What causes or worsens it"][0].xpath(".//a/@href") == [canal.get_absolute_url()]


def test_projects_that_answer_are_counted_as_the_list_counts_them(client):
    water = make_issue(name_en="Water scarcity")
    wells = make_issue(name_en="Dry wells", parent=water)
    for issue in (water, wells, wells):
        make_answer(issue=issue)
    make_answer(issue=wells, project=make_project(publication=PublicationStatus.DRAFT))

    response = ask(client, "issue", water, wells)

    assert row(response, "Related projects") == ["3", "2"]
    addresses = [cell.xpath(".//a/@href")[0] for cell in rows(response)["Related projects"]]
    assert [count(client.get(href)) for href in addresses] == ["3 projects of 3", "2 projects of 3"]


def test_what_issues_share_is_marked(client):
    sea, soil = make_issue(), make_issue()
    for issue, codes in ((sea, ("6.4", "6.5", "13")), (soil, ("6", "15.3"))):
        for code in codes:
            make_sdg(issue, code)
    rivers, camels = make_indicator(name_en="Inflow", position=1), make_indicator(name_en="Camels", position=2)
    rivers.issues.set([sea, soil])
    camels.issues.set([sea])

    response = ask(client, "issue", sea, soil)

    assert row(response, "Sustainable Development Goals") == [
        "6 Clean water and sanitation shared by all targets 6.4, 6.5 | 13 Climate action",
        "6 Clean water and sanitation shared by all | 15 Life on land targets 15.3",
    ]
    assert row(response, "Indicators") == ["Inflow shared by all | Camels", "Inflow shared by all"]


def test_an_issue_is_compared_country_by_country(client):
    sea, soil = make_issue(), make_issue()
    make_issue_in_country(issue=soil, country=make_country(name_en="Uzbekistan"), note_en="Salt rises.")

    assert row(ask(client, "issue", sea, soil), "Uzbekistan") == ["not listed there", "Salt rises."]


# ── Projects ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_project_says_what_it_is_and_what_is_not_known(client):
    whole = make_project(
        title_en="Trees",
        summary_en="Saxaul is planted.",
        status=Project.Status.CLOSED,
        start="2020-05",
        end="2023",
        budget="5600000",
        currency="USD",
        finance=Project.Finance.GRANT,
        results_en="A forest.",
    )
    whole.countries.add(make_country(name_en="Uzbekistan"))
    make_area(whole, Area.FORESTRY)
    whole.sectors.add(make_sector(code="31220", name_en="Forestry development"))
    make_citation(whole, make_source(title="The ministry"))
    make_citation(whole, make_source(title="The newspaper"))
    bare = make_project(title_en="Wells", confidence="low")

    response = ask(client, "project", whole, bare)

    said = {label: [words(cell) for cell in cells] for label, cells in rows(response).items()}
    assert said == {
        "Summary": ["Saxaul is planted.", "Saxaul is planted on the dry bed."],
        "Status": ["Completed", "Implementation"],
        "Start date": ["May 2020", "not known"],
        "End": ["2023", "not known"],
        "Budget": ["USD 5,600,000", "not known"],
        "Funding type": ["Grant", "not known"],
        "Lead (Korean side)": ["National", "National"],
        "Countries": ["Uzbekistan", "not known"],
        "Areas": ["Forestry", "not known"],
        "Issues it addresses": ["linked to no environmental issue"] * 2,
        "Sectors (OECD DAC)": ["31220 Forestry development", "not known"],
        "Sustainable Development Goals": ["none named", "none named"],
        "Rio marker: Biodiversity": ["not stated in a source"] * 2,
        "Rio marker: Climate change mitigation": ["not stated in a source"] * 2,
        "Rio marker: Climate change adaptation": ["not stated in a source"] * 2,
        "Rio marker: Desertification": ["not stated in a source"] * 2,
        "Results": ["A forest.", "None of the sources we read reports results."],
        "Confidence": [
            "High An official or peer-reviewed source was read.",
            "Low One weak or partial source was read.",
        ],
        "Number of sources": ["21 2", "0"],
    }
    assert rows(response)["Start date"][0].xpath(".//time/@datetime") == ["2020-05"]
    assert list(notes(response)) == ["1", "2"]


def test_a_budget_of_zero_and_a_marker_of_zero_are_no_silence(client):
    free, silent = make_project(budget="0", currency="KRW"), make_project()
    make_rio_marker(project=free, significance=RioMarker.Significance.NOT_TARGETED)

    response = ask(client, "project", free, silent)

    assert row(response, "Budget") == ["KRW 0", "not known"]
    assert row(response, "Rio marker: Desertification") == ["0 Not targeted", "not stated in a source"]


def test_parties_stand_by_their_role(client):
    trees, wells = make_project(), make_project()
    koica = make_organisation(name_en="KOICA")
    make_participation(project=trees, organisation=koica, role=Participation.Role.FUNDING)
    make_participation(project=wells, organisation=koica, role=Participation.Role.FUNDING)
    make_participation(project=wells, organisation=make_organisation(name_en="Nukus"), role=Participation.Role.PARTNER)

    response = ask(client, "project", trees, wells)

    assert row(response, "Funding") == ["KOICA shared by all", "KOICA shared by all"]
    assert row(response, "Partner") == ["none named", "Nukus"]
    assert "Extending" not in rows(response)


def test_issues_that_projects_answer_stand_with_how_much(client):
    trees, wells = make_project(), make_project()
    make_answer(project=trees, issue=make_issue(name_en="Dust"), significance=ProjectIssue.Significance.SIGNIFICANT)

    assert row(ask(client, "project", trees, wells), "Issues it addresses") == [
        "Dust Significant objective",
        "linked to no environmental issue",
    ]


# ── What the address asks for ────────────────────────────────────────────────────────────────────────────────────


def make_five(kind):
    return {
        "country": lambda: [make_country(name_en=f"Country {n}", key=f"c{n}") for n in range(5)],
        "issue": lambda: [make_issue(name_en=f"Issue {n}") for n in range(5)],
        "project": lambda: [make_project(title_en=f"Project {n}") for n in range(5)],
    }[kind]()


@pytest.mark.parametrize("kind", KINDS)
def test_columns_stand_in_the_order_of_the_address(client, kind):
    five = make_five(kind)
    response = ask(client, kind, five[2], five[0], five[4])
    assert [head[-1] for head in heads(response)] == ["2", "0", "4"]
    assert problems(response) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_key_is_left_out_and_the_good_ones_hold(client, kind):
    five = make_five(kind)
    response = ask(client, kind, five[0], "nowhere", five[1])
    assert [head[-1] for head in heads(response)] == ["0", "1"]
    assert problems(response) == [
        f"{kind.capitalize()}: there is no “nowhere” to compare. It was left out.",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_more_than_four_are_cut_with_a_message(client, kind):
    five = make_five(kind)
    response = ask(client, kind, *five)
    assert [head[-1] for head in heads(response)] == ["0", "1", "2", "3"]
    assert problems(response) == [
        f"At most four can be compared at a time. Not compared: {kind.capitalize()} 4.",
    ]
    assert page(response).xpath("//select[@id='add']") == []


@pytest.mark.parametrize("kind", KINDS)
def test_one_alone_is_kept_in_a_form_that_asks_for_more(client, kind):
    five = make_five(kind)

    response = ask(client, kind, five[3], "nowhere")

    assert rows(response) == {}
    [lead] = page(response).find_class("lead")
    assert (
        words(lead)
        == {
            "country": "Country 3 is chosen. Choose one to three more countries.",
            "issue": "Issue 3 is chosen. Choose one to three more issues.",
            "project": "Project 3 is chosen. Choose one to three more projects.",
        }[kind]
    )
    assert len(problems(response)) == 1
    chosen = page(response).xpath("//main//input[@checked]/@value|//main//option[@selected]/@value")
    assert chosen == [five[3].key]
    fields = {field.get("name") for field in page(response).xpath("//main//form//*[@name]")}
    assert fields == ({kind, "find", "compare"} if kind == "project" else {kind})


def test_one_named_twice_is_one(client):
    [first, *_others] = make_five("country")
    assert rows(ask(client, "country", first, first)) == {}


def test_the_kind_that_the_address_names_most_of_holds(client):
    country, *_rest = make_five("country")
    issues = make_five("issue")

    response = client.get(address("country", country) + f"&issue={issues[0].key}&issue={issues[1].key}&project=no")

    assert heads(response) == ["Issue 0", "Issue 1"]
    assert problems(response) == [
        "Project: there is no “no” to compare. It was left out.",
        "Only one kind of record can be compared at a time. The countries in the address were ignored.",
    ]


def test_nothing_good_gives_all_forms_and_says_why(client):
    response = ask(client, "country", "nowhere", "<b>")
    assert problems(response) == [
        "Country: there is no “nowhere” to compare. It was left out.",
        "Country: there is no “<b>” to compare. It was left out.",
    ]
    assert len(page(response).xpath("//main//form")) == 3


def test_a_hundred_wrong_keys_are_not_all_named(client):
    assert len(problems(ask(client, "issue", *(f"no-{n}" for n in range(100))))) == 4


def test_a_former_key_means_the_record_that_stays(client):
    first, second, *_rest = make_five("project")
    make_former_key(kind=FormerKey.Kind.PROJECT, key="old", now=second.key)
    make_former_key(kind=FormerKey.Kind.SOURCE, key="other", now=second.key)

    response = ask(client, "project", first, "old", "other")

    assert heads(response) == ["Project 0", "Project 1"]
    assert problems(response) == ["Project: there is no “other” to compare. It was left out."]


def test_a_code_in_capitals_is_understood(client):
    three_countries()
    assert heads(ask(client, "country", "UZ", "Kz")) == ["Uzbekistan", "Kazakhstan"]


def test_empty_fields_of_a_form_leave_the_address(client):
    response = client.get("/en/compare/?issue=a&issue=&issue=b&issue=+&country=")
    assert response.status_code == 302
    assert response["Location"] == "/en/compare/?issue=a&issue=b"
    assert client.get("/en/compare/?issue=&issue=")["Location"] == "/en/compare/"


def test_a_country_of_no_group_and_a_province_are_not_compared(client):
    three_countries()
    make_country(key="cn", name_en="China", group="")
    response = ask(client, "country", "uz", "kz", "cn")
    assert heads(response) == ["Uzbekistan", "Kazakhstan"]
    assert problems(response) == ["Country: there is no “cn” to compare. It was left out."]


# ── Ways on ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_record_can_be_taken_away_and_others_added(client):
    uz, kz, tm = three_countries()

    response = ask(client, "country", uz, kz)

    assert page(response).xpath("//a[@class='compare-away']/@href") == ["?country=kz", "?country=uz"]
    assert page(response).xpath("//select[@id='add']//option/@value") == [tm.key]
    assert page(response).xpath("//main//input[@type='hidden'][@name='country']/@value") == ["uz", "kz"]


def test_the_start_offers_only_what_is_published(client):
    world = make_world()
    make_project(key="hidden", title_en=SECRET, publication=PublicationStatus.DRAFT)

    response = client.get("/en/compare/")

    tree = page(response)
    assert SECRET not in response.content.decode()
    assert tree.xpath("//input[@type='checkbox'][@name='country']/@value") == [world.country.key]
    assert tree.xpath("//input[@type='checkbox'][@name='project']/@value") == [world.project.key]
    selects = tree.xpath("//select[@name='issue']")
    assert len(selects) == 4
    for select in selects:
        assert set(select.xpath(".//option/@value")) == {"", world.main.key, world.issue.key}
        assert tree.xpath(f"//label[@for='{select.get('id')}']")


def test_options_stand_under_headings(client):
    main = make_issue(name_en="Water", position=1)
    make_issue(name_en="Wells", parent=main, position=2)
    make_issue(name_en="Dust", parent=make_issue(publication=PublicationStatus.DRAFT), position=3)

    groups = page(client.get("/en/compare/")).xpath("//select[@id='issue-1']/optgroup")

    assert {group.get("label"): [words(option) for option in group] for group in groups} == {
        "Water": ["Water", "Wells"],
        "Other issues": ["Dust"],
    }


# ── Projects to choose from ──────────────────────────────────────────────────────────────────────────────────────


def offered(response):
    """Return the projects that can be chosen: a dict from key to whether it is ticked."""
    boxes = page(response).xpath("//main//input[@type='checkbox'][@name='project']")
    return {box.get("value"): box.get("checked") is not None for box in boxes}


def test_projects_are_found_by_their_words_beside_the_chosen_ones(client):
    uz = make_country(name_en="Uzbekistan")
    trees, more, wells = (
        make_project(key=key, title_en=f"A project of {key}") for key in ("trees", "trees-2", "wells")
    )
    trees.countries.set([uz])
    make_project(key="hidden", title_en="Trees that nobody may see", publication=PublicationStatus.DRAFT)

    response = ask(client, "project", wells, find="trees")

    assert offered(response) == {"wells": True, "trees": False, "trees-2": False}
    [chosen, found] = [words(legend) for legend in page(response).xpath("//main//legend")]
    assert (chosen, found) == ("Chosen", "2 projects have these words.")
    assert "A project of trees Uzbekistan, Dates not known" in [
        words(label) for label in page(response).find_class("compare-option")
    ]
    assert words(page(response).find_class("lead")[0]) == (
        "A project of wells is chosen. Choose one to three more projects."
    )
    assert heads(ask(client, "project", wells, more)) == ["A project of wells", "A project of trees-2"]


def test_a_choice_outlives_a_search_and_the_search_is_not_in_the_address_of_the_comparison(client):
    trees, wells = make_project(key="trees"), make_project(key="wells", title_en="Wells")
    searching = ask(client, "project", trees, wells, find="wells")
    assert rows(searching) == {}
    assert offered(searching) == {"trees": True, "wells": True}

    response = client.get(address("project", trees, wells, find="wells", compare="1"))

    assert response.status_code == 302
    assert response["Location"] == "/en/compare/?project=trees&project=wells"


def test_a_comparison_of_projects_leads_to_a_search_for_another(client):
    one, other, _third = (make_project(key=key) for key in ("one", "other", "third"))
    [form] = page(ask(client, "project", one, other)).xpath("//form[.//input[@id='add']]")
    assert form.xpath(".//input/@name") == ["project", "project", "find"]
    assert form.xpath(".//input[@type='hidden']/@value") == ["one", "other"]
    assert form.xpath(".//input/@data-suggest") == ["/en/search/suggest/?kind=project"]


def test_what_nothing_has_is_said_with_the_words_still_there(client):
    make_project()
    response = client.get("/en/compare/?find=snow leopards")
    assert [words(legend) for legend in page(response).xpath("//main//legend")] == ["No projects match."]
    assert page(response).xpath("//input[@id='find']/@value") == ["snow leopards"]
    assert offered(response) == {}


def test_other_kinds_are_compared_whatever_projects_are_searched_for(client):
    uz, kz, _tm = three_countries()
    assert heads(ask(client, "country", uz, kz, find="trees")) == ["Uzbekistan", "Kazakhstan"]


@pytest.mark.parametrize("query", ["", "?find=trees", "?project=p0", "?project=p0&find=trees"])
def test_the_choice_does_not_grow_with_the_projects(client, query):
    def add(numbers):
        for one in numbers:
            make_project(key=f"p{one}", title_en=f"Trees {one:03}")

    def asked():
        url = f"/en/compare/{query}"
        response = client.get(url)
        [link] = page(response).xpath("//form//a[starts-with(@href, '/en/projects/')]")
        assert words(link) == f"All {Project.objects.count()} in the list of projects"
        assert count(client.get(link.get("href"))).split()[0] == str(Project.objects.count())
        return queries(client, url), len(response.content), len(offered(response))

    add(range(30))
    few, size, boxes = asked()
    add(range(30, 90))
    many, larger, as_many = asked()
    assert boxes == as_many <= 21
    assert few == many
    assert abs(larger - size) < size / 50


def test_the_examples_can_be_compared(client, content):
    examples = page(client.get("/en/compare/")).xpath("//ul[@class='cards']//a/@href")
    assert len(examples) == 3
    for query in examples:
        response = client.get(f"/en/compare/{query}")
        assert problems(response) == []
        assert len(heads(response)) == query.count("=")


def test_an_example_without_its_records_is_not_shown(client):
    uz, kz, _tm = three_countries()
    make_comparison_example(make_issue(), make_issue(publication=PublicationStatus.DRAFT), kind="issue")
    make_comparison_example(kz, make_country(key="jp", group=""), title_en="Not of the portal")
    make_comparison_example(kz, uz)
    assert page(client.get("/en/compare/")).xpath("//ul[@class='cards']//a/@href") == ["?country=kz&country=uz"]


def test_pages_lead_to_a_comparison_with_themselves(client):
    world = make_world()
    plain_country = make_country(group="", name_en="China")
    for kind, record in (("country", world.country), ("issue", world.issue), ("project", world.project)):
        hrefs = page(client.get(record.get_absolute_url())).xpath("//aside//a/@href")
        assert f"/en/compare/?{kind}={record.key}" in hrefs
    assert not [
        href
        for href in page(client.get(plain_country.get_absolute_url())).xpath("//main//a/@href")
        if "compare" in href
    ]


def test_the_sitemap_names_the_page(client):
    assert b"/en/compare/</loc>" in client.get("/sitemap-pages.xml").content


# ── The file ─────────────────────────────────────────────────────────────────────────────────────────────────────


def on_the_page(response):
    """Return the rows of the page's tables: section, label, and for each record a list of entries."""
    return [
        (
            words(section.find("h2")),
            label_of(line.find("th")),
            [[on_entry(entry) for entry in cell[0].xpath("ul/li") or [cell[0]]] for cell in line.findall("td")],
        )
        for section in page(response).xpath("//section[table[contains(@class, 'compare')]]")
        for line in section.xpath("table/tbody/tr")
    ]


def on_entry(entry):
    """Return the parts of an entry of a cell: value, whether that is a number, detail, year, titles of sources."""
    if missing := entry.find_class("unknown"):
        return ("", False, words(missing[0]), "", [])
    [value] = entry.find_class("compare-value")
    [date] = value.xpath(".//time/@datetime") or [""]
    return (
        date or words(value),
        "value" in value.classes,
        "".join(words(detail) for detail in entry.find_class("compare-detail")),
        "".join(words(year) for year in entry.xpath("span[@class='text-muted']")),
        [title.partition(": ")[2] for title in entry.xpath(".//sup//a/@title")],
    )


def in_the_file(lines, columns):
    """Return the same of the file, in which each entry of a cell has its own row."""
    found = []
    for part, label, *rest in lines:
        if not found or found[-1][:2] != (part, label):
            found.append((part, label, [[] for _column in range(columns)]))
        for column, cell in enumerate(found[-1][2]):
            if any(entry := rest[column * 5 : column * 5 + 5]):
                cell.append(entry)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("country", ("uz", "kz", "kr", "tm")),
        ("country", ("kg", "tj")),
        ("issue", ("glacier-retreat", "aral-sea-depletion", "aralkum")),
        ("project", ("koica-gggi-aral-sea-grip", "kfs-aral-sea-forest-restoration-kz", "gg-youth-climate-corps-2024")),
    ],
)
def test_the_file_has_what_the_page_has(client, content, kind, keys, language):
    shown = on_the_page(ask(client, kind, *keys, language=language))

    header, *lines = file_rows(client.get(address(kind, *keys, language=language, format="csv")))

    filed = in_the_file(lines, len(keys))
    assert len(header) == 2 + 5 * len(keys)
    assert [row[:2] for row in filed] == [row[:2] for row in shown]
    compared = 0
    with translation.override(language):
        for (_, label, on_page), (_, _, in_file) in zip(shown, filed, strict=True):
            assert [len(cell) for cell in on_page] == [len(cell) for cell in in_file], label
            for one, other in zip(itertools.chain(*on_page), itertools.chain(*in_file), strict=True):
                value, is_number, detail, year, titles = one
                written = " ".join(number(Decimal(other[0])).split()) if is_number else other[0]
                assert (value.replace(other[3], "").strip(), detail, year) == (written, other[1], other[2]), label
                assert bool(titles) == bool(other[4]), label
                assert all(title in other[4] for title in titles), label
                compared += 1
    assert compared > 30


def test_the_file_keeps_numbers_plain_and_says_where_they_are_from(client):
    uz, kz, _tm = three_countries()
    indicator = make_indicator(name_en="Water use", unit_symbol_en="km³")
    make_observation(
        indicator=indicator,
        place=uz,
        year=2020,
        value="1234.500000",
        source=make_source(title="=FAO", url="https://example.org/fao"),
    )

    header, *lines = file_rows(client.get(address("country", uz, kz, format="csv")))

    assert header[:7] == [
        "Child",
        "Row",
        "Uzbekistan: value",
        "Uzbekistan: detail",
        "Uzbekistan: year",
        "Uzbekistan: unit",
        "Uzbekistan: source",
    ]
    [line] = [line for line in lines if line[1] == "Water use"]
    assert line == [
        "Latest figures",
        "Water use",
        *("1234.5", "", "2020", "km³", "'=FAO <https://example.org/fao>"),
        *("", "no data", "", "", ""),
    ]


def test_the_file_gives_each_of_several_entries_a_line(client):
    sea, soil = make_issue(key="sea", name_en="The sea"), make_issue(key="soil", name_en="The soil")
    make_key_figure(issue=sea, position=1, value="68000", year=1960, label_en="Area of cooperation")
    make_key_figure(issue=sea, position=2, value="24.1", year=2025, unit_en="km³", label_en="Volume")
    make_key_figure(issue=soil, position=1, value="5", year=2020, unit_en="%", label_en="Salty")

    response = client.get(address("issue", sea, soil, format="csv"))

    today = timezone.localdate().isoformat()
    assert response["Content-Disposition"] == f'attachment; filename="compare-sea-soil-{today}.csv"'
    assert [line[2:] for line in file_rows(response) if line[1] == "Key figures"] == [
        ["68000", "Area of cooperation", "1960", "km²", "", "5", "Salty", "2020", "%", ""],
        ["24.1", "Volume", "2025", "km³", "", "", "", "", "", ""],
    ]


def test_a_budget_in_the_file_is_a_number_and_a_currency(client):
    one = make_project(budget="5600000", currency="USD", start="2020-05")
    other = make_project(start="2021")
    lines = {line[1]: line[2:] for line in file_rows(client.get(address("project", one, other, format="csv")))}
    assert lines["Budget"] == ["5600000", "", "", "USD", "", "", "not known", "", "", ""]
    assert (lines["Start date"][0], lines["Start date"][5]) == ("2020-05", "2021")


def test_names_and_values_that_look_like_formulas_stay_text_in_every_form(client):
    one = make_project(key="one", title_en="=1+1", note_en="-2, or @SUM(A1)")
    other = make_project(key="other", title_en='A "quoted", name')
    text = b"".join(client.get(address("project", one, other, format="csv"))).decode().removeprefix("\ufeff")
    [head, *_lines] = csv.reader(io.StringIO(text))
    assert (head[2], head[7]) == ("'=1+1: value", 'A "quoted", name: value')
    assert not re.search(r'(?:^|,)"?[=+@]', text, re.MULTILINE)
    book = load_workbook(io.BytesIO(client.get(address("project", one, other, format="xlsx")).content))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value is not None]
    assert book.worksheets[0]["C1"].value == "=1+1: value"
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    told = json.loads(b"".join(client.get(address("project", one, other, format="json"))))
    assert list(told["items"][0])[:3] == ["part", "row", "one_value"]


def test_comparison_offers_its_forms(client):
    uz, kz, _tm = three_countries()
    found = page(client.get(address("country", uz, kz)))
    links = found.xpath("//details[@class='formats']//a/@href")
    assert links == [address("country", uz, kz, format=form) for form in ("csv", "xlsx", "json")]
    assert page(client.get("/en/compare/")).xpath("//details[@class='formats']") == []


def test_too_little_for_a_file_is_refused(client):
    three_countries()
    response = client.get(address("country", "uz", format="csv"))
    assert (response.status_code, response.json()["detail"]) == (400, "Choose two to four.")


# ── Drafts, languages, queries ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "publication", [status for status in PublicationStatus if status != PublicationStatus.PUBLISHED]
)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_published_does_not_show(client, kind, publication):
    world = make_world()
    record = getattr(world, kind)
    other = {"country": make_country, "issue": make_issue, "project": make_project}[kind]()
    for one in (record, other, world.figure, world.link, world.indicator):
        link(one, unpublished(publication), SECRET)
    make_observation(
        indicator=world.indicator,
        place=world.country,
        year=2022,
        source=make_source(title=SECRET, publication=publication),
    )

    for more in ({}, {"format": "csv"}):
        response = client.get(address(kind, record, other, **more))
        text = b"".join(response).decode()
        assert response.status_code == 200
        assert SECRET not in text
        assert SECRET.lower() not in text


@pytest.mark.parametrize("kind", KINDS)
def test_a_draft_cannot_be_named(client, kind):
    make = {"country": make_country, "issue": make_issue, "project": make_project}[kind]
    first, second, draft = make(), make(), make(key="a-draft", publication=PublicationStatus.DRAFT)
    response = ask(client, kind, first, second, draft)
    assert len(heads(response)) == 2
    assert problems(response) == [f"{kind.capitalize()}: there is no “a-draft” to compare. It was left out."]


@pytest.mark.parametrize(("language", "name"), [("en", "Uzbekistan"), ("ko", "우즈베키스탄"), ("ru", "Узбекистан")])
def test_names_are_the_readers_and_english_says_that_it_is(client, language, name):
    uz = make_country(key="uz", name_en="Uzbekistan", name_ko="우즈베키스탄", name_ru="Узбекистан")
    kz = make_country(key="kz", name_en="Kazakhstan")
    issue = make_issue(name_en="Dust")
    make_issue_in_country(issue=issue, country=uz, note_en="It is salty.")

    response = ask(client, "country", uz, kz, language=language)

    assert heads(response) == [name, "Kazakhstan"]
    tree = page(response)
    assert tree.get("lang") == language
    for text in ("Kazakhstan", "Dust", "It is salty."):
        langs = tree.xpath(f"//table//*[normalize-space(text())='{text}']/@lang")
        assert set(langs) == (set() if language == "en" else {"en"}), text


def queries(client, url):
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def grown(kind):
    """Four records of a kind need as many queries as two; the first one has all related records."""
    world = make_world()
    make = {"country": make_country, "issue": make_issue, "project": make_project}[kind]
    records = [getattr(world, kind), make(), make(), make()]
    link(records[0])
    if kind == "country":
        for place in records:
            for year in (2018, 2019, 2020, 2021):
                make_observation(indicator=world.indicator, place=place, year=year, source=make_source())
    return world, records


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_number_of_queries_is_always_the_same(client, kind, language):
    world, records = grown(kind)

    two = queries(client, address(kind, *records[:2], language=language))
    three = queries(client, address(kind, *records[:3], language=language))
    four = queries(client, address(kind, *records, language=language))
    for record in records:
        for _time in range(2):
            link(record)
    link(world.figure)
    link(world.link)
    more = queries(client, address(kind, *records, language=language))
    as_file = queries(client, address(kind, *records, language=language, format="csv"))

    to_add = 0 if kind == "project" else 1  # the records to add are queried unless there are four already
    assert two == three == four + to_add == more + to_add
    assert as_file <= more + 2  # the content version: two queries until the first change is flushed
    assert more <= 40  # within a transaction, as here, cached values are read each time


def test_the_start_asks_the_same_for_more_records(client):
    world = make_world()
    before = queries(client, "/en/compare/")
    for record in (world.country, world.issue, world.project):
        link(record)
    assert queries(client, "/en/compare/") == before
    assert before <= 25  # within a transaction, as here, cached values are read each time
