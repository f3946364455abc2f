"""Charts of indicators show all observations, nothing else, and their sources."""

import csv
import io
import re
from xml.etree import ElementTree

import pytest
from django.utils import translation

from issues.charts import IndicatorFigure, place_tones
from issues.figures import readings
from issues.models import Indicator, Observation
from portal.models import Place
from tests import reading
from tests.make import (
    make_answer,
    make_country,
    make_indicator,
    make_issue,
    make_place,
    make_project,
    make_source,
)


def observe(indicator, place, source, **by_year):
    return [
        Observation.objects.create(indicator=indicator, place=place, source=source, year=int(year[1:]), value=value)
        for year, value in by_year.items()
    ]


def figure(indicator, **kwargs):
    return IndicatorFigure(indicator, readings(Observation.objects.filter(indicator=indicator))[indicator.pk], **kwargs)


@pytest.fixture
def area(db):
    return make_indicator(key="area", name_en="Area", unit_symbol_en="km²")


def sentence(drawn):
    """Return the sentence of a figure with ordinary spaces."""
    return drawn.sentence.replace("\u00a0", " ")


def test_the_sentence_says_what_fell_and_when(area):
    observe(area, make_place(name_en="Aral Sea"), make_source(), y1990=68000, y2018=6990)
    assert sentence(figure(area)) == "Aral Sea: down from 68,000 km² (1990) to 6,990 km² (2018)."


@pytest.mark.parametrize(("last", "words"), [(70, "up from 50 km²"), (50, "Lake: 50 km² in both 1990 and 2018.")])
def test_the_sentence_says_what_rose_or_stayed(area, last, words):
    observe(area, make_place(name_en="Lake"), make_source(), y1990=50, y2018=last)
    assert words in sentence(figure(area))


def test_the_sentence_of_many_places_names_the_extremes_of_the_latest_year(area):
    source = make_source()
    for number, name in enumerate(("One", "Two", "Three"), 1):
        observe(area, make_place(name_en=name), source, y2000=1, y2010=number * 10)
    assert sentence(figure(area)) == (
        "Three: up from 1 km² (2000) to 30 km² (2010). Highest in 2010: Three (30 km²). Lowest: One (10 km²)."
    )


def many(indicator, **points):
    """Return the figure of an indicator with these values for these places."""
    source = make_source()
    for name, values in points.items():
        observe(indicator, make_place(name_en=name), source, **values)
    return figure(indicator)


def test_the_sentence_compares_in_the_latest_year_that_all_share(area):
    drawn = many(area, One={"y2000": 1, "y2010": 2}, Two={"y2010": 8, "y2012": 9}, Three={"y2010": 5, "y2013": 4})
    assert sentence(drawn).endswith(
        "Highest in 2010, the latest year with data for all: Two (8 km²). Lowest: One (2 km²)."
    )


def test_the_sentence_says_how_many_have_the_latest_year_if_the_shared_one_is_long_ago(area):
    one, *rest = (
        {"y2000": 1, "y2004": 2},
        {"y2000": 3, "y2010": 9},
        {"y2000": 4, "y2010": 5},
        {"y2000": 5, "y2010": 7},
    )
    drawn = many(area, One=one, **dict(zip(("Two", "Three", "Four"), rest, strict=True)))
    assert sentence(drawn).endswith(
        "Highest in 2010, of the 3 places with comparable data: Two (9 km²). Lowest: Three (5 km²)."
    )


def test_the_sentence_gives_the_year_of_each_value_where_no_year_serves(area):
    drawn = many(area, One={"y1996": 7}, Two={"y2000": 3, "y2001": 2}, Three={"y1999": 5})
    assert sentence(drawn) == (
        "Two: down from 3 km² (2000) to 2 km² (2001). "
        "Highest in the latest data: One (7 km², 1996). Lowest: Two (2 km², 2001)."
    )


def test_the_sentence_does_not_compare_years_that_are_far_apart(area):
    drawn = many(area, One={"y1990": 7}, Two={"y2000": 3, "y2001": 2}, Three={"y2010": 5})
    assert sentence(drawn) == "Two: down from 3 km² (2000) to 2 km² (2001)."


