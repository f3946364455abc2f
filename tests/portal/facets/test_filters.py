"""Every filter of every list finds the right records, counts them, can be removed, and accepts any input."""

import pytest
from django.http import QueryDict

from portal.core.choices import Level, PublicationStatus
from tests import reading
from tests.lists import FACETS, LISTS, TIES, facets_of, make_with
from tests.make import (
    make_agreement,
    make_country,
    make_event,
    make_former_key,
    make_issue,
    make_observation,
    make_organisation,
    make_place,
    make_project,
    make_source,
)

pytestmark = pytest.mark.django_db

EVERY_FACET = pytest.mark.parametrize(("name", "facet"), FACETS)
# Facets whose values the page offers. Sources have too many: only values in the query are valid.
OFFERED = [key for key in FACETS if key != ("projects", "source")]
EVERY_OFFER = pytest.mark.parametrize(("name", "facet"), OFFERED)
# Facets of which a record may have several values.
SINGULAR = {("organisations", "country"), ("projects", "status_now"), ("lessons", "end_against_plan")}
PLURAL = pytest.mark.parametrize(("name", "facet"), [key for key in TIES if key not in SINGULAR])
DATED = {
    "timeline": lambda date, **fields: make_event(date=date, **fields),
    "agreements": lambda date, **fields: make_agreement(date=date, **fields),
    "sources": lambda date, **fields: make_source(date=date, **fields),
}


@pytest.fixture
def two(name, facet):
    """Make records `one` and `two` with one value of the facet each, and drafts with the same. Return the values."""
    values = [str(value) for value in FACETS[name, facet]]
    for key, value in zip(("one", "two"), values, strict=True):
        make_with(name, facet, value, key=key)
        make_with(name, facet, value, key=f"draft-{key}", publication=PublicationStatus.DRAFT)
    return values


def get(client, name, **query):
    return client.get(f"/en/{name}/", query, follow=True)


def facet_names(response):
    """Return the names of the facets that are expanded."""
    return [reading.words(legend) for legend in reading.page(response).xpath("//form[@id='filters']/fieldset/legend")]


def test_every_facet_is_tried_here():
    # The timeline has agreements too, and only they have areas: tests/portal/views/test_timeline.py.
    # “Of Gyeonggi” has one value: tests/projects/test_gyeonggi.py.
    elsewhere = {("timeline", "area"), *((name, facet) for name in LISTS for facet in ("gyeonggi",))}
    assert {(name, facet) for name in LISTS for facet in facets_of(name)} - elsewhere == set(FACETS)


# ── What is found ────────────────────────────────────────────────────────────────────────────────────────────


@EVERY_FACET
def test_value_finds_the_published_records_that_have_it(client, two, name, facet):
    assert [reading.shown(get(client, name, **{facet: value})) for value in two] == [["one"], ["two"]]


@EVERY_FACET
def test_repeated_values_find_what_has_any_of_them(client, two, name, facet):
    response = get(client, name, **{facet: two})
    assert sorted(reading.shown(response)) == ["one", "two"]
    assert sorted(reading.chosen(response, facet)) == sorted(two)


@EVERY_FACET
def test_different_filters_find_what_has_all_of_them(client, two, name, facet):
    title = type(LISTS[name]()).search_fields[0]
    make_with(name, facet, two[0], key="named", **{title: "Halophyte"})
    assert reading.shown(get(client, name, **{facet: two[0], "q": "halophyte"})) == ["named"]
    assert reading.shown(get(client, name, **{facet: two[1], "q": "halophyte"})) == []


@PLURAL
def test_record_with_both_values_stands_and_counts_once(client, name, facet):
    values = FACETS[name, facet]
    make_with(name, facet, *values, key="one")
    response = get(client, name, **{facet: values})
    assert reading.shown(response) == ["one"]
    assert reading.options(response, facet) == {str(value): 1 for value in values}


@EVERY_FACET
def test_values_match_in_any_case(client, two, name, facet):
    response = get(client, name, **{facet: str(two[0]).upper()})
    assert reading.problems(response) == []
    assert reading.shown(response) == ["one"]
    [(_words, without)] = reading.chips(response)
    assert without == f"/en/{name}/"


# ── Wrong values ─────────────────────────────────────────────────────────────────────────────────────────────


