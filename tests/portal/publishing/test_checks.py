"""The publishing checks: what a record lacks before it can be published."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from issues.models import Issue
from portal.core.choices import PublicationStatus
from portal.models import Place, Record, Source
from portal.publishing.checks import publishing_blockers
from tests.make import (
    make_activity,
    make_agreement,
    make_answer,
    make_area,
    make_citation,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_issue_in_country,
    make_key_figure,
    make_observation,
    make_organisation,
    make_outcome,
    make_participation,
    make_party,
    make_place,
    make_project,
    make_result,
    make_result_figure,
    make_source,
    make_term,
)

pytestmark = pytest.mark.django_db


def whole_project(**fields):
    project = make_project(**fields)
    project.countries.add(make_country())
    make_citation(project)
    return project


def whole_issue(**fields):
    issue = make_issue(**fields)
    make_citation(issue)
    return issue


def lacks(record):
    """Return the blockers of the stored record: a dict from anchor to words."""
    return {gap.anchor: gap.text for gap in publishing_blockers(type(record).objects.get(pk=record.pk))}


def draft(make, **fields):
    return make(publication=PublicationStatus.DRAFT, **fields)


@pytest.mark.any_database
def test_all_content_passes_its_own_checks(content):
    lacking = {
        str(record): found
        for model in Record.__subclasses__()
        for record in model.objects.published()
        if (found := publishing_blockers(record))
    }
    assert lacking == {}


def test_a_whole_record_lacks_nothing():
    for record in (whole_project(), whole_issue(), make_source(), make_indicator(), make_country()):
        assert lacks(record) == {}


def test_english_is_needed_where_it_is_required():
    project = whole_project(summary_en="", summary_ko="요약", results_ko="결과")
    assert lacks(project) == {"id_summary_en": "Summary (English): the text is missing."}


def test_a_record_cites_sources_that_are_published():
    term = make_term()
    assert lacks(term) == {"citations-group": "No source is cited."}
    make_citation(term, draft(make_source, key="micklin-2016"))
    assert lacks(term) == {"citations-group": "The source micklin-2016 is not published: publish it first."}


@pytest.mark.parametrize("make", [make_project, make_agreement])
@pytest.mark.parametrize("kind", Source.Kind)
def test_high_confidence_needs_more_than_news_and_encyclopedias(make, kind):
    record = make()
    make_citation(record, make_source(kind=Source.Kind.NEWS)), make_citation(record, make_source(kind=kind))
    message = "Confidence: “High” needs a source that is neither news nor an encyclopedia."
    refused = kind in {Source.Kind.NEWS, Source.Kind.ENCYCLOPEDIA}
    assert lacks(record).get("id_confidence") == (message if refused else None)
    type(record).objects.update(confidence="medium")
    assert "id_confidence" not in lacks(record)


def test_marks_lead_to_published_sources_in_every_language():
    make_source(key="icwc-2019"), draft(make_source, key="micklin-2016")
    issue = whole_issue(drivers_en="Cotton [icwc-2019].", impacts_ko="먼지 [micklin-2016].")
    assert lacks(issue) == {"id_impacts_ko": "Impacts (한국어): the mark [micklin-2016] leads to no published source."}


def test_rows_are_read_in_english_and_figures_with_a_source():
    issue = whole_issue()
    make_issue_in_country(issue=issue, note_en="", note_ko="북부에서")
    figure = make_key_figure(issue=issue)
    assert lacks(issue) == {
        "in_countries-group": "Issues in countries: a row has no English text.",
        "key_figures-group": "Key figures: a row cites no published source.",
    }
    make_citation(figure)
    assert set(lacks(issue)) == {"in_countries-group"}


def test_what_a_record_stands_on_is_published_first():
    country, main, source = draft(make_country), draft(make_issue), draft(make_source)
    found = [
        lacks(make_place(country=country)),
        lacks(make_organisation(country=country)),
        lacks(whole_issue(parent=main)),
        lacks(make_indicator(source=source)),
    ]
    assert [{"id_country", "id_parent", "id_source"} & set(gaps) for gaps in found] == [
        {"id_country"},
        {"id_country"},
        {"id_parent"},
        {"id_source"},
    ]


def test_a_project_needs_a_country_and_an_agreement_a_party_that_readers_see():
    project, agreement = make_project(), make_agreement()
    make_citation(project), make_citation(agreement)
    assert lacks(project) == {"id_countries": "Countries: at least one published record is needed."}
    assert lacks(agreement) == {"parties-group": "Parties: at least one published record is needed."}
    project.countries.add(make_country())
    make_party(agreement=agreement)
    assert lacks(project) == lacks(agreement) == {}


def test_a_result_needs_a_source_and_its_project_published():
    result = make_result(project=draft(make_project, title_en="Trees"))
    make_result_figure(result=result, label_en="", label_ko="면적")
    assert lacks(result) == {
        "citations-group": "No source is cited.",
        "figures-group": "Figures of results: a row has no English text.",
        "id_project": "Project: Trees is not published: publish it first.",
    }


def test_a_result_of_a_project_has_no_issues_areas_and_countries_of_its_own():
    result = make_result()
    make_citation(result)
    make_area(result)
    result.issues.add(make_issue()), result.countries.add(make_country())
    assert lacks(result) == {}
    result.project = make_project()
    result.save()
    assert lacks(result) == {
        "areas-group": "Areas of results: leave this blank, because those of the project apply.",
        "id_countries": "Countries: leave this blank, because those of the project apply.",
        "id_issues": "Issues: leave this blank, because those of the project apply.",
    }


def test_outcomes_lead_to_published_projects_and_each_row_has_a_source():
    agreement = make_agreement()
    make_citation(agreement)
    make_party(agreement=agreement)
    outcome = make_outcome(agreement=agreement, project=draft(make_project, title_en="Trees"))
    activity = make_activity(agreement=agreement)
    found = {gap.text for gap in publishing_blockers(agreement)}
    assert found == {
        "Outcomes of agreements: a row cites no published source.",
        "Activities of agreements: a row cites no published source.",
        "Outcomes of agreements: Trees is not published: publish it first.",
    }
    make_citation(outcome), make_citation(activity)
    assert lacks(agreement) == {"outcomes-group": "Outcomes of agreements: Trees is not published: publish it first."}


def hidden_of(record):
    """Return the unpublished records to which a record refers."""
    return [gap.text.removesuffix(" is not published: publish it first.") for gap in publishing_blockers(record)]


def test_each_record_that_a_project_names_is_published_first():
    project = whole_project()
    seen = make_participation(project=project).organisation
    make_participation(project=project, organisation=draft(make_organisation, name_en="KOICA"), role="funding")
    make_participation(project=project, organisation=seen, role="extending")
    project.countries.add(draft(make_country, name_en="Uzbekistan"))
    project.places.add(draft(make_place, name_en="Nukus"), make_place())
    make_answer(project=project, issue=draft(make_issue, name_en="Drought"))
    make_answer(project=project, issue=make_issue())
    assert hidden_of(project) == [
        "Countries: Uzbekistan",
        "Places: Nukus",
        "Participations: KOICA",
        "Issues of projects: Drought",
    ]
    assert [gap.anchor for gap in publishing_blockers(project)] == [
        "id_countries",
        "id_places",
        "participations-group",
        "issue_links-group",
    ]


def test_each_record_that_other_kinds_name_is_published_first():
    agreement, event = make_agreement(), make_event()
    make_citation(agreement), make_citation(event)
    make_party(agreement=agreement, country=draft(make_country, name_en="Uzbekistan"))
    make_party(agreement=agreement, organisation=draft(make_organisation, name_en="KOICA"))
    agreement.issues.add(draft(make_issue, name_en="Drought"))
    event.countries.add(draft(make_country, name_en="Tajikistan"))
    event.issues.add(draft(make_issue, name_en="Dust"))
    event.places.add(draft(make_place, name_en="Nukus"))
    issue = whole_issue()
    make_issue_in_country(issue=issue, country=draft(make_country, name_en="Turkmenistan"))
    issue.places.add(draft(make_place, name_en="Moynaq"))
    indicator = make_indicator()
    indicator.issues.add(draft(make_issue, name_en="Salt"))
    for year in (2020, 2021):
        place = draft(make_place, name_en="Aral") if year == 2020 else Place.objects.get(name_en="Aral")
        make_observation(indicator=indicator, place=place, year=year, source=indicator.source)
    make_observation(indicator=indicator, source=draft(make_source, title="Yearbook"))
    assert hidden_of(agreement) == ["Parties: Uzbekistan", "Parties: KOICA", "Issues: Drought"]
    assert hidden_of(event) == ["Countries: Tajikistan", "Issues: Dust", "Places: Nukus"]
    assert hidden_of(issue) == ["Issues in countries: Turkmenistan", "Places: Moynaq"]
    assert hidden_of(indicator) == ["Issues: Salt", "Observations: Aral", "Observations: Yearbook"]


def test_publishing_asks_for_every_record_that_a_record_names():
    """Records are checked in foreign keys, many-to-many relations and child rows. Sources are checked as citations."""
    missing = []
    for model in Record.__subclasses__():
        asked = {*model.required_published, *model.required_published_each}
        rows = {field.related_model: field.name for field in model._meta.get_fields() if field.one_to_many}
        for field in model._meta.get_fields():
            if not field.is_relation or field.auto_created or not issubclass(field.related_model, Record):
                continue
            path = field.name
            if field.many_to_many and not field.remote_field.through._meta.auto_created:
                path = f"{rows[field.remote_field.through]}__{field.m2m_reverse_field_name()}"
            if path not in asked and path.rpartition("__")[2] != "source":
                missing.append(f"{model.__name__}.{path}")
    assert missing == []


@pytest.mark.parametrize(
    ("language", "words"), [("ko", "인용한 출처가 없습니다."), ("ru", "Не указан ни один источник.")]
)
def test_gaps_are_told_in_the_editors_language(language, words):
    with translation.override(language):
        assert lacks(make_term())["citations-group"] == words


@pytest.mark.any_database
def test_checks_ask_the_same_of_the_database_for_one_row_as_for_three():
    def add_rows(n):
        make_issue_in_country(issue=issue)
        make_citation(make_key_figure(issue=issue, position=n))
        make_citation(issue)

    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert publishing_blockers(Issue.objects.get(pk=issue.pk)) == []
        return len(asked)

    issue = make_issue(parent=make_issue())
    add_rows(1)
    one = queries()
    add_rows(2), add_rows(3)
    assert queries() == one
