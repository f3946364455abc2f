"""Two editors on one record: a save overwrites nothing that the editor has not seen."""

import pytest
from django.contrib.auth.models import User

from issues.models import KeyFigure
from portal.core.choices import PublicationStatus
from projects.models import Project
from tests import reading
from tests.make import make_citation, make_country, make_issue, make_key_figure, make_project, make_source, make_term
from tests.portal.staff.test_admin import change_address, errors_of, form_data

pytestmark = pytest.mark.django_db


@pytest.fixture
def editors(client):
    """The second of two editors. `opened` returns the first one’s form before the second saves."""
    client.force_login(User.objects.create_superuser("kim"))
    return client


def asked(response):
    """Return the names of the fields with a conflict on the page."""
    return reading.page(response).xpath("//input[@name='_clash']/@value")


def clash_words(response):
    [section] = reading.page(response).find_class("clash")
    return reading.words(section)


def answer(response, **choices):
    """Return the data that a browser sends from a page with a conflict, with these choices."""
    data = form_data(response) | {"_before": response.context["before"], "_clash": asked(response)}
    return data | {f"_clash-{name}": choice for name, choice in choices.items()}


def test_second_editor_sees_what_the_first_changed_and_keeps_nothing_of_it_unseen(editors):
    term = make_term(term_en="Tugai", definition_en="Old.")
    url = change_address(term)
    opened = editors.get(url)
    editors.post(url, form_data(editors.get(url), definition_en="Theirs."))
    response = editors.post(url, form_data(opened, definition_en="Mine."))
    assert response.status_code == 200
    assert errors_of(response)["__all__"] == ["Another editor has changed this record. Nothing has been saved yet."]
    assert asked(response) == ["definition_en"]
    words = clash_words(response)
    assert all(text in words for text in ("kim changed it on", "Before: Old.", "Theirs.", "Mine."))
    term.refresh_from_db()
    assert (term.definition_en, term.version) == ("Theirs.", 2)


@pytest.mark.parametrize(("choice", "stands"), [("mine", "Mine."), ("theirs", "Theirs.")])
def test_choice_stands(editors, choice, stands):
    term = make_term(definition_en="Old.", definition_ko="옛")
    url = change_address(term)
    opened = editors.get(url)
    editors.post(url, form_data(editors.get(url), definition_en="Theirs."))
    response = editors.post(url, form_data(opened, definition_en="Mine.", definition_ko="내 것"))
    response = editors.post(url, answer(response, definition_en=choice))
    assert response.status_code == 302
    term.refresh_from_db()
    assert (term.definition_en, term.definition_ko, term.version) == (stands, "내 것", 3)


def test_question_without_an_answer_is_asked_again(editors):
    term = make_term(definition_en="Old.")
    url = change_address(term)
    opened = editors.get(url)
    editors.post(url, form_data(editors.get(url), definition_en="Theirs."))
    response = editors.post(url, form_data(opened, definition_en="Mine."))
    for _ in range(2):
        response = editors.post(url, answer(response))
        assert asked(response) == ["definition_en"]
        assert "Before: Old." in clash_words(response)
    term.refresh_from_db()
    assert term.definition_en == "Theirs."


def test_fields_that_only_the_first_changed_take_the_new_text_and_are_shown(editors):
    term = make_term(term_en="Tugai", definition_en="Old.")
    url = change_address(term)
    opened = editors.get(url)
    editors.post(url, form_data(editors.get(url), definition_en="Theirs."))
    response = editors.post(url, form_data(opened, term_en="Tugay"))
    assert asked(response) == []
    assert "Old. → Theirs." in clash_words(response)
    assert response.context["adminform"].form["definition_en"].value() == "Theirs."
    assert editors.post(url, answer(response)).status_code == 302
    term.refresh_from_db()
    assert (term.term_en, term.definition_en) == ("Tugay", "Theirs.")


def test_the_same_change_by_both_is_no_question(editors):
    term = make_term(definition_en="Old.")
    url = change_address(term)
    opened = editors.get(url)
    editors.post(url, form_data(editors.get(url), definition_en="New."))
    response = editors.post(url, form_data(opened, definition_en="New.", term_ko="투가이"))
    assert asked(response) == []
    assert editors.post(url, answer(response)).status_code == 302


