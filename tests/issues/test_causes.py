"""The graph of causes and effects: complete, without duplicates, readable, and equal to the list below it."""

import re
from itertools import combinations

import pytest
from django.core.cache import caches
from django.utils import translation

from issues import causes
from issues.causes import NARROW, NEAR_NARROW, NEAR_WIDE, WIDE, draw, drawn_once, name_rows
from issues.models import Issue, IssueLink
from portal.graphics.charts import text_width
from tests import reading
from tests.counting import settle
from tests.make import (
    UNPUBLISHED,
    make_citation,
    make_country,
    make_issue,
    make_issue_in_country,
    make_issue_link,
    make_source,
)
from tests.pages import LANGUAGES

pytestmark = pytest.mark.django_db

SHAPES = {"wide": WIDE, "narrow": NARROW, "near-wide": NEAR_WIDE, "near-narrow": NEAR_NARROW}
EVERY_SHAPE = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
PICTURES = ("chart-wide", "chart-narrow")


def get(client, language="en", **query):
    return client.get(f"/{language}/issues/", {"view": "causes", **query})


def picture(response, name):
    """Return one of the page's two drawings as an element, or None."""
    found = [svg for svg in reading.page(response).iter("svg") if name in svg.get("class", "").split()]
    return found[0] if found else None


def nodes(svg):
    """Return the issue URLs in the drawing, in its order."""
    return [node.get("href") for node in svg.find_class("node")]


def edges(svg):
    return [edge.get("href").removeprefix("#") for edge in svg.find_class("edge")]


def listed(response):
    """Return the anchors of the list."""
    return reading.page(response).xpath("//ul[@class='links']/li/@id")


@pytest.fixture
def chain(client):
    """Make irrigation → sea → {dust, fish}; dust → fish. The main issue of irrigation is water, of the others sea."""
    water = make_issue(key="water", name_en="Water scarcity", position=1)
    sea = make_issue(key="sea", name_en="Depletion of the Aral Sea", position=2)
    irrigation = make_issue(key="irrigation", name_en="Inefficient irrigation", parent=water, position=3)
    dust = make_issue(key="dust", name_en="Salt and dust storms", parent=sea, position=4)
    fish = make_issue(key="fish", name_en="Collapse of fisheries", parent=sea, position=5)
    for cause, effect in ((irrigation, sea), (sea, dust), (sea, fish), (dust, fish)):
        make_issue_link(cause=cause, effect=effect, mechanism_en=f"From {cause.key} to {effect.key}.")
    return {issue.key: issue for issue in (water, sea, irrigation, dust, fish)}


# ── The pure picture ─────────────────────────────────────────────────────────────────────────────────────────


def content_graph(language):
    with translation.override(language):
        issues = list(Issue.objects.published())
        names = [str(issue) for issue in issues]
    place = {issue.pk: number for number, issue in enumerate(issues)}
    lines = [(place[a], place[b]) for a, b in IssueLink.objects.values_list("cause", "effect")]
    return names, [issue.parent_id is None for issue in issues], lines


@EVERY_SHAPE
@EVERY_LANGUAGE
def test_every_name_of_the_content_fits_its_box(content, language, shape):
    names, bold, lines = content_graph(language)
    drawing = draw(names, bold, lines, shape)
    assert len(drawing.nodes) == len(names) >= 28
    for name, heavy, node in zip(names, bold, drawing.nodes, strict=True):
        assert " ".join(row for row, _x, _y in node.rows) == name
        assert len(node.rows) <= 3
        for row, x, y in node.rows:
            width = text_width(row, shape.font) * (causes.BOLD if heavy else 1)
            assert node.x + shape.inset[0] <= x + 0.11
            assert x + width <= node.x + node.width - shape.inset[0] + 0.2
            assert node.y + shape.font * 0.75 <= y <= node.y + node.height - shape.font * 0.25


@EVERY_SHAPE
@EVERY_LANGUAGE
def test_no_two_boxes_of_the_content_lie_on_one_another(content, language, shape):
    drawing = draw(*content_graph(language), shape)
    assert [
        (a.rows, b.rows)
        for a, b in combinations(drawing.nodes, 2)
        if a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height
    ] == []


