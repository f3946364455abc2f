"""The flow diagram of the coverage table: drawing, table and file agree."""

import pytest
from django.utils import translation

from portal.core.choices import Area, Level
from portal.views.coverage.flows import FlowDiagram
from tests.portal.views.coverage.pages import FILTERED, LANGUAGES, ask, coverage_of, file, make
from tests.reading import page, words

pytestmark = pytest.mark.django_db


def test_a_project_is_one_wide_and_divided_equally(two_countries):
    make("both", countries=two_countries, areas=[Area.FORESTRY, Area.WASTE], level=Level.PROVINCIAL)
    make("one", countries=two_countries[:1], areas=[Area.FORESTRY], level=Level.NATIONAL)
    make("nowhere", areas=[Area.FORESTRY])
    streams = FlowDiagram(coverage_of())
    assert streams.widths[0] == {
        ("provincial", "forestry"): 0.5,
        ("provincial", "waste"): 0.5,
        ("national", "forestry"): 1.0,
    }
    assert streams.widths[1] == {
        ("forestry", "kz"): 1.25,
        ("forestry", "uz"): 0.25,
        ("waste", "kz"): 0.25,
        ("waste", "uz"): 0.25,
    }
    assert "1 project without a level, an area or a country of Central Asia is not drawn." in streams.notes


@pytest.mark.parametrize("query", ["", *list(FILTERED)[:3]])
def test_streams_lose_nothing_and_count_what_their_lists_show(content, listed, query):
    streams = FlowDiagram(coverage_of(query))
    for step in streams.widths:
        assert sum(step.values()) == pytest.approx(len(streams.drawn))
    for bands in streams.bands:
        for band in bands:
            assert 0 < band.width <= band.cell.count + 1e-9
            assert listed(band.cell.url) == band.cell.count
    for node in streams.picture.nodes:
        assert listed(node.item.url) == int(node.item.count)
    assert [(member.label, cell.count) for _label, members in streams.totals for member, cell in members] == [
        (node.item.name, int(node.item.count)) for node in streams.picture.nodes
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_in_the_streams_is_cut(content, language):
    with translation.override(language):
        for node in FlowDiagram(coverage_of()).picture.nodes:
            assert " ".join(words for words, _y in node.rows).strip() == node.item.name


def test_picture_table_and_file_of_streams_agree(content, client):
    tree = page(ask(client))
    titles = tree.xpath("//*[contains(@class, 'streams-picture')]//*[@class='ribbons']//title/text()")
    rows = [[words(cell) for cell in row] for row in tree.xpath("//section[@aria-labelledby='streams']//tbody/tr")]
    assert sorted(titles) == sorted(
        f"{source} → {target}: {n} project{'s' * (n != '1')}" for source, target, n, _width in rows
    )
    in_file = [[row[1], *row[3:5], float(row[5])] for row in file(client, "part=streams")[1:]]
    assert in_file == [[*row[:3], float(row[3])] for row in rows]


def test_page_without_streams_stands(client, two_countries):
    make("one", countries=two_countries)
    response = ask(client)
    assert page(response).find_class("sankey") == []
    assert file(client, "part=streams") == [["From (key)", "From", "To (key)", "To", "Projects", "Width"]]