@EVERY_FACET
def test_wrong_value_is_told_and_the_others_hold(client, two, name, facet):
    response = get(client, name, **{facet: ["nonsense", two[0]]})
    assert response.status_code == 200
    assert reading.problems(response) == [f"{facets_of(name)[facet].label}: “nonsense” was not found and was ignored."]
    assert reading.shown(response) == ["one"]
    assert len(reading.chips(response)) == 1


def test_wrong_values_of_one_filter_leave_the_other_filters_alone(client):
    make_project(key="found", level=Level.PROVINCIAL)
    make_project(level=Level.NATIONAL)
    response = get(client, "projects", status="nonsense", year_from="soon", level="provincial")
    assert reading.problems(response) == [
        "Status in the newest source: “nonsense” was not found and was ignored.",
        "Active from (ignored): Enter a whole number.",
    ]
    assert reading.shown(response) == ["found"]


def test_draft_of_another_record_is_no_value(client):
    make_with("projects", "country", "uz", key="one")
    make_country(key="tj", publication=PublicationStatus.DRAFT)
    response = get(client, "projects", country="tj")
    assert reading.problems(response) == ["Country: “tj” was not found and was ignored."]
    assert reading.shown(response) == ["one"]


def test_wrong_value_is_shown_as_text_and_not_at_any_length(client):
    response = get(client, "projects", status=f"<b>{'x' * 100}")
    assert reading.problems(response) == [
        f"Status in the newest source: “<b>{'x' * 57}” was not found and was ignored."
    ]
    assert b"<b>xxx" not in response.content


def test_words_of_any_length_are_taken_up_to_200(client):
    make_project(key="one")
    response = get(client, "projects", q="x" * 201)
    [problem] = reading.problems(response)
    assert problem == ("Keywords (ignored): Ensure this value has at most 200 characters (it has 201).")
    assert reading.shown(response) == ["one"]


@pytest.mark.parametrize(
    ("year", "problem"),
    [
        ("soon", "Enter a whole number."),
        ("20.5", "Enter a whole number."),
        ("1799", "Ensure this value is greater than or equal to 1800."),
        ("2201", "Ensure this value is less than or equal to 2200."),
        ("99999999999999999999", "Ensure this value is less than or equal to 2200."),
    ],
)
@pytest.mark.parametrize("parameter", ["year_from", "year_to"])
@pytest.mark.parametrize("name", ["projects", *DATED])
def test_year_that_is_none_is_told_and_left_out(client, name, parameter, year, problem):
    LISTS[name](key="one")
    response = get(client, name, **{parameter: year})
    [told] = reading.problems(response)
    assert told.partition(": ")[2] == problem
    assert reading.shown(response) == ["one"]


def test_null_character_is_told_and_left_out(client):
    make_project(key="one")
    response = get(client, "projects", q="a\0b")
    assert (response.status_code, len(reading.problems(response)), reading.shown(response)) == (200, 1, ["one"])


def test_options_are_in_the_language_of_the_reader_and_follow_the_content(client, page_cache):
    country = make_country(key="uz", name_en="Uzbekistan", name_ko="우즈베키스탄")
    make_project(key="one").countries.add(country)

    def label(language):
        [found] = reading.page(client.get(f"/{language}/projects/")).xpath("//label[input[@value='uz']]/span[1]")
        return reading.words(found)

    assert [label("en"), label("ko"), label("en")] == ["Uzbekistan", "우즈베키스탄", "Uzbekistan"]
    country.name_en = "Republic of Uzbekistan"
    country.save()
    assert label("en") == "Republic of Uzbekistan"


# ── Years ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", DATED)
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"year_from": 2020}, {"year", "month", "last-day", "later"}),
        ({"year_to": 2020}, {"year", "month", "last-day", "earlier"}),
        ({"year_from": 2020, "year_to": 2020}, {"year", "month", "last-day"}),
        ({"year_from": 2022}, set()),
        ({"year_to": 2018}, set()),
        ({"year_from": 2021, "year_to": 2019}, set()),
    ],
)
def test_years_find_dates_however_precise(client, name, query, expected):
    for key, date in {
        "earlier": "2019-12-31",
        "year": "2020",
        "month": "2020-01",
        "last-day": "2020-12-31",
        "later": "2021",
    }.items():
        DATED[name](date, key=key)
    response = get(client, name, **query)
    assert set(reading.shown(response)) == expected
    assert reading.problems(response) == []


