"""The content of project, agreement and organisation pages."""

import pytest
from django.utils import timezone

from portal.models import Place
from projects.models import Participation, ProjectIssue
from projects.views import agreements_near, projects_near, related_projects
from tests import reading
from tests.make import (
    make_agreement,
    make_answer,
    make_area,
    make_citation,
    make_country,
    make_issue,
    make_organisation,
    make_participation,
    make_party,
    make_project,
    make_rio_marker,
    make_sdg,
    make_sector,
    make_source,
)

pytestmark = pytest.mark.django_db

Role = Participation.Role


def keys(records):
    return [record.key for record in records]


def facts(response):
    """Return the facts beside a record: a dict from name to words."""
    rows = reading.page(response).xpath("//aside//dl/div")
    return {reading.words(row.find("dt")): reading.words(row.find("dd")) for row in rows}


# ── A project ────────────────────────────────────────────────────────────────────────────────────────────────


def test_project_states_its_facts(client):
    project = make_project(
        key="trees", start="2020", end="2023-05", budget="5600000.00", currency="USD", finance="grant"
    )
    project.countries.add(make_country(name_en="Uzbekistan"))
    project.sectors.add(make_sector(code="31220", name_en="Forestry development"))
    make_area(project)
    make_rio_marker(project=project)
    for code in ("6.4", "15", "6"):
        make_sdg(project, code)
    assert facts(client.get("/en/projects/trees/")) == {
        "Project period": "2020–May 2023",
        "Budget": "USD 5,600,000",
        "Funding type": "Grant",
        "Lead (Korean side)": "National",
        "Countries": "Uzbekistan",
        "Areas": "Forestry",
        "Sectors (OECD DAC)": "31220 Forestry development",
        "Sustainable Development Goals": "6 Clean water and sanitation targets 6.4 15 Life on land",
        "Rio markers": "Desertification: 2 Principal aim",
    }


def test_project_says_what_is_not_known(client):
    make_project(key="trees", note_en="Figures differ.")
    response = client.get("/en/projects/trees/")
    found = facts(response)
    assert [found[name] for name in ("Project period", "Budget", "Funding type", "Rio markers")] == [
        *("Dates not known", "Not known", "Not known", "Not stated in a source")
    ]
    assert reading.said(response, "unknown") == [
        "None of the sources we read reports results.",
        "Not linked to any environmental issue.",
    ]


def test_project_tells_its_evidence_its_confidence_and_its_note(client):
    make_project(key="trees", confidence="low", evidence_en="A newspaper names the area.", note_en="Figures differ.")
    [said] = reading.said(client.get("/ko/projects/trees/"), "evidence")
    assert "A newspaper names the area." in said
    assert "Figures differ." in said
    fragments = reading.page(client.get("/ko/projects/trees/")).xpath("//*[@class='evidence']//*[@lang='en']")
    assert [reading.words(fragment) for fragment in fragments] == ["A newspaper names the area.", "Figures differ."]


def test_project_names_its_parties_by_role_those_with_a_formal_one_first(client):
    project = make_project(key="trees")
    for name, role in (("A host", Role.PARTNER), ("A donor", Role.FUNDING), ("A builder", Role.IMPLEMENTING)):
        make_participation(project=project, organisation=make_organisation(name_en=name), role=role)
    rows = reading.page(client.get("/en/projects/trees/")).xpath("//section[@aria-labelledby='parties']//dl/div")
    assert [reading.words(row) for row in rows] == ["Funding A donor", "Implementing A builder", "Partner A host"]


def test_project_gives_the_reason_for_each_issue_it_answers_the_principal_first(client):
    project = make_project(key="trees")
    for name, significance in (
        ("Dust", ProjectIssue.Significance.SIGNIFICANT),
        ("Salt", ProjectIssue.Significance.PRINCIPAL),
    ):
        make_answer(
            project=project,
            issue=make_issue(name_en=name),
            significance=significance,
            rationale_en=f"Holds the {name}.",
        )
    entries = reading.page(client.get("/en/projects/trees/")).xpath("//section[@aria-labelledby='issues']//li")
    assert [reading.words(entry) for entry in entries] == [
        "Salt Principal aim Holds the Salt.",
        "Dust Significant objective Holds the Dust.",
    ]


def test_sources_are_numbered_in_the_order_in_which_editors_named_them(client):
    project = make_project(key="trees")
    for position, title in ((2, "Third"), (0, "First"), (1, "Second")):
        make_citation(project, make_source(title=title), position=position)
    notes = reading.page(client.get("/en/projects/trees/")).xpath("//ol[@class='note-list']/li")
    assert [(note.get("id"), reading.words(note.find("a"))) for note in notes] == [
        ("note-1", "First"),
        ("note-2", "Second"),
        ("note-3", "Third"),
    ]


def test_page_says_how_to_cite_it(client):
    make_project(key="trees", title_en="Trees for the Aralkum")
    apa, *_others = reading.said(client.get("/en/projects/trees/"), "cite-text")
    assert apa.startswith("Central Asia Environment and Cooperation Portal. (20")
    assert "). Trees for the Aralkum. Retrieved " in apa
    assert apa.endswith(f", from http://testserver/en/projects/trees/on/{timezone.localdate().isoformat()}/")


