"""Every list: pages, sorting and messages, with JavaScript and without. Tests of the apps check their filters."""

import pytest
from django.core.cache import caches

from portal.core.choices import Level
from portal.facets import registry
from portal.generic.list import PAGE_SIZES
from portal.models import Source
from projects.models import Agreement, Organisation, Project
from tests import reading
from tests.counting import queries_while_growing
from tests.make import (
    UNPUBLISHED,
    make_agreement,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_observation,
    make_organisation,
    make_participation,
    make_party,
    make_project,
    make_source,
    make_term,
)

pytestmark = pytest.mark.django_db

LISTS = {
    "issues": make_issue,
    "indicators": make_indicator,
    "projects": make_project,
    "organisations": make_organisation,
    "agreements": make_agreement,
    "timeline": make_event,
    "glossary": make_term,
    "sources": make_source,
}
WHOLE = {"issues", "glossary"}
PAGED = [name for name in LISTS if name not in WHOLE]

# ── Content ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", LISTS)
def test_list_shows_published_records_and_no_others(client, name):
    LISTS[name](key="published")
    for publication in UNPUBLISHED:
        LISTS[name](key=publication, publication=publication)
    response = client.get(f"/en/{name}/")
    assert reading.shown(response) == ["published"]
    assert reading.count(response).split()[0] == "1"


@pytest.mark.parametrize(
    ("name", "one", "three"),
    [
        ("issues", "1 issue", "3 issues"),
        ("indicators", "1 indicator", "3 indicators"),
        ("projects", "1 project", "3 projects"),
        ("organisations", "1 organisation", "3 organisations"),
        ("agreements", "1 agreement", "3 agreements"),
        ("timeline", "1 entry", "3 entries"),
        ("glossary", "1 term", "3 terms"),
        ("sources", "1 source", "3 sources"),
    ],
)
def test_list_says_how_many_there_are(client, name, one, three):
    LISTS[name]()
    assert reading.count(client.get(f"/en/{name}/")) == one
    LISTS[name](), LISTS[name]()
    assert reading.count(client.get(f"/en/{name}/")) == three


@pytest.mark.parametrize("name", LISTS)
def test_filtered_list_says_how_many_of_how_many(client, name):
    field = {
        "agreements": "title_en",
        "projects": "title_en",
        "timeline": "title_en",
        "glossary": "term_en",
        "sources": "title",
    }
    for words in ("Saxaul", "Salt", "Salt"):
        LISTS[name](**{field.get(name, "name_en"): words})
    assert reading.count(client.get(f"/en/{name}/", {"q": "salt"})).split(" of ")[0].split()[0] == "2"
    assert reading.count(client.get(f"/en/{name}/", {"q": "salt"})).endswith(" of 3")


@pytest.mark.parametrize("name", LISTS)
def test_empty_list_offers_to_widen_the_search(client, name):
    LISTS[name](), LISTS[name]()
    response = client.get(f"/en/{name}/", {"q": "kangaroo"})
    assert reading.shown(response) == []
    [empty] = reading.said(response, "empty")
    assert empty.startswith("Nothing here matches all of these filters.")
    assert reading.addresses(response, "//*[@class='empty']") == [f"/en/{name}/"]
    assert [address for _words, address in reading.chips(response)] == [f"/en/{name}/"]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        (
            "en",
            [
                "Without the filter “Country: Uzbekistan, Kazakhstan”: 1 project",
                "Without the filter “Lead (Korean side): Provincial”: 2 projects",
            ],
        ),
        (
            "ko",
            [
                "‘국가: Uzbekistan, Kazakhstan’ 필터를 빼면 사업 1건",
                "‘한국 측 추진 주체: 광역자치단체’ 필터를 빼면 사업 2건",
            ],
        ),
        (
            "ru",
            [
                "Без фильтра «Страна: Uzbekistan, Kazakhstan»: 1 проект",
                "Без фильтра «Ведущая сторона (Корея): Провинциальный»: 2 проекта",
            ],
        ),
    ],
)
def test_empty_list_says_how_many_there_are_without_each_filter(client, language, sentences):
    for country, level, start in (("uz", "national", "2019"), ("kz", "national", "2020"), ("kg", "provincial", "2021")):
        names = {"uz": "Uzbekistan", "kz": "Kazakhstan", "kg": "Kyrgyzstan"}
        project = make_project(level=level, start=start, end=start)
        project.countries.add(make_country(key=country, name_en=names[country]))
    asked = {"country": ["uz", "kz"], "level": "provincial", "year_from": "2018"}
    response = client.get(f"/{language}/projects/", asked)
    items = reading.page(response).xpath("//*[@class='empty']//li")
    assert [reading.words(item) for item in items] == sentences
    for item, count in zip(items, (1, 2), strict=True):
        [link] = item.xpath("a/@href")
        assert len(reading.shown(client.get(link))) == count