def test_third_change_while_one_chooses_is_shown_too(editors):
    term = make_term(definition_en="Old.")
    url = change_address(term)
    opened = editors.get(url)
    editors.post(url, form_data(editors.get(url), definition_en="Second."))
    response = editors.post(url, form_data(opened, definition_en="Mine."))
    editors.post(url, form_data(editors.get(url), definition_en="Third."))
    response = editors.post(url, answer(response, definition_en="mine"))
    assert asked(response) == ["definition_en"]
    assert "Third." in clash_words(response)


def test_relations_and_choices_are_compared_and_shown_in_words(editors):
    uz, kz = make_country(key="uz", name_en="Uzbekistan"), make_country(key="kz", name_en="Kazakhstan")
    project = make_project()
    project.countries.add(uz)
    url = change_address(project)
    opened = editors.get(url)
    editors.post(url, form_data(editors.get(url), countries=[uz.pk, kz.pk], status="closed"))
    response = editors.post(url, form_data(opened, countries=[kz.pk], status="suspended"))
    assert sorted(asked(response)) == ["countries", "status"]
    words = clash_words(response)
    assert all(text in words for text in ("Kazakhstan, Uzbekistan", "Completed", "Suspended"))
    assert editors.post(url, answer(response, countries="theirs", status="mine")).status_code == 302
    project = Project.objects.get()
    assert (sorted(project.countries.values_list("key", flat=True)), project.status) == (["kz", "uz"], "suspended")


@pytest.mark.parametrize(("choice", "label"), [("theirs", "Theirs"), ("mine", "Mine")])
def test_row_that_both_changed_is_asked_about(editors, choice, label):
    issue = make_issue()
    figure = make_key_figure(issue=issue, label_en="Old", label_ko="옛")
    make_key_figure(issue=issue, label_en="Alone", position=2)
    url = change_address(issue)
    opened = editors.get(url)
    KeyFigure.objects.filter(pk=figure.pk).update(label="Theirs", label_en="Theirs", label_ru="Их")
    response = editors.post(
        url, form_data(opened, **{"key_figures-0-label_en": "Mine", "key_figures-0-label_ko": "내"})
    )
    name = f"key_figures-{figure.pk}"
    assert asked(response) == [name]
    words = clash_words(response)
    assert all(text in words for text in ("Key figure: Old", "Label (English): Theirs", "Label (English): Mine"))
    assert "Alone" not in words
    assert editors.post(url, answer(response, **{name: choice})).status_code == 302
    figure.refresh_from_db()
    assert (figure.label_en, figure.label_ru) == (label, "Их")
    assert figure.label_ko == ("내" if choice == "mine" else "옛")


def test_rows_that_the_first_added_changed_and_removed_are_taken_and_shown(editors):
    project = make_project()
    project.countries.add(make_country())
    gone, changed, own = (make_citation(project, make_source(title=title)) for title in ("Gone", "Changed", "Own"))
    url = change_address(project)
    opened = editors.get(url)
    gone.delete()
    changed.position = 9
    changed.save()
    added = make_citation(project, make_source(title="Added"), position=4)
    response = editors.post(url, form_data(opened, **{"title_en": "Willow", "citations-2-position": "7"}))
    assert asked(response) == []
    words = clash_words(response)
    assert all(text in words for text in ("Source: Gone", "Source: Changed", "Source: Added"))
    assert "Own" not in words
    assert editors.post(url, answer(response)).status_code == 302
    assert set(project.citations.values_list("pk", "position")) == {(changed.pk, 9), (own.pk, 7), (added.pk, 4)}
    project.refresh_from_db()
    assert project.title_en == "Willow"


def test_row_that_the_first_removed_and_the_second_changed_comes_back(editors):
    issue = make_issue(publication=PublicationStatus.DRAFT)
    figure = make_key_figure(issue=issue, label_en="Old")
    url = change_address(issue)
    opened = editors.get(url)
    figure.delete()
    response = editors.post(url, form_data(opened, **{"key_figures-0-label_en": "Mine"}))
    assert "Your version is a new row" in clash_words(response)
    assert editors.post(url, answer(response)).status_code == 302
    assert list(issue.key_figures.values_list("label_en", flat=True)) == ["Mine"]