def test_source_without_a_date_is_in_no_year(client):
    make_source(key="undated")
    assert reading.shown(get(client, "sources")) == ["undated"]
    assert reading.shown(get(client, "sources", year_from=1800)) == []
    assert reading.shown(get(client, "sources", year_to=2200)) == []


# ── Counts ───────────────────────────────────────────────────────────────────────────────────────────────────


@EVERY_OFFER
def test_count_beside_a_value_is_what_the_list_shows_for_it(client, two, name, facet):
    one, other = two
    make_with(name, facet, one)
    assert reading.options(get(client, name), facet) == {one: 2, other: 1}
    assert [len(reading.shown(get(client, name, **{facet: value}))) for value in two] == [2, 1]


@EVERY_OFFER
def test_count_beside_a_value_is_the_same_when_another_one_is_chosen(client, two, name, facet):
    one, other = two
    response = get(client, name, **{facet: one})
    assert reading.options(response, facet) == {one: 1, other: 1}


@EVERY_OFFER
def test_count_follows_the_other_filters(client, two, name, facet):
    title = type(LISTS[name]()).search_fields[0]
    make_with(name, facet, two[1], **{title: "Halophyte"})
    assert reading.options(get(client, name, q="halophyte"), facet) == {two[1]: 1}


@EVERY_FACET
def test_chosen_value_stays_though_it_finds_nothing(client, two, name, facet):
    response = get(client, name, **{facet: two[0], "q": "kangaroo"})
    assert reading.options(response, facet) == {two[0]: 0}
    assert reading.chosen(response, facet) == [two[0]]


def test_sources_that_are_asked_for_are_offered_with_their_counts(client):
    for _ in range(2):
        make_with("projects", "source", "micklin-2016", status="closed")
    make_with("projects", "source", "unep-2014")
    assert reading.options(get(client, "projects"), "source") == {}
    asked = get(client, "projects", source=["micklin-2016", "unep-2014"], status="closed")
    assert reading.options(asked, "source") == {"micklin-2016": 2, "unep-2014": 0}
    assert reading.count(asked).startswith("2 ")


def test_counts_of_the_content_are_what_the_lists_show(content, client):
    checked = 0
    for name, facet in OFFERED:
        offered = reading.options(get(client, name), facet)
        assert offered != {}
        for value in [*list(offered)[:2], *list(offered)[-1:]]:
            sentence = reading.count(get(client, name, **{facet: value}))
            assert (name, facet, value, int(sentence.split()[0])) == (name, facet, value, offered[value])
            checked += 1
    assert checked > 2 * len(OFFERED)


# ── The form ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_chosen_values_stand_first_and_then_the_most_frequent(client):
    for level, number in ((Level.NATIONAL, 1), (Level.PROVINCIAL, 3), (Level.MUNICIPAL, 2)):
        for _ in range(number):
            make_project(level=level)
    assert list(reading.options(get(client, "projects"), "level")) == ["provincial", "municipal", "national"]
    assert list(reading.options(get(client, "projects", level="national"), "level")) == [
        "national",
        "provincial",
        "municipal",
    ]


def test_values_beyond_the_first_few_wait_behind_their_number(client):
    for area in ("forestry", "energy", "water-resources", "climate-change", "education", "culture", "waste", "economy"):
        make_with("projects", "area", area)
    [more] = reading.page(get(client, "projects")).xpath("//fieldset[legend='Area of cooperation']/details")
    assert reading.words(more.find("summary")) == "2 more"
    assert len(more.xpath(".//input")) == 2


def test_rare_filters_wait_until_they_are_chosen(client):
    make_project()
    assert "Confidence" not in facet_names(get(client, "projects"))
    assert b"More filters" in get(client, "projects").content
    assert "Confidence" in facet_names(get(client, "projects", confidence="high"))


def test_facet_that_would_show_nothing_is_left_out(client):
    make_project()
    assert facet_names(get(client, "projects")) == ["Lead (Korean side)", "Status today"]