def test_the_sentence_does_not_rank_a_whole_with_its_parts(area):
    source = make_source()
    sea = make_place(name_en="Sea")
    country = make_country(name_en="Country")
    observe(area, sea, source, y2010=100)
    observe(area, country, source, y2010=90)
    for name, part_of, value in (("North", sea, 30), ("South", sea, 70)):
        observe(area, make_place(name_en=name, part_of=part_of), source, y2010=value)
    observe(area, make_place(name_en="Province", country=country), source, y2010=40)
    assert sentence(figure(area)) == ("Highest in 2010: South (70 km²). Lowest: North (30 km²).")


def test_the_sentence_does_not_compare_values_of_different_authors(area):
    main, other = make_source(), make_source(author="Kim")
    for name, source, value in (("One", main, 1), ("Two", main, 2), ("Three", main, 3), ("Four", other, 900)):
        observe(area, make_place(name_en=name), source, y2010=value)
    assert sentence(figure(area)) == (
        "Highest in 2010, of the 3 places with comparable data: Three (3 km²). Lowest: One (1 km²)."
    )


def test_the_sentence_compares_editions_of_one_author(area):
    for name, value in (("One", 1), ("Two", 2), ("Three", 3)):
        observe(area, make_place(name_en=name), make_source(), y2010=value)
    assert sentence(figure(area)) == "Highest in 2010: Three (3 km²). Lowest: One (1 km²)."


def test_the_sentence_states_the_change_by_one_author(area):
    lake = make_place(name_en="Lake")
    observe(area, lake, make_source(author="Kim"), y2000=7, y2010=5)
    observe(area, lake, make_source(author="Ivanov"), y2020=900)
    assert len(figure(area).series) == 1
    assert sentence(figure(area)) == "Lake: down from 7 km² (2000) to 5 km² (2010)."


def test_the_sentence_states_no_change_if_each_value_has_its_own_author(area):
    lake = make_place(name_en="Lake")
    for year, author in ((2000, "Kim"), (2010, "Ivanov")):
        Observation.objects.create(
            indicator=area, place=lake, source=make_source(author=author), year=year, value=year - 1995
        )
    assert sentence(figure(area)) == "Lake: 15 km² in 2010."


def test_the_sentence_ranks_nothing_if_each_place_has_its_own_author(area):
    for name in ("One", "Two", "Three"):
        observe(area, make_place(name_en=name), make_source(author=name), y2010=1, y2011=2)
    assert sentence(figure(area)) == "One: up from 1 km² (2010) to 2 km² (2011)."


def test_the_sentence_compares_a_place_with_two_sources_once(area):
    main, other = make_source(author="Kim", date="2024"), make_source(author="Ivanov", date="2012")
    for name, value in (("One", 1), ("Two", 2), ("Three", 3)):
        observe(area, make_place(key=name.lower(), name_en=name), main, y2010=value)
    observe(area, Place.objects.get(key="one"), other, y2010=14)
    assert sentence(figure(area)) == ("Highest in 2010: Three (3 km²). Lowest: One (1 km²).")


def test_the_sentence_of_equal_values_ranks_nothing(area):
    drawn = many(area, One={"y2010": 0}, Two={"y2010": 0}, Three={"y2010": 0})
    assert sentence(drawn) == "In 2010, the value was 0 km² in all 3 places with comparable data."


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            "Three: up from 1.2 million t (2000) to 5.123 million t (2010). Highest in 2010: Three "
            "(5.123 million t). Lowest: One and Two (0 t).",
        ),
        (
            "ko",
            "Three: 2000년 120만 톤에서 증가해 2010년에는 512만 3,000톤입니다. 2010년에 값이 가장 큰 곳은 Three(512만 "
            "3,000톤), 가장 작은 곳은 몽골과 Two(0톤)입니다.",
        ),
        (
            "ru",
            "Three: рост с 1,2 млн т (2000 г.) до 5,123 млн т (2010 г.). Наибольшее значение в 2010 г.: Three (5,123 "
            "млн т), наименьшее: One и Two (0 т).",
        ),
    ],
)
def test_the_sentence_has_the_words_of_the_language(area, language, words):
    area.unit_symbol_en, area.unit_symbol_ko, area.unit_symbol_ru = "million t", "백만 톤", "млн т"
    area.save()
    many(
        area,
        One={"y2000": 1, "y2010": 0},
        Two={"y2000": 3, "y2010": 0},
        Three={"y2000": "1.2", "y2010": "5.123"},
    )
    Place.objects.filter(name_en="One").update(name_ko="몽골")
    with translation.override(language):
        assert sentence(figure(area)) == words


