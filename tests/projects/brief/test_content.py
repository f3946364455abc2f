"""What a brief states, from which records, and what it says where there are none."""

import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from issues.models import Indicator, Issue
from portal.core.choices import Area, PublicationStatus
from portal.core.formatting import quantity
from portal.models import Place, Source
from projects.brief.content import write_brief
from projects.brief.subject import Subject
from projects.models import Agreement, Project, Result
from tests.make import (
    make_area,
    make_citation,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_observation,
    make_organisation,
    make_participation,
    make_party,
    make_place,
    make_source,
)
from tests.projects.brief.worlds import make_on_issue, make_world, section_of, texts_of

DAY = datetime.date(2026, 11, 27)
URL = "http://testserver/en/brief/"


def brief_of(*, day=DAY, **subject):
    return write_brief(Subject(**subject), day, URL)


@pytest.mark.django_db
class TestWorld:
    @pytest.fixture
    def world(self, on):
        on(DAY.isoformat())
        return make_world()

    def test_every_part_states_its_records_and_no_draft(self, world):
        brief = brief_of(place=world.country, issue=world.issue)
        text = texts_of(brief)
        assert brief.title == "Uzbekistan: Water scarcity"
        for part in (
            "There is too little water.",
            "Most of it goes to cotton.",
            "Canals lose water.",
            "Smart water for Osh: Operators must be trained first.",
            "Memorandum on water",
            "Active; March 2026: The parties met in Tashkent.",
            "K-water",
            "Water week",
            "Fergana Region",
        ):
            assert part in text
        assert "Hidden" not in text

    def test_figure_is_the_newest_value_with_its_year_and_source(self, world):
        table = section_of(brief_of(place=world.country, issue=world.issue), "Situation").blocks[-1]
        [(name, value, where)] = table.rows
        assert (name.text, value.text, where.text) == ("Level of water stress", "123%", "Uzbekistan, 2022")
        assert len(value.notes) == 1

    def test_figure_that_the_country_lacks_is_that_of_a_place_of_the_issue(self, world):
        lake = make_place(name_en="Aral Sea")
        lake.countries.add(world.country)
        abroad = make_place(name_en="Lake Balkhash", country=make_country(key="kz"))
        world.issue.places.add(lake, abroad)
        area, depth = make_indicator(name_en="Surface area"), make_indicator(name_en="Depth")
        for indicator in (area, depth):
            indicator.issues.add(world.issue)
        make_observation(indicator=area, place=lake, year=2018, value=6990)
        make_observation(indicator=depth, place=abroad, year=2018, value=26)
        brief = brief_of(place=world.country, issue=world.issue)
        rows = section_of(brief, "Situation").blocks[-1].rows
        assert [(name.text, where.text) for name, _value, where in rows if "Level" not in name.text] == [
            ("Surface area", "Aral Sea, 2018")
        ]
        [line] = [line for line in texts_of(brief).splitlines() if line.startswith("No value")]
        assert "Depth" in line
        assert "Surface area" not in line

    def test_organisation_without_a_country_is_of_several_and_a_hidden_country_is_not_named(self, world):
        hidden = make_country(name_en="Hidden country", publication=PublicationStatus.DRAFT)
        for name, country in (("A fund", None), ("An office", hidden)):
            project = make_on_issue(world.country, world.issue)
            make_participation(project=project, organisation=make_organisation(name_en=name, country=country))
        [table] = section_of(brief_of(place=world.country, issue=world.issue), "Organisations to ask").blocks
        seats = {name.text: seat.text for name, seat, _roles, _projects in table.rows}
        assert (seats["A fund"], seats["An office"]) == ("Several countries", "")

    def test_numbers_are_those_of_the_list_of_sources(self, world):
        brief = brief_of(place=world.country, issue=world.issue)
        [causes] = section_of(brief, "What came of it, and lessons").blocks
        [(_kind, lesson)] = causes.rows
        by_number = {source.number: source.text for source in brief.sources}
        assert "The evaluation" in by_number[lesson.notes[0]]
        assert list(by_number) == list(range(1, len(brief.sources) + 1))

    def test_what_is_not_known_is_listed(self, world):
        lines = texts_of(brief_of(place=world.country, issue=world.issue)).splitlines()
        assert "No value for Uzbekistan: Annual flow." in lines
        assert "Projects whose budget is not known: 1." in lines

    def test_completed_project_without_results_says_when_they_were_looked_for(self, world):
        for title, fields in (
            ("Never", {}),
            ("Looked", {"looked_on": datetime.date(2026, 11, 26)}),
            ("Told", {"results_en": "The pumps run."}),
        ):
            make_on_issue(world.country, world.issue, title_en=title, status="closed", **fields)
        brief = brief_of(place=world.country, issue=world.issue)
        told, silent = section_of(brief, "What came of it, and lessons").blocks
        assert [text.text for _kind, text in told.rows] == [
            "Smart water for Osh: Operators must be trained first.",
            "Told: The pumps run.",
        ]
        none = "No source that was read reports results."
        assert {name.text: text.text for name, text in silent.rows} == {
            "Never": f"{none} It is not recorded when results were last looked for.",
            "Looked": f"{none} Results were last looked for on 26 November 2026.",
        }
        assert "Completed projects without a sourced result or lesson: 2." in texts_of(brief)

    def test_names_keep_their_capitals_within_a_list(self, world):
        second = make_country(key="kz", name_en="Kazakhstan", name_ru="Казахстан")
        make_party(agreement=Agreement.objects.get(key="memo"), country=second)
        with translation.override("ru"):
            text = texts_of(brief_of(place=world.country, issue=world.issue))
        assert "Узбекистан, Казахстан" in text
        assert "Андижанская область, Бухарская область" in text

    def test_budgets_are_summed_beside_how_many_are_known(self, world):
        Project.objects.filter(pk=world.project.pk).update(budget=2_000_000, currency="USD")
        make_on_issue(world.country, world.issue, title_en="Another")
        text = texts_of(brief_of(place=world.country, issue=world.issue))
        assert "Budget known for 1 of 2: US$ 2 million." in text.replace("\N{NO-BREAK SPACE}", " ")

    def test_budgets_are_converted_only_if_asked(self, world):
        Project.objects.filter(pk=world.project.pk).update(budget=1_000_000_000, currency="KRW", start="2014-03-28")
        subject = Subject(place=world.country, issue=world.issue)
        plain, asked = (texts_of(write_brief(subject, DAY, URL, currency=one)) for one in ("", "USD"))
        plain, asked = (one.replace("\N{NO-BREAK SPACE}", " ") for one in (plain, asked))
        assert "Budget known for 1 of 1: KRW 1 billion." in plain
        assert "Budget known for 1 of 1: KRW 1 billion." in asked
        assert "US$" not in plain.partition("Who does what")[2]
        assert "KRW 1 billion (about USD 935,900, rate of 28 March 2014)" in asked
        assert "European Central Bank of the day each project started" in asked

    def test_state_is_that_of_the_day(self, world):
        text = texts_of(brief_of(place=world.country, issue=world.issue, day=datetime.date(2029, 1, 1)))
        assert "Quiet; March 2026" in text
        assert "Water week" not in text

    def test_past_day_has_what_its_dates_allow(self, world):
        country, issue = world.country, world.issue
        for title, start, end, status in (
            ("Ended before", "2015", "2018", "closed"),
            ("Went on", "2019", "2024", "closed"),
            ("Began later", "2022-01", None, "implementation"),
            ("Undated", None, None, "suspended"),
        ):
            make_on_issue(country, issue, title_en=title, start=start, end=end, status=status, status_as_of="2025")
        brief = brief_of(place=country, issue=issue, day=datetime.date(2021, 6, 30))
        table = section_of(brief, "Who does what").blocks[-1]
        statuses = {row[0].text: row[1].text for row in table.rows}
        unknown = "Not recorded for this day"
        assert statuses == {
            "Ended before": "Completed",
            "Went on": "Under way",
            "Undated": unknown,
            "Smart water for Osh": unknown,
        }
        text = texts_of(brief)
        assert "Under way on 30 June 2021: 1." in text.replace("\N{NO-BREAK SPACE}", " ")
        assert "As of 30 June 2021. Compiled on 27 November 2026" in text.replace("\N{NO-BREAK SPACE}", " ")
        [value] = section_of(brief, "Situation").blocks[-1].rows
        assert value[2].text == "Uzbekistan, 2021"
        assert "End of the project: Went on" in text

    def test_past_day_has_no_later_agreement_activity_or_result(self, world):
        lesson, activity = "Operators must be trained first.", "The parties met in Tashkent."
        Source.objects.filter(title="The evaluation").update(date="2021-03")
        for day, has_memo, has_lesson, has_activity in (
            ("2020-01-01", False, False, False),
            ("2020-12-31", True, False, False),
            ("2021-12-31", True, True, False),
            ("2026-10-31", True, True, True),
        ):
            text = texts_of(brief_of(place=world.country, issue=world.issue, day=datetime.date.fromisoformat(day)))
            assert [part in text for part in ("Memorandum on water", lesson, activity)] == [
                has_memo,
                has_lesson,
                has_activity,
            ]
        make_citation(Result.objects.get(text_en=lesson), make_source(date="2023"))
        assert lesson not in texts_of(brief_of(place=world.country, issue=world.issue, day=datetime.date(2021, 12, 31)))

    def test_past_day_does_not_know_when_an_agreement_ended(self, world):
        Agreement.objects.update(ended=True)
        days = (datetime.date(2026, 10, 31), DAY)
        old, new = (texts_of(brief_of(place=world.country, issue=world.issue, day=day)) for day in days)
        assert "Not known; March 2026" in old
        assert "Ended; March 2026" in new

    def test_day_ahead_has_the_projects_that_are_planned_by_then(self, world):
        make_on_issue(
            world.country, world.issue, title_en="Soon", status="pipeline", start="2028", status_as_of="2026-10"
        )
        brief = brief_of(place=world.country, issue=world.issue, day=datetime.date(2027, 3, 15))
        assert "Soon" in [row[0].text for row in section_of(brief, "Who does what").blocks[-1].rows]
        text = texts_of(brief).replace("\N{NO-BREAK SPACE}", " ")
        assert "Water week" in text
        assert "As of 15 March 2027, by what the records of the portal state on 27 November 2026" in text

    def test_chosen_projects_come_first(self, world):
        elsewhere = make_on_issue(make_country(key="kg"), make_issue(), title_en="A neighbour of the plan")
        brief = brief_of(place=world.country, issue=world.issue, chosen=(elsewhere.pk,))
        table = section_of(brief, "Who does what").blocks[1]
        assert [row[0].text for row in table.rows] == ["A neighbour of the plan", "Smart water for Osh"]

    def test_chosen_draft_is_left_out(self, world):
        draft = Project.objects.get(title_en="Hidden project")
        assert "Hidden" not in texts_of(brief_of(place=world.country, issue=world.issue, chosen=(draft.pk,)))

    def test_area_and_organisation_can_be_the_subject(self, world):
        make_area(world.project, Area.FORESTRY)
        brief = brief_of(organisation=world.organisation, area=Area.FORESTRY)
        assert brief.title == "K-water: Forestry"
        assert "Smart water for Osh" in texts_of(brief)
        assert "No source that was read reports results." not in texts_of(brief)

    def test_place_without_a_value_takes_that_of_its_country(self, world):
        place = Place.objects.get(key="fergana")
        table = section_of(brief_of(place=place, issue=world.issue), "Situation").blocks[-1]
        assert [row[2].text for row in table.rows] == ["Uzbekistan, 2022"]
        make_observation(indicator=world.indicator, place=place, year=2019, value="80")
        table = section_of(brief_of(place=place, issue=world.issue), "Situation").blocks[-1]
        assert [row[2].text for row in table.rows] == ["Fergana Region, 2019"]

    @pytest.mark.any_database
    def test_number_of_queries_does_not_grow_with_the_records(self, world):
        def asked():
            with CaptureQueriesContext(connection) as queries:
                for day in (DAY, datetime.date(2021, 6, 30)):
                    brief_of(place=world.country, issue=world.issue, day=day)
            return len(queries)

        make_on_issue(world.country, world.issue, title_en="One that is not under way")
        few = asked()
        for number in range(4):
            make_on_issue(world.country, world.issue, title_en=f"Project {number}")
            make_observation(indicator=world.indicator, place=world.country, year=2010 + number)
        assert asked() == few