@EVERY_LANGUAGE
def test_pictures_of_the_content_have_the_size_of_a_page_and_of_a_phone(content, language):
    names, bold, lines = content_graph(language)
    wide, narrow = (draw(names, bold, lines, shape) for shape in (WIDE, NARROW))
    # Font sizes are 13 and 12, so names are at least 11.8 pixels high on a page of 1152 and 10.8 on a phone of 328.
    assert wide.width <= 1152 * 1.1
    assert narrow.width <= 328 * 1.11
    assert wide.height <= 760


def test_same_names_and_lines_give_the_same_bytes(content):
    graph = content_graph("en")
    assert repr(draw(*graph, WIDE)) == repr(draw(*graph, WIDE))


def test_picture_is_laid_out_once(monkeypatch):
    calls = []
    monkeypatch.setattr(causes, "draw", lambda *told: calls.append(told) or draw(*told))
    caches["local"].clear()
    first = drawn_once(("Drought", "Dust"), (True, False), ((0, 1),), WIDE)
    assert drawn_once(("Drought", "Dust"), (True, False), ((0, 1),), WIDE) == first
    assert len(calls) == 1
    drawn_once(("가뭄", "먼지"), (True, False), ((0, 1),), WIDE)
    drawn_once(("Drought", "Dust"), (True, False), ((1, 0),), WIDE)
    drawn_once(("Drought", "Dust"), (True, False), ((0, 1),), NARROW)
    assert len(calls) == 4


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("Drought", ["Drought"]),
        ("Allocation of transboundary rivers", ["Allocation of", "transboundary", "rivers"]),
        ("아랄쿰: 호수 바닥에 생긴 새로운 사막", ["아랄쿰: 호수 바닥에", "생긴 새로운 사막"]),
        ("Утрата биоразнообразия", ["Утрата", "биоразнообразия"]),
        ("", [""]),
    ],
)
def test_names_break_into_even_lines(name, rows):
    assert name_rows(name, NARROW)[0] == rows


def test_name_without_a_place_to_break_is_cut_where_nothing_else_will_do():
    [row], width = name_rows("x" * 90, NARROW)
    assert row.endswith("x…")
    assert width <= NARROW.most_room


def test_circle_is_drawn_with_a_line_that_runs_back():
    drawing = draw(["a", "b", "c"], [False] * 3, [(0, 1), (1, 2), (2, 0)], WIDE)
    assert [edge.back for edge in drawing.edges] == [False, False, True]


# ── The page ─────────────────────────────────────────────────────────────────────────────────────────────────


@EVERY_LANGUAGE
@pytest.mark.parametrize("name", PICTURES)
def test_every_issue_and_link_of_the_content_is_drawn_once_and_listed_once(content, client, language, name):
    svg = picture(get(client, language), name)
    response = get(client, language)
    expected = {
        f"link-{cause}--{effect}" for cause, effect in IssueLink.objects.values_list("cause__key", "effect__key")
    }
    assert len(expected) >= 54
    assert sorted(edges(svg)) == sorted(expected) == sorted(listed(response))
    keys = Issue.objects.published().values_list("key", flat=True)
    assert sorted(nodes(svg)) == sorted(f"/{language}/issues/{key}/" for key in keys)


@EVERY_LANGUAGE
def test_everything_in_the_pictures_leads_somewhere(content, client, language):
    tree = reading.page(get(client, language))
    anchors = tree.xpath("//svg//a/@href[starts-with(., '#')]")
    assert {address for address in anchors if not tree.xpath(f"//*[@id='{address[1:]}']")} == set()
    assert len(tree.xpath("//@id")) == len(set(tree.xpath("//@id")))


def test_line_says_cause_effect_and_mechanism(client, chain):
    response = get(client)
    wide, narrow = (
        [reading.words(edge.find("title")) for edge in picture(response, name).find_class("edge")] for name in PICTURES
    )
    assert "Inefficient irrigation → Depletion of the Aral Sea: From irrigation to sea." in wide
    # A phone shows no tooltips: there the list gives the explanation.
    assert "Inefficient irrigation → Depletion of the Aral Sea" in narrow
    assert (len(wide), len(narrow)) == (4, 4)