def test_short_facet_keeps_what_would_find_nothing_and_disables_it(client):
    make_project(level=Level.NATIONAL, title_en="Halophyte")
    make_project(level=Level.PROVINCIAL)
    rest = {level: 0 for level in Level.values if level not in {"national", "provincial"}}
    response = get(client, "projects")
    assert reading.options(response, "level") == {"national": 1, "provincial": 1}
    assert reading.disabled_options(response, "level") == rest
    response = get(client, "projects", q="halophyte")
    assert reading.options(response, "level") == {"national": 1}
    assert reading.disabled_options(response, "level") == {"provincial": 0} | rest
    response = get(client, "projects", q="kangaroo")
    assert reading.disabled_options(response, "level") == dict.fromkeys(Level.values, 0)


def test_long_facet_leaves_out_what_would_find_nothing(client):
    make_with("projects", "area", "forestry")
    response = get(client, "projects")
    assert reading.options(response, "area") == {"forestry": 1}
    assert reading.disabled_options(response, "area") == {}


def test_labels_are_in_the_readers_language(client):
    country = make_country(key="uz", name_en="Uzbekistan", name_ko="우즈베키스탄")
    make_project().countries.add(country)
    [label] = reading.page(client.get("/ko/projects/")).xpath("//label[input/@value='uz']/span[1]")
    assert reading.words(label) == "우즈베키스탄"


# ── Chips ────────────────────────────────────────────────────────────────────────────────────────────────────


@EVERY_FACET
def test_chip_takes_exactly_its_value_away(client, two, name, facet):
    one, other = two
    chips = reading.chips(get(client, name, **{facet: two, "q": "a", "sort": "x", "per_page": "50", "page": "2"}))
    paths, queries = zip(*(address.split("?") for _words, address in chips), strict=True)
    assert set(paths) == {f"/en/{name}/"}
    kept = {"sort": ["x"]} | ({} if name == "issues" else {"per_page": ["50"]})  # the issues are on one page
    assert sorted((dict(QueryDict(query).lists()) for query in queries), key=str) == sorted(
        [
            {facet: [one, other], **kept},
            {facet: [one], "q": ["a"], **kept},
            {facet: [other], "q": ["a"], **kept},
        ],
        key=str,
    )


def test_chips_say_in_words_what_is_chosen(client):
    make_project()
    make_country(key="uz", name_en="Uzbekistan")
    query = {"country": "uz", "status": "closed", "q": " dry bed ", "year_from": "1990"}
    assert [words for words, _address in reading.chips(get(client, "projects", **query))] == [
        "Keywords: dry bed",
        "Country: Uzbekistan",
        "Status in the newest source: Completed",
        "Active from: 1990",
    ]


@pytest.mark.parametrize("query", ["year_from=1990.0", "year_from=+1990", "q=a&q=b", "q=+b+", "country=uz&country=uz"])
def test_last_chip_leads_to_the_whole_list(client, query):
    make_country(key="uz")
    response = client.get(f"/en/projects/?{query}")
    assert [address for _words, address in reading.chips(response)] == ["/en/projects/"]


def test_all_filters_can_be_cleared_at_once(client):
    tree = reading.page(get(client, "projects", status="closed"))
    assert tree.xpath("//form[@id='filters']//a[.='Clear all']/@href") == ["/en/projects/"]
    assert reading.page(get(client, "projects")).xpath("//a[.='Clear all']") == []


# ── The values of one indicator ──────────────────────────────────────────────────────────────────────────────


def years(response):
    return [
        reading.words(row[0]) for row in reading.page(response).xpath("//table[contains(@class, 'values')]/tbody/tr")
    ]


def test_indicator_shows_the_values_of_chosen_places_and_years(client):
    first = make_observation(year=1990)
    for year in (2000, 2010):
        make_observation(indicator=first.indicator, place=first.place, source=first.source, year=year)
    elsewhere = make_observation(indicator=first.indicator, source=first.source, year=2015)
    address = first.indicator.get_absolute_url()
    found = {
        words: sorted(set(years(client.get(address, query | {"view": "table"}))))
        for words, query in {
            "all": {},
            "from": {"year_from": 2000},
            "to": {"year_to": 2000},
            "place": {"place": elsewhere.place.key},
        }.items()
    }
    assert found == {
        "all": ["1990", "2000", "2010", "2015"],
        "from": ["2000", "2010", "2015"],
        "to": ["1990", "2000"],
        "place": ["2015"],
    }


def test_indicator_tells_of_a_wrong_place_and_shows_the_rest(client):
    observation = make_observation(year=1990)
    response = client.get(observation.indicator.get_absolute_url(), {"place": "atlantis", "view": "table"})
    assert reading.problems(response) == ["Place: “atlantis” was not found and was ignored."]
    assert set(years(response)) == {"1990"}


