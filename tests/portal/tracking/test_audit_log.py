"""Actions in the admin are recorded in the audit log once, and cannot be changed."""

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from allauth.core.context import request_context
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import override

from issues.models import Observation, Term
from portal.core.choices import PublicationStatus
from portal.models.curation import OutdatedTranslation
from portal.tracking import audit_log
from portal.tracking.audit_log import (
    GUARDS,
    REFUSALS_AN_HOUR,
    RELEASES,
    AppendOnlyError,
    AuditEntry,
    log_action,
    log_refusal,
    one_entry_of_rights,
)
from projects.models import Project, ProjectCitation
from tests import reading
from tests.make import (
    make_alias,
    make_citation,
    make_indicator,
    make_issue,
    make_place,
    make_project,
    make_source,
    make_term,
)

pytestmark = pytest.mark.django_db

What = AuditEntry.Action
PASSWORD, WRONG = "a-dry-sea-remembers-1960", "wrong"


def written():
    """Return the entries so far, the oldest first: user, action, record, details."""
    rows = AuditEntry.objects.order_by("pk").values_list("who", "what", "kind", "key", "details")
    return [(who, what, f"{kind} {key}".strip(), details) for who, what, kind, key, details in rows]


@pytest.fixture
def anna():
    return User.objects.create_user("anna", password=PASSWORD)


@pytest.fixture
def editor(client):
    """Sign in as an administrator."""
    user = User.objects.create_superuser("gulnara", password=PASSWORD)
    client.force_login(user)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return user


@pytest.fixture
def since():
    """Return a function that returns the entries since its last call."""
    seen = 0

    def rest():
        nonlocal seen
        rows = written()[seen:]
        seen += len(rows)
        return rows

    return rest


# ── Sign-in and sign-out ─────────────────────────────────────────────────────────────────────────────────────


def test_signing_in_and_out_are_noted(client, anna, since):
    since()
    client.post("/accounts/login/", {"login": "anna", "password": PASSWORD})
    assert since() == [("anna", "signed-in", "", {})]
    client.post("/accounts/logout/")
    assert since() == [("anna", "signed-out", "", {})]
    client.post("/accounts/logout/")  # no user acted
    assert since() == []


def test_a_failed_attempt_is_noted_without_a_name_that_nobody_has(client, anna, since):
    since()
    client.post("/accounts/login/", {"login": "ANNA", "password": "wrong"})
    client.post("/accounts/login/", {"login": PASSWORD, "password": "anna"})
    assert since() == [("anna", "sign-in-failed", "", {}), ("", "sign-in-failed", "", {})]


def test_second_step_is_noted_set_up_failed_and_removed(client, anna, since):
    TOTP.activate(anna, "JBSWY3DPEHPK3PXP")
    [spare, *_more] = RecoveryCodes.activate(anna).get_unused_codes()
    since()
    client.post("/accounts/login/", {"login": "anna", "password": PASSWORD})
    client.post("/accounts/2fa/authenticate/", {"code": "0"})
    assert since() == [("anna", "factor-failed", "", {"factor": "totp"})]
    client.post("/accounts/2fa/authenticate/", {"code": spare})
    assert since() == [("anna", "recovery-code-used", "", {}), ("anna", "signed-in", "", {})]
    client.post("/accounts/2fa/totp/deactivate/")
    assert since() == [("anna", "factor-removed", "user anna", {"factor": kind}) for kind in ("totp", "recovery_codes")]


def test_second_step_is_noted_once_set_up(anna, since):
    since()
    authenticator = TOTP.activate(anna, "JBSWY3DPEHPK3PXP").instance
    assert since() == [("", "factor-added", "user anna", {"factor": "totp"})]
    authenticator.record_usage()
    assert since() == []


def test_password_is_noted_changed_and_not_what_it_is(client, anna, since):
    client.force_login(anna)
    since()
    new = "the-sea-comes-back-2030"
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert since() == [("anna", "password-changed", "user anna", {})]


def test_a_better_hash_is_no_new_password(anna, since, settings):
    since()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher", *settings.PASSWORD_HASHERS]
    assert anna.check_password(PASSWORD)
    assert anna.password.startswith("scrypt")
    assert since() == []


