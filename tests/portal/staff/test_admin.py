"""The admin: every page opens, needs a constant number of queries, and prevents editors' mistakes."""

import itertools
import re

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.forms.models import _get_foreign_key
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from issues.models import (
    AreaReport,
    ComparisonExample,
    Event,
    Indicator,
    Issue,
    IssueFeature,
    IssueInCountry,
    IssueLink,
    IssueMotif,
    IssueSdg,
    KeyFigure,
    Observation,
    PageIndicator,
    Term,
)
from portal.core.choices import Area, PublicationStatus
from portal.models import (
    Alias,
    Attachment,
    Correction,
    DigestSubscription,
    ExternalLink,
    FormerKey,
    Picture,
    Place,
    PlaceIdentifier,
    PortalDetails,
    ReaderReport,
    Revision,
    Source,
    Tombstone,
)
from portal.tracking.audit_log import AuditEntry, audited_models
from projects.models import (
    Agreement,
    AgreementActivity,
    AgreementArea,
    AgreementOutcome,
    AgreementParty,
    ImportedActivity,
    ImportedFile,
    Organisation,
    OrganisationExternalIdentifier,
    OrganisationIdentifier,
    Participation,
    Project,
    ProjectArea,
    ProjectCitation,
    ProjectIssue,
    ProjectSdg,
    RejectedActivity,
    ReportingOrganisation,
    Result,
    ResultArea,
    ResultFigure,
    RioMarker,
    Sector,
    SuggestedIssue,
)
from tests.make import (
    make_activity,
    make_agreement,
    make_alias,
    make_area_report,
    make_attachment,
    make_citation,
    make_comparison_example,
    make_correction,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_issue_feature,
    make_issue_motif,
    make_organisation,
    make_outcome,
    make_page_indicator,
    make_picture,
    make_place,
    make_project,
    make_reporting_organisation,
    make_result,
    make_source,
    make_term,
    make_tombstone,
)

pytestmark = pytest.mark.django_db

OURS = {"portal", "issues", "projects"}
# Records that editors read or decide upon, but never add or edit here: tests/portal/tracking/test_audit_log.py,
# tests/portal/curation/test_links.py, tests/projects/iati/test_importing_admin.py,
# tests/portal/staff/test_revisions.py.
READ_ONLY = {AuditEntry, DigestSubscription, ExternalLink, ImportedActivity, ImportedFile, RejectedActivity, Revision}
READ_ONLY |= {SuggestedIssue}
APART = {PortalDetails, ReaderReport}  # nobody adds another row: tests/portal/staff/test_corrections.py
MODELS = [model for model in admin.site._registry if model._meta.app_label in OURS and model not in READ_ONLY | APART]


def linked_agreement():
    agreement = make_agreement()
    AgreementParty.objects.create(agreement=agreement, country=make_country())
    AgreementParty.objects.create(agreement=agreement, organisation=make_organisation())
    agreement.issues.add(make_issue())
    return agreement


def linked_event():
    event = make_event()
    event.countries.add(make_country())
    event.issues.add(make_issue())
    return event


def linked_indicator():
    indicator = make_indicator()
    indicator.issues.add(make_issue())
    Observation.objects.create(indicator=indicator, place=make_place(), year=2020, value=1, source=indicator.source)
    return indicator


def linked_project():
    project = make_project(budget=1000, currency="USD")
    project.countries.add(make_country(), make_country())
    ProjectIssue.objects.create(project=project, issue=make_issue(), significance="principal", rationale_en="So.")
    return project


def linked_sector():
    sector = Sector.objects.create(code=f"{31220 + Sector.objects.count()}", name_en="Forestry development")
    make_project().sectors.add(sector)
    return sector


