"""URLs of the pages of the admin, the object of a POST, and the summary of a deletion."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import Http404
from django.urls import resolve
from django.utils.html import strip_tags

from issues.models import IssueLink, Term
from portal.models import Place
from portal.staff.pages import DeletionSummaryMixin, admin_address, admin_path, posted_object
from projects.models import Project
from tests import reading
from tests.make import (
    make_answer,
    make_area,
    make_citation,
    make_country,
    make_issue,
    make_issue_link,
    make_organisation,
    make_participation,
    make_place,
    make_project,
    make_source,
    make_term,
)
from tests.staff import sign_in


@pytest.mark.parametrize(
    ("model", "page", "args", "address"),
    [
        (Term, "changelist", (), "/admin/issues/term/"),
        (Place, "add", (), "/admin/portal/place/add/"),
        (Project, "change", (7,), "/admin/projects/project/7/change/"),
    ],
)
def test_page_of_a_model_is_found_by_its_name(model, page, args, address):
    assert admin_address(model, page, *args) == address


def test_pattern_of_one_more_page_has_the_name_by_which_it_is_found():
    model_admin = admin.site.get_model_admin(Term)
    pattern = admin_path(model_admin, "<path:object_id>/glance/", lambda request: None, "glance")
    assert pattern.name == "issues_term_glance"
    assert pattern.resolve("7/glance/").kwargs == {"object_id": "7"}


def test_every_registered_model_has_a_page_that_its_address_leads_to():
    for model in admin.site._registry:
        assert resolve(admin_address(model, "changelist")).func.model_admin.model is model


@pytest.mark.django_db
def test_one_more_page_is_for_staff_only(rf, client):
    model_admin = admin.site.get_model_admin(Term)
    pattern = admin_path(model_admin, "glance/", lambda request: pytest.fail("It was shown."), "glance")
    request = client.get("/admin/login/").wsgi_request  # nobody is signed in
    response = pattern.callback(request)
    assert (response.status_code, response.headers["Location"].split("?")[0]) == (302, "/admin/login/")


# ── The object of a POST ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_object_is_given_to_a_post_only(rf):
    term, model_admin = make_term(), admin.site.get_model_admin(Term)
    assert posted_object(model_admin, rf.get("/"), str(term.pk)) is None
    assert posted_object(model_admin, rf.post("/"), str(term.pk)) == term


@pytest.mark.django_db
@pytest.mark.parametrize("object_id", ["0", "nonsense", "_5F"])
def test_post_to_an_object_that_is_not_there_is_not_found(rf, object_id):
    with pytest.raises(Http404):
        posted_object(admin.site.get_model_admin(Term), rf.post("/"), object_id)


# ── The summary of a deletion ────────────────────────────────────────────────────────────────────────────────


def flat(rows):
    """Return the texts of nested lists in their order."""
    return [text for row in rows for text in (flat(row) if isinstance(row, list) else [str(row)])]


@pytest.mark.django_db
def test_summary_of_a_deletion_names_rows_of_readers_and_none_of_many_to_many_fields(rf):
    project = make_project(title_en="Trees")
    project.countries.add(make_country())
    project.places.add(make_place())
    make_area(project)
    request = rf.get("/")
    request.user = User.objects.create_superuser("administrator")
    model_admin = admin.site.get_model_admin(Project)
    assert isinstance(model_admin, DeletionSummaryMixin)
    rows, counts, *_others = model_admin.get_deleted_objects([project], request)
    texts = flat(rows)
    assert any("Trees" in text for text in texts)
    assert any("Forestry" in text for text in texts)
    assert not [text for text in texts if "relationship" in text.lower()]
    assert {str(name): count for name, count in counts.items()} == {"projects": 1, "areas of projects": 1}


def summary(rf, *objs):
    """Return the texts of the summary of a deletion, without links, and those that keep the objects from deletion."""
    request = rf.get("/")
    request.user = User.objects.filter(is_superuser=True).first() or User.objects.create_superuser("administrator")
    model_admin = admin.site.get_model_admin(type(objs[0]))
    rows, _counts, _needed, protected = model_admin.get_deleted_objects(list(objs), request)
    return [strip_tags(text) for text in flat(rows)], [strip_tags(text) for text in protected]


@pytest.mark.django_db
def test_rows_of_a_deletion_are_named_by_what_they_refer_to(rf, django_assert_max_num_queries):
    project, source = make_project(title_en="Trees"), make_source(title="Forests of the Aral")
    make_citation(project, source)
    make_participation(project=project, organisation=make_organisation(name_en="Forest Service"), role="funding")
    cause, effect = make_issue(name_en="Dry lake"), make_issue(name_en="Dust")
    make_issue_link(cause=cause, effect=effect)
    make_answer(project=project, issue=cause)
    texts, _protected = summary(rf, project)
    assert {"Citation: Forests of the Aral", "Participation: Forest Service, Funding"} <= set(texts)
    assert "Issue of a project: Dry lake" in texts
    texts, protected = summary(rf, cause)
    assert "Cause and effect: Dust" in texts
    assert protected == ["Issue of a project: Trees"]
    _texts, protected = summary(rf, source)
    assert protected == ["Citation: Trees"]
    with django_assert_max_num_queries(60) as few:
        summary(rf, project)
    for _number in range(3):
        make_citation(project)
    with django_assert_max_num_queries(len(few)):
        summary(rf, project)


@pytest.mark.django_db
def test_row_with_a_page_is_named_by_its_records(client):
    sign_in(client, "administrator")
    link = make_issue_link(cause=make_issue(name_en="Dry lake"), effect=make_issue(name_en="Dust"))
    page = reading.page(client.get(admin_address(IssueLink, "change", link.pk)))
    assert reading.words(page.xpath("//div[@id='content']/h2")[0]) == "Dry lake, Dust"
    # Without the records at hand it asks no query.
    assert str(IssueLink.objects.get(pk=link.pk)) == f"cause and effect {link.pk}"
