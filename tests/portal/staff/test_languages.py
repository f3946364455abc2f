"""Forms show how complete each language is, and which languages can be shown side by side."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from lxml import html

from issues.models import Term
from portal.core.choices import PublicationStatus
from portal.models import Place
from portal.models.workflow import EDITOR, TRANSLATORS
from portal.staff.languages import TranslationMixin
from tests.make import (
    make_answer,
    make_issue_link,
    make_key_figure,
    make_place,
    make_project,
    make_term,
    make_tombstone,
)
from tests.portal.staff.test_admin import MODELS, address, change_address, form_data

pytestmark = pytest.mark.django_db


def complete(response):
    """Return the text of each language's mark on the page."""
    tree = html.fromstring(response.content.decode())
    marks = tree.xpath("//*[@id='languages']//*[@data-language]")
    return {mark.get("data-language"): mark.text_content() for mark in marks}


def test_a_new_form_asks_for_the_texts_that_readers_need(desk):
    assert complete(desk(EDITOR).get(address(Term, "add"))) == {"en": "0 of 2", "ko": "0 of 2", "ru": "0 of 2"}


def test_each_language_is_counted_by_what_stands_in_it(desk):
    term = make_term(publication=PublicationStatus.DRAFT, term_ko="투가이", definition_ko="강가의 숲", term_ru="Тугай")
    assert complete(desk(EDITOR).get(change_address(term))) == {"en": "2 of 2", "ko": "2 of 2", "ru": "1 of 2"}


def test_a_text_that_may_be_empty_counts_once_it_is_written_in_any_language(desk):
    project = make_project(publication=PublicationStatus.DRAFT, title_ko="나무")
    client = desk(EDITOR)
    assert complete(client.get(change_address(project)))["ko"] == "1 of 2"  # title, summary
    type(project).objects.filter(pk=project.pk).update(results_ko="결과")
    assert complete(client.get(change_address(project))) == {"en": "2 of 3", "ko": "2 of 3", "ru": "0 of 3"}


def test_what_serves_every_reader_in_english_is_not_counted(desk):
    project = make_project(publication=PublicationStatus.DRAFT, note_en="Sources disagree.", evidence_ko="증거")
    assert complete(desk(EDITOR).get(change_address(project)))["en"] == "2 of 2"


def test_rows_are_counted_with_their_record(desk):
    project = make_project(publication=PublicationStatus.DRAFT)
    make_answer(project=project, rationale_ru="Почему")
    assert complete(desk(EDITOR).get(change_address(project))) == {"en": "3 of 3", "ko": "0 of 3", "ru": "1 of 3"}


def test_a_form_that_comes_back_counts_what_was_typed(desk):
    client, url = desk(EDITOR), address(Term, "add")
    response = client.post(url, form_data(client.get(url), term_ko="투가이", definition_en="Forest."))
    assert complete(response) == {"en": "1 of 2", "ko": "1 of 2", "ru": "0 of 2"}


@pytest.mark.parametrize(("language", "words"), [("en", "2 of 2"), ("ko", "2 중 2"), ("ru", "2 из 2")])
def test_the_marks_are_in_the_language_of_the_desk(desk, language, words):
    term = make_term(publication=PublicationStatus.DRAFT)
    response = desk(EDITOR).get(change_address(term), headers={"accept-language": language})
    assert complete(response)["en"] == words


@pytest.mark.parametrize("make", [make_key_figure, make_issue_link, make_tombstone])
def test_rows_with_a_page_of_their_own_have_the_marks_too(client, make):
    client.force_login(User.objects.create_superuser("editor"))
    assert set(complete(client.get(change_address(make())))) == {"en", "ko", "ru"}


def test_a_translator_begins_with_english_and_their_language(desk):
    place = make_place(publication=PublicationStatus.DRAFT, name_ru="Нукус")
    page = html.fromstring(desk(TRANSLATORS["ko"]).get(change_address(place)).content.decode())
    [box] = page.xpath("//*[@id='languages']")
    assert box.get("data-preselected") == "en ko"
    assert box.get("data-fixed") == "name_en name_ru"  # for the script: filled fields that the user cannot edit
    [box] = html.fromstring(desk(EDITOR).get(change_address(place)).content.decode()).xpath("//*[@id='languages']")
    assert (box.get("data-preselected"), box.get("data-fixed")) == ("", "")


def test_all_one_and_english_beside_one_can_be_shown(desk):
    page = html.fromstring(desk(EDITOR).get(address(Place, "add")).content.decode())
    assert {option.get("value"): option.text for option in page.xpath("//*[@id='languages-shown']/option")} == {
        "en ko ru": "All",
        "en ko": "English + 한국어",
        "en ru": "English + Русский",
        "en": "English",
        "ko": "한국어",
        "ru": "Русский",
    }
    # Without the script all languages are shown, and no control hides some.
    [choice] = page.xpath("//select[@id='languages-shown']")
    assert choice.getparent().get("hidden") is not None
    assert choice.get("name") is None


@pytest.mark.parametrize(
    "model", [model for model in MODELS if isinstance(admin.site.get_model_admin(model), TranslationMixin)]
)
def test_the_script_counts_the_texts_that_the_server_counts(client, model):
    """In an empty form the script counts exactly the fields that the server counts."""
    client.force_login(User.objects.create_superuser("editor"))
    response = client.get(address(model, "add"))
    page = html.fromstring(response.content.decode())
    fields = [field for field in page.xpath("//*[@data-text]") if "__prefix__" not in field.get("name")]
    required = {re.sub("_(en|ko|ru)$", "", f.get("name")) for f in fields if f.get("data-text") == "required"}
    assert {text.name for text in response.context["languages"].texts if text.required} == required
    names = {re.sub("_(en|ko|ru)$", "", field.get("name")) for field in fields}
    assert {text.name for text in response.context["languages"].texts} == names
