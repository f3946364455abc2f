"""The page of the comparison: files, links, languages, unpublished records and query counts."""

import csv
import io
import itertools
import json
import re
from decimal import Decimal

import pytest
from django.utils import timezone, translation
from openpyxl import load_workbook

from portal.core.choices import PublicationStatus
from portal.core.formatting import money, number, quantity
from tests.make import (
    make_comparison_example,
    make_country,
    make_indicator,
    make_issue,
    make_issue_in_country,
    make_key_figure,
    make_observation,
    make_project,
    make_source,
)
from tests.portal.views.compare.pages import KINDS, address, ask, heads, label_of, queries, rows, three_countries
from tests.reading import page, problems, words
from tests.world import SECRET, link, make_world, unpublished

pytestmark = pytest.mark.django_db

LANGUAGES = ("en", "ko", "ru")


def file_rows(response):
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(response).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


# ── Links to other pages ────────────────────────────────────────────────────────────────────────────────────────


def test_each_record_can_be_taken_away_and_others_added(client):
    uz, kz, tm = three_countries()

    response = ask(client, "country", uz, kz)

    assert page(response).xpath("//a[@class='compare-away']/@href") == ["?country=kz", "?country=uz"]
    assert page(response).xpath("//select[@id='add']//option/@value") == [tm.key]
    assert page(response).xpath("//main//input[@type='hidden'][@name='country']/@value") == ["uz", "kz"]


def test_only_differences_leaves_out_rows_that_are_the_same_on_the_page_and_in_the_file(client):
    uz, kz, tm = three_countries()
    for name, one, other in (("Forest", "9", "1.3"), ("Rain", "200", "210")):
        indicator = make_indicator(name_en=name)
        make_observation(indicator=indicator, place=uz, value=one)
        make_observation(indicator=indicator, place=kz, value=other)

    response = ask(client, "country", uz, kz)
    only = ask(client, "country", uz, kz, only="differences")
    lines = file_rows(client.get(address("country", uz, kz, only="differences", format="csv")))

    assert {"Forest", "Rain"} < set(rows(response))
    assert page(response).xpath("//p[@class='compare-rows']/a/@href") == ["?country=uz&country=kz&only=differences"]
    assert (
        words(page(response).xpath("//tr[th/a='Forest']//span[contains(@class, 'tag')]")[0]) == "Far apart: 6.9 times"
    )
    assert list(rows(only)) == ["Forest"]
    assert "Only differences: 1 of 6 rows." in words(page(only).xpath("//p[@class='compare-rows']")[0])
    assert page(only).xpath("//p[@class='compare-rows']/a/@href") == ["?country=uz&country=kz"]
    assert page(only).xpath("//a[@class='compare-away']/@href")[0] == "?country=kz&only=differences"
    assert [line[1] for line in lines[1:]] == ["Forest"]
    assert "No row has differences." in words(page(ask(client, "country", kz, tm, only="differences")).find(".//main"))


def test_a_wrong_choice_of_rows_is_ignored_on_the_page_and_refused_in_a_file(client):
    uz, kz, _tm = three_countries()
    assert problems(ask(client, "country", uz, kz, only="all")) == ["Rows (ignored): “all” is not available."]
    assert client.get(address("country", uz, kz, only="all", format="csv")).status_code == 400


def test_the_second_column_of_a_phone_can_be_any_but_the_first(client):
    uz, kz, tm = three_countries()

    response = ask(client, "country", uz, kz, tm)

    links = page(response).xpath("//nav[@class='compare-second']//a")
    assert [(words(link), link.get("aria-current"), link.get("href")) for link in links] == [
        ("Kazakhstan", "true", "?country=uz&country=kz&country=tm"),
        ("Turkmenistan", None, "?country=uz&country=tm&country=kz"),
    ]
    assert page(ask(client, "country", uz, kz)).xpath("//nav[@class='compare-second']") == []


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


