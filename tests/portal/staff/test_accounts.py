"""The admin of accounts and second factors reveals no secret, and administrators cannot change superusers."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import FieldError
from django.db.models.constants import LOOKUP_SEP
from django.urls import reverse

pytestmark = pytest.mark.django_db

LIST = reverse("admin:mfa_authenticator_changelist")
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
# Fields that nobody may read, not even through a filter that answers yes or no.
SECRET_FIELDS = {
    "account.EmailConfirmation.key",
    "auth.User.password",
    "mfa.Authenticator.data",
    "sessions.Session.session_data",
    "sessions.Session.session_key",
    "usersessions.UserSession.data",
    "usersessions.UserSession.session_key",
}
# Words of names, and ids of records by value.
HARMLESS = {"portal.UnpublishedTitle.tokens", "portal.StoredFacetValues.data"}
SOUNDS_SECRET = re.compile(r"password|secret|token|seed|session|hash|^data$|private|salt|recovery", re.IGNORECASE)
DEEPEST = 3  # relations


@pytest.fixture
def root():
    """Make a superuser with an authenticator app and recovery codes."""
    user = User.objects.create_superuser("root")
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)
    return user


@pytest.fixture
def anna():
    """Make an editor with an authenticator app."""
    user = User.objects.create_user("anna", is_staff=True)
    TOTP.activate(user, SECRET)
    return user


def listed(client):
    """Return the usernames whose factors the list shows, sorted."""
    return sorted(factor.user.username for factor in client.get(LIST).context["cl"].result_list)


# ── Lookups ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "lookup",
    [
        f"data__secret__startswith={SECRET[0]}",
        "data__secret__regex=^J",
        "data__seed__startswith=a",
        "data__migrated_codes__0__startswith=1",
        "data__contains=secret",
        "data__isnull=0",
        "data=1",
        "user__password__startswith=p",
        "user_id__password__startswith=p",
        "user__authenticator__data__secret__startswith=J",
    ],
)
def test_no_filter_of_the_list_of_factors_reads_a_secret(administrator, anna, lookup):
    assert administrator.get(f"{LIST}?type__exact=totp").status_code == 200
    assert administrator.get(f"{LIST}?type__exact=totp&{lookup}").status_code == 400


@pytest.mark.parametrize(
    "query", ["_to_field=data", "_popup=1&_to_field=data", "_to_field=user", "data__secret__startswith=J&_popup=1"]
)
def test_no_popup_reads_a_secret(administrator, anna, query):
    assert administrator.get(f"{LIST}?{query}").status_code == 400


@pytest.mark.parametrize("lookup", ["password__startswith=p", "authenticator__data__secret__startswith=J"])
def test_no_filter_of_the_list_of_accounts_reads_a_secret(administrator, lookup):
    assert administrator.get(f"{reverse('admin:auth_user_changelist')}?{lookup}").status_code == 400


def test_fields_that_sound_secret_are_named_here():
    sounding = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if SOUNDS_SECRET.search(field.name)
    }
    assert sounding - HARMLESS <= SECRET_FIELDS


def secret_lookups(model, path=(), seen=()):
    """Yield every path of at most DEEPEST relations from a model to a secret field, as a lookup."""
    for field in model._meta.get_fields(include_hidden=True):
        if field.concrete and f"{model._meta.label}.{field.name}" in SECRET_FIELDS:
            yield LOOKUP_SEP.join([*path, field.name])
        elif field.is_relation and field.related_model and len(path) < DEEPEST and model not in seen:
            yield from secret_lookups(field.related_model, (*path, field.name), (*seen, model))


def reads(model, lookup):
    """Return True if the lookup is valid. Relations without a reverse name ("+") cannot be queried."""
    try:
        str(model._default_manager.filter(**{lookup: "x"}).query)
    except FieldError:
        return False
    return True


def test_no_admin_allows_a_lookup_of_a_secret_field(rf, root):
    request = rf.get("/")
    request.user = root
    tried, allowed = 0, []
    for model, model_admin in admin.site._registry.items():
        for path in secret_lookups(model):
            for lookup in (path, f"{path}__startswith", f"{path}__contains"):
                tried += 1
                if model_admin.lookup_allowed(lookup, "x", request) and reads(model, lookup):
                    allowed.append(f"{model.__name__}: {lookup}")
    assert allowed == []
    assert tried > 1000


def test_no_admin_shows_searches_or_filters_by_a_secret_field(rf, root):
    request = rf.get("/")
    request.user = root
    names = {label.rpartition(".")[2] for label in SECRET_FIELDS} - {"key"}  # records have a public key
    for model_admin in admin.site._registry.values():
        used = [
            *model_admin.get_search_fields(request),
            *model_admin.get_list_display(request),
            *(part[0] if isinstance(part, tuple) else part for part in model_admin.get_list_filter(request)),
            model_admin.date_hierarchy,
        ]
        parts = {part for name in used if isinstance(name, str) for part in name.split(LOOKUP_SEP)}
        assert not parts & names, model_admin
        assert [name for name in names if model_admin.to_field_allowed(request, name)] == []


# ── Factors of a superuser ───────────────────────────────────────────────────────────────────────────────────


def test_superuser_sees_every_factor(client, settings, root, anna):
    settings.STAFF_MFA = False
    client.force_login(root)
    assert listed(client) == ["anna", "root", "root"]


def test_administrator_sees_no_factor_of_a_superuser(administrator, root, anna):
    assert listed(administrator) == ["anna"]
    for factor in root.authenticator_set.all():
        for page in ("change", "delete", "history"):
            response = administrator.get(reverse(f"admin:mfa_authenticator_{page}", args=[factor.pk]))
            assert (response.status_code, response.headers["Location"]) == (302, "/admin/")


def test_administrator_removes_no_factor_of_a_superuser(administrator, root, anna):
    factor, other = root.authenticator_set.get(type="totp"), anna.authenticator_set.get()
    administrator.post(reverse("admin:mfa_authenticator_delete", args=[factor.pk]), {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [factor.pk, other.pk], "post": "yes"}
    administrator.post(LIST, chosen)
    assert sorted(Authenticator.objects.values_list("user__username", "type")) == [
        ("root", "recovery_codes"),
        ("root", "totp"),
    ]


def test_administrator_deletes_no_superuser_from_the_list(administrator, root, anna):
    chosen = {"action": "delete_selected", "_selected_action": [root.pk, anna.pk], "post": "yes"}
    assert administrator.post(reverse("admin:auth_user_changelist"), chosen).status_code == 403
    assert User.objects.filter(username__in=("root", "anna")).count() == 2