def test_indicator_without_a_value_for_the_choice_offers_all(client):
    observation = make_observation(year=1990)
    address = observation.indicator.get_absolute_url()
    response = client.get(address, {"year_from": 2000})
    assert years(response) == []
    assert reading.said(response, "empty") == ["No data for this selection. Show all"]
    assert reading.addresses(response, "//*[@class='empty']") == [address]


# ── Former keys ──────────────────────────────────────────────────────────────────────────────────────────────

MAKE = {"place": make_place, "issue": make_issue, "organisation": make_organisation, "source": make_source}
# From the address of a list and its filter to the kind of the record that the filter names.
NAMED = {
    ("projects/", "place"): "place",
    ("projects/", "issue"): "issue",
    ("projects/", "organisation"): "organisation",
    ("projects/", "source"): "source",
    ("agreements/", "issue"): "issue",
    ("agreements/ledger/", "organisation"): "organisation",
    ("organisations/", "issue"): "issue",
    ("lessons/", "issue"): "issue",
    ("timeline/", "place"): "place",
    ("indicators/", "place"): "place",
    ("search/", "issue"): "issue",
    ("map/", "place"): "place",
    ("coverage/", "issue"): "issue",
}
EVERY_NAMED = pytest.mark.parametrize(("path", "name"), NAMED)


@pytest.fixture
def renamed(path, name):
    """Make a record `now` that had the key `then`, and one with the key `other`."""
    kind = NAMED[path, name]
    for key in ("now", "other"):
        MAKE[kind](key=key)
    make_former_key(kind=kind, key="then", now="now")


@EVERY_NAMED
def test_former_key_of_a_record_redirects_to_its_present_one(client, renamed, path, name):
    response = client.get(f"/ko/{path}?{name}=other&{name}=Then&{name}=now")
    assert (response.status_code, response.headers["Location"]) == (301, f"/ko/{path}?{name}=other&{name}=now")


@pytest.mark.parametrize(("path", "name"), [("projects/", "place"), ("coverage/", "issue")])
def test_former_key_of_a_record_redirects_to_the_file_with_its_present_one(client, renamed, path, name):
    for long, short in (
        (f"/en/{path}?{name}=then&format=csv", f"/en/{path}?{name}=now&format=csv"),
        (
            f"/en/{path.removesuffix('/')}.csv?{name}=then&lang=ko",
            f"/en/{path.removesuffix('/')}.csv?{name}=now&lang=ko",
        ),
    ):
        response = client.get(long)
        assert (response.status_code, response.headers["Location"]) == (301, short)


@pytest.mark.parametrize(("path", "name"), [("projects/", "place")])
@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ("/api/v1/projects?place=then&limit=5", "/api/v1/projects?place=now&limit=5"),
        ("/en/map/?format=json&place=then&zoom=1", "/en/map/?format=json&place=now&zoom=1"),
        ("/en/changes/?list=projects&place=then", "/en/changes/?list=projects&place=now"),
        ("/en/changes/feed/?list=projects&place=then", "/en/changes/feed/?list=projects&place=now"),
    ],
)
def test_former_key_redirects_elsewhere_too(client, renamed, path, name, asked, there):
    response = client.get(asked)
    assert (response.status_code, response.headers["Location"]) == (301, there)


def test_former_key_of_a_place_redirects_in_the_values_of_an_indicator(client):
    observation = make_observation(place=make_place(key="now"))
    make_former_key(kind="place", key="then", now="now")
    here = observation.indicator.get_absolute_url()
    response = client.get(f"{here}?place=then&view=table")
    assert (response.status_code, response.headers["Location"]) == (301, f"{here}?place=now&view=table")


def test_former_key_of_a_record_that_readers_do_not_see_or_of_another_kind_is_an_unknown_value(client):
    make_place(key="hidden", publication=PublicationStatus.DRAFT)
    make_issue(key="now")
    make_former_key(kind="place", key="then", now="hidden")
    make_former_key(kind="issue", key="past", now="now")
    for key in ("then", "past", "never"):
        response = client.get(f"/en/projects/?place={key}")
        assert response.status_code == 200
        assert response.context["problems"] == [f"Place: “{key}” was not found and was ignored."]
