"""Editors choose what pages show, and pages work when nothing is chosen."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from issues import aral
from issues.models import AreaReport, ComparisonExample, Indicator, IssueFeature, IssueMotif, PageIndicator
from portal.core.choices import Area, PublicationStatus
from portal.models import Place
from tests import reading
from tests.make import (
    make_area_report,
    make_comparison_example,
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

CHOICES = (PageIndicator, IssueFeature, IssueMotif, AreaReport, ComparisonExample)


def measured(key, country, **fields):
    """Make an indicator with values of three years for a country."""
    indicator = make_indicator(key=key, **fields)
    for year in (2018, 2019, 2020):
        make_observation(indicator=indicator, place=country, year=year)
    return indicator


def charts(response):
    return [one.removeprefix("chart-") for one in reading.page(response).xpath("//section//figure/@id")]


# ── Indicators ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_page_of_a_country_draws_the_chosen_indicators_in_their_order(client):
    country = make_country(key="uz", group=Place.Group.CENTRAL_ASIA)
    water, trees = measured("water", country, position=1), measured("trees", country, position=2)
    draft = measured("draft", country, publication=PublicationStatus.DRAFT)
    compared = measured("compared", country)
    for place, indicator in enumerate((draft, trees, water)):
        make_page_indicator(indicator=indicator, position=place)
    make_page_indicator(indicator=compared, page=PageIndicator.Page.COMPARISON)
    assert charts(client.get("/en/countries/uz/")) == ["trees", "water"]


def test_page_of_a_country_without_chosen_indicators_has_no_charts(client):
    measured("water", make_country(key="uz", group=Place.Group.CENTRAL_ASIA))
    response = client.get("/en/countries/uz/")
    assert response.status_code == 200
    assert charts(response) == []
    assert not reading.page(response).xpath("//section[@aria-labelledby='charts']")


def test_chosen_indicators_take_one_query():
    for _ in range(2):
        make_page_indicator()
        make_page_indicator()
        with CaptureQueriesContext(connection) as asked:
            found = PageIndicator.objects.indicators_on(PageIndicator.Page.COUNTRY)
            assert all(indicator.name_en for indicator in found)
        assert len(asked) == 1
    assert len(found) == 4


# ── The Aral Sea ─────────────────────────────────────────────────────────────────────────────────────────────────


def sea_with_values():
    sea = make_country(key="aral-sea", kind=Place.Kind.LAKE, group="")
    measured(aral.AREA, sea)


def test_part_of_the_sea_stands_on_the_page_of_the_chosen_issue_only(client):
    sea_with_values()
    chosen, other = make_issue(key="chosen"), make_issue(key="aral-sea-depletion")
    make_issue_feature(issue=chosen)
    pages = [reading.page(client.get(issue.get_absolute_url())) for issue in (chosen, other)]
    assert [len(page.find_class("aral-map")) for page in pages] == [1, 0]
    assert "/en/issues/chosen.svg?part=sea" in pages[0].xpath("//a/@href")
    files = [client.get(issue.get_absolute_url(), {"format": "svg", "part": "sea"}) for issue in (chosen, other)]
    assert [file["Content-Type"].partition(";")[0] for file in files] == ["image/svg+xml", "text/html"]


@pytest.mark.parametrize("publication", [PublicationStatus.PUBLISHED, PublicationStatus.DRAFT])
def test_home_shows_the_sea_while_readers_find_its_issue(client, publication):
    make_issue_feature(issue=make_issue(key="sea", publication=publication))
    home = reading.page(client.get("/en/"))
    assert home.xpath("//figcaption//a/@href") == (["/en/issues/sea/"] if publication == "published" else [])
    assert len(home.find_class("hero-figure")) == (publication == "published")


def test_home_without_a_chosen_issue_has_no_picture(client):
    make_issue(key="aral-sea-depletion")
    response = client.get("/en/")
    assert response.status_code == 200
    assert not reading.page(response).find_class("hero-figure")


# ── The report ───────────────────────────────────────────────────────────────────────────────────────────────────


def gaps(client):
    [section] = reading.page(client.get("/en/about/data/")).xpath("//section[@aria-labelledby='gaps']")
    return section


def test_newest_published_report_is_cited(client):
    for key, date, publication in (
        ("old", "2019", "published"),
        ("new", "2024", "published"),
        ("undated", None, "published"),
        ("draft", "2026", "draft"),
    ):
        source = make_source(key=key, date=date, publication=publication)
        make_area_report(
            source=source, sentence_en=f"Areas of {key} are marked.", areas=[Area.FORESTRY], words=f"{key}ish"
        )
    section = gaps(client)
    said = reading.words(section)
    assert "Areas of new are marked." in said
    assert "newish named in the report" in said
    assert said.count("named in the report") == 2
    assert "/en/sources/new/" in section.xpath(".//a/@href")


def test_without_a_report_no_area_is_marked(client):
    section = gaps(client)
    assert "report" not in reading.words(section)
    assert len(section.xpath(".//tbody/tr")) == len(Area)


@pytest.mark.parametrize("areas", [["forestry", "forestry"], ["football"], "forestry", {"forestry": 1}])
def test_areas_of_a_report_are_areas_of_the_portal(areas):
    with pytest.raises(ValidationError) as refusal:
        AreaReport(source=make_source(), sentence="Marked.", sentence_en="Marked.", areas=areas).full_clean()
    assert list(refusal.value.message_dict) == ["areas"]


def test_words_of_a_report_are_parted_by_commas():
    assert AreaReport(words=" K-pop, street food ,,").searched_words == ["K-pop", "street food"]


# ── Examples ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_examples_stand_in_the_editors_order_and_take_a_query_a_kind(client):
    countries = [make_country() for _ in range(3)]
    counts = []
    for pair in ((0, 1), (1, 2)):
        make_comparison_example(*(countries[n] for n in pair), title_en=f"Pair {pair}", position=10 - pair[0])
        with CaptureQueriesContext(connection) as asked:
            titles = reading.page(client.get("/en/compare/")).xpath("//li[@class='card']/h3/a/text()")
        counts.append(len(asked))
    assert titles == ["Pair (1, 2)", "Pair (0, 1)"]
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("kind", "keys", "message"),
    [
        ("country", "uz", "Name two to four records."),
        ("country", "uz uz", "Name two to four records."),
        ("country", "a b c d e", "Name two to four records."),
        ("country", "uz jp mars", "No record of this kind has this key: jp, mars."),
        ("issue", "uz kz", "No record of this kind has this key: uz, kz."),
    ],
)
def test_example_names_two_to_four_records_of_its_kind(kind, keys, message):
    for key, group in (("uz", "central-asia"), ("kz", "central-asia"), ("jp", "")):
        make_country(key=key, group=group)
    with pytest.raises(ValidationError) as refusal:
        ComparisonExample(title="T", title_en="T", kind=kind, keys=keys).full_clean()
    assert refusal.value.message_dict == {"keys": [message]}


# ── Pictures ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("shape", "has_indicator", "has_place"),
    [("bars", False, False), ("bars", True, False), ("squares", False, True), ("outlines", True, True)],
)
def test_picture_has_an_indicator_and_a_place_unless_it_is_of_outlines(shape, has_indicator, has_place):
    motif = IssueMotif(
        issue=make_issue(),
        shape=shape,
        indicator=make_indicator(unit_symbol_en="ha") if has_indicator else None,
        place=make_place() if has_place else None,
    )
    with pytest.raises(ValidationError, match="Choose an indicator and a place; for the outlines, choose neither"):
        motif.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        motif.save()


def test_squares_need_an_indicator_of_areas():
    motif = make_issue_motif(indicator=make_indicator(unit_symbol_en="mm"))
    motif.full_clean()
    motif.shape = IssueMotif.Shape.SQUARES
    with pytest.raises(ValidationError) as refusal:
        motif.full_clean()
    assert refusal.value.message_dict == {"indicator": ["Squares need an indicator in ha, thousand ha or km²."]}


# ── In the admin ─────────────────────────────────────────────────────────────────────────────────────────────────


def sign_in(client, group):
    user = User.objects.create_user(group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)


def test_reviewer_chooses_a_report_and_its_areas(client):
    sign_in(client, "Reviewer")
    source = make_source()
    form = {"source": source.pk, "sentence_en": "Marked.", "areas": ["forestry", "energy"], "words": "K-pop"}
    response = client.post("/admin/issues/areareport/add/", form)
    assert response.status_code == 302
    report = AreaReport.objects.get()
    assert (report.source, report.areas, report.words) == (source, ["forestry", "energy"], "K-pop")
    page = reading.page(client.get(f"/admin/issues/areareport/{report.pk}/change/"))
    assert set(page.xpath("//input[@name='areas'][@checked]/@value")) == {"forestry", "energy"}


def test_reviewer_orders_the_indicators_in_their_list(client):
    sign_in(client, "Reviewer")
    first, second = make_page_indicator(position=1), make_page_indicator(position=2)
    form = {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 2, "_save": "Save"}
    for number, (choice, position) in enumerate(((first, 2), (second, 1))):
        form |= {f"form-{number}-id": choice.pk, f"form-{number}-position": position}
    assert client.post("/admin/issues/pageindicator/", form).status_code == 302
    assert PageIndicator.objects.indicators_on("country") == [second.indicator, first.indicator]


@pytest.mark.parametrize("model", CHOICES)
def test_editor_sees_the_choices_and_does_not_change_them(client, model):
    sign_in(client, "Editor")
    make = {
        PageIndicator: make_page_indicator,
        IssueFeature: make_issue_feature,
        IssueMotif: make_issue_motif,
        AreaReport: make_area_report,
        ComparisonExample: make_comparison_example,
    }[model]
    address = f"/admin/issues/{model._meta.model_name}/"
    assert client.get(f"{address}{make().pk}/change/").status_code == 200
    assert client.get(f"{address}add/").status_code == 403
    assert client.post(f"{address}{model.objects.get().pk}/delete/", {"post": "yes"}).status_code == 403
    assert model.objects.count() == 1


# ── The migration ────────────────────────────────────────────────────────────────────────────────────────────────


def rows():
    return [sorted(map(str, model.objects.values_list(*fields_of(model)))) for model in CHOICES]


def fields_of(model):
    return [field.attname for field in model._meta.concrete_fields if not field.primary_key]


def test_migration_fills_a_database_that_has_content_like_the_fixtures(content):
    migration = import_module("issues.migrations.0007_fill_page_choices")
    of_figures = import_module("issues.migrations.0011_fill_key_figures_of_countries")
    of_motifs = import_module("issues.migrations.0013_fill_issue_motifs")
    loaded = rows()
    for model in CHOICES:
        model.objects.all().delete()
    editor = SimpleNamespace(connection=connection)
    for one in (migration, of_figures, of_motifs):
        one.fill(apps, editor)
    assert rows() == loaded
    of_motifs.empty(apps, editor)
    assert not IssueMotif.objects.exists()
    of_figures.empty(apps, editor)
    assert set(PageIndicator.objects.values_list("page", flat=True)) == {"country", "comparison"}
    migration.empty(apps, editor)
    assert rows() == [[], [], [], [], []]
    assert Indicator.objects.exists()


@pytest.mark.parametrize(
    "name", ["0007_fill_page_choices", "0011_fill_key_figures_of_countries", "0013_fill_issue_motifs"]
)
def test_migration_chooses_nothing_where_there_are_no_records(name):
    import_module(f"issues.migrations.{name}").fill(apps, SimpleNamespace(connection=connection))
    assert rows() == [[], [], [], [], []]


def test_migration_leaves_the_key_figures_that_editors_chose():
    chosen = make_page_indicator(indicator=make_indicator(key="cotton-yield"), page=PageIndicator.Page.FIGURES)
    make_indicator(key="population")
    migration = import_module("issues.migrations.0011_fill_key_figures_of_countries")
    migration.fill(apps, SimpleNamespace(connection=connection))
    assert list(PageIndicator.objects.all()) == [chosen]