# Make a record of each model, with all that its list refers to.
LINKED = {
    Agreement: linked_agreement,
    AgreementActivity: make_activity,
    AgreementOutcome: make_outcome,
    AreaReport: lambda: make_area_report(areas=["forestry"], words="K-pop"),
    ComparisonExample: lambda: make_comparison_example(make_country(), make_country()),
    Event: linked_event,
    Tombstone: lambda: make_tombstone(),
    Alias: make_alias,
    Correction: make_correction,
    FormerKey: lambda: FormerKey.objects.create(kind="source", key=f"old-{FormerKey.objects.count()}", now="new"),
    Indicator: linked_indicator,
    Issue: lambda: make_issue(parent=make_issue()),
    IssueFeature: lambda: IssueFeature.objects.first() or make_issue_feature(),
    IssueLink: lambda: IssueLink.objects.create(cause=make_issue(), effect=make_issue(), mechanism_en="By wind."),
    IssueMotif: make_issue_motif,
    KeyFigure: lambda: KeyFigure.objects.create(
        issue=make_issue(), position=1, label_en="Area of the sea", value="68000", unit_en="km²", year=1960
    ),
    Observation: lambda: Observation.objects.create(
        indicator=make_indicator(), place=make_place(), year=2020, value="24.1", source=make_source()
    ),
    Organisation: lambda: make_organisation(country=make_country()),
    PageIndicator: make_page_indicator,
    Picture: make_picture,
    Attachment: make_attachment,
    Place: lambda: make_place(country=make_country(), part_of=make_place()),
    Project: linked_project,
    ReportingOrganisation: lambda: ReportingOrganisation.objects.first() or make_reporting_organisation(),
    Result: lambda: make_result(project=make_project()),
    Sector: linked_sector,
    Source: make_source,
    Term: make_term,
}

numbers = itertools.count(1)  # for unique values
# The fields of a row of an inline besides its record; `n` makes rows unique. Citations have a source.
ROWS = {
    AgreementActivity: lambda n: {"date": f"202{n}", "text_en": "They met."},
    AgreementArea: lambda n: {"area": Area.values[n]},
    AgreementOutcome: lambda n: {"project": make_project(), "how_en": "It names it."},
    AgreementParty: lambda n: {"country": make_country()},
    IssueInCountry: lambda n: {"country": make_country(), "note_en": "It is felt here."},
    IssueSdg: lambda n: {"code": f"6.{n}"},
    KeyFigure: lambda n: {"position": n, "label_en": "Area of the sea", "value": "68000", "unit_en": "km²"},
    OrganisationExternalIdentifier: lambda n: {"scheme": "wikidata", "value": f"Q{next(numbers)}"},
    OrganisationIdentifier: lambda n: {"ref": f"XM-DAC-{n}"},
    PlaceIdentifier: lambda n: {"scheme": "wikidata", "value": f"Q{next(numbers)}"},
    Participation: lambda n: {"organisation": make_organisation(), "role": Participation.Role.FUNDING},
    ProjectArea: lambda n: {"area": Area.values[n]},
    ProjectIssue: lambda n: {"issue": make_issue(), "significance": "principal", "rationale_en": "So."},
    ProjectSdg: lambda n: {"code": f"6.{n}"},
    ResultArea: lambda n: {"area": Area.values[n]},
    ResultFigure: lambda n: {"position": n, "label_en": "Area planted", "value": "1200", "unit_en": "ha"},
    RioMarker: lambda n: {"marker": RioMarker.Marker.values[n], "significance": 1},
}


def add_rows(record, n):
    """Add one row to each inline of the record’s page."""
    for inline in admin.site.get_model_admin(type(record)).inlines:
        parent = _get_foreign_key(type(record), inline.model).name
        row = ROWS[inline.model](n) if inline.model in ROWS else {"source": make_source()}
        inline.model._base_manager.create(**{parent: record}, **row)


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def change_address(record):
    return address(type(record), "change", record.pk)


def heading(response):
    return re.findall(r"<h1>\s*(.*?)\s*</h1>", response.content.decode())


def count_queries(client, url):
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
    assert response.status_code == 200
    return len(queries)


def form_data(response, **changes):
    """Return the data that a browser would send if an editor only made `changes`, with a reason if one is required."""
    formsets = [inline.formset for inline in response.context["inline_admin_formsets"]]
    forms = [response.context["adminform"].form]
    for formset in formsets:
        forms += [formset.management_form, *formset.forms]
    values = {field.html_name: field.value() for form in forms for field in form}
    if "why" in values:
        values["why"] = values["why"] or "The source says so."
    values["_seen"] = response.context.get("seen")
    return {name: "" if value is None else value for name, value in values.items()} | changes


def errors_of(response):
    """Return the messages of the page’s main form by field."""
    return dict(response.context["adminform"].form.errors.items())


def listed(response):
    return set(response.context["cl"].queryset)


@pytest.fixture
def editor(client):
    client.force_login(User.objects.create_superuser("editor"))
    return client