@pytest.mark.django_db
def test_every_part_without_records_says_so():
    brief = brief_of(place=make_country(name_en="Turkmenistan"), issue=make_issue())
    for heading, sentence in (
        ("Situation", "The portal has no indicator of this subject."),
        ("Causes", "The portal has no sourced cause of this issue."),
        ("Who does what", "No sourced project of Korea on this subject is in the portal."),
        ("What came of it, and lessons", "No source that was read reports results."),
        ("Agreements", "No sourced agreement is on this subject. On other subjects: 0."),
        ("Organisations to ask", "No organisation is known for this subject."),
        ("What comes next", "Nothing that is dated ahead is known."),
    ):
        assert section_of(brief, heading).blocks[-1].text.text == sentence


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("date", "is_ahead"), [("2026", False), ("2027", True), ("2027-01", True), ("2027-01-02", True)]
)
def test_year_or_month_of_the_day_is_not_over(on, date, is_ahead):
    """An end "2027" may be any day of the year, so on 2 January it lies ahead."""
    on("2027-01-02")
    country, issue = make_country(), make_issue()
    make_on_issue(country, issue, title_en="Wells", end=date)
    event = make_event(title_en="Water week", date=date)
    event.countries.add(country)
    event.issues.add(issue)
    [block] = section_of(brief_of(place=country, issue=issue, day=datetime.date(2027, 1, 2)), "What comes next").blocks
    named = sorted(text.text for _date, text in block.rows) if block.kind == "items" else []
    assert named == (["Planned end of the project: Wells", "Water week"] if is_ahead else [])


