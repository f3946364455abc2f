"""The admin of organisations, projects, agreements and results."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from portal.tracking.audit_log import AuditEntry
from projects.iati.importing_admin import ImportFilter
from projects.models import Agreement, Organisation, Project, ProjectCitation, Sector
from tests.make import (
    make_agreement,
    make_country,
    make_imported,
    make_imported_file,
    make_organisation,
    make_participation,
    make_party,
    make_place,
    make_project,
    make_sector,
    make_source,
)
from tests.portal.import_export.imports import bring, told
from tests.portal.staff.test_admin import address, change_address, errors_of, form_data, linked_project, listed

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    client.force_login(User.objects.create_superuser("editor"))
    return client


def test_projects_are_filtered_by_the_import_that_they_came_from(editor):
    make_project(title_en="By hand")
    iati = make_imported(project=make_project(title_en="Reported"), file=make_imported_file(name="un.xml"))
    make_imported_file(name="waiting.xml", imported_at=None)
    make_country(key="uz")
    header = "key | title_en | level | status | summary_en | confidence | evidence_en | countries"
    table = f"{header}\ncanal | Listed | national | pipeline | S. | low | E. | uz"
    assert told(bring(Project, table, file="list.csv")) == []
    page = editor.get(address(Project, "changelist"))
    [choices] = [one for one in page.context["cl"].filter_specs if isinstance(one, ImportFilter)]
    entry = AuditEntry.objects.get(what=AuditEntry.Action.IMPORTED)
    assert [(value, label.partition(" ")[0]) for value, label in choices.lookup_choices] == [
        (f"file-{iati.file_id}", "un.xml"),
        (f"list-{entry.pk}", "list.csv"),
    ]
    for value, titles in ((f"file-{iati.file_id}", ["Reported"]), (f"list-{entry.pk}", ["Listed"])):
        found = editor.get(address(Project, "changelist"), {"import": value}).context["cl"].result_list
        assert [project.title_en for project in found] == titles


def test_choice_of_a_place_is_found_in_russian_and_only_among_countries(editor):
    country = make_country(name_en="Kazakhstan", name_ru="Казахстан")
    make_place(name_en="North of Kazakhstan", name_ru="Северный Казахстан")
    response = editor.get(
        reverse("admin:autocomplete"),
        {"term": "казах", "app_label": "projects", "model_name": "project", "field_name": "countries"},
    )
    assert response.json()["results"] == [{"id": str(country.pk), "text": "Kazakhstan"}]


def test_budget_without_currency_is_refused_in_words(editor):
    project = linked_project()
    url = change_address(project)
    response = editor.post(url, form_data(editor.get(url), budget="5000000", currency=""))
    assert errors_of(response) == {"__all__": ["Enter both budget and currency, or neither."]}
    assert "Enter both budget and currency, or neither." in response.content.decode()
    project.refresh_from_db()
    assert (project.budget, project.currency) == (1000, "USD")


def test_a_source_without_a_position_goes_last(editor):
    project, first, second, third = make_project(), make_source(), make_source(), make_source()
    project.countries.add(make_country())
    ProjectCitation.objects.create(project=project, source=first, position=7)
    url = change_address(project)
    rows = {"citations-TOTAL_FORMS": 3, "citations-0-position": 7}
    for n, source in ((1, second), (2, third)):
        rows |= {f"citations-{n}-source": source.pk, f"citations-{n}-position": ""}
    response = editor.post(url, form_data(editor.get(url), **rows))
    assert response.status_code == 302
    assert list(project.citations.values_list("source", "position")) == [(first.pk, 7), (second.pk, 8), (third.pk, 9)]


# ── Lists ────────────────────────────────────────────────────────────────────────────────────────────────────


def cells(response, column):
    """Return what a column of the list shows, by record."""
    admin = response.context["cl"].model_admin
    return {record: str(getattr(admin, column)(record)) for record in response.context["cl"].result_list}


def test_list_of_projects_shows_countries_and_budget(editor):
    project, other = make_project(budget=5_600_000, currency="USD"), make_project()
    project.countries.add(make_country(name_en="Uzbekistan"), make_country(name_en="Kazakhstan"))
    response = editor.get(address(Project, "changelist"))
    countries, budgets = cells(response, "in_countries"), cells(response, "money")
    assert (sorted(countries[project].split(", ")), countries[other]) == (["Kazakhstan", "Uzbekistan"], "")
    assert budgets[project] == "USD\N{NO-BREAK SPACE}5,600,000"


@pytest.mark.parametrize("words", ["XM-DAC-1-2", "2021-07", "2023", "나무", "trees-in-aral"])
def test_project_is_found_by_identifier_date_title_and_key(editor, words):
    project = make_project(
        key="trees-in-aral", iati_identifier="XM-DAC-1-2", start="2021-07", end="2023", title_ko="나무"
    )
    make_project(start="2020")
    assert listed(editor.get(address(Project, "changelist"), {"q": words})) == {project}


def test_organisation_counts_its_participations(editor):
    busy, idle = make_organisation(), make_organisation()
    for _ in range(2):
        make_participation(organisation=busy)
    counts = {one: one.participations_count for one in listed(editor.get(address(Organisation, "changelist")))}
    assert counts == {busy: 2, idle: 0}


def test_list_of_agreements_names_both_kinds_of_parties(editor):
    agreement = make_agreement()
    make_party(agreement=agreement, country=make_country(name_en="Uzbekistan"))
    make_party(agreement=agreement, organisation=make_organisation(name_en="Forest Service"))
    shown = cells(editor.get(address(Agreement, "changelist")), "between")[agreement]
    assert "Uzbekistan" in shown
    assert "Forest Service" in shown


# ── Forms ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_code_of_a_sector_is_chosen_once(editor):
    sector = make_sector(code="31220", name_en="Forestry")
    make_project().sectors.add(sector)
    [listed_sector] = listed(editor.get(address(Sector, "changelist")))
    assert listed_sector.project_count == 1
    url = change_address(sector)
    response = editor.get(url)
    assert "code" not in response.context["adminform"].form.fields
    editor.post(url, form_data(response, code="99999", name_en="Forestry development"))
    sector.refresh_from_db()
    assert (sector.code, sector.name_en) == ("31220", "Forestry development")
    assert "code" in editor.get(address(Sector, "add")).context["adminform"].form.fields


def test_new_project_has_no_state_of_imports_and_reports_yet(editor):
    response = editor.get(address(Project, "add"))
    admin = response.context["adminform"].model_admin
    assert (admin.imported_from(Project()), admin.iati_state(Project())) == ("—", "—")


def test_agreement_refuses_a_party_that_is_both_a_country_and_an_organisation(editor):
    agreement = make_agreement()
    make_party(agreement=agreement, country=make_country())
    url = change_address(agreement)
    data = form_data(editor.get(url), **{"parties-0-organisation": make_organisation().pk})
    response = editor.post(url, data)
    assert response.status_code == 200
    [formset] = [one.formset for one in response.context["inline_admin_formsets"] if one.formset.prefix == "parties"]
    assert any(formset.errors)
    assert agreement.parties.get().organisation is None
