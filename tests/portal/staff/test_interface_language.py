"""Each page of the admin is in the language of its user: no English word is left besides names, codes and content."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse
from django.utils.translation import override
from lxml import html

from issues.models import Issue, Term
from portal.models import ExternalLink
from portal.models.corrections import PortalDetails
from portal.staff.worklists import WORKLISTS
from portal.tracking.change_reasons import ChangeReason
from portal.tracking.history import change_reason
from projects.models import Project
from tests.make import (
    make_alias,
    make_area_report,
    make_attachment,
    make_comparison_example,
    make_correction,
    make_digest_subscription,
    make_former_key,
    make_imported,
    make_imported_file,
    make_issue_feature,
    make_issue_motif,
    make_page_indicator,
    make_picture,
    make_reader_report,
    make_rejected_activity,
    make_reporting_organisation,
    make_revision,
    make_suggested_issue,
    make_tombstone,
)
from tests.staff import note_sign_in
from tests.untranslated import english_words, pattern, stored_texts, visible_texts
from tests.world import make_world

pytestmark = pytest.mark.django_db

LANGUAGES = ("ko", "ru")
SCREENS = ("changelist", "add", "export", "import")
SCREENS_OF_A_RECORD = ("change", "history", "delete", "merge", "grid", "preview", "together", "revise")


@pytest.fixture(scope="class")
def records(own_database):
    """Return a record of each model of the admin, in a world with every kind of record."""
    with override("en"), transaction.atomic():
        world = make_world()
        for make in (
            make_alias,
            make_former_key,
            make_attachment,
            make_picture,
            make_tombstone,
            make_imported,
            make_rejected_activity,
            make_suggested_issue,
        ):
            make()
        for make in (
            make_area_report,
            make_comparison_example,
            make_issue_feature,
            make_issue_motif,
            make_page_indicator,
        ):
            make()
        make_reporting_organisation()
        make_correction(world.project)
        make_reader_report()
        make_revision(world.term, {"definition_en": world.issue.summary_en}, why=world.issue.summary_en)
        make_digest_subscription()
        PortalDetails.objects.get_or_create()
        make_imported_file(imported_at=None)
        ExternalLink.objects.create(address="https://example.org/")
        user = User.objects.create_superuser("lee")
        Authenticator.objects.create(user=user, type="totp", data={})
        with change_reason(ChangeReason.ON_TIME):
            for record in (world.project, world.issue, world.source):
                record.save()
    found = {model: model._base_manager.order_by("pk").first() for model in admin.site._registry}
    assert [model for model, record in found.items() if record is None] == []
    return found


@pytest.fixture
def superuser(records, client, settings):
    """The client of a superuser who has just signed in: no page asks for a password or a second factor."""
    settings.STAFF_MFA = False
    client.force_login(User.objects.get(username="lee"))
    note_sign_in(client)
    return client


@pytest.fixture(scope="class")
def stored(records):
    return stored_texts()


def addresses(record):
    """Return the addresses of the pages about a model and one of its records."""
    model = type(record)
    prefix = f"{model._meta.app_label}_{model._meta.model_name}_"
    kinds = {pattern.name.removeprefix(prefix) for pattern in admin.site.get_model_admin(model).urls if pattern.name}
    return [reverse(f"admin:{prefix}{screen}") for screen in SCREENS if screen in kinds] + [
        reverse(f"admin:{prefix}{screen}", args=[record.pk]) for screen in SCREENS_OF_A_RECORD if screen in kinds
    ]


@pytest.fixture
def english(superuser, stored):
    """Return a function that opens a page and returns its English words, each text with the address of the page."""

    def words_of(language, address, data=None):
        superuser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        response = superuser.get(address, follow=True) if data is None else superuser.post(address, data, follow=True)
        if response.status_code == 403:
            return []  # a page that nobody may open
        assert response.status_code == 200, address
        page = response.content.decode()
        assert f'<html lang="{language}' in page
        return [(address, words, text) for text in visible_texts(page) if (words := english_words(text, stored))]

    return words_of


@pytest.mark.any_database
@pytest.mark.parametrize("language", LANGUAGES)
class TestDesk:
    def test_no_page_of_a_model_has_an_english_word(self, english, records, language):
        pages = [address for record in records.values() for address in addresses(record)]
        assert len(pages) > 200
        assert [words for address in pages for words in english(language, address)] == []

    def test_no_page_of_the_desk_as_a_whole_has_an_english_word(self, english, records, language):
        apps = {model._meta.app_label for model in records}
        pages = [
            *("/admin/", "/admin/doubles/", "/admin/notices/", "/admin/projects/reportingorganisation/kept-out/"),
            f"/admin/auth/user/{records[User].pk}/password/",
            *(
                "/admin/translation/",
                "/admin/translation/xliff/",
                "/admin/translation/texts/?kind=issues.term&show=all",
            ),
            f"/admin/translation/issues.term/{records[Term].pk}/?show=all",
            *(f"/admin/{app}/" for app in apps),
            *(f"/admin/{Issue._meta.app_label}/issue/?care={need}" for need in WORKLISTS),
        ]
        assert [words for address in pages for words in english(language, address)] == []

    def test_no_refused_form_has_an_english_word(self, superuser, english, records, language):
        """Each form is sent empty, but for some values that are wrong in every form that has such a field."""
        wrong = {"start": "20x", "year": "x", "latitude": "100", "url": "x", "key": "A key", "username": "a b"}
        found = []
        for model in records:
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
            page = superuser.get(address)
            if page.status_code == 200:
                hidden = html.fromstring(page.content).xpath("//form[@id]//input[@type='hidden']")
                data = {field.name: field.value or "" for field in hidden} | wrong
                found += english(language, address, data)
        assert found == []

    def test_no_page_that_confirms_an_action_has_an_english_word(self, english, records, language):
        lists = {m: reverse(f"admin:{m._meta.app_label}_{m._meta.model_name}_changelist") for m in records}
        actions = ("delete_selected", "publish", "submit")
        posts = [
            (address, {"action": action, "_selected_action": records[model].pk})
            for model, address in lists.items()
            for action in actions
        ]
        assert [words for address, data in posts for words in english(language, address, data)] == []

    def test_no_outcome_of_an_import_has_an_english_word(self, english, records, language):
        table = b"key,name_en,kind\nnew-place,,nowhere\nplace-1,Nukus,city\n"
        data = {"file": SimpleUploadedFile("places.csv", table, "text/csv")}
        assert english(language, reverse("admin:portal_place_import"), data) == []

    def test_no_former_state_has_an_english_word(self, superuser, english, records, language):
        """Each record that changed has a page that brings a former state back."""
        history = superuser.get(reverse("admin:projects_project_history", args=[records[Project].pk])).content.decode()
        addresses = set(re.findall(r'href="([^"]+/revert/)"', history))
        assert addresses
        assert [words for address in addresses for words in english(language, address)] == []


def test_an_english_word_is_found():
    page = """<html lang="ko"><body><p title="Close">닫기 <b>Authenticators</b> KOICA 2021-07 aral-sea</p>
        <p lang="en">An English text</p> 다음 <code>field_name</code>
        <input type="submit" value="Save"><textarea>Some text</textarea></body></html>"""
    found = [english_words(text, pattern({"Stored"})) for text in visible_texts(page)]
    assert [word for words in found for word in words] == ["Close", "Authenticators", "Save"]
