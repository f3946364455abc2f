"""The search page, and suggestions while the user types."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.core.choices import PublicationStatus
from portal.models.search_index import entry_id
from portal.search.query import LONGEST_QUERY
from portal.views.search import MOST_COUNTED, with_agreements
from tests import reading
from tests.counting import settle
from tests.make import (
    UNPUBLISHED,
    make_agreement,
    make_alias,
    make_answer,
    make_area,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_organisation,
    make_place,
    make_project,
    make_source,
    make_term,
)

pytestmark = pytest.mark.django_db

NAMED = {"en": "Fall of the Aral", "ko": "아랄해 감소", "ru": "Падение Аральского моря"}
KINDS = {
    "issue": (make_issue, "name"),
    "country": (make_country, "name"),
    "indicator": (make_indicator, "name"),
    "project": (make_project, "title"),
    "agreement": (make_agreement, "title"),
    "organisation": (make_organisation, "name"),
    "event": (make_event, "title"),
    "place": (make_place, "name"),
    "term": (make_term, "term"),
}


def search(client, text, tongue="en", **query):
    return client.get(f"/{tongue}/search/", {"q": text, **query})


def hits(response):
    """Return the names of the results, in their order."""
    return [reading.words(link) for link in reading.page(response).xpath("//ol[@class='hits']//h3")]


def excerpts(response):
    return [reading.words(p) for p in reading.page(response).xpath("//p[@class='hit-excerpt']")]


def marks(response):
    return [mark.text for mark in reading.page(response).xpath("//ol[@class='hits']//mark")]


# ── Everything ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("words", ["fall of aral", "아랄해가 감소", "аральское море", "Aral 아랄해"])
def test_every_kind_is_found_in_every_language_and_no_draft(client, words):
    source = make_source(title=NAMED["en"], title_original=NAMED["ru"], author=NAMED["ko"])
    for make, field in KINDS.values():
        for publication in (PublicationStatus.PUBLISHED, *UNPUBLISHED):
            names = {f"{field}_{language}": text for language, text in NAMED.items()}
            make(**names, publication=publication, **({"source": source} if make is make_indicator else {}))
    response = search(client, words)
    assert reading.count(response) == "10 records"
    assert reading.options(response, "kind") == dict.fromkeys([*KINDS, "source"], 1)
    assert len(hits(response)) == 10


def test_name_that_is_typed_comes_first_then_names_then_texts(client):
    make_project(title_en="Trees", summary_en="Salt storms are stopped.")
    make_project(title_en="Salt storms in Nukus and what to do")
    make_project(title_en="Salt storms")
    assert hits(search(client, "salt storm"))[:1] != []
    assert hits(search(client, "salt storms")) == ["Salt storms", "Salt storms in Nukus and what to do", "Trees"]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"key": "wb-2020-aral"}, "wb-2020-aral"),
        ({"doi": "10.1007/s12665-014-3104-1"}, "10.1007/s12665-014-3104-1"),
        ({"url": "https://example.org/a/very/long?address=1"}, "https://example.org/a/very/long?address=1"),
    ],
)
def test_identifier_leads_to_its_record(client, fields, text):
    make_source(title="Found", **fields)
    make_source(title="Another of 2020 on the Aral, 10.1007")
    response = search(client, text)
    assert hits(response)[0] == "Found"
    assert reading.problems(response) == []


def test_source_is_found_by_its_publisher_and_author_as_it_writes_them(client):
    make_source(title="Found", publisher_original="연합뉴스", author_original="박찬수")
    make_source(title="Another", publisher="Yonhap News Agency")
    assert hits(search(client, "연합뉴스", "ko")) == ["Found"]
    assert hits(search(client, "박찬수", "ko")) == ["Found"]


ALIAS_NOTES = {
    "en": {
        "": "Also known as Orol dengizi",
        "former": "Formerly: Orol dengizi. The record has a newer name.",
        "newer": "Also known as Orol dengizi, which is a newer name.",
    },
    "ko": {
        "": "다른 이름: Orol dengizi",
        "former": "옛 이름: Orol dengizi. 지금은 위의 이름을 씁니다.",
        "newer": "새 이름: Orol dengizi. 위의 이름은 그 이전 이름입니다.",
    },
    "ru": {
        "": "Другое название: Orol dengizi",
        "former": "Прежнее название: Orol dengizi. Название записи более новое.",
        "newer": "Более новое название: Orol dengizi",
    },
}


def alias_notes(response):
    return [reading.words(note) for note in reading.page(response).xpath("//p[@class='hit-alias']")]


@pytest.mark.parametrize("period", ["", "former", "newer"])
@pytest.mark.parametrize("language", ALIAS_NOTES)
def test_hit_and_suggestion_say_by_which_alias_they_were_found(client, language, period):
    sea = make_place(name_en="Aral Sea", name_ko="아랄해", name_ru="Аральское море")
    make_alias(sea, text="Orol dengizi", language="uz", period=period), make_alias(sea, text="Арал", language="kk")
    expected = ALIAS_NOTES[language][period]
    response = search(client, "orol dengizi", language)
    assert (alias_notes(response), marks(response)[-2:]) == ([expected], ["Orol", "dengizi"])
    assert '<span lang="uz">' in response.content.decode()
    [suggestion] = suggestions(client, "orol den", language)
    assert suggestion["alias"] == expected


@pytest.mark.parametrize("words", ["aral sea", "аральское море", "아랄해"])
def test_hit_that_has_the_name_itself_names_no_alias(client, words):
    sea = make_place(name_en="Aral Sea", name_ko="아랄해", name_ru="Аральское море")
    make_alias(sea, text="Aral Lake"), make_alias(sea, text="Аральское озеро")
    assert alias_notes(search(client, words)) == []
    assert [one["alias"] for one in suggestions(client, words)] == [""]


def test_text_of_an_alias_is_never_markup(client):
    make_alias(make_place(), text="<b>Moynoq</b> & co")
    response = search(client, "moynoq")
    assert alias_notes(response) == ["Also known as <b>Moynoq</b> & co"]
    assert [one["alias"] for one in suggestions(client, "moynoq")] == ["Also known as <b>Moynoq</b> & co"]


@pytest.mark.parametrize(
    ("words", "areas"),
    [
        ("chiqindi", ["waste"]),
        ("чиқинди loyihalari", ["waste"]),
        ("waste in Nukus", ["waste"]),
        ("renewable energy", ["renewable-energy"]),
        ("энергетика", ["energy"]),
        ("wastes", []),
        ("Nukus", []),
    ],
)
def test_words_that_name_an_area_lead_to_its_records(client, words, areas):
    make_alias(kind="area", key="waste", text="chiqindi", language="uz")
    make_place(name_en="Nukus")
    links = reading.page(search(client, words)).xpath("//p/a[contains(@href, '?area=')]/@href")
    assert links == [f"/en/search/?area={area}" for area in areas]


def test_marks_and_excerpt_are_in_the_readers_language(client):
    make_project(
        title_en="Trees",
        title_ko="나무",
        title_ru="Деревья",
        summary_en="Against drought.",
        summary_ko="가뭄을 막는다.",
        summary_ru="Против засухи.",
    )
    for language, excerpt, mark in (
        ("en", "Against drought.", "drought"),
        ("ko", "가뭄을 막는다.", "가뭄"),
        ("ru", "Против засухи.", "засухи"),
    ):
        response = search(client, {"en": "drought", "ko": "가뭄", "ru": "засуха"}[language], language)
        assert (excerpts(response), marks(response)) == ([excerpt], [mark])


def test_text_that_answers_in_another_language_says_which_it_is(client):
    make_project(title_en="Trees", summary_en="They grow.", summary_ko="가뭄을 막는다.")
    response = search(client, "가뭄")
    assert excerpts(response) == ["가뭄을 막는다. (Korean)"]
    assert reading.page(response).xpath("//p[@class='hit-excerpt']/span[@lang]/@lang") == ["ko"]


def test_texts_are_never_markup(client):
    make_project(title_en="<b>Salt</b>", summary_en="<script>salt</script>")
    response = search(client, "<b>salt")
    assert hits(response) == ["<b>Salt</b>"]
    assert b"<script>salt" not in response.content
    assert b"<b>Salt" not in response.content


# ── Narrowing ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_hits_can_be_narrowed_and_every_value_is_counted(client):
    uz = make_country(key="uz", name_en="Uzbekistan")
    issue = make_issue(key="drought", name_en="Drought")
    project = make_project(title_en="Salt trees", start="2019", end="2021")
    project.countries.add(uz)
    make_answer(project=project, issue=issue)
    make_area(project)
    make_project(title_en="Salt wells", start="2023")
    make_source(title="Salt", language="ru", date="2020")
    response = search(client, "salt")
    assert reading.options(response, "kind") == {"project": 2, "source": 1}
    assert reading.options(response, "country") == {"uz": 1}
    assert reading.options(response, "issue") == {"drought": 1}
    assert reading.options(response, "area") == {"forestry": 1}
    assert reading.options(response, "language") == {"en": 2, "ru": 1}
    for query, expected in (
        ({"kind": "source"}, ["Salt"]),
        ({"country": "uz"}, ["Salt trees"]),
        ({"issue": "drought"}, ["Salt trees"]),
        ({"area": "forestry"}, ["Salt trees"]),
        ({"language": "en"}, ["Salt trees", "Salt wells"]),
        ({"year_from": "2022"}, ["Salt wells"]),
        ({"year_from": "2020", "year_to": "2021"}, ["Salt", "Salt trees"]),
        ({"kind": ["source", "project"], "year_to": "2020"}, ["Salt", "Salt trees"]),
    ):
        response = search(client, "salt", **query)
        assert sorted(hits(response)) == expected
        assert reading.count(response).startswith(f"{len(expected)} record")
    assert [words for words, _address in reading.chips(search(client, "salt", kind="source"))] == [
        "Record type: Sources"
    ]


@pytest.mark.parametrize(("language", "words"), [("en", ("Record type")), ("ko", "자료 유형"), ("ru", "Тип записи")])
def test_kinds_of_hits_are_headed_as_kinds_of_records(client, language, words):
    make_project(title_en="Water for the Aral Sea")
    page = reading.page(client.get(f"/{language}/search/?q=aral"))
    [facet] = page.xpath("//fieldset[.//input[@name='kind']]")
    assert reading.words(facet.xpath("legend")[0]) == words


def test_filters_alone_list_what_they_let_through(client):
    make_project(title_en="Trees"), make_source(title="Salt")
    response = client.get("/en/search/", {"kind": "project"})
    assert hits(response) == ["Trees"]


def test_words_of_a_filter_that_is_none_are_told(client):
    make_project(title_en="Salt")
    response = search(client, "salt", kind="kangaroo")
    assert reading.problems(response) == ["Record type: “kangaroo” was not found and was ignored."]
    assert hits(response) == ["Salt"]


def test_choices_stand_without_counts_where_too_much_is_found(client, monkeypatch):
    make_project(title_en="Salt")
    monkeypatch.setattr("portal.views.search.MOST_COUNTED", 0)
    make_country(key="uz", name_en="Uzbekistan")
    page = reading.page(search(client, "salt"))
    [option] = page.xpath("//label[input[@name='country']]")
    assert reading.words(option) == "Uzbekistan"
    [option] = page.xpath("//label[input[@name='kind'][not(@disabled)]]")
    assert reading.words(option) == "Projects 1"
    assert MOST_COUNTED == 5_000


def test_pages_go_on_in_the_same_order(client):
    for number in range(30):
        make_project(title_en=f"Salt {number}")
    first, second = search(client, "salt"), search(client, "salt", page="2")
    assert (len(hits(first)), len(hits(second))) == (25, 5)
    assert set(hits(first)) | set(hits(second)) == {f"Salt {number}" for number in range(30)}
    assert reading.page(second).xpath("//ol[@class='hits']/@start") == ["26"]


# ── Too few results ──────────────────────────────────────────────────────────────────────────────────────────────


def test_question_is_widened_where_no_record_holds_all_of_it(client):
    make_project(title_en="Salt")
    make_project(title_en="Storm")
    response = search(client, "salt storm kangaroo")
    assert sorted(hits(response)) == ["Salt", "Storm"]
    assert "No record contains all your words. These contain some of them." in reading.words(reading.page(response))


def test_records_with_all_words_come_first_and_are_counted(client):
    make_project(title_en="Storm")
    make_project(title_en="Salt")
    make_project(title_en="About storms full of salt and how people live with them")
    response = search(client, "salt storm")
    assert hits(response)[0].startswith("About")
    assert "1 record contains all your words" in reading.words(reading.page(response))


def test_quoted_words_and_exclusions_hold(client):
    make_project(title_en="Salt storm")
    make_project(title_en="Storm of salt")
    make_project(title_en="Salt")
    assert hits(search(client, '"salt storm"')) == ["Salt storm"]
    assert hits(search(client, "salt -storm")) == ["Salt"]


@pytest.mark.parametrize(
    ("language", "words"), [("en", "No results"), ("ko", "검색 결과가 없습니다"), ("ru", "не найден")]
)
def test_nothing_found_is_said_kindly_with_a_way_on(client, language, words):
    make_issue(key="aral")
    response = search(client, "<kangaroo>", language)
    [empty] = reading.page(response).xpath("//*[@class='empty']")
    assert words in reading.words(empty)
    assert "<kangaroo>" in reading.words(empty)
    assert reading.addresses(response, "//*[@class='empty']") == [f"/{language}/issues/aral/"]


def test_nothing_found_with_filters_offers_the_search_without_them(client):
    make_project(title_en="Salt & trees")
    response = search(client, "salt & trees", kind="source")
    assert reading.addresses(response, "//*[@class='empty']/p") == ["?q=salt%20%26%20trees"]


def test_nothing_found_with_two_filters_offers_the_search_without_each(client):
    make_project(title_en="Salt"), make_source(title="Salt", language="ru")
    response = search(client, "salt", kind="project", language="ru")
    links = reading.page(response).xpath("//*[@class='empty']//li/a[contains(@href, 'q=salt')]")
    assert [(link.get("href"), reading.words(link)) for link in links] == [
        ("/en/search/?q=salt&language=ru", "1 record"),
        ("/en/search/?q=salt&kind=project", "1 record"),
    ]


@pytest.mark.parametrize(("typed", "meant"), [("drouhgt", "drought"), ("ㅇㄱㅐㅕㅎㅗㅅ", "drought")])
def test_another_spelling_is_offered(client, typed, meant):
    make_issue(name_en="Drought")
    response = search(client, typed)
    [link] = reading.page(response).xpath("//p[@class='meant']/a")
    assert (reading.words(link), link.get("href")) == (meant, f"/en/search/?q={meant}")
    assert hits(client.get(link.get("href"))) == ["Drought"]


def test_search_without_words_says_how_to_search(client):
    make_issue(key="aral")
    for query in ({}, {"q": "  "}):
        response = client.get("/en/search/", query, follow=True)
        assert "How to search" in reading.words(reading.page(response))
        assert "/en/issues/aral/" in reading.addresses(response, "//main")
        assert hits(response) == []


def test_question_that_is_too_long_is_cut_and_says_so(client):
    make_project(title_en="Salt")
    response = search(client, "salt " + "a" * 10_000)
    assert hits(response) == ["Salt"]
    assert f"{LONGEST_QUERY} characters" in reading.problems(response)[0]


# ── Any input ────────────────────────────────────────────────────────────────────────────────────────────────────

HOSTILE = st.one_of(
    st.text(max_size=80),
    st.text(alphabet="\"'-*^(){}[]:+~!&|<>\\/.,;%_#$@=? \0\t\nNEAR AND OR NOT", max_size=80),
    st.lists(
        st.sampled_from(
            ["AND", "OR", "NOT", "NEAR(", '"', "-", "(", ")", "*", "title:", "물", "море", "🌊", "‮", "<->", ":*"]
        )
    ).map(" ".join),
)


@given(HOSTILE)
@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_input_is_an_error(client, page_cache, text):
    for path in ("/en/search/", "/ko/search/suggest/"):
        assert client.get(path, {"q": text}, follow=True).status_code == 200


@pytest.mark.parametrize("path", ["/en/projects/", "/en/timeline/", "/en/sources/", "/en/glossary/"])
@pytest.mark.parametrize(
    "text", ['"', "NEAR(a b)", "-", "a OR", "title:x", "\0", "*", "🌊", "(" * 50, "'; DROP TABLE portal_source; --"]
)
def test_no_input_of_a_list_is_an_error(client, path, text):
    assert client.get(path, {"q": text}, follow=True).status_code == 200


@given(
    st.sets(st.integers(1, 30)), st.sets(st.integers(1, 30)), st.dictionaries(st.integers(1, 30), st.integers(1, 30))
)
def test_agreement_stands_for_the_event_that_is_one_too(events, agreements, same):
    pairs = {entry_id("event", event): entry_id("agreement", agreement) for event, agreement in same.items()}
    found = sorted({entry_id("event", pk) for pk in events} | {entry_id("agreement", pk) for pk in agreements})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portal.views.search.agreements_by_event", lambda: pairs)
        assert with_agreements(found) == sorted({pairs.get(entry, entry) for entry in found})


def test_same_words_find_what_was_published_since(client):
    make_project(title_en="Salt on the sea bed")
    assert hits(search(client, "salt")) == ["Salt on the sea bed"]
    make_project(title_en="Salt in the soil")
    assert sorted(hits(search(client, "salt"))) == ["Salt in the soil", "Salt on the sea bed"]


# ── Query counts ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.any_database
@pytest.mark.parametrize("query", [{}, {"kind": "project", "year_from": "1990"}])
def test_search_asks_the_same_of_the_database_for_few_as_for_many(client, django_assert_max_num_queries, query):
    for make, field in KINDS.values():
        make(**{f"{field}_en": "Salt"})
    settle()
    counted = []
    for _ in range(2):
        with django_assert_max_num_queries(130) as asked:  # most of them read the facet index of the projects
            search(client, "salt", **query)
        counted.append(len(asked))
        for make, field in KINDS.values():
            make(**{f"{field}_en": "Salt"}), make(**{f"{field}_en": "Salt"})
        settle()
    assert counted[0] == counted[1]


# ── Suggestions while typing ─────────────────────────────────────────────────────────────────────────────────────


def suggestions(client, text, language="en", **more):
    response = client.get(f"/{language}/search/suggest/", {"q": text} | more)
    assert response["Content-Type"] == "application/json"
    return json.loads(response.content)["suggestions"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        *(("aral", "en"), ("ARAL S", "en"), ("depl", "en"), ("아랄", "ko"), ("араль", "ru"), ("высых", "ru")),
        *(("sea aral", "en"), ("orol", "en"), ("고갈", "ko")),
    ],
)
def test_beginning_of_any_word_of_a_name_suggests_its_record(client, text, language):
    make_issue(
        key="aral", name_en="Depletion of the Aral Sea", name_ko="아랄해 고갈", name_ru="Высыхание Аральского моря"
    )
    make_alias(make_place(key="sea", name_en="Aral Sea"), text="Orol dengizi")
    found = suggestions(client, text, language)
    assert {one["url"] for one in found} <= {f"/{language}/issues/aral/", f"/{language}/places/sea/"}
    assert found != []


def test_suggestion_has_name_language_and_kind(client):
    make_issue(key="aral", name_en="Depletion of the Aral Sea", name_ko="아랄해 고갈")
    assert suggestions(client, "아랄", "ko") == [
        {
            "url": "/ko/issues/aral/",
            "key": "aral",
            "name": "아랄해 고갈",
            "language": "ko",
            "kind": "환경 문제",
            "alias": "",
        }
    ]
    [suggestion] = suggestions(client, "아랄", "ru")
    assert suggestion["url"] == "/ru/issues/aral/"
    assert (suggestion["name"], suggestion["language"]) == ("Depletion of the Aral Sea", "en")
    assert suggestion["kind"] == "Проблема"


def test_suggestions_are_few_and_of_several_kinds(client):
    for _ in range(12):
        make_project(title_en="Salt trees"), make_source(title="Salt")
    make_issue(name_en="Salt storms")
    kinds = [one["kind"] for one in suggestions(client, "salt")]
    assert kinds[0] == "Issue"
    assert (len(kinds), kinds.count("Project"), kinds.count("Source")) == (7, 3, 3)


def test_suggestions_may_be_of_one_kind_only(client):
    named = [make_project(title_en="Salt trees") for _ in range(5)]
    inside = [make_project(title_en="Trees against salt") for _ in range(5)]
    make_issue(name_en="Salt storms"), make_source(title="Against salt")
    found = [one["key"] for one in suggestions(client, "salt", kind="project")]
    assert set(found[:5]) == {project.key for project in named}
    assert len(set(found[5:]) & {project.key for project in inside}) == 3
    assert len(found) == 8
    assert {one["kind"] for one in suggestions(client, "salt", kind="kangaroo")} > {"Project"}


@pytest.mark.parametrize("text", ["", "  ", "?", "kangaroo"])
def test_nothing_is_suggested_for_nothing(client, text):
    make_issue()
    assert suggestions(client, text) == []


@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_drafts_are_not_suggested(client, publication):
    make_issue(name_en="Salt", publication=publication)
    assert suggestions(client, "salt") == []


def test_suggestions_are_read_only(client):
    assert client.post("/en/search/suggest/", {"q": "a"}).status_code == 405