# ── Pages ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_model_can_be_edited_somewhere():
    edited = set(MODELS)
    for model in {*MODELS, *READ_ONLY}:
        edited |= {inline.model for inline in admin.site.get_model_admin(model).inlines}
    assert edited == set(audited_models()) - READ_ONLY - APART
    assert set(MODELS) == set(LINKED)


@pytest.mark.parametrize("model", MODELS)
def test_list_add_and_change_page_open(editor, model):
    record = LINKED[model]()
    name = model._meta.verbose_name
    for url, title in (
        (address(model, "changelist"), f"Select {name} to change"),
        (address(model, "add"), f"Add {name}"),
        (change_address(record), f"Change {name}"),
    ):
        response = editor.get(url)
        assert (response.status_code, heading(response)) == (200, [title])


@pytest.mark.any_database
@pytest.mark.parametrize("model", MODELS)
def test_pages_have_nothing_that_the_content_policy_forbids(editor, model):
    record = LINKED[model]()
    add_rows(record, 1)
    inline = r"<style|<script(?![^>]* src=)|\s(?:style|on[a-z]+)=[\"']"
    elsewhere = r"<(?:script|link|img)[^>]*(?:src|href)=[\"'](?!/[^/])"
    for url in (address(model, "changelist"), address(model, "add"), change_address(record)):
        assert re.findall(f"{inline}|{elsewhere}", editor.get(url).content.decode()) == []


@pytest.mark.parametrize("model", MODELS)
def test_a_stranger_is_sent_to_the_login(client, model):
    record = LINKED[model]()
    for url in (address(model, "changelist"), address(model, "add"), change_address(record)):
        response = client.get(url)
        assert (response.status_code, response.headers["Location"]) == (302, f"/admin/login/?next={url}")


@pytest.mark.any_database
@pytest.mark.parametrize("model", MODELS)
def test_list_asks_the_same_of_the_database_for_one_as_for_three(editor, model):
    LINKED[model]()
    url = address(model, "changelist")
    editor.get(url)  # the first request also loads the content types
    one = count_queries(editor, url)
    LINKED[model](), LINKED[model]()
    assert count_queries(editor, url) == one


@pytest.mark.any_database
@pytest.mark.parametrize("model", MODELS)
def test_add_page_asks_the_same_of_the_database_for_one_record_as_for_three(editor, model):
    """The page does not depend on the number of choices: they are loaded while the user types."""
    LINKED[model]()
    url = address(model, "add")
    editor.get(url)
    one = count_queries(editor, url)
    LINKED[model](), LINKED[model]()
    assert count_queries(editor, url) == one


@pytest.mark.any_database
@pytest.mark.parametrize("model", [model for model in MODELS if admin.site.get_model_admin(model).inlines])
def test_change_page_asks_the_same_of_the_database_for_one_row_as_for_three(editor, model):
    record = LINKED[model]()
    add_rows(record, 1)
    url = change_address(record)
    editor.get(url)
    one = count_queries(editor, url)
    add_rows(record, 2)
    add_rows(record, 3)
    assert count_queries(editor, url) == one


def test_a_row_shows_the_record_it_names(editor):
    project, source = make_project(), make_source(title="Forests rising at the bottom of the sea")
    ProjectCitation.objects.create(project=project, source=source)
    page = editor.get(change_address(project)).content.decode()
    assert f'<option value="{source.pk}" selected>Forests rising at the bottom of the sea</option>' in page


def test_view_on_site_is_offered_only_where_readers_find_the_record(editor):
    published, draft = make_issue(), make_issue(publication=PublicationStatus.DRAFT)
    assert "View on site" in editor.get(change_address(published)).content.decode()
    assert "View on site" not in editor.get(change_address(draft)).content.decode()


# ── Lists ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_missing_translations_are_listed(editor):
    whole = make_term(term_ko="투가이", definition_ko="강가의 숲", term_ru="Тугай", definition_ru="Пойменный лес")
    half = make_term(term_ko="투가이", term_ru="Тугай", definition_ru="Пойменный лес")
    url = address(Term, "changelist")
    assert listed(editor.get(url, {"care": "ko"})) == {half}
    assert listed(editor.get(url, {"care": "ru"})) == set()
    assert listed(editor.get(url, {"care": "en"})) == {whole, half}


