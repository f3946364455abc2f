"""The admin of issues, key figures, links between issues, indicators, observations, events and terms."""

import pytest
from django.contrib.auth.models import User

from issues.models import Event, Indicator, Issue, KeyFigure, Observation
from projects.models import ProjectIssue
from tests.make import (
    make_citation,
    make_event,
    make_figure_of_series,
    make_indicator,
    make_issue,
    make_issue_link,
    make_key_figure,
    make_observation,
    make_place,
    make_project,
    make_source,
)
from tests.portal.staff.test_admin import add_rows, address, change_address, errors_of, form_data, listed

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    client.force_login(User.objects.create_superuser("editor"))
    return client


def test_a_date_is_found_as_far_as_it_is_known(editor):
    july = make_event(date="2021-07-02")
    make_event(date="2021-08")
    assert listed(editor.get(address(Event, "changelist"), {"q": "2021-07"})) == {july}


def test_counts_do_not_multiply_each_other(editor):
    issue, project = make_issue(), make_project()
    for n in (1, 2, 3):
        add_rows(issue, n)
    ProjectIssue.objects.create(project=project, issue=issue, significance="principal", rationale_en="So.")
    [row] = [row for row in listed(editor.get(address(Issue, "changelist"))) if row == issue]
    assert (row.citations_count, row.project_links_count) == (3, 1)


def test_marks_of_an_issue_become_its_citations(editor):
    micklin, icwc = make_source(key="micklin-2016"), make_source(key="icwc-2019")
    make_source(key="not-cited")
    issue = make_issue()
    url = change_address(issue)
    response = editor.post(
        url,
        form_data(
            editor.get(url),
            drivers_en="Cotton [micklin-2016].",
            responses_ko="위원회가 있다 [icwc-2019][micklin-2016].",
        ),
    )
    assert response.status_code == 302
    assert [citation.source for citation in issue.citations.select_related("source")] == [micklin, icwc]


def test_a_mark_without_its_source_is_refused_by_name(editor):
    make_source(key="micklin-2016")
    issue = make_issue()
    url = change_address(issue)
    response = editor.post(
        url, form_data(editor.get(url), impacts_ru="Пыль [micklin-2016]. Соль [nobody-2020].", state_en="Dry.")
    )
    assert errors_of(response) == {
        "impacts_ru": ["No source has this key: nobody-2020. Create the source first, or correct the mark."]
    }
    assert "No source has this key: nobody-2020" in response.content.decode()
    issue.refresh_from_db()
    assert (issue.state_en, issue.version, issue.citations.count()) == ("What is known of the state.", 1, 0)


def test_a_date_is_written_as_far_as_it_is_known(editor):
    event = make_event(date="2005-08")
    url = change_address(event)
    response = editor.get(url)
    assert "YYYY-MM-DD, YYYY-MM or YYYY, as precisely as known." in response.content.decode()
    refused = editor.post(url, form_data(response, date="August 2005"))
    assert errors_of(refused) == {
        "date": ["“August 2005” is not a date. Use YYYY-MM-DD, YYYY-MM or YYYY, as precisely as known."]
    }
    editor.post(url, form_data(response, date="2005-08-08"))
    event.refresh_from_db()
    assert event.date == "2005-08-08"


def test_a_value_is_edited_without_the_zeros_of_its_column(editor):
    for value, text in (("68000", "68000"), ("24.1", "24.1"), ("0", "0")):
        observation = Observation.objects.create(
            indicator=make_indicator(), place=make_place(), year=2020, value=value, source=make_source()
        )
        form = editor.get(change_address(observation)).context["adminform"].form
        assert form["value"].value() == text


# ── Key figures ──────────────────────────────────────────────────────────────────────────────────────────────


def test_list_of_key_figures_shows_stated_values_and_says_where_there_is_none(editor):
    observation = make_observation(indicator=make_indicator(unit_symbol_en="km²"), place=make_place(), value="24.1")
    series = make_figure_of_series(indicator=observation.indicator, place=observation.place)
    empty = make_figure_of_series(indicator=observation.indicator, place=make_place())
    written = make_key_figure(value="68000", unit_en="ha")
    page = editor.get(address(KeyFigure, "changelist"))
    admin = page.context["cl"].model_admin
    shown = {figure.pk: str(admin.value_and_unit(figure)) for figure in page.context["cl"].result_list}
    assert "24.1" in shown[series.pk]
    assert "km²" in shown[series.pk]
    assert shown[empty.pk] == "no published value"
    assert "68,000" in shown[written.pk]


def test_key_figure_and_link_count_their_citations(editor):
    figure, link = make_key_figure(), make_issue_link()
    for record in (figure, figure, link):
        make_citation(record)
    [counted] = listed(editor.get(address(KeyFigure, "changelist")))
    assert counted.citations_count == 2
    [counted] = listed(editor.get(address(type(link), "changelist")))
    assert counted.citations_count == 1


@pytest.mark.parametrize("words", ["Rising dust", "Засоление", "wind carries", "dust-storms"])
def test_link_is_found_by_either_issue_and_by_its_mechanism(editor, words):
    link = make_issue_link(
        cause=make_issue(name_en="Salt", name_ru="Засоление"),
        effect=make_issue(key="dust-storms", name_en="Rising dust"),
        mechanism_en="The wind carries the salt.",
    )
    make_issue_link(mechanism_en="The rain washes it out.")
    assert listed(editor.get(address(type(link), "changelist"), {"q": words})) == {link}


# ── Indicators and observations ──────────────────────────────────────────────────────────────────────────────


def test_list_of_indicators_leads_to_the_grid_of_their_values(editor):
    observation = make_observation()
    page = editor.get(address(Indicator, "changelist")).content.decode()
    assert f'<a href="{address(Indicator, "grid", observation.indicator_id)}">1</a>' in page


@pytest.mark.parametrize("words", ["면적", "Арал", "micklin-2016", "1960"])
def test_observation_is_found_by_its_indicator_place_source_and_year(editor, words):
    observation = make_observation(
        indicator=make_indicator(name_ko="면적"),
        place=make_place(name_ru="Аральское море"),
        source=make_source(key="micklin-2016"),
        year=1960,
    )
    make_observation()
    assert listed(editor.get(address(Observation, "changelist"), {"q": words})) == {observation}


def test_values_are_listed_without_the_zeros_of_their_column(editor):
    observation = make_observation(value="24.1")
    page = editor.get(address(Observation, "changelist")).content.decode()
    assert f'<a href="{change_address(observation)}' in page
    assert "24.100" not in page