@pytest.mark.usefixtures("content")
class TestContent:
    def test_figures_equal_the_api(self, client):
        country, issue = Place.objects.get(key="uz"), Issue.objects.get(key="water-scarcity")
        table = section_of(brief_of(place=country, issue=issue), "Situation").blocks[-1]
        assert len(table.rows) > 4
        for name, value, where in table.rows:
            key = name.url.rstrip("/").rsplit("/", 1)[1]
            place, year = where.text.rsplit(", ", 1)
            place = Place.objects.get(name_en=place).key
            answer = client.get(
                "/api/v1/observations", {"indicator": key, "place": place, "year_from": year, "year_to": year}
            ).json()
            [stated] = {item["value"] for item in answer["items"]}
            unit = Indicator.objects.get(key=key).unit_symbol_en
            assert value.text == quantity(Decimal(str(stated)), unit)

    def test_newer_values_do_not_exist(self, client):
        country, issue = Place.objects.get(key="uz"), Issue.objects.get(key="water-scarcity")
        table = section_of(brief_of(place=country, issue=issue), "Situation").blocks[-1]
        for name, _value, where in table.rows:
            key, year = name.url.rstrip("/").rsplit("/", 1)[1], int(where.text.rsplit(" ", 1)[1])
            newer = client.get("/api/v1/observations", {"indicator": key, "place": "uz", "year_from": year + 1}).json()
            assert newer["count"] == 0
