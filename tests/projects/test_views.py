"""The content of project, agreement, result and organisation pages."""

import datetime
import re

import pytest
from django.utils import timezone

from portal.core.choices import Area
from portal.models import Place
from projects.models import Participation, ProjectIssue, Result
from projects.views import later_activity, partners_of, similar_projects
from tests import reading
from tests.make import (
    make_activity,
    make_agreement,
    make_answer,
    make_area,
    make_citation,
    make_country,
    make_issue,
    make_organisation,
    make_outcome,
    make_participation,
    make_party,
    make_place,
    make_project,
    make_result,
    make_result_figure,
    make_rio_marker,
    make_sdg,
    make_sector,
    make_source,
)

pytestmark = pytest.mark.django_db

Role = Participation.Role


def keys(records):
    return [record.key for record in records]


def pairs(response, path):
    """Return the pairs of definition lists as a dict from name to words."""
    rows = reading.page(response).xpath(f"{path}/div")
    return {reading.words(row.find("dt")): reading.words(row.find("dd")) for row in rows}


def facts(response):
    """Return the facts beside a record: a dict from name to words."""
    return pairs(response, "//aside//dl")


def strip(response):
    """Return the facts right under the title of a record: a dict from name to words."""
    return pairs(response, "//header/h1/following-sibling::dl[@class='fact-strip']")


def headings(response):
    """Return the anchors of the sections of a page, in their order."""
    return reading.page(response).xpath("//article//section/@aria-labelledby")


# ── A project ────────────────────────────────────────────────────────────────────────────────────────────────


def test_project_states_its_facts(client):
    project = make_project(
        key="trees", status="closed", start="2020", end="2023-05", budget="5600000.00", currency="USD", finance="grant"
    )
    project.countries.add(make_country(name_en="Uzbekistan"))
    project.sectors.add(make_sector(code="31220", name_en="Forestry development"))
    make_area(project)
    make_rio_marker(project=project)
    for code in ("6.4", "15", "6"):
        make_sdg(project, code)
    make_participation(project=project, organisation=make_organisation(name_en="KOICA"), role=Role.FUNDING)
    response = client.get("/en/projects/trees/")
    assert strip(response) == {
        "Status": "Completed",
        "Project period": "2020 – May 2023",
        "Budget": "US$ 5.6 million",
        "Lead": "KOICA (Funding)",
        "Countries": "Uzbekistan",
        "Korean side": "National",
    }
    assert facts(response) == {
        "Areas": "Forestry",
        "Funding type": "Grant",
        "Sectors (OECD DAC)": "31220 Forestry development",
        "Sustainable Development Goals": "6 Clean water and sanitation targets 6.4 15 Life on land",
        "Rio markers": "Desertification: 2 Principal objective",
    }


def test_project_says_what_is_not_known(client):
    make_project(key="trees", note_en="Figures differ.")
    response = client.get("/en/projects/trees/")
    found = strip(response) | facts(response)
    names = ("Project period", "Budget", "Lead", "Countries", "Funding type", "Rio markers")
    assert [found[name] for name in names] == [
        *("Dates not known", "Not known", "Not known", "Not known", "Not known", "Not stated in a source")
    ]
    assert reading.said(response, "unknown") == [
        "None of the sources we read says what was done or reports results. Not linked to any environmental issue."
    ]
    assert headings(response) == ["evidence", "cite"]  # an empty section has no heading


def test_project_with_activities_says_that_no_source_reports_results(client):
    make_answer(project=make_project(key="trees", activities_en="Trees were planted."))
    response = client.get("/en/projects/trees/")
    assert reading.said(response, "unknown") == ["None of the sources we read reports results."]
    assert headings(response) == ["activities", "issues", "evidence", "cite"]


def test_completed_project_without_results_says_when_they_were_looked_for(client):
    for key, fields in (
        ("looked", {"status": "closed", "looked_on": datetime.date(2026, 11, 26)}),
        ("never", {"status": "closed"}),
        ("running", {"status": "implementation"}),
    ):
        make_answer(project=make_project(key=key, activities_en="Trees were planted.", **fields))
    none = "None of the sources we read reports results."
    assert [reading.said(client.get(f"/en/projects/{key}/"), "unknown") for key in ("looked", "never", "running")] == [
        [f"{none} Results were last looked for on 26 November 2026."],
        [f"{none} It is not recorded when results were last looked for."],
        [none],
    ]


def test_project_with_results_says_when_others_were_looked_for(client):
    make_project(key="trees", results_en="They grow.", looked_on=datetime.date(2026, 11, 26))
    [section] = reading.page(client.get("/en/projects/trees/")).xpath("//section[@aria-labelledby='results']")
    assert reading.words(section).endswith("They grow. Results were last looked for on 26 November 2026.")