def test_list_has_the_mechanism_and_the_numbered_sources(client, chain):
    link = IssueLink.objects.get(cause__key="sea", effect__key="dust")
    make_citation(link, make_source(title="The Future Aral Sea"))
    make_citation(link, make_source(title="Not to be seen", publication="draft"))
    response = get(client)
    [item] = reading.page(response).xpath("//li[@id='link-sea--dust']")
    assert reading.words(item) == "Depletion of the Aral Sea → From sea to dust.1"
    assert item.xpath(".//sup/a/@href") == ["#note-1"]
    [note] = reading.page(response).xpath("//li[@id='note-1']")
    assert reading.words(note).startswith("The Future Aral Sea")
    assert b"Not to be seen" not in response.content


def test_colour_is_that_of_the_main_issue(client, chain):
    svg = picture(get(client), "chart-wide")
    tones = {
        node.get("href").split("/")[3]: re.search(r"group-\d", node.get("class"))[0] for node in svg.find_class("node")
    }
    assert tones == {"irrigation": "group-1", "sea": "group-2", "dust": "group-2", "fish": "group-2"}
    main = [node.get("href").split("/")[3] for node in svg.find_class("main")]
    assert main == ["sea"]
    assert reading.said(get(client), "graph-legend") == ["Water scarcity Depletion of the Aral Sea"]
    # A line has the colour of its effect.
    lines = {edge.get("href"): re.search(r"group-\d", edge.get("class"))[0] for edge in svg.find_class("edge")}
    assert set(lines.values()) == {"group-2"}


def test_sentence_names_the_issues_with_most_causes_and_effects(client, chain):
    [title] = reading.said(get(client), "figure-title")
    [sentence] = reading.said(get(client), "figure-sentence")
    assert title == "4 links from cause to effect, between 4 issues"
    assert sentence == "Most causes: Collapse of fisheries (2). Most effects: Depletion of the Aral Sea (2)."


def test_issue_without_a_link_is_named_and_not_drawn(client, chain):
    assert reading.said(get(client), "graph-loose") == ["Issues shown without links: Water scarcity"]
    assert "/en/issues/water/" not in nodes(picture(get(client), "chart-wide"))


def test_filters_leave_the_issues_that_match_and_the_links_among_them(client, chain):
    country = make_country(key="kz")
    for key in ("sea", "dust", "irrigation"):
        make_issue_in_country(issue=chain[key], country=country)
    response = get(client, country="kz")
    for name in PICTURES:
        assert sorted(edges(picture(response, name))) == ["link-irrigation--sea", "link-sea--dust"]
    assert sorted(listed(response)) == ["link-irrigation--sea", "link-sea--dust"]
    assert reading.count(response) == "3 issues of 5"


def test_issues_without_any_link_among_them_are_said_to_have_none(client, chain):
    response = get(client, q="irrigation")
    assert picture(response, "chart-wide") is None
    assert reading.said(response, "empty") == ["No sourced cause-and-effect link connects the matching issues."]


@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_what_is_not_published_is_neither_drawn_nor_listed(client, chain, publication):
    hidden = make_issue(key="unseen", name_en="Secret", publication=publication)
    make_issue_link(cause=hidden, effect=chain["sea"], mechanism_en="Secretly.")
    make_issue_link(cause=chain["sea"], effect=hidden, mechanism_en="Secretly.")
    for response in (get(client), client.get("/en/issues/sea/")):
        assert b"unseen" not in response.content
        assert b"Secret" not in response.content


def test_circle_of_causes_is_told(client, chain):
    assert b"dashed" not in get(client).content
    make_issue_link(cause=chain["fish"], effect=chain["sea"])
    response = get(client)
    assert b"A dashed line runs back" in response.content
    [back] = picture(response, "chart-wide").find_class("back")
    assert back.get("href") in {"#link-fish--sea", "#link-dust--fish", "#link-sea--dust", "#link-sea--fish"}