def test_the_sentence_names_all_that_are_equal_and_leaves_the_world_aside(area):
    observe(area, make_place(kind="world", name_en="World"), make_source(), y2000=1, y2010=999)
    drawn = many(area, One={"y2000": 1, "y2010": 0}, Two={"y2000": 3, "y2010": 0}, Three={"y2000": 1, "y2010": 5})
    assert sentence(drawn) == (
        "Three: up from 1 km² (2000) to 5 km² (2010). Highest in 2010: Three (5 km²). Lowest: One and Two (0 km²)."
    )


def test_the_sentence_does_not_end_twice_after_an_abbreviated_unit(area):
    area.unit_symbol_en = "t/cap."
    kz, uz = make_country(key="kz"), make_country(key="uz")
    source = make_source()
    for place in (kz, uz):
        observe(area, place, source, y2000=1, y2010=3)
    assert sentence(figure(area, focus=uz)).endswith("ranged from 3 t/cap. to 3 t/cap.")


def test_the_sentence_of_a_country_states_the_range_of_one_source(area):
    area.unit_symbol_en = "%"
    main, other = make_source(), make_source(author="Kim")
    for key, source, value in (("kz", main, 3), ("kg", main, 5), ("tj", other, 99), ("uz", main, 4)):
        observe(area, make_country(key=key, name_en=key.upper()), source, y2010=value)
    assert sentence(figure(area, focus=Place.objects.get(key="uz"))) == (
        "UZ: 4% in 2010. In 2010, values in the countries of Central Asia ranged from 3% to 5%."
    )
    assert sentence(figure(area, focus=Place.objects.get(key="tj"))) == "TJ: 99% in 2010."


def test_the_sentence_of_two_tells_both_even_where_one_has_a_single_value(area):
    drawn = many(area, One={"y2000": 1, "y2010": 3}, Two={"y2004": 2})
    assert sentence(drawn) == "One: up from 1 km² (2000) to 3 km² (2010). Two: 2 km² in 2004."


def test_the_sentence_of_single_values_gives_them(area):
    observe(area, make_place(name_en="Lake"), make_source(), y2018=7)
    assert sentence(figure(area)) == "Lake: 7 km² in 2018."


def test_sources_that_give_the_same_year_stand_apart(area):
    lake = make_place(name_en="Lake")
    observe(area, lake, make_source(author="Ivanov", date="2012"), y2010=14280)
    observe(area, lake, make_source(author="Kim", date="2024"), y2010=11690, y2011=9260)
    series = figure(area).series
    assert [(one.name, one.dashed) for one in series] == [("Lake (Ivanov 2012)", False), ("Lake (Kim 2024)", True)]
    assert series[0].tone == series[1].tone


def test_sources_that_follow_one_another_are_one_series(area):
    lake = make_place(name_en="Lake")
    observe(area, lake, make_source(), y2021=66)
    observe(area, lake, make_source(), y2023=70)
    assert [sorted(one.points) for one in figure(area).series] == [[(2021, 66.0), (2023, 70.0)]]


def test_countries_have_one_order_and_colour_and_the_line_of_korea_is_heavy(client, area):
    source = make_source()
    for key in ("kg", "kr", "kz", "tj", "tm", "uz"):
        group = Place.Group.KOREA if key == "kr" else Place.Group.CENTRAL_ASIA
        observe(area, make_country(key=key, name_en=key.upper(), group=group), source, y2000=1, y2001=2)
    observe(area, make_place(key="a-lake", name_en="Lake"), source, y2000=1, y2001=2)
    series = figure(area).series
    assert [(one.name, one.tone, one.heavy) for one in series] == [
        ("KZ", 1, False),
        ("KG", 2, False),
        ("TJ", 3, False),
        ("TM", 4, False),
        ("UZ", 5, False),
        ("KR", 6, True),
        ("Lake", 8, False),
    ]
    page = reading.page(client.get(area.get_absolute_url()))
    assert len(page.find_class("heavy")) == 3  # the wide chart, that of a phone, and the small one
    assert page.xpath("//article//input[@name='place']/@value") == ["kz", "kg", "tj", "tm", "uz", "kr", "a-lake"]


