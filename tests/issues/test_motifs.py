"""Small pictures of stored values at the head of issues and countries and on the cards of the home page."""

import zlib

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override
from lxml import etree

from issues.models import Issue, IssueMotif, PageIndicator
from issues.motifs import CARD, HEAD, motif_of_country, motifs_of_issues
from portal.core.choices import PublicationStatus
from portal.models import Place
from tests import reading
from tests.make import (
    make_country,
    make_indicator,
    make_issue,
    make_issue_feature,
    make_issue_motif,
    make_observation,
    make_page_indicator,
    make_place,
    make_source,
)

pytestmark = pytest.mark.django_db


def pictured(shape="bars", values=((2000, 1), (2001, 2), (2002, 3)), source=None, **fields):
    """Make an issue with a picture of values by year, and return it."""
    motif = make_issue_motif(shape=shape, **fields)
    source = source or make_source(author="Kim, Lee", date="2024")
    for year, value in values:
        make_observation(indicator=motif.indicator, place=motif.place, year=year, value=value, source=source)
    return motif.issue


def picture(issue):
    return motifs_of_issues([issue], HEAD).get(issue.pk)


def test_head_of_an_issue_has_the_picture_with_years_and_source_once(client):
    rain = make_indicator(key="rain", name_en="Rain")
    issue = pictured(indicator=rain, place=make_place(key="uz", name_en="Uzbekistan"))
    page = reading.page(client.get(issue.get_absolute_url()))
    [figure] = page.find_class("motif")
    assert reading.words(figure) == "Rain: Uzbekistan (2000–2002). One bar a year. Source: Kim 2024"
    assert figure.xpath(".//a/@href")[0] == "/en/indicators/rain/?place=uz"
    [drawing] = figure.xpath("./svg")
    assert (drawing.get("aria-hidden"), drawing.get("viewbox") or drawing.get("viewBox")) == ("true", "0 0 320 160")
    assert drawing.xpath(".//*[local-name()='text' or local-name()='title']") == []


def test_card_of_a_main_issue_has_its_picture(client):
    issue = pictured()
    make_issue()
    cards = reading.page(client.get("/en/")).find_class("card-issue")
    assert [len(card.find_class("motif")) for card in cards] == [1, 0]
    assert motifs_of_issues([issue], CARD)[issue.pk].height == 64


def test_values_that_readers_cannot_see_make_no_picture():
    draft = make_source(publication=PublicationStatus.DRAFT)
    assert picture(pictured(source=draft)) is None
    assert picture(pictured(indicator=make_indicator(publication=PublicationStatus.DRAFT))) is None
    assert picture(pictured(place=make_place(publication=PublicationStatus.DRAFT))) is None
    assert picture(pictured()) is not None


def test_two_years_make_no_picture():
    assert picture(pictured(values=((2000, 1), (2001, 2)))) is None


def test_steps_draw_the_longest_run_of_years():
    motif = picture(pictured("steps", [(1990, -1), (2000, -1), (2001, -1), (2002, -1), (2003, -1)]))
    assert (motif.first, motif.last) == (2000, 2003)


@pytest.mark.parametrize(("unit", "value", "squares"), [("ha", 45_000, 4), ("thousand ha", 45, 4), ("km²", 450, 4)])
def test_squares_stand_for_the_latest_area(unit, value, squares):
    issue = pictured("squares", [(2000, 9), (2020, value)], indicator=make_indicator(unit_symbol_en=unit))
    motif = picture(issue)
    assert (motif.first, motif.last) == (2020, 2020)
    assert motif.paths[0][1].count("z") == squares


def test_the_source_with_most_values_is_drawn_where_sources_overlap():
    issue = pictured(source=make_source(author="Many", date="2020"))
    motif = issue.motif
    make_observation(indicator=motif.indicator, place=motif.place, year=2000, source=make_source(author="Few"))
    assert [words for _source, words in picture(issue).sources] == ["Many 2020"]


def test_outlines_need_the_page_of_the_sea_and_are_drawn_once_on_it(client):
    sea = make_issue(key="sea")
    make_issue_motif(issue=sea, shape="outlines")
    bed = make_issue_motif(shape="outlines").issue
    assert picture(bed) is None
    make_issue_feature(issue=sea)
    assert picture(bed).url == "/en/issues/sea/#sea"
    home = reading.page(client.get("/en/"))
    assert len(home.xpath("//figure[@class='motif']//use")) == 2 * len(home.find_class("motif"))
    page = reading.page(client.get(bed.get_absolute_url()))
    assert len(page.xpath("//figure[@class='motif']//path")) == 2


def test_country_has_bars_of_the_chosen_indicator():
    country = make_country(group=Place.Group.CENTRAL_ASIA)
    assert motif_of_country(country, HEAD) is None
    rain = make_indicator()
    make_page_indicator(indicator=rain, page=PageIndicator.Page.MOTIF)
    assert motif_of_country(country, HEAD) is None
    for year in (2000, 2001, 2002):
        make_observation(indicator=rain, place=country, year=year)
    motif = motif_of_country(country, HEAD)
    assert (motif.indicator, motif.first, motif.last) == (rain, 2000, 2002)


def test_pictures_take_five_queries_however_many():
    make_issue_feature(issue=make_issue(key="sea"))
    issues = [pictured() for _number in range(3)] + [make_issue_motif(shape="outlines").issue]
    with CaptureQueriesContext(connection) as queries:
        assert len(motifs_of_issues(issues, CARD)) == 4
    assert len(queries) == 5


@pytest.mark.usefixtures("content")
class TestContent:
    def test_every_chosen_picture_has_values_and_is_small(self, client):
        issues = list(Issue.objects.filter(motif__isnull=False))
        found = motifs_of_issues(issues, HEAD)
        assert len(found) == len(issues) == IssueMotif.objects.count() == 9
        for issue in issues:
            with override("ru"):
                page = reading.page(client.get(issue.get_absolute_url()))
            [figure] = page.find_class("motif")
            assert len(figure.xpath(".//svg/*")) <= 80
            assert len(zlib.compress(etree.tostring(figure))) <= 3_000, issue.key

    def test_each_country_of_central_asia_has_its_rain(self):
        for country in Place.objects.filter(group=Place.Group.CENTRAL_ASIA):
            motif = motif_of_country(country, HEAD)
            assert (motif.indicator.key, motif.place, motif.first, motif.last) == ("precipitation", country, 1960, 2024)