def test_empty_list_with_one_filter_offers_the_whole_list_only(client):
    make_project(level="national")
    response = client.get("/en/projects/", {"level": "provincial"})
    assert reading.page(response).xpath("//*[@class='empty']//li") == []


def test_list_without_any_record_says_so_and_blames_no_filter(client):
    response = client.get("/en/projects/")
    assert (reading.shown(response), reading.count(response)) == ([], "0 projects")
    assert reading.addresses(response, "//*[@class='empty']") == []


# ── Pages ───────────────────────────────────────────────────────────────────────────────────────────────────────


def pages(response):
    """Return the texts of the links between pages, with the current page in brackets."""
    items = reading.page(response).xpath("//nav[@class='pagination']//li")
    return [f"[{reading.words(i)}]" if i.xpath(".//*[@aria-current='page']") else reading.words(i) for i in items]


@pytest.mark.parametrize("name", PAGED)
def test_list_has_pages_of_25(client, name):
    for _ in range(26):
        LISTS[name]()
    first, second = (reading.shown(client.get(f"/en/{name}/", query)) for query in ({}, {"page": 2}))
    assert (len(first), len(second)) == (25, 1)
    assert set(first) & set(second) == set()
    assert pages(client.get(f"/en/{name}/")) == ["[1]", "Page 2", "Next"]
    assert pages(client.get(f"/en/{name}/", {"page": 2})) == ["Previous", "Page 1", "[2]"]


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_whole_list_is_on_one_page(client, name):
    for _ in range(26):
        LISTS[name]()
    response = client.get(f"/en/{name}/", {"page": 2}, follow=True)
    assert response.redirect_chain == [(f"/en/{name}/", 302)]
    assert len(reading.shown(response)) == 26
    assert pages(response) == []


@pytest.fixture
def sixty_projects():
    for number in range(60):
        make_project(key=f"p{number:02}", start=f"{2000 - number}")


@pytest.mark.parametrize("page", ["3", "4", "99"])
def test_page_past_the_end_is_the_last(client, sixty_projects, page):
    response = client.get("/en/projects/", {"page": page})
    assert response.status_code == 200
    assert reading.shown(response) == [f"p{number}" for number in range(50, 60)]


@pytest.mark.parametrize("sort", ["", "-start", "start", "title"])
@pytest.mark.parametrize(("query", "count"), [({"q": "pine"}, 60), ({"level": "national"}, 30)])
def test_pages_of_a_long_list_are_those_that_the_database_sorts(client, monkeypatch, sort, query, count):
    for number in range(60):
        level = (Level.NATIONAL, Level.PROVINCIAL)[number % 2]
        make_project(key=f"p{number:02}", title_en=f"Pine {number % 7}", start=f"{2000 - number // 3}", level=level)
    Project.objects.filter(key__in=["p30", "p31"]).update(start=None)
    query |= {"sort": sort} if sort else {}
    asked = [query | {"page": page} for page in (1, 2, 3, 9)]
    in_api = [query | {"offset": n, "limit": 20} for n in (0, 15, 50, 90)]

    def shown():
        pages = [reading.shown(client.get("/en/projects/", one)) for one in asked]
        items = [client.get("/api/v1/projects", one).json()["items"] for one in in_api]
        return pages, [[item["key"] for item in some] for some in items]

    monkeypatch.setattr(registry, "DATABASE_LOOKUP_MAX", 1_000)
    expected = shown()
    assert len(set().union(*expected[0])) == count
    monkeypatch.setattr(registry, "DATABASE_LOOKUP_MAX", 0)
    caches["pages"].clear()
    assert shown() == expected


@pytest.mark.any_database
def test_pages_read_by_the_index_have_constant_queries(monkeypatch):
    monkeypatch.setattr(registry, "DATABASE_LOOKUP_MAX", 0)
    country = make_country()

    def grow(count):
        for _ in range(count):
            make_project(level=Level.NATIONAL).countries.add(country)

    grow(3)
    [(few, more)] = queries_while_growing(["/en/projects/?level=national"], lambda: grow(9)).values()
    assert len(more) == len(few)


@pytest.mark.parametrize("page", ["0", "-1", "two"])
def test_page_that_is_none_is_the_first(client, sixty_projects, page):
    assert reading.shown(client.get("/en/projects/", {"page": page})) == [f"p{number:02}" for number in range(25)]