# ── Publishing ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("action", "publication", "message"),
    [
        ("publish_selected", PublicationStatus.PUBLISHED, "1 record was published."),
        ("archive_selected", PublicationStatus.ARCHIVED, "1 record was archived."),
    ],
)
def test_publication_of_selected_records_changes(editor, action, publication, message):
    before = PublicationStatus.IN_REVIEW if publication == PublicationStatus.PUBLISHED else PublicationStatus.PUBLISHED
    record, other = make_issue(publication=before), make_issue(publication=before)
    make_citation(record)
    already = make_issue(publication=publication)
    started = timezone.now()
    data = {"action": action, "_selected_action": [record.pk, already.pk], "confirmed": 2}
    response = editor.post(address(Issue, "changelist"), data, follow=True)
    told = [strip_tags(str(text)) for text in response.context["messages"]]
    assert told == [message, f"{already}: it stays “{publication.label}”."]
    for row in (record, other, already):
        row.refresh_from_db()
    assert (record.publication, record.version) == (publication, 2)
    assert record.updated_at >= started
    assert (other.publication, other.version) == (before, 1)
    assert (already.publication, already.version) == (publication, 1)
    assert [entry.object_id for entry in LogEntry.objects.all()] == [str(record.pk)]


def test_publishing_several_says_how_many_in_the_plural(editor):
    terms = [make_term(publication=PublicationStatus.DRAFT) for _ in range(3)]
    for term in terms:
        make_citation(term)
    response = editor.post(
        address(Term, "changelist"),
        {"action": "publish_selected", "_selected_action": [term.pk for term in terms], "confirmed": 3},
        follow=True,
    )
    assert [str(text) for text in response.context["messages"]] == ["3 records were published."]


def test_publishing_is_offered_to_those_who_may_change(client):
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_issue"))
    client.force_login(reader)
    draft = make_issue(publication=PublicationStatus.DRAFT)
    assert "publish_selected" not in client.get(address(Issue, "changelist")).content.decode()
    client.post(address(Issue, "changelist"), {"action": "publish_selected", "_selected_action": [draft.pk]})
    draft.refresh_from_db()
    assert draft.publication == PublicationStatus.DRAFT


# ── Forms ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_version_counts_the_changes(editor):
    term = make_term()
    url = change_address(term)
    for version in (2, 3):
        response = editor.post(url, form_data(editor.get(url), definition_en=f"Draft {version}."))
        assert response.status_code == 302
        term.refresh_from_db()
        assert (term.version, term.definition_en) == (version, f"Draft {version}.")


def test_key_is_chosen_once(editor):
    term = make_term(key="tugai")
    url = change_address(term)
    response = editor.get(url)
    assert "key" not in response.context["adminform"].form.fields
    assert 'name="key"' not in response.content.decode()
    editor.post(url, form_data(response, key="another", term_en="Riverine forest"))
    term.refresh_from_db()
    assert (term.key, term.term_en) == ("tugai", "Riverine forest")


def test_a_new_record_takes_its_key_from_the_english_name(editor):
    response = editor.get(address(Issue, "add"))
    [prepopulated] = response.context["adminform"].prepopulated_fields
    assert (prepopulated["field"].name, [field.name for field in prepopulated["dependencies"]]) == ("key", ["name_en"])
    editor.post(
        address(Term, "add"),
        form_data(
            editor.get(address(Term, "add")), key="tugai", term_en="Tugai", definition_en="Forest along desert rivers."
        ),
    )
    term = Term.objects.get(key="tugai")
    assert (term.version, term.publication, term.term_ko) == (1, PublicationStatus.DRAFT, None)


def test_only_english_is_required(editor):
    url = address(Term, "add")
    response = editor.post(url, form_data(editor.get(url), key="tugai", term_ko="투가이", definition_ko="강가의 숲"))
    assert errors_of(response) == {"term_en": ["This field is required."], "definition_en": ["This field is required."]}


def test_fields_name_their_language(editor):
    form = editor.get(address(Term, "add")).context["adminform"].form
    assert [str(form[f"term_{code}"].label) for code in ("en", "ko", "ru")] == [
        "Term (English)",
        "Term (한국어)",
        "Term (Русский)",
    ]
    assert [form.fields[f"term_{code}"].widget.attrs["lang"] for code in ("en", "ko", "ru")] == ["en", "ko", "ru"]