def test_lengths_are_written_alike_in_every_language(content, client):
    for language in LANGUAGES:
        svg = picture(get(client, language), "chart-wide")
        lengths = [node.get(name) for node in svg.iter("rect") for name in ("x", "y", "width", "height")]
        assert [length for length in lengths if not re.fullmatch(r"\d+(\.\d)?", length)] == []


def test_english_that_stands_in_says_so(client, chain):
    IssueLink.objects.filter(cause__key="sea").update(mechanism_ko="바람이 소금을 나른다.")
    titles = picture(get(client, "ko"), "chart-wide").xpath(".//a[contains(@class, 'edge')]/title")
    languages = {reading.words(title).rpartition(": ")[2]: title.get("lang") for title in titles}
    assert languages["바람이 소금을 나른다."] is None
    assert languages["From irrigation to sea."] == "en"


# ── From tree to graph ───────────────────────────────────────────────────────────────────────────────────────


def views(response):
    links = reading.page(response).xpath("//nav[@class='tabs']//a")
    return {reading.words(link): (link.get("href"), link.get("aria-current")) for link in links}


def test_tree_and_graph_lead_to_one_another_and_keep_the_filters(client, chain):
    make_issue_in_country(issue=chain["sea"], country=make_country(key="kz"))
    assert views(client.get("/en/issues/", {"country": "kz"})) == {
        "Hierarchy": ("/en/issues/?country=kz", "true"),
        "Causes and effects": ("/en/issues/?country=kz&view=causes", None),
    }
    assert views(get(client, country="kz")) == {
        "Hierarchy": ("/en/issues/?country=kz", None),
        "Causes and effects": ("/en/issues/?country=kz&view=causes", "true"),
    }


def test_filters_of_the_graph_keep_to_the_graph(client, chain):
    response = get(client, q="sea")
    tree = reading.page(response)
    assert tree.xpath("//form[@id='filters']//input[@name='view']/@value") == ["causes"]
    assert tree.xpath("//form[@id='filters']//a[.='Clear all']/@href") == ["/en/issues/?view=causes"]
    assert [address for _words, address in reading.chips(response)] == ["/en/issues/?view=causes"]


def test_view_that_is_not_there_is_the_tree(client, chain):
    response = client.get("/en/issues/", {"view": "nonsense"})
    assert picture(response, "chart-wide") is None
    assert reading.said(response, "tree") != []


# ── The page of an issue ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", PICTURES)
def test_page_of_an_issue_draws_its_causes_and_effects_and_no_more(client, chain, name):
    response = client.get("/en/issues/sea/")
    svg = picture(response, name)
    assert sorted(edges(svg)) == ["link-irrigation--sea", "link-sea--dust", "link-sea--fish"]
    assert sorted(edges(svg)) == sorted(listed(response))
    assert sorted(nodes(svg)) == [f"/en/issues/{key}/" for key in ("dust", "fish", "irrigation", "sea")]
    assert [node.get("href") for node in svg.find_class("main")] == ["/en/issues/sea/"]


def test_page_of_an_issue_counts_its_causes_and_effects(client, chain):
    [sentence] = [said for said in reading.said(client.get("/en/issues/sea/"), "figure-sentence") if "worsen" in said]
    assert sentence == "1 issue causes or worsens it. 2 issues are caused or worsened by it."
    [sentence] = reading.said(client.get("/en/issues/fish/"), "figure-sentence")
    assert sentence == "2 issues cause or worsen it."


def test_page_of_an_issue_without_links_has_no_graph(client, chain):
    assert picture(client.get("/en/issues/water/"), "chart-wide") is None


# ── Query counts ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.any_database
@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_graph_asks_the_same_of_the_database_for_one_link_as_for_four(
    client, django_assert_num_queries, count, language
):
    main = make_issue()
    for _ in range(count):
        link = make_issue_link(effect=make_issue(parent=main))
        make_citation(link, make_source())
        make_issue_in_country(issue=link.cause, country=make_country())
    settle()
    with django_assert_num_queries(14):
        get(client, language)