@pytest.mark.parametrize(
    ("asked", "size"),
    [("25", 25), ("50", 50), ("100", 60), ("7", 25), ("1000", 25), ("0", 25), ("-5", 25), ("many", 25), ("²", 25)],
)
def test_page_size_is_one_of_three(client, sixty_projects, asked, size):
    response = client.get("/en/projects/", {"per_page": asked})
    assert len(reading.shown(response)) == size
    sizes = reading.page(response).xpath("//select[@name='per_page']/option")
    assert [reading.words(option) for option in sizes] == [str(size) for size in PAGE_SIZES]
    assert [reading.words(option) for option in sizes if "selected" in option.attrib] == [
        asked if asked in {"50", "100"} else "25"
    ]


def test_links_between_pages_keep_filters_and_order(client, sixty_projects):
    response = client.get("/en/projects/", {"status": "implementation", "sort": "title", "page": 2})
    assert reading.addresses(response, "//nav[@class='pagination']") == [
        f"?status=implementation&sort=title&page={page}" for page in (1, 1, 3, 3)
    ]


def test_forms_keep_what_the_other_has_set(client, sixty_projects):
    query = {"status": ["implementation", "closed"], "q": "trees", "sort": "title", "per_page": "50", "page": "1"}
    tree = reading.page(client.get("/en/projects/", query))

    def hidden(form):
        return [(i.get("name"), i.get("value")) for i in tree.xpath(f"{form}//input[@type='hidden']")]

    assert hidden("//form[@id='filters']") == [("per_page", "50"), ("sort", "title")]
    assert hidden("//form[.//select]") == [("status", "implementation"), ("status", "closed"), ("q", "trees")]


# ── URLs without empty parameters ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "clean"),
    [
        ("q=", "/en/projects/"),
        ("q=&year_from=&year_to=&sort=&page=", "/en/projects/"),
        ("q=+&country=uz&country=&sort=-start", "/en/projects/?country=uz&sort=-start"),
        ("country=uz&country=kz&q=", "/en/projects/?country=uz&country=kz"),
        ("q=%EC%95%84%EB%9E%84&x=", "/en/projects/?q=%EC%95%84%EB%9E%84"),
    ],
)
def test_address_of_a_form_with_empty_fields_leads_to_the_clean_one(client, query, clean):
    response = client.get(f"/en/projects/?{query}")
    assert (response.status_code, response.headers["Location"]) == (302, clean)


# ── With JavaScript ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", LISTS)
def test_htmx_gets_the_list_alone_and_caches_keep_the_two_apart(client, name):
    LISTS[name](key="shown")
    whole = client.get(f"/en/{name}/")
    part = client.get(f"/en/{name}/", headers={"HX-Request": "true"})
    assert reading.page(part).get("id") == "list"
    assert b"<html" not in part.content
    assert reading.shown(part) == reading.shown(whole) == ["shown"]
    for response in (whole, part):
        assert "HX-Request" in response.headers["Vary"].split(", ")


def test_htmx_gets_the_list_for_a_form_with_empty_fields_at_once(client):
    make_project(key="trees")
    response = client.get("/en/projects/?q=&sort=title&year_from=", headers={"HX-Request": "true"})
    assert (response.status_code, reading.shown(response)) == (200, ["trees"])


def test_going_back_gets_the_whole_page(client):
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert b"<html" in client.get("/en/projects/", headers=headers).content


# ── Order ───────────────────────────────────────────────────────────────────────────────────────────────────────


def two_projects():
    make_project(key="a", title_en="Alders", status="pipeline", start="2001", budget=1, currency="USD")
    make_project(key="b", title_en="Birches", status="implementation", start="2002-05", budget=2, currency="USD")


def two_agreements():
    make_agreement(key="a", title_en="Air", date="1992", kind="friendship-city")
    make_agreement(key="b", title_en="Brine", date="1992-06", kind="visit")


def two_organisations():
    make_organisation(key="a", name_en="Agency", kind="government", country=make_country(name_en="Kazakhstan"))
    b = make_organisation(key="b", name_en="Bank", kind="multilateral", country=make_country(name_en="Uzbekistan"))
    make_participation(organisation=b, project=make_project())
    make_party(organisation=b, agreement=make_agreement())


def two_indicators():
    a, b = make_indicator(key="a", name_en="Area"), make_indicator(key="b", name_en="Burden")
    make_observation(indicator=a, year=1990)
    make_observation(indicator=b, year=1991)
    make_observation(indicator=b, year=2020)


def two_sources():
    make_source(key="a", title="Aral", publisher="ADB", date="2001", kind="report", language="de")
    make_source(key="b", title="Balkhash", publisher="BBC", date="2002", kind="dataset", language="ru")


def two_events():
    make_event(key="a", date="1961")
    make_event(key="b", date="1961-04-12")