# ── Projects to choose from ─────────────────────────────────────────────────────────────────────────────────────


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
        hrefs = page(client.get(record.get_absolute_url())).xpath("//main//a/@href")
        assert f"/en/compare/?{kind}={record.key}" in hrefs
    assert not [
        href
        for href in page(client.get(plain_country.get_absolute_url())).xpath("//main//a/@href")
        if "compare" in href
    ]


def test_the_sitemap_names_the_page(client):
    assert b"/en/compare/</loc>" in client.get("/sitemap-pages.xml").content


# ── The file ────────────────────────────────────────────────────────────────────────────────────────────────────


def on_the_page(response):
    """Return the rows of the page's tables: section, label, and for each record a list of entries."""
    return [
        (
            words(section.find("h2")),
            label_of(line.find("th")),
            [[on_entry(entry) for entry in cell[0].xpath("ul/li") or [cell[0]]] for cell in line.findall("td")],
        )
        for section in page(response).xpath("//section[.//table[contains(@class, 'compare')]]")
        for line in section.xpath(".//table[contains(@class, 'compare')]/tbody/tr")
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
        [spaced(title.partition(": ")[2]) for title in entry.xpath(".//sup//a/@title")],
    )


def in_the_file(lines, columns):
    """Return the same of the file, in which each entry of a cell has its own row. No-break spaces become plain ones."""
    found = []
    for part, label, *rest in ([spaced(text) for text in line] for line in lines):
        if not found or found[-1][:2] != (part, label):
            found.append((part, label, [[] for _column in range(columns)]))
        for column, cell in enumerate(found[-1][2]):
            if any(entry := rest[column * 5 : column * 5 + 5]):
                cell.append(entry)
    return found


def spaced(text):
    """Return a text with plain single spaces."""
    return " ".join(text.split())


def written(entry, is_number):
    """Return how the page may write the value of an entry of the file: a figure, an amount of money, or a text."""
    value, _detail, _year, unit, _source = entry
    if not is_number:
        return {spaced(value), spaced(f"{value} {unit}")}
    amount = Decimal(value)
    return {spaced(text) for text in (number(amount), quantity(amount, unit), money(amount, unit))}


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
                assert spaced(value) in written(other, is_number), label
                assert (detail, year) == (other[1], other[2]), label
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
        "Part",
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
    make_key_figure(issue=sea, position=1, value="68000", year=1960, label_en="Area")
    make_key_figure(issue=sea, position=2, value="24.1", year=2025, unit_en="km³", label_en="Volume")
    make_key_figure(issue=soil, position=1, value="5", year=2020, unit_en="%", label_en="Salty")

    response = client.get(address("issue", sea, soil, format="csv"))

    today = timezone.localdate().isoformat()
    assert response["Content-Disposition"] == f'attachment; filename="compare-sea-soil-{today}.csv"'
    assert [line[2:] for line in file_rows(response) if line[1] == "Key figures"] == [
        ["68000", "Area", "1960", "km²", "", "5", "Salty", "2020", "%", ""],
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
    query = address("country", uz, kz).partition("?")[2]
    assert links == [f"/en/compare.{form}?{query}" for form in ("csv", "xlsx", "json", "jsonl")]
    assert page(client.get("/en/compare/")).xpath("//details[@class='formats']") == []


def test_too_little_for_a_file_is_refused(client):
    three_countries()
    response = client.get(address("country", "uz", format="csv"))
    assert (response.status_code, response.json()["detail"]) == (400, "Choose two to four.")


# ── Drafts, languages, queries ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.any_database
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
    assert problems(response) == [f"{kind.capitalize()}: “a-draft” was not found and was ignored."]


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


@pytest.mark.any_database
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


@pytest.mark.any_database
def test_the_start_asks_the_same_for_more_records(client):
    world = make_world()
    before = queries(client, "/en/compare/")
    for record in (world.country, world.issue, world.project):
        link(record)
    assert queries(client, "/en/compare/") == before
    assert before <= 29  # within a transaction, as here, cached values are read each time