@pytest.mark.parametrize(("choice", "labels"), [("theirs", ["Theirs"]), ("mine", [])])
def test_row_that_the_second_removed_and_the_first_changed_is_asked_about(editors, choice, labels):
    issue = make_issue()
    figure = make_key_figure(issue=issue, label_en="Old")
    url = change_address(issue)
    opened = editors.get(url)
    KeyFigure.objects.filter(pk=figure.pk).update(label="Theirs", label_en="Theirs")
    response = editors.post(url, form_data(opened, **{"key_figures-0-DELETE": "on"}))
    assert asked(response) == [f"key_figures-{figure.pk}"]
    data = answer(response, **{f"key_figures-{figure.pk}": choice}) | {"key_figures-0-DELETE": "on"}
    assert editors.post(url, data).status_code == 302
    assert list(issue.key_figures.values_list("label_en", flat=True)) == labels


def test_rows_that_both_added_stand_one_after_the_other(editors):
    project = make_project()
    project.countries.add(make_country())
    url = change_address(project)
    opened = editors.get(url)
    make_citation(project, make_source(title="Theirs"), position=1)
    mine = make_source(title="Mine")
    data = form_data(opened, title_en="Willow") | {
        "citations-TOTAL_FORMS": "1",
        "citations-0-source": str(mine.pk),
        "citations-0-position": "1",
    }
    response = editors.post(url, data)
    assert asked(response) == []
    assert editors.post(url, answer(response)).status_code == 302
    assert list(project.citations.order_by("position").values_list("source__title", "position")) == [
        ("Theirs", 1),
        ("Mine", 2),
    ]


def test_answers_that_were_given_stay_when_the_form_is_shown_again(editors):
    term = make_term(term_en="Tugai", definition_en="Old.", definition_ko="옛")
    url = change_address(term)
    opened = editors.get(url)
    editors.post(url, form_data(editors.get(url), definition_en="Theirs.", definition_ko="그들"))
    response = editors.post(url, form_data(opened, definition_en="Mine.", definition_ko="내"))
    response = editors.post(url, answer(response, definition_en="mine"))
    assert "definition_ko" in asked(response)
    [kept] = reading.page(response).xpath("//input[@name='_clash-definition_en'][@checked]/@value")
    assert kept == "mine"
    assert editors.post(url, answer(response, definition_en="mine", definition_ko="theirs")).status_code == 302
    term.refresh_from_db()
    assert (term.definition_en, term.definition_ko) == ("Mine.", "그들")


@pytest.mark.parametrize("seen", ["", "tampered:with"])
def test_form_that_does_not_say_what_it_was_opened_with_is_refused(editors, seen):
    term = make_term(definition_en="Old.")
    url = change_address(term)
    response = editors.post(url, form_data(editors.get(url), definition_en="New.") | {"_seen": seen})
    assert errors_of(response)["__all__"] == ["The version this form was based on is unknown. Reopen the record."]
    term.refresh_from_db()
    assert term.definition_en == "Old."


def test_form_with_an_error_keeps_what_it_was_opened_with(editors):
    term = make_term(term_en="Tugai", definition_en="Old.")
    url = change_address(term)
    response = editors.post(url, form_data(editors.get(url), term_en=""))
    assert errors_of(response) == {"term_en": ["This field is required."]}
    editors.post(url, form_data(editors.get(url), definition_en="Theirs."))
    response = editors.post(url, form_data(response, term_en="Tugay", definition_en="Mine."))
    assert asked(response) == ["definition_en"]


def test_texts_in_a_clash_are_never_markup(editors):
    term = make_term(definition_en="Old.")
    url = change_address(term)
    opened = editors.get(url)
    editors.post(url, form_data(editors.get(url), definition_en="<b>theirs</b>"))
    response = editors.post(url, form_data(opened, definition_en="<i>mine</i>"))
    assert b"<b>theirs</b>" not in response.content
    assert b"<i>mine</i>" not in response.content