def two_terms():
    make_term(key="a", term_en="Aquifer")
    make_term(key="b", term_en="Basin")


# Of each list: two records `a` and `b`, with `a` first for each of these sort columns.
SORTED = {
    "projects": (two_projects, ["title", "status", "start", "budget"]),
    "agreements": (two_agreements, ["date", "title", "kind"]),
    "organisations": (two_organisations, ["name", "kind", "country", "project_count", "agreement_count"]),
    "indicators": (two_indicators, ["name", "first_year", "last_year", "place_count"]),
    "sources": (two_sources, ["title", "publisher", "date", "kind", "language"]),
    "timeline": (two_events, ["date"]),
    "glossary": (two_terms, ["term"]),
}


@pytest.mark.parametrize(
    ("name", "column"), [(name, column) for name, (_make, columns) in SORTED.items() for column in columns]
)
def test_list_sorts_by_a_column_both_ways(client, name, column):
    SORTED[name][0]()
    assert reading.shown(client.get(f"/en/{name}/", {"sort": column})) == ["a", "b"]
    assert reading.shown(client.get(f"/en/{name}/", {"sort": f"-{column}"})) == ["b", "a"]


@pytest.mark.parametrize(
    ("name", "column", "make", "choices"),
    [
        ("projects", "status", make_project, Project.Status),
        ("agreements", "kind", make_agreement, Agreement.Kind),
        ("organisations", "kind", make_organisation, Organisation.Kind),
        ("sources", "kind", make_source, Source.Kind),
    ],
)
def test_choices_sort_in_the_order_of_reading(client, name, column, make, choices):
    for number, value in enumerate(sorted(choices.values)):
        make(key=f"{value}-{number}", **{column: value})
    in_order = [key.rpartition("-")[0] for key in reading.shown(client.get(f"/en/{name}/", {"sort": column}))]
    assert in_order == choices.values
    assert in_order != sorted(in_order)


@pytest.mark.parametrize("name", SORTED)
def test_list_offers_the_columns_that_it_sorts_by(client, name):
    make_two, columns = SORTED[name]
    make_two()
    options = reading.page(client.get(f"/en/{name}/")).xpath("//select[@name='sort']/option/@value")
    assert options == [sign + column for column in columns for sign in ("", "-")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("projects", ["b", "a"]),  # the newest first
        ("agreements", ["b", "a"]),
        ("organisations", ["b", "a"]),  # the most projects first
        ("indicators", ["a", "b"]),  # in the order of the editors
        ("sources", ["b", "a"]),
        ("timeline", ["a", "b"]),  # in the order of their dates
        ("glossary", ["a", "b"]),
    ],
)
def test_list_has_an_order_of_its_own(client, name, expected):
    SORTED[name][0]()
    assert reading.shown(client.get(f"/en/{name}/")) == expected
    assert reading.shown(client.get(f"/en/{name}/", {"sort": "nonsense"})) == expected


@pytest.mark.parametrize("sort", ["start", "-start"])
def test_unknown_dates_stand_last_whichever_way(client, sort):
    for key, start in {"none": None, "old": "1999", "new": "2020"}.items():
        make_project(key=key, start=start)
    assert reading.shown(client.get("/en/projects/", {"sort": sort}))[-1] == "none"


@pytest.mark.parametrize("sort", ["budget", "-budget"])
def test_amounts_of_one_currency_stand_together_and_unknown_ones_last(client, sort):
    for key, budget, currency in (
        ("w1", 10, "KRW"),
        ("d2", 2, "USD"),
        ("none", None, ""),
        ("w2", 20, "KRW"),
        ("d1", 1, "USD"),
    ):
        make_project(key=key, budget=budget, currency=currency)
    expected = ["d1", "d2", "w1", "w2", "none"] if sort == "budget" else ["d2", "d1", "w2", "w1", "none"]
    assert reading.shown(client.get("/en/projects/", {"sort": sort})) == expected


def test_names_sort_as_the_reader_sees_them(client):
    make_project(key="a", title_en="Alders", title_ko="하천")
    make_project(key="b", title_en="Birches", title_ko="나무")
    make_project(key="c", title_en="Cedars")
    assert reading.shown(client.get("/ko/projects/", {"sort": "title"})) == ["c", "b", "a"]


def test_column_that_sorts_says_so_and_turns_round(client):
    two_projects()
    tree = reading.page(client.get("/en/projects/", {"sort": "title", "status": "pipeline", "page": 1}))
    [heading] = tree.xpath("//th[@aria-sort]")
    assert (reading.words(heading), heading.get("aria-sort")) == ("Project", "ascending")
    assert heading.xpath("a/@href") == ["?sort=-title&status=pipeline"]
