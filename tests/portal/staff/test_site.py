"""The admin site: the order of its index, sign-in, redirects and transactions."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.urls import reverse

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_second_factor(settings):
    settings.STAFF_MFA = False


def test_index_lists_apps_and_models_in_the_order_of_the_work(admin_client):
    apps = admin_client.get("/admin/").context["app_list"]
    assert [app["app_label"] for app in apps] == ["issues", "projects", "portal", "auth", "mfa"]
    names = {app["app_label"]: [model["object_name"] for model in app["models"]] for app in apps}
    assert names["issues"][:3] == ["Issue", "IssueLink", "KeyFigure"]
    assert names["projects"][:2] == ["Project", "Agreement"]
    assert names["portal"][:2] == ["Place", "Source"]


def test_visitor_is_sent_to_the_sign_in_page_and_back(client):
    assert (
        client.get("/admin/login/?next=/admin/issues/issue/")["Location"]
        == "/accounts/login/?next=/admin/issues/issue/"
    )
    assert client.get("/admin/login/")["Location"] == "/accounts/login/?next=/admin/"


def test_account_without_access_is_refused(client):
    client.force_login(User.objects.create_user("reader"))
    assert client.get("/admin/login/").status_code == 403


def test_member_of_the_staff_is_sent_to_the_index(desk):
    assert desk("editor").get("/admin/login/")["Location"] == "/admin/"


def test_member_of_the_staff_without_a_second_factor_must_set_one_up(desk, settings):
    settings.STAFF_MFA = True
    client = desk("editor")
    assert client.get("/admin/login/")["Location"] == reverse("mfa_index")
    assert client.get("/admin/").status_code == 302


def test_password_is_changed_on_the_page_of_the_account(desk):
    assert desk("editor").get("/admin/password_change/")["Location"] == "/accounts/password/change/"


def test_former_url_of_the_list_of_links_redirects_with_its_query(desk):
    response = desk("administrator").get("/admin/portal/link/?q=aral")
    assert (response.status_code, response["Location"]) == (302, "/admin/portal/externallink/?q=aral")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("method", "own", "inside"), [("post", False, True), ("get", False, False), ("post", True, False)]
)
def test_only_a_post_runs_in_a_transaction_unless_the_view_has_its_own(rf, admin_user, method, own, inside):
    def view(request):
        return HttpResponse(str(connection.in_atomic_block))

    view.own_transaction = own
    view.csrf_exempt = True
    request = getattr(rf, method)("/admin/x/")
    request.user, request.session = admin_user, {}
    assert admin.site.admin_view(view)(request).content.decode() == str(inside)
