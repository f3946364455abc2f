"""A GET in the admin stores nothing."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver, reverse

from issues.models import Term
from portal.models import DigestSubscription, ExternalLink, PortalDetails, ReaderReport, Revision
from portal.models.curation import DuplicateCandidate
from portal.staff.history import stamp
from portal.tracking.audit_log import AuditEntry
from portal.tracking.history import change_times
from projects.models import ImportedActivity, ImportedFile, RejectedActivity, SuggestedIssue
from tests.make import (
    make_digest_subscription,
    make_imported,
    make_imported_file,
    make_organisation,
    make_portal_details,
    make_reader_report,
    make_rejected_activity,
    make_revision,
    make_suggested_issue,
)
from tests.portal.staff.test_admin import LINKED, add_rows

pytestmark = pytest.mark.django_db

# What Django and the portal store on any visit.
BOOKKEEPING = re.compile(r'"(django_session|usersessions_usersession|portal_cache)"')
WRITES = re.compile(
    r"\s*(INSERT|UPDATE|DELETE|REPLACE|MERGE|WITH\b.*\b(INSERT|UPDATE|DELETE))", re.IGNORECASE | re.DOTALL
)
NO_ADDRESS = {"outcome"}  # an import in progress: tests/portal/staff/test_import_export.py


def named(patterns):
    """Return the named URLs of the admin: pairs of a name and the names of its parameters."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from named(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name, set(pattern.pattern.regex.groupindex)


def make_records():
    """Return a record of each model of the admin, with a row in each inline."""
    found = {}
    for model, make in LINKED.items():
        found[model] = make()
        add_rows(found[model], 1)
    user = User.objects.get(username="kim")
    found |= {
        User: user,
        Group: Group.objects.first(),
        Authenticator: Authenticator.objects.create(user=user, type="totp", data={}),
        AuditEntry: AuditEntry.objects.first(),
        DigestSubscription: make_digest_subscription(),
        ExternalLink: ExternalLink.objects.create(address="https://example.org/"),
        ImportedActivity: make_imported(),
        ImportedFile: make_imported_file(imported_at=None),
        PortalDetails: make_portal_details(),
        ReaderReport: make_reader_report(),
        RejectedActivity: make_rejected_activity(),
        Revision: make_revision(found[Term], {"definition_en": "Revised."}, author=user),
        SuggestedIssue: make_suggested_issue(),
    }
    assert set(found) == set(admin.site._registry)
    return found


def values(name, groups, records):
    """Return the values of the parameters of a URL."""
    term = records[Term]
    model = next((m for m in records if name.startswith(f"{m._meta.app_label}_{m._meta.model_name}_")), Term)
    pk = records[model].pk
    possible = {
        "object_id": pk,
        "pk": pk,
        "id": pk,
        "when": stamp(change_times(records[model])[-1]) if "when" in groups else "",
        "app_label": "issues",
        "content_type_id": ContentType.objects.get_for_model(term).pk,
        "url": "issues/",
        "number": records[Revision].pk,
        "kind": term._meta.label_lower,
    }
    return {group: possible[group] for group in groups}


def writes_of(client, url):
    """Return the SQL statements of a GET that store something."""
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
        if response.streaming:
            list(response.streaming_content)
    assert response.status_code < 500, url
    statements = [query["sql"] for query in queries if WRITES.match(query["sql"])]
    if response.status_code in {400, 403}:  # the audit log records a refusal
        statements = [sql for sql in statements if not sql.startswith('INSERT INTO "portal_auditentry"')]
    return [sql for sql in statements if not BOOKKEEPING.search(sql)]


@pytest.mark.any_database
def test_no_get_of_the_desk_stores_anything(client):
    client.force_login(User.objects.create_superuser("kim"))
    found = make_records()
    make_organisation(name_en="Korea Forest Service"), make_organisation(name_en="Korea Forest Service")
    visited, stored = set(), {}
    for name, groups in named(admin.site.get_urls()):
        if name.rpartition("_")[2] in NO_ADDRESS:
            continue
        url = reverse(f"admin:{name}", kwargs=values(name, groups, found))
        visited.add(name)
        if name != "logout" and (statements := writes_of(client, url)):
            stored[url] = statements
    assert stored == {}
    assert not DuplicateCandidate.objects.exists()
    assert {"index", "doubles", "issues_term_change", "projects_project_merge", "issues_indicator_grid"} <= visited
    assert {"issues_term_revision", "issues_term_revision_edit", "issues_term_revise"} <= visited
    assert len(visited) > 150
