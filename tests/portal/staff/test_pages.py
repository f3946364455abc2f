"""URLs of the pages of the admin, the object of a POST, and the summary of a deletion."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import Http404
from django.urls import resolve

from issues.models import Term
from portal.models import Place
from portal.staff.pages import DeletionSummaryMixin, admin_address, admin_path, posted_object
from projects.models import Project
from tests.make import make_area, make_country, make_place, make_project, make_term


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