def test_other_places_have_colours_that_no_country_of_the_chart_has():
    places = [Place(pk=number, key=key) for number, key in enumerate(("lake", "kz", "sea", "river", "uz"))]
    assert [place_tones(places)[place] for place in places] == [3, 1, 2, 4, 5]


def test_seven_lines_have_a_colour_and_others_are_grey(area):
    first, second = make_source(author="Ivanov", date="2012"), make_source(author="Kim", date="2024")
    for number in range(5):
        place = make_place(name_en=f"Lake {number}")
        observe(area, place, first, y2000=1, y2001=2)
        observe(area, place, second, y2001=2, y2002=3)
    tones = [(one.dashed, one.tone) for one in figure(area).series]
    assert [tone for dashed, tone in tones if not dashed] == [1, 5, 3, 2, 4]
    assert [tone for dashed, tone in tones if dashed] == [1, 5, 9, 9, 9]


def test_names_too_long_for_a_phone_become_letters_with_a_key(area):
    observe(
        area, make_place(name_en="North-eastern Caspian (Zhaiyk delta and Mangystau coast)"), make_source(), y2020=1
    )
    drawn = figure(area)
    assert [(letter, one.name[:13]) for letter, one in drawn.key] == [("A", "North-eastern")]
    assert drawn.narrow.labels[0].rows[0][0] == "A"


def test_the_page_of_an_indicator_without_values_says_so(client, area):
    page = client.get(area.get_absolute_url()).content.decode()
    assert "No data for this selection." in page
    assert '<svg class="chart' not in page


def test_a_choice_of_places_and_years_holds_in_chart_table_and_file(client, area):
    source = make_source()
    lake, sea = make_place(key="lake", name_en="Lake"), make_place(key="sea", name_en="Sea")
    observe(area, lake, source, y2000=1, y2001=2)
    observe(area, sea, source, y2000=3)
    answer = client.get(area.get_absolute_url(), {"place": "lake", "year_from": "2001"})
    assert [(o.place.key, o.year) for o in answer.context["observations"]] == [("lake", 2001)]
    address = answer.context["figure"].csv_url
    assert address == "/en/indicators/area.csv?place=lake&year_from=2001"
    assert [row["year"] for row in read_csv(client.get(address))] == ["2001"]


@pytest.mark.parametrize(("world", "drawn"), [(90, {"Lake", "Sea", "World"}), (101, {"Lake", "Sea"})])
def test_the_world_is_not_drawn_where_it_would_flatten_the_others_unless_it_is_chosen(client, area, world, drawn):
    source = make_source()
    for key, name, kind, value in (
        ("lake", "Lake", "lake", 5),
        ("sea", "Sea", "lake", 10),
        ("w", "World", "world", world),
    ):
        observe(area, make_place(key=key, name_en=name, kind=kind), source, y2000=1, y2001=value)
    answer = client.get(area.get_absolute_url())
    assert {one.name for one in answer.context["figure"].series} == drawn
    note = f"Not shown because it would flatten the other lines: World ({world}\u00a0km² in 2001)."
    assert (note in answer.content.decode()) == ("World" not in drawn)
    assert len(answer.context["observations"]) == 6
    chosen = client.get(area.get_absolute_url(), {"place": ["lake", "w"]}).context["figure"]
    assert ({one.name for one in chosen.series}, chosen.note) == ({"Lake", "World"}, "")


def test_a_wrong_choice_is_a_message_and_the_rest_holds(client, area):
    observe(area, make_place(key="lake"), make_source(), y2000=1)
    answer = client.get(area.get_absolute_url(), {"place": ["lake", "atlantis"], "year_from": "soon"})
    page = answer.content.decode()
    assert "Place: “atlantis” was not found and was ignored." in page
    assert len(answer.context["observations"]) == 1


