"""Records for tests of briefs: all that a brief of one issue in one country can state, and drafts beside them."""

from types import SimpleNamespace

from portal.core.choices import PublicationStatus
from portal.models import Place
from projects.models import Result
from tests.make import (
    make_activity,
    make_agreement,
    make_answer,
    make_citation,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_issue_in_country,
    make_issue_link,
    make_observation,
    make_organisation,
    make_participation,
    make_party,
    make_place,
    make_project,
    make_result,
    make_source,
)

DRAFT = PublicationStatus.DRAFT


def make_world():
    """Make the records and return those that tests name: country, issue, project, indicator and organisation."""
    korea = make_country(key="kr", name_en="Korea", group=Place.Group.KOREA)
    country = make_country(key="uz", name_en="Uzbekistan", name_ko="우즈베키스탄", name_ru="Узбекистан")
    make_place(key="fergana", kind=Place.Kind.PROVINCE, name_en="Fergana Region", country=country)
    issue = make_issue(key="water-scarcity", name_en="Water scarcity", summary_en="There is too little water.")
    make_citation(issue, make_source(title="The state of water"))
    make_issue_in_country(issue=issue, country=country, note_en="Most of it goes to cotton.")
    make_issue_link(
        cause=make_issue(key="irrigation", name_en="Inefficient irrigation"),
        effect=issue,
        mechanism_en="Canals lose water.",
    )
    make_issue_link(cause=make_issue(publication=DRAFT, name_en="Hidden cause"), effect=issue)
    indicator = make_indicator(key="water-stress", name_en="Level of water stress", unit_symbol_en="%")
    indicator.issues.add(issue)
    unmeasured = make_indicator(key="flow", name_en="Annual flow")
    unmeasured.issues.add(issue)
    for year, value in ((2021, "121.9"), (2022, "123")):
        make_observation(indicator=indicator, place=country, year=year, value=value)
    project = make_on_issue(country, issue, key="smart-water", title_en="Smart water for Osh", status_as_of="2026-06")
    make_on_issue(country, issue, title_en="Hidden project", publication=DRAFT)
    organisation = make_organisation(key="k-water", name_en="K-water", country=korea)
    make_participation(project=project, organisation=organisation)
    result = make_result(project=project, kind=Result.Kind.LESSON, text_en="Operators must be trained first.")
    make_citation(result, make_source(title="The evaluation"))
    make_result(project=project, text_en="Hidden result", publication=DRAFT)
    agreement = make_agreement(key="memo", title_en="Memorandum on water", date="2020-05")
    agreement.issues.add(issue)
    make_party(agreement=agreement, country=country)
    make_activity(agreement=agreement, date="2026-03", text_en="The parties met in Tashkent.")
    event = make_event(title_en="Water week", date="2027-05")
    event.countries.add(country)
    event.issues.add(issue)
    return SimpleNamespace(
        country=country, issue=issue, project=project, indicator=indicator, organisation=organisation
    )


def make_on_issue(country, issue, **fields):
    """Make a project in a country that addresses an issue."""
    project = make_project(**fields)
    project.countries.add(country)
    make_answer(project=project, issue=issue)
    make_citation(project, make_source())
    return project


def texts_of(brief):
    """Return all texts of a brief as one text, a line each."""
    lines = [brief.title, brief.made]
    for section in brief.sections:
        lines.append(section.heading)
        for block in section.blocks:
            if block.kind == "paragraph":
                lines.append(block.text.text)
            else:
                lines += [one.text for row in block.rows for one in row]
    return "\n".join([*lines, *(source.text for source in brief.sources)])


def section_of(brief, heading):
    """Return the section with this heading."""
    [section] = [section for section in brief.sections if section.heading == heading]
    return section