# ── What is audited ──────────────────────────────────────────────────────────────────────────────────────────


AUDITED = """
    issues.AreaReport issues.ComparisonExample issues.Event issues.EventCitation issues.Indicator issues.Issue
    issues.IssueCitation issues.IssueFeature issues.IssueInCountry issues.IssueLink issues.IssueLinkCitation
    issues.IssueMotif issues.IssueSdg issues.KeyFigure issues.KeyFigureCitation issues.Observation issues.PageIndicator
    issues.Term issues.TermCitation portal.Alias portal.Attachment portal.Correction portal.FormerKey portal.Picture
    portal.PortalDetails
    portal.Place portal.PlaceCitation portal.PlaceIdentifier portal.Source portal.Tombstone
    projects.Agreement projects.AgreementActivity projects.AgreementActivityCitation projects.AgreementArea
    projects.AgreementCitation projects.AgreementOutcome projects.AgreementOutcomeCitation projects.AgreementParty
    projects.BudgetLine projects.ImportedActivity projects.ImportedFile projects.Organisation
    projects.OrganisationCitation projects.OrganisationExternalIdentifier projects.OrganisationIdentifier
    projects.Participation projects.Project projects.ProjectArea projects.ProjectCitation
    projects.ProjectIdentifier projects.ProjectIssue projects.ProjectSdg projects.RejectedActivity
    projects.RelatedActivity
    projects.ReportedDocument projects.ReportedResult projects.ReportedShare projects.ReportingOrganisation
    projects.Result projects.ResultArea projects.ResultCitation projects.ResultFigure projects.RioMarker
    projects.Sector projects.SuggestedIssue projects.TransactionSum
"""


def test_audited_models_are_those_that_editors_work_on():
    assert {model._meta.label for model in audit_log.audited_models()} == set(AUDITED.split())


def test_only_a_mark_on_the_model_keeps_it_out_of_the_audit():
    audited = audit_log.audited_models()
    others = [model for model in apps.get_models() if model._meta.app_label in audit_log.APPS and model not in audited]
    assert OutdatedTranslation in others
    assert [model for model in others if vars(model).get("is_audited") is not False] == []


# ── Refusals ─────────────────────────────────────────────────────────────────────────────────────────────────


def refusals():
    rows = AuditEntry.objects.filter(what__in=(What.REFUSED, What.THROTTLED)).order_by("pk")
    return list(rows.values_list("what", "who", "network", "details"))


def log_in(client, name, password=WRONG, **more):
    return client.post("/accounts/login/", {"login": name, "password": password}, **more)


def test_sign_in_that_a_limit_refuses_is_noted_once(client, anna):
    for _n in range(9):
        log_in(client, "anna")
    log_in(client, "anna", PASSWORD)
    assert refusals() == [("throttled", "anna", "127.0.0.0/24", {"page": "account_login"})]
    assert AuditEntry.objects.filter(what=What.SIGN_IN_FAILED).count() == 5


def test_a_limit_names_no_account_that_is_not_there(client):
    for _n in range(7):
        log_in(client, PASSWORD)
    assert refusals() == [("throttled", "", "127.0.0.0/24", {"page": "account_login"})]


def test_second_step_that_a_limit_refuses_is_noted(client, anna):
    TOTP.activate(anna, "JBSWY3DPEHPK3PXP")
    log_in(client, "anna", PASSWORD)
    for _n in range(7):
        client.post("/accounts/2fa/authenticate/", {"code": "0"})
    assert refusals() == [("throttled", "anna", "127.0.0.0/24", {"page": "mfa_authenticate"})]


def test_too_many_requests_are_noted(client):
    for _n in range(32):
        response = client.post("/accounts/login/", REMOTE_ADDR="203.0.113.9")
    assert response.status_code == 429
    assert refusals() == [("throttled", "", "203.0.113.0/24", {"page": "account_login"})]