# ── The page ─────────────────────────────────────────────────────────────────────────────────────────────────────


def blocks(answer):
    """Return the names of the blocks of the page in their order."""
    main = reading.page(answer).xpath("//article")[0]
    marks = {"tabs": "tabs", "indicator-view": "view", "map-values": "map", "section": "section"}
    found = [(mark, one) for one in main.iter() for mark in marks if mark in (one.get("class") or "").split()]
    return [one.get("aria-labelledby") or marks[mark] for mark, one in found]


def test_the_page_of_an_indicator_begins_with_its_chart(client, area):
    area.issues.add(issue := make_issue(key="sea", name_en="The sea"))
    for number in range(4):
        make_answer(issue=issue, project=make_project(title_en=f"Project {number}", start=f"201{number}"))
    source = make_source(title="On the sea")
    for name in ("One", "Two", "Three"):
        observe(area, make_place(name_en=name), source, y2000=1, y2010=2)
    answer = client.get(area.get_absolute_url())
    assert blocks(answer) == ["tabs", "view", "small-charts", "projects", "facts", "sources"]
    assert reading.said(answer, "entry-title") == ["Project 3", "Project 2", "Project 1"]
    assert reading.page(answer).xpath("//section[@aria-labelledby='projects']//p[@class='section-more']/a/@href") == [
        "/en/projects/?issue=sea"
    ]


def test_the_readout_states_the_latest_year_at_first(client, area):
    source = make_source()
    observe(area, make_place(name_en="Lake"), source, y2000=1, y2001=2, y2002=5)
    observe(area, make_place(name_en="Sea"), source, y2000=3)
    assert reading.said(client.get(area.get_absolute_url()), "chart-reading") == ["2002: Lake 5"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"y2000": 7}, {"figure-large": ["7 km² Lake, 2000"], "bar": []}),
        ({"y2000": 7, "y2010": 9, "y2020": 4}, {"figure-large": [], "bar": ["Lake, 2000", "Lake, 2010", "Lake, 2020"]}),
        ({"y2000": 7, "y2010": 9, "y2020": 4, "y2021": 4}, {"figure-large": [], "bar": []}),
    ],
)
def test_few_values_are_bars_and_one_is_a_large_figure(client, area, values, said):
    observe(area, make_place(name_en="Lake"), make_source(), **values)
    answer = client.get(area.get_absolute_url())
    page = reading.page(answer)
    names = [text for text in page.xpath("//article//svg//text//tspan/text()") if "Lake, " in text]
    assert reading.said(answer, "figure-large") == said["figure-large"]
    assert names == said["bar"]
    assert bool(page.find_class("series")) == (len(values) > 3)
    picture = client.get(area.get_absolute_url(), {"format": "svg"}).content.decode()
    assert ('class="bar' in picture) == (len(values) <= 3)


def test_values_of_one_year_are_bars(client, area):
    source = make_source()
    for name in ("One", "Two", "Three", "Four"):
        observe(area, make_place(name_en=name), source, y2015=5)
    page = reading.page(client.get(area.get_absolute_url()))
    assert len(page.find_class("bar")) == 4
    assert page.find_class("series") == page.find_class("multiples") == []


def test_only_places_with_values_of_the_indicator_are_offered_and_drawn_ones_are_ticked(client, area):
    source = make_source()
    for key, value in (("uz", 5), ("kz", 6), ("w", 900)):
        kind = "world" if key == "w" else "country"
        observe(area, make_place(key=key, name_en=key, kind=kind), source, y2000=1, y2001=value)
    observe(make_indicator(), make_place(key="sea"), source, y2000=1)
    hidden = make_source(publication="draft")
    observe(area, make_place(key="lake"), hidden, y2000=1)
    boxes = reading.page(client.get(area.get_absolute_url())).xpath("//article//input[@name='place']")
    assert [(box.get("value"), box.get("checked") is not None) for box in boxes] == [
        ("kz", True),
        ("uz", True),
        ("w", False),
    ]