# ── What lies near ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def uzbekistan():
    return make_country(key="uz")


def agreement_of(country, key, date):
    agreement = make_agreement(key=key, date=date)
    make_party(agreement=agreement, country=country)


def test_agreements_near_a_project_are_those_of_its_countries_around_its_start(uzbekistan):
    for key, date in (
        ("two-before", "2018"),
        ("three-before", "2017-12-31"),
        ("same-year", "2020-03"),
        ("two-after", "2022-12-31"),
        ("three-after", "2023"),
    ):
        agreement_of(uzbekistan, key, date)
    agreement_of(make_country(key="kz"), "elsewhere", "2020")
    ministry = make_organisation(country=uzbekistan)
    make_party(agreement=make_agreement(key="by-ministry", date="2020-02"), organisation=ministry)
    project = make_project(start="2020-02")
    project.countries.add(uzbekistan)
    project.refresh_from_db()
    assert keys(agreements_near(project)) == ["by-ministry", "same-year", "two-before", "two-after"]
    assert keys(agreements_near(project, limit=1)) == ["by-ministry"]


def test_no_agreement_is_near_a_project_without_a_known_start(uzbekistan):
    agreement_of(uzbekistan, "any", "2020")
    project = make_project(start=None)
    project.countries.add(uzbekistan)
    assert agreements_near(project) == []


def test_projects_near_an_agreement_are_those_of_its_central_asian_parties_around_its_date(uzbekistan):
    korea = make_country(key="kr", group=Place.Group.KOREA)
    for key, start, country in (
        ("same-year", "2021-01", uzbekistan),
        ("before", "2019", uzbekistan),
        ("long-before", "2018-12-31", uzbekistan),
        ("undated", None, uzbekistan),
        ("in-korea", "2021", korea),
        ("elsewhere", "2021", make_country(key="kz")),
    ):
        make_project(key=key, start=start).countries.add(country)
    agreement = make_agreement(date="2021-07-02")
    make_party(agreement=agreement, organisation=make_organisation(country=uzbekistan))
    make_party(agreement=agreement, country=korea)
    make_party(agreement=agreement, organisation=make_organisation(country=None))
    agreement.refresh_from_db()
    assert keys(projects_near(agreement)) == ["same-year", "before"]


def test_related_projects_answer_the_same_issues_the_most_in_common_first():
    salt, dust, floods = make_issue(), make_issue(), make_issue()

    def answering(key, *issues, **fields):
        project = make_project(key=key, **fields)
        for issue in issues:
            make_answer(project=project, issue=issue)
        return project

    project = answering("this", salt, dust)
    answering("one-in-common", salt)
    answering("two-in-common", salt, dust)
    answering("none-in-common", floods)
    answering("hidden", salt, dust, publication="draft")
    assert keys(related_projects(project)) == ["two-in-common", "one-in-common"]
    assert keys(related_projects(project, limit=1)) == ["two-in-common"]
    assert related_projects(make_project()) == []


# ── Agreements and organisations ─────────────────────────────────────────────────────────────────────────────


def test_agreement_names_its_parties_and_what_it_is_about(client):
    agreement = make_agreement(key="mou", date="2021-07-02")
    make_party(agreement=agreement, country=make_country(name_en="Uzbekistan"))
    make_party(agreement=agreement, organisation=make_organisation(name_en="Forest Service"))
    make_area(agreement)
    agreement.issues.add(make_issue(name_en="Salt dust"))
    assert facts(client.get("/en/agreements/mou/")) == {
        "Date": "2 July 2021",
        "Kind": "Memorandum of understanding",
        "Parties": "Uzbekistan Forest Service",
        "Lead (Korean side)": "National",
        "Areas": "Forestry",
        "Issues": "Salt dust",
    }


def test_organisation_shows_its_projects_by_role_and_counts_each_once(client):
    koica = make_organisation(key="koica", name_en="KOICA")
    both, one = make_project(title_en="Both roles", start="2020"), make_project(title_en="One role", start="2021")
    for project, role in ((both, Role.IMPLEMENTING), (both, Role.FUNDING), (one, Role.FUNDING)):
        make_participation(organisation=koica, project=project, role=role)
    [part] = reading.page(client.get("/en/organisations/koica/")).xpath("//section[@aria-labelledby='projects']")
    assert reading.words(part.find_class("section-lead")[0]) == "Takes part in 2 projects."
    assert [
        (reading.words(heading), [reading.words(title) for title in heading.getnext().find_class("entry-title")])
        for heading in part.findall("h3")
    ] == [("Funding 2", ["One role", "Both roles"]), ("Implementing 1", ["Both roles"])]


def test_organisation_of_several_countries_says_so(client):
    make_organisation(key="adb", country=None, url="https://www.adb.org", name_ko="아시아개발은행")
    assert facts(client.get("/en/organisations/adb/")) == {
        "Kind": "Government",
        "Country": "Several countries",
        "Website": "https://www.adb.org",
        "Names in other languages": "아시아개발은행",
    }


def test_organisation_that_takes_part_in_nothing_says_so(client):
    make_organisation(key="idle")
    assert reading.said(client.get("/en/organisations/idle/"), "unknown") == [
        "The portal has no project or agreement of this organisation."
    ]