@pytest.mark.parametrize(
    ("address", "page", "status"),
    [
        ("/admin/portal/auditentry/", "admin:portal_auditentry_changelist", 403),
        ("/admin/login/", "admin:login", 403),
    ],
)
def test_page_of_the_desk_that_is_refused_is_noted(client, anna, address, page, status):
    anna.is_staff = "login" not in address
    anna.save()
    anna.user_permissions.set(Permission.objects.filter(codename="view_term"))
    client.force_login(anna)
    for _n in range(3):
        response = client.get(address)
    assert response.status_code == status
    assert refusals() == [("refused", "anna", "127.0.0.0/24", {"page": page, "status": status})]


def test_lookup_of_a_secret_is_noted(client, editor):
    client.get("/admin/mfa/authenticator/?data__secret__startswith=J")
    [(what, who, _network, details)] = refusals()
    assert (what, who, details) == ("refused", "gulnara", {"page": "admin:mfa_authenticator_changelist", "status": 400})


def test_anonymous_reader_whom_the_desk_sends_to_sign_in_is_not_noted(client):
    client.get("/admin/portal/auditentry/")
    client.get("/admin/login/")
    assert refusals() == []


def test_a_flood_of_refusals_does_not_fill_the_audit(rf, monkeypatch):
    """Refusals come from more networks than the limit of entries an hour; the next hour has a new limit."""
    monkeypatch.setattr(audit_log, "after_response", lambda request, job: job())

    def refuse(network, what=What.THROTTLED):
        request = rf.get("/", REMOTE_ADDR=f"10.{network // 250}.{network % 250}.1")
        request.resolver_match = None
        log_refusal(what, request)

    for network in range(REFUSALS_AN_HOUR + 20):
        refuse(network)
    assert len(refusals()) == REFUSALS_AN_HOUR
    refuse(0, What.REFUSED)  # another action has its own limit
    assert len(refusals()) == REFUSALS_AN_HOUR + 1
    later = timezone.now() + timedelta(minutes=61)
    monkeypatch.setattr(audit_log.timezone, "now", lambda: later)
    refuse(0), refuse(0), refuse(1)
    assert len(refusals()) == REFUSALS_AN_HOUR + 3
    monkeypatch.setattr(audit_log.timezone, "now", lambda: later + timedelta(minutes=11))
    refuse(0)
    assert len(refusals()) == REFUSALS_AN_HOUR + 4


# ── Records ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_publication_is_noted_when_readers_gain_or_lose_a_record(since):
    term = make_term(key="tugai", publication=PublicationStatus.DRAFT)
    assert since() == []
    for publication, expected in (
        (PublicationStatus.IN_REVIEW, []),
        (PublicationStatus.PUBLISHED, [("", "published", "term tugai", {"from": "in-review", "to": "published"})]),
        (PublicationStatus.PUBLISHED, []),
        (PublicationStatus.ARCHIVED, [("", "unpublished", "term tugai", {"from": "published", "to": "archived"})]),
    ):
        term.publication = publication
        term.save()
        assert since() == expected


def test_a_record_that_is_published_at_once_is_noted(since):
    make_term(key="tugai")
    assert since() == [("", "published", "term tugai", {"from": "draft", "to": "published"})]


def test_a_save_of_other_fields_is_not_noted(since):
    term = make_term()
    since()
    term.publication = PublicationStatus.ARCHIVED
    term.save(update_fields=["term_en"])
    assert since() == []


def test_publication_of_many_at_once_is_noted_one_by_one(since):
    make_term(key="saxaul"), make_term(key="tugai"), make_term(key="draft", publication=PublicationStatus.DRAFT)
    since()
    Term.objects.all().update(publication=PublicationStatus.DRAFT)
    assert sorted(since()) == [
        ("", "unpublished", f"term {key}", {"from": "published", "to": "draft"}) for key in ("saxaul", "tugai")
    ]


def test_publishing_at_the_desk_names_the_editor_and_the_network(client, editor, since):
    term = make_term(key="tugai", publication=PublicationStatus.IN_REVIEW)
    make_citation(term)
    since()
    client.post(
        reverse("admin:issues_term_changelist"),
        {"action": "publish_selected", "_selected_action": [term.pk], "confirmed": 1},
        REMOTE_ADDR="203.0.113.77",
    )
    assert since() == [("gulnara", "published", "term tugai", {"from": "in-review", "to": "published"})]
    assert AuditEntry.objects.get(what=What.PUBLISHED, kind="term").network == "203.0.113.0/24"