def test_project_answers_first_and_gives_its_evidence_last(client):
    project = make_project(key="trees", activities_en="Trees were planted.", results_en="They grow.")
    issue = make_issue()
    for one in (project, make_project()):
        make_answer(project=one, issue=issue)
    make_participation(project=project)
    make_result(project=project)
    make_outcome(project=project)
    assert headings(client.get("/en/projects/trees/")) == [
        *("activities", "results", "issues", "parties", "led-by", "related", "evidence", "cite")
    ]


@pytest.mark.parametrize(
    ("roles", "lead"),
    [
        ("funding implementing extending accountable", "accountable (Accountable)"),
        ("funding implementing extending", "extending (Extending)"),
        ("partner funding implementing", "implementing (Implementing)"),
        ("partner funding", "funding (Funding)"),
        ("partner", "Not known"),
    ],
)
def test_lead_of_a_project_is_the_first_in_the_most_responsible_role(client, roles, lead):
    project = make_project(key="trees")
    for role in roles.split():
        for name in (role, f"another {role}"):
            make_participation(project=project, organisation=make_organisation(name_en=name), role=role)
    assert strip(client.get("/en/projects/trees/"))["Lead"] == lead


@pytest.mark.parametrize(
    ("language", "status"),
    [
        ("en", "Under way · last reported June 2026"),
        ("ko", "진행 중 · 최종 확인 2026년 6월"),
        ("ru", "Реализуется · последние сведения: июнь 2026 г."),
    ],
)
def test_strip_of_a_project_states_its_status_with_its_age(client, monkeypatch, language, status):
    monkeypatch.setattr(timezone, "localdate", lambda *args: datetime.date(2026, 11, 27))
    make_project(key="trees", status="implementation", status_as_of="2026-06", end=None)
    [first, *_others] = strip(client.get(f"/{language}/projects/trees/")).values()
    assert first == status


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
        "Salt Principal objective Holds the Salt.",
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
    page = reading.page(client.get("/en/projects/trees/"))
    apa = reading.words(page.xpath("//section[@aria-labelledby='cite']//*[@class='cite-text']")[0])
    assert apa.startswith("Central Asia Environment and Cooperation Portal. (20")
    assert "). Trees for the Aralkum. Retrieved " in apa
    assert apa.endswith(f", from http://testserver/en/projects/trees/on/{timezone.localdate().isoformat()}/")


# ── Neighbours ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def uzbekistan():
    return make_country(key="uz")


def agreement_of(country, key, date):
    agreement = make_agreement(key=key, date=date)
    make_party(agreement=agreement, country=country)


def make_bodies(*countries):
    """Return a published organisation of each country."""
    return [make_organisation(country=country) for country in countries]


def make_project_of(key, start, *organisations):
    project = make_project(key=key, start=start)
    for organisation in organisations:
        make_participation(project=project, organisation=organisation)
    return project


@pytest.fixture
def forest_agreement(uzbekistan):
    """An agreement of July 2021 between two organisations and their countries, and the two organisations."""
    korea = make_country(key="kr", group=Place.Group.KOREA)
    korean, uzbek = make_bodies(korea, uzbekistan)
    agreement = make_agreement(key="mou", date="2021-07-02")
    for party in ({"organisation": korean}, {"organisation": uzbek}, {"country": korea}, {"country": uzbekistan}):
        make_party(agreement=agreement, **party)
    agreement.refresh_from_db()
    return agreement, korean, uzbek


def test_later_activity_shares_an_organisation_of_each_side(uzbekistan, forest_agreement):
    agreement, korean, uzbek = forest_agreement
    [other] = make_bodies(uzbekistan)
    for key, start, organisations in (
        ("later", "2022", (korean, uzbek)),
        ("same-month", "2021-07", (korean, uzbek)),
        ("before", "2021-06-30", (korean, uzbek)),
        ("undated", None, (korean, uzbek)),
        ("one-side", "2022", (korean, other)),
    ):
        make_project_of(key, start, *organisations).countries.add(uzbekistan)
    for key, date, organisation in (("renewed", "2023", uzbek), ("with-others", "2023", other)):
        one = make_agreement(key=key, date=date)
        make_party(agreement=one, organisation=korean)
        make_party(agreement=one, organisation=organisation)
    later = later_activity(agreement)
    assert keys(later["later_projects"]) == ["same-month", "later"]
    assert keys(later["later_agreements"]) == ["renewed"]