def test_tabs_lead_to_the_same_choice_and_the_map_only_where_there_is_one(client, area):
    source = make_source()
    places = [make_country(key=key, group=Place.Group.CENTRAL_ASIA) for key in ("kz", "uz", "tj")]
    for place in places[:2]:
        observe(area, place, source, y2000=1, y2001=3)

    def tabs(**query):
        page = reading.page(client.get(area.get_absolute_url(), query))
        links = page.xpath("//nav[@class='tabs']//a")
        return {reading.words(link): link.get("href") for link in links}, reading.words(
            page.xpath("//nav[@class='tabs']//a[@aria-current='page']")[0]
        )

    assert tabs() == ({"Chart": "/en/indicators/area/", "Table": "/en/indicators/area/?view=table"}, "Chart")
    assert tabs(view="map")[1] == "Chart"
    observe(area, places[2], source, y2001=3)
    found, current = tabs(place="kz", year_from="2001", view="map")
    assert found == {
        "Chart": "/en/indicators/area/?place=kz&year_from=2001",
        "Map": "/en/indicators/area/?place=kz&year_from=2001&view=map",
        "Table": "/en/indicators/area/?place=kz&year_from=2001&view=table",
    }
    assert current == "Map"


def read_csv(answer):
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:])))


@pytest.mark.any_database
@pytest.mark.usefixtures("content")
class TestContent:
    def test_every_indicators_chart_table_and_file_hold_the_same_numbers(self, client):
        indicators = list(Indicator.objects.published())
        observations = readings(Observation.objects.all())
        assert len(indicators) == 68
        for indicator in indicators:
            answer = client.get(indicator.get_absolute_url())
            known = sorted((o.year, float(o.value)) for o in observations[indicator.pk])
            drawn = answer.context["figure"]
            if len({o.place for o in observations[indicator.pk]}) <= 8:
                left_out = [(o.year, float(o.value)) for o in drawn.left_out]
                assert sorted([p for one in drawn.series for p in one.points] + left_out) == known
                assert sorted([(y.year, v) for y in drawn.wide.years for _n, v in y.values] + left_out) == known
            table = [(year, float(c.value)) for year, cells in answer.context["rows"] for c in cells if c]
            assert sorted(table) == known
            rows = read_csv(client.get(indicator.get_absolute_url(), {"format": "csv"}))
            assert sorted((int(row["year"]), float(row["value"])) for row in rows) == known
            assert all(row["licence_en"] and row["source"] for row in rows)

    @pytest.mark.parametrize("language", ["en", "ko", "ru"])
    def test_every_indicator_is_a_picture_of_its_own(self, client, language):
        with translation.override(language):
            addresses = [indicator.get_absolute_url() for indicator in Indicator.objects.published()]
        for address in addresses:
            answer = client.get(address, {"format": "svg"})
            assert answer["Content-Type"] == "image/svg+xml; charset=utf-8"
            picture = ElementTree.fromstring(answer.content)  # noqa: S314 - our own answer
            assert picture.find("{http://www.w3.org/2000/svg}desc").text
            numbers = re.findall(r'd="[^"]*?(,\d+,\d+,)', answer.content.decode())
            assert numbers == [], "a decimal comma in a path"


def test_three_places_stand_on_their_own_too_on_the_same_scale(area):
    source = make_source()
    for name, value in (("One", 1), ("Two", 50), ("Three", 90)):
        observe(area, make_place(name_en=name), source, y2000=value, y2010=value + 1)
    drawn = figure(area)
    assert [(name, words.replace("\u00a0", " ")) for _id, name, _chart, words in drawn.multiples] == [
        ("One", "One: up from 1 km² (2000) to 2 km² (2010)."),
        ("Two", "Two: up from 50 km² (2000) to 51 km² (2010)."),
        ("Three", "Three: up from 90 km² (2000) to 91 km² (2010)."),
    ]
    assert len({tuple(chart.y_ticks) for _id, _name, chart, _sentence in drawn.multiples}) == 1


def test_two_places_are_told_apart_in_one_chart(area):
    for name in ("One", "Two"):
        observe(area, make_place(name_en=name), make_source(), y2000=1, y2010=2)
    assert figure(area).multiples == []