def test_deletion_is_noted_once_and_not_for_what_goes_along(client, editor, since):
    indicator, source = make_indicator(key="area", publication=PublicationStatus.DRAFT), make_source()
    Observation.objects.create(indicator=indicator, place=make_place(), year=2020, value=1, source=source)
    since()
    client.post(reverse("admin:issues_indicator_delete", args=[indicator.pk]), {"post": "yes"})
    assert since() == [("gulnara", "deleted", "indicator area", {})]


def test_names_that_go_with_a_record_have_no_entry_of_their_own(since):
    term = make_term(key="tugai")
    make_alias(kind="term", key="tugai", text="floodplain forest")
    since()
    term.delete()
    assert since() == [("", "deleted", "term tugai", {})]
    alias = make_alias(kind="term", key=make_term(key="saxaul").key, text="haloxylon")
    since()
    alias.delete()
    assert since() == [("", "deleted", "alias saxaul", {})]


def test_deletion_of_many_is_noted_one_by_one(since):
    make_term(key="saxaul"), make_term(key="tugai")
    since()
    Term.objects.all().delete()
    assert sorted(since()) == [("", "deleted", f"term {key}", {}) for key in ("saxaul", "tugai")]


def test_a_figure_without_a_key_goes_by_its_number(since):
    figure = Observation.objects.create(
        indicator=make_indicator(), place=make_place(), year=2020, value=1, source=make_source()
    )
    number = figure.pk
    since()
    figure.delete()
    assert since() == [("", "deleted", f"observation {number}", {})]


def test_fixtures_are_loaded_in_silence(tmp_path, since):
    make_issue(), make_term()
    path = tmp_path / "terms.json"
    call_command("dumpdata", "issues.term", natural_foreign=True, natural_primary=True, output=str(path), verbosity=0)
    Term.objects.all().delete()
    since()
    call_command("loaddata", str(path), verbosity=0)
    assert (Term.objects.count(), since()) == (1, [])


def test_exports_and_imports_note_themselves(rf, anna, since):
    since()
    request = rf.get("/", REMOTE_ADDR="2001:db8:1:2::7")
    request.user = anna
    with request_context(request):
        log_action(What.EXPORTED, rows=171, format="csv")
        log_action(What.IMPORTED, record=make_source(key="micklin-2016", publication=PublicationStatus.DRAFT), rows=3)
    assert since() == [
        ("anna", "exported", "", {"rows": 171, "format": "csv"}),
        ("anna", "imported", "source micklin-2016", {"rows": 3}),
    ]
    assert set(AuditEntry.objects.filter(who="anna").values_list("network", flat=True)) == {"2001:db8:1::/48"}


# ── Rights ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_rights_of_an_account_are_noted(anna, since):
    assert since() == [("", "rights-changed", "user anna", {"is_active": True})]
    anna.is_staff = True
    anna.save()
    anna.first_name = "Anna"
    anna.save()
    assert since() == [("", "rights-changed", "user anna", {"is_staff": True})]


def test_groups_and_permissions_are_noted_from_either_side(anna, since):
    group = Group.objects.create(name="Team")
    view, change = (Permission.objects.get(codename=name) for name in ("view_term", "change_term"))
    since()
    anna.groups.add(group)
    anna.groups.add(group)  # they were in it already
    assert since() == [("", "rights-changed", "user anna", {"given": ["Team"]})]
    group.permissions.set([view, change])
    assert since() == [("", "rights-changed", "group Team", {"given": ["change_term", "view_term"]})]
    group.permissions.set([view])
    assert since() == [("", "rights-changed", "group Team", {"taken": ["change_term"]})]
    anna.user_permissions.add(view)
    anna.user_permissions.clear()
    assert since() == [("", "rights-changed", "user anna", {which: ["view_term"]}) for which in ("given", "taken")]
    group.user_set.clear()
    assert since() == [("", "rights-changed", "group Team", {"taken": ["anna"]})]