def test_later_activity_leaves_out_projects_that_a_source_links(forest_agreement):
    agreement, korean, uzbek = forest_agreement
    make_outcome(agreement=agreement, project=make_project_of("linked", "2022", korean, uzbek))
    assert keys(later_activity(agreement)["later_projects"]) == []


def test_countries_alone_are_no_later_activity(uzbekistan):
    agreement = make_agreement(date="2021-07-02")
    make_party(agreement=agreement, country=uzbekistan)
    make_party(agreement=agreement, country=make_country(key="kr", group=Place.Group.KOREA))
    agreement_of(uzbekistan, "later", "2022")
    make_project(start="2022").countries.add(uzbekistan)
    agreement.refresh_from_db()
    assert [list(found) for found in later_activity(agreement).values()] == [[], []]


def test_later_activity_is_folded_and_says_that_no_source_confirms_it(client, forest_agreement):
    _agreement, korean, uzbek = forest_agreement
    make_project_of("later", "2022", korean, uzbek)
    [folded] = reading.page(client.get("/en/agreements/mou/")).xpath("//details[summary/h2/@id='later']")
    assert folded.get("open") is None
    assert reading.words(folded.find("summary")) == "Later activity between the same parties"
    assert "Found by date and parties; no source confirms the link." in reading.words(folded)


def answering(key, *issues, **fields):
    project = make_project(key=key, **fields)
    for issue in issues:
        make_answer(project=project, issue=issue)
    return project


def test_similar_projects_share_links_the_most_in_common_first():
    salt, dust, floods = (make_issue(name_en=name) for name in ("Salt", "Dust", "Floods"))
    province = make_place(kind=Place.Kind.PROVINCE, name_en="Karakalpakstan")
    project = answering("this", salt, dust)
    project.places.add(province)
    answering("one-in-common", salt)
    answering("two-in-common", salt, dust)
    answering("three-in-common", salt, dust).places.add(make_place(part_of=province))
    answering("none-in-common", floods)
    answering("hidden", salt, dust, publication="draft")
    found = [(other.key, reasons) for other, reasons in similar_projects(project)]
    assert found == [
        ("three-in-common", ["The same issues: Salt, Dust", "The same places: Karakalpakstan"]),
        ("two-in-common", ["The same issues: Salt, Dust"]),
        ("one-in-common", ["The same issues: Salt"]),
    ]
    assert [other.key for other, _reasons in similar_projects(project, limit=1)] == ["three-in-common"]
    assert similar_projects(make_project()) == []


def test_project_of_the_same_agreement_is_similar_and_the_page_says_why(client):
    agreement = make_agreement(title_ru="Лесной меморандум")
    for project in (make_project(key="this"), make_project(key="that", title_ru="Сад")):
        make_outcome(agreement=agreement, project=project)
    entries = reading.page(client.get("/ru/projects/this/")).xpath("//section[@aria-labelledby='related']//li")
    [words] = [reading.words(entry) for entry in entries]
    assert words.startswith("Сад ")
    assert words.endswith(" То же соглашение: Лесной меморандум")


# ── Agreements and organisations ─────────────────────────────────────────────────────────────────────────────


def test_agreement_names_its_parties_and_what_it_is_about(client):
    agreement = make_agreement(key="mou", date="2021-07-02")
    make_party(agreement=agreement, country=make_country(name_en="Uzbekistan"))
    make_party(agreement=agreement, organisation=make_organisation(name_en="Forest Service"))
    make_area(agreement)
    agreement.issues.add(make_issue(name_en="Salt dust"))
    response = client.get("/en/agreements/mou/")
    assert strip(response) == {
        "Date": "2 July 2021",
        "Kind": "Memorandum of understanding",
        "Parties": "Uzbekistan, Forest Service",
        "Korean side": "National",
        "State": "Not known",
        "Areas": "Forestry",
    }
    assert facts(response) == {"Issues": "Salt dust"}
    assert headings(response) == ["outcomes", "evidence", "cite"]


def part(response, name):
    """Return the words of the section with this anchor; None if the page has none."""
    found = reading.page(response).xpath(f"//section[@aria-labelledby='{name}']")
    return reading.words(found[0]) if found else None


def test_agreement_says_that_no_source_says_what_came_of_it(client):
    make_agreement(key="mou")
    said = part(client.get("/en/agreements/mou/"), "outcomes")
    assert said == ("What came of it No source that was read says what came of it. It has not been looked for yet.")