def test_one_save_of_an_account_is_one_entry(anna, since):
    group, view = Group.objects.create(name="Team"), Permission.objects.get(codename="view_term")
    anna.groups.add(group)
    since()
    with one_entry_of_rights():
        anna.is_staff = True
        anna.save()
        anna.groups.set([Group.objects.create(name="Board")])
        anna.user_permissions.set([view])
    changed = {"is_staff": True, "taken": ["Team"], "given": ["Board", "view_term"]}
    assert since() == [("", "rights-changed", "user anna", changed)]


def test_deletion_of_an_account_is_noted_and_its_entries_stay(anna, since):
    TOTP.activate(anna, "JBSWY3DPEHPK3PXP")
    log_action(What.EXPORTED, who=anna)
    since()
    anna.delete()
    assert not Authenticator.objects.exists()
    assert sorted(since()) == [
        ("", "deleted", "user anna", {}),
        ("", "factor-removed", "user anna", {"factor": "totp"}),
    ]
    assert AuditEntry.objects.get(what=What.EXPORTED).who == "anna"


# ── Immutability ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def entry():
    return log_action(What.EXPORTED, rows=1)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda entry: entry.save(),
        lambda entry: entry.save(update_fields=["who"]),
        lambda entry: AuditEntry.objects.get().save(),
        lambda entry: entry.delete(),
        lambda entry: AuditEntry.objects.all().delete(),
        lambda entry: AuditEntry.objects.filter(pk=entry.pk).update(who="someone else"),
        lambda entry: AuditEntry.objects.bulk_update([entry], ["who"]),
        lambda entry: AuditEntry._base_manager.all()._raw_delete("default"),
        lambda entry: AuditEntry.objects.update_or_create(pk=entry.pk, defaults={"who": "someone else"}),
    ],
)
def test_code_alters_no_entry(entry, attempt):
    before = written()
    entry.who = "someone else"
    with pytest.raises((AppendOnlyError, DatabaseError)), transaction.atomic():
        attempt(entry)
    assert written() == before


@pytest.mark.parametrize("act", ["UPDATE portal_auditentry SET who = 'no one'", "DELETE FROM portal_auditentry"])
def test_database_alters_no_entry(entry, act):
    before = written()
    with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
        connection.cursor().execute(act)
    assert written() == before


REPLACING = (
    "INTO portal_auditentry (id, at, who, what, kind, key, details, network) "
    "SELECT id, at, 'no one', what, kind, key, details, network FROM portal_auditentry"
)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "act",
    [
        f"INSERT OR REPLACE {REPLACING}",
        f"REPLACE {REPLACING}",
        f"INSERT {REPLACING} WHERE true ON CONFLICT (id) DO UPDATE SET who = 'no one'",
        "UPDATE OR REPLACE portal_auditentry SET id = id + 1",
    ],
)
@pytest.mark.parametrize("recursive", ["OFF", "ON"])  # triggers run for rows that REPLACE deletes only if this is on
def test_sqlite_replaces_no_entry(entry, act, recursive):
    log_action(What.EXPORTED, rows=2)
    before = written()
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA recursive_triggers = {recursive}")
        with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
            cursor.execute(act)
        cursor.execute("PRAGMA recursive_triggers = OFF")
    assert written() == before
    log_action(What.EXPORTED, rows=3)
    assert len(written()) == len(before) + 1


@pytest.mark.postgres
@pytest.mark.parametrize(
    "act",
    [
        "TRUNCATE portal_auditentry",
        "TRUNCATE portal_auditentry RESTART IDENTITY CASCADE",
        "TRUNCATE portal_cache, portal_auditentry",
        f"INSERT {REPLACING} ON CONFLICT (id) DO UPDATE SET who = 'no one'",
    ],
)
def test_postgresql_truncates_no_entry(entry, act):
    before = written()
    with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
        connection.cursor().execute(act)
    assert written() == before


def test_migration_guards_a_database_of_before(entry):
    """Install the first triggers of migration 0006, which prevent only UPDATE and DELETE."""
    first = GUARDS[connection.vendor][:2]
    with connection.cursor() as cursor:
        for statement in (*RELEASES[connection.vendor], *first):
            cursor.execute(statement)
        editor = SimpleNamespace(connection=connection, execute=cursor.execute)
        import_module("portal.migrations.0026_guard_audit_from_truncate_and_replace").guard(None, editor)
    before = written()
    act = "TRUNCATE portal_auditentry" if connection.vendor == "postgresql" else f"REPLACE {REPLACING}"
    with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
        connection.cursor().execute(act)
    assert written() == before