def test_agreement_shows_outcomes_with_their_sources(client):
    agreement = make_agreement(key="mou", looked_on=datetime.date(2026, 11, 26), outcome_note_en="The tender failed.")
    make_citation(agreement, make_source(title="The text"))
    outcome = make_outcome(agreement=agreement, project=make_project(title_en="Trees"), how_en="It names the site.")
    make_citation(outcome, make_source(title="The ministry"))
    response = client.get("/en/agreements/mou/")
    assert "Trees" in part(response, "outcomes")
    assert "It names the site.2" in part(response, "outcomes")
    assert "Note. The tender failed." in part(response, "outcomes")
    assert part(response, "outcomes").endswith(
        "Looked for on 26 November 2026 No activity of the parties together after it was found."
    )
    notes = reading.page(response).xpath("//ol[@class='note-list']/li/a")
    assert [reading.words(note) for note in notes] == ["The text", "The ministry"]


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (datetime.date(2026, 5, 31), "Active, last sign May 2024"),
        (datetime.date(2026, 6, 1), "Quiet since May 2024"),
    ],
)
def test_agreement_states_its_activity_of_today(client, monkeypatch, today, said):
    monkeypatch.setattr(timezone, "localdate", lambda *args: today)
    agreement = make_agreement(key="mou")
    make_activity(agreement=agreement, date="2024-05", text_en="The ministries met.")
    make_activity(agreement=agreement, date="2023", text_en="They planted trees.")
    response = client.get("/en/agreements/mou/")
    words = part(response, "outcomes")
    assert words.startswith("What came of it Last activity May 2024 The ministries met. Earlier activity 2023 They")
    assert strip(response)["State"] == said


def test_project_shows_its_results_before_lessons_and_evaluations(client):
    project = make_project(key="trees")
    for kind in ("evaluation", "lesson", "result"):
        result = make_result(project=project, kind=kind, text_en=f"An {kind}.", planned_end="2022", actual_end="2023")
        make_citation(result, make_source(title=f"Source of the {kind}"))
    make_result_figure(result=result, label_en="Trees", value="1200", unit_en="ha", year=2023)
    response = client.get("/en/projects/trees/")
    entries = reading.page(response).xpath("//section[@aria-labelledby='results']//li[@class='entry']")
    assert [reading.words(entry) for entry in entries] == [
        "Result On its own page An result.1 Planned end 2022 Actual end 2023 Later than planned Trees 1,200 ha (2023)",
        "Lesson On its own page An lesson.2 Planned end 2022 Actual end 2023 Later than planned",
        "Evaluation On its own page An evaluation.3 Planned end 2022 Actual end 2023 Later than planned",
    ]
    assert "None of the sources we read reports results." not in reading.said(response, "unknown")


def test_project_names_the_agreement_that_led_to_it(client):
    project = make_project(key="trees", start="2021")
    country = make_country()
    project.countries.add(country)
    agreement = make_agreement(title_en="Forest memorandum", date="2020-03")
    make_party(agreement=agreement, country=country)
    make_outcome(project=project, agreement=agreement, how_en="It names the site.")
    response = client.get("/en/projects/trees/")
    assert part(response, "led-by") == (
        "From which agreement Forest memorandum Memorandum of understanding March 2020 It names the site."
    )
    assert reading.words(reading.page(response)).count("Forest memorandum") == 1


def test_result_has_a_page_with_the_issues_areas_and_countries_of_its_project(client):
    project = make_project(title_en="Trees")
    project.countries.add(make_country(name_en="Uzbekistan"), make_country(name_en="Kept back", publication="draft"))
    make_answer(project=project, issue=make_issue(name_en="Salt dust"))
    make_area(project)
    make_result(key="watering", project=project, kind=Result.Kind.LESSON, text_en="Saxaul needs watering.")
    response = client.get("/en/lessons/watering/")
    assert [reading.words(heading) for heading in reading.page(response).xpath("//h1")] == ["Saxaul needs watering."]
    assert facts(response) == {
        "Kind": "Lesson",
        "Project": "Trees",
        "Countries": "Uzbekistan",
        "Areas": "Forestry",
        "Issues": "Salt dust",
    }


def test_result_of_an_unpublished_project_tells_nothing_of_it(client):
    project = make_project(publication="archived")
    project.countries.add(make_country())
    make_area(project)
    make_result(key="watering", project=project)
    assert facts(client.get("/en/lessons/watering/")) == {"Kind": "Lesson"}
    assert reading.shown(client.get("/en/lessons/")) == ["watering"]
    assert reading.shown(client.get("/en/lessons/?area=forestry")) == []


def numbers(response, name):
    """Return the links of a section's list of names with numbers: from name to number and address."""
    rows = reading.page(response).xpath(f"//section[@aria-labelledby='{name}']//li[span]")
    return {reading.words(row.find("a")): (reading.words(row.find("span")), row.find("a").get("href")) for row in rows}