def test_guards_of_every_database_can_be_taken_down_for_a_migration():
    assert GUARDS.keys() == RELEASES.keys() == {"sqlite", "postgresql"}
    with connection.cursor() as cursor:
        for statement in (*RELEASES[connection.vendor], *RELEASES[connection.vendor], *GUARDS[connection.vendor]):
            cursor.execute(statement)


def test_administrator_reads_the_entries_and_alters_none(client, editor, entry):
    listed = reverse("admin:portal_auditentry_changelist")
    shown = reverse("admin:portal_auditentry_change", args=[entry.pk])
    before = written()
    assert "Exported" in client.get(listed).content.decode()
    assert client.get(shown).status_code == 200
    refused = [
        client.get(reverse("admin:portal_auditentry_add")),
        client.post(reverse("admin:portal_auditentry_add"), {"what": "exported"}),
        client.post(shown, {"what": "deleted"}),
        client.get(reverse("admin:portal_auditentry_delete", args=[entry.pk])),
        client.post(reverse("admin:portal_auditentry_delete", args=[entry.pk]), {"post": "yes"}),
    ]
    assert [response.status_code for response in refused] == [403] * 5
    client.post(listed, {"action": "delete_selected", "_selected_action": [entry.pk]})
    told = ("gulnara", "refused", "", {"page": "admin:portal_auditentry_add", "status": 403})
    assert written() == [*before, told]


@pytest.mark.any_database
def test_kinds_are_in_words(client, editor):
    for record in (make_project(), make_citation(make_project(), make_source()), None):
        log_action(What.EXPORTED, record=record)
    with override("ko"):
        words = {str(capfirst(model._meta.verbose_name)) for model in (Project, ProjectCitation)}
    page = reading.page(client.get(reverse("admin:portal_auditentry_changelist"), headers={"Accept-Language": "ko"}))
    assert words <= {reading.words(cell) for cell in page.find_class("field-kind_in_words")}
    filters = reading.words(page.get_element_by_id("changelist-filter"))
    assert "projectcitation" not in filters
    assert all(word in filters for word in words)


@pytest.mark.any_database
def test_list_asks_the_same_of_the_database_for_one_as_for_three(client, editor):
    listed = reverse("admin:portal_auditentry_changelist")
    client.get(listed)
    counts = []
    for _time in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(listed)
        counts.append(len(queries))
        log_action(What.EXPORTED), log_action(What.EXPORTED)
    assert counts[0] == counts[1]


def test_editors_do_not_see_the_audit(client, entry):
    user = User.objects.create_user("anna", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="issues"))
    client.force_login(user)
    assert client.get(reverse("admin:portal_auditentry_changelist")).status_code == 403
    assert client.get(reverse("admin:portal_auditentry_change", args=[entry.pk])).status_code == 403


@pytest.mark.parametrize(("group", "status"), [("Administrator", 200), ("Reviewer", 403), ("Editor", 403)])
def test_of_the_desks_groups_administrators_read_the_audit(client, entry, group, status):
    user = User.objects.create_user("anna", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    assert client.get(reverse("admin:portal_auditentry_changelist")).status_code == status
    assert client.get(reverse("admin:mfa_authenticator_changelist")).status_code == status


def test_entry_names_itself(entry):
    assert str(entry) == f"{entry.at:%Y-%m-%d %H:%M} exported"


def test_a_command_has_no_network():
    assert log_action(What.EXPORTED).network == ""


def test_network_is_the_address_without_its_end():
    for address, network in (
        ("198.51.100.9", "198.51.100.0/24"),
        ("2001:db8:aaaa:bbbb::1", "2001:db8:aaaa::/48"),
        ("", "0.0.0.0/24"),  # a Unix socket, whose clients have no address
    ):
        assert audit_log.client_network(RequestFactory().get("/", REMOTE_ADDR=address)) == network