def test_organisation_shows_its_projects_with_their_roles_and_counts_each_once(client):
    koica = make_organisation(key="koica", name_en="KOICA")
    both, one = make_project(title_en="Both roles", start="2020"), make_project(title_en="One role", start="2021")
    for project, role in ((both, Role.IMPLEMENTING), (both, Role.FUNDING), (one, Role.FUNDING)):
        make_participation(organisation=koica, project=project, role=role)
    response = client.get("/en/organisations/koica/")
    assert strip(response)["Projects"] == "2"
    assert {name: number for name, (number, _address) in numbers(response, "projects").items()} == {
        "Funding": "2",
        "Implementing": "1",
    }
    entries = reading.page(response).xpath("//section[@aria-labelledby='projects']//li[@class='entry']")
    assert [(reading.words(entry[0]), reading.words(entry[1].findall("span")[1])) for entry in entries] == [
        ("One role", "Funding"),
        ("Both roles", "Funding, Implementing"),
    ]


@pytest.fixture
def koica_at_work():
    """KOICA in three projects of two countries; the first two with the bank, the third with a hidden organisation."""
    koica, bank = make_organisation(key="koica", name_en="KOICA"), make_organisation(key="adb", name_en="The bank")
    hidden = make_organisation(name_en="Kept back", publication="draft")
    issue, area = make_issue(key="desert", name_en="Desertification"), Area.FORESTRY
    made = []
    for country, start, end, other in (
        ("kg", "2009", "2011", bank),
        ("kg", "2012", None, bank),
        ("uz", None, "2030", hidden),
    ):
        project = make_project(start=start, end=end)
        project.countries.add(Place.objects.filter(key=country).first() or make_country(key=country, name_en=country))
        for organisation in (koica, other):
            make_participation(organisation=organisation, project=project, role=Role.FUNDING)
        made.append(project)
    make_participation(organisation=bank, project=made[0], role=Role.PARTNER)
    for project in made[:2]:
        make_answer(project=project, issue=issue)
        make_area(project, area)
    for date in ("2020", "2021"):
        make_party(agreement=make_agreement(date=date), organisation=koica)
    return koica


def test_strip_of_an_organisation_says_what_it_does_where_and_when(client, koica_at_work):
    assert strip(client.get("/en/organisations/koica/")) == {
        "Projects": "3",
        "Agreements": "2",
        "Roles": "Funding",
        "Years": "2009–2030",
        "Countries": "kg 2, uz 1",
        "Areas": "Forestry 2",
    }


def test_each_number_of_an_organisation_is_that_of_the_list_it_leads_to(client, koica_at_work):
    tree = reading.page(client.get("/en/organisations/koica/"))
    links = tree.xpath("//article//a[contains(@href, '?organisation=koica')]")
    assert len(links) == 8
    for link in links:
        words = (
            " ".join(link.getparent().text_content().split()) if link.getparent().tag == "li" else link.text_content()
        )
        number = re.findall(r"\d+", words)[-1]
        assert client.get(link.get("href")).context["count"] == int(number), link.get("href")


def test_organisation_names_those_it_works_with_each_project_once(client, koica_at_work):
    response = client.get("/en/organisations/koica/")
    assert numbers(response, "partners") == {"The bank": ("2 projects", "/en/organisations/adb/")}
    assert "Kept back" not in response.content.decode()


def test_partners_of_an_organisation_are_the_eight_most_frequent():
    koica, others = make_organisation(), [make_organisation(key=f"other-{number}") for number in range(9)]
    for number, other in enumerate(others):
        for _again in range(number + 1):
            make_participation(organisation=other, project=make_participation(organisation=koica).project)
    found = partners_of(koica)
    assert [(other.key, number) for other, number in found] == [(f"other-{n}", n + 1) for n in range(8, 0, -1)]


def test_organisation_of_several_countries_says_so(client):
    make_organisation(key="adb", country=None, url="https://www.adb.org", name_ko="아시아개발은행")
    response = client.get("/en/organisations/adb/")
    assert facts(response) == {"Names in other languages": "아시아개발은행"}
    assert reading.said(response, "kicker") == ["Government, Several countries"]
    assert reading.said(response, "website") == ["https://www.adb.org"]


def test_organisation_that_takes_part_in_nothing_says_so(client):
    make_organisation(key="idle")
    assert reading.said(client.get("/en/organisations/idle/"), "unknown") == [
        "The portal has no project or agreement of this organisation."
    ]
