"""The form of a record: empty and long parts are folded, parts and errors are linked, Enter does not save."""

import pytest

from issues.models import Term
from portal.core.choices import PublicationStatus
from projects.models import Project
from tests import reading
from tests.make import make_citation, make_issue, make_key_figure, make_project, make_term
from tests.portal.staff.test_admin import LINKED, address, change_address, form_data
from tests.staff import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def editor(client):
    return sign_in(client, "editor")


def folded(page):
    """Return the headings of the folded parts of a form."""
    return {reading.words(heading) for heading in page.xpath("//form//details[not(@open)]/summary/*[self::h2]")}


def parts(page):
    return {reading.words(link): link.get("href") for link in page.xpath("//nav[@class='form-contents']/a")}


def test_empty_optional_parts_are_folded_and_others_are_not(editor):
    page = reading.page(editor.get(address(Project, "add")))
    assert folded(page) >= {"Activities", "Results", "Note", "Dates and funding", "IATI", "Issues", "Sources"}
    assert not folded(page) & {"Summary", "Evidence", "Location and sectors"}
    project = make_project(note_ko="메모", start="2020", publication=PublicationStatus.DRAFT)
    make_citation(project)
    page = reading.page(editor.get(change_address(project)))
    assert {"Activities", "Results", "Issues", "Changes"} <= folded(page)
    assert not folded(page) & {"Note", "Dates and funding", "Sources", "Summary", "IATI"}


def test_long_parts_are_folded_and_say_what_they_contain(editor):
    issue = make_issue(
        summary_en="A summary. " * 40,
        drivers_en="Cotton needs water. " * 20,
        drivers_ko="목화에는 물이 필요하다.",
        state_en="Dry.",
        publication=PublicationStatus.DRAFT,
    )
    for _number in range(4):
        make_citation(issue)
    for position in (1, 2):
        make_key_figure(issue=issue, position=position)
    page = reading.page(editor.get(change_address(issue)))
    headings = folded(page)
    assert {"Sources (4)", "Key figures (2)"} <= headings
    [drivers] = [heading for heading in headings if heading.startswith("Drivers")]
    assert drivers.startswith("Drivers Cotton needs water. Cotton")
    assert drivers.endswith("…")
    assert not {"Summary", "State"} & headings
    assert "Sources" in parts(page)
    page = reading.page(editor.get(change_address(issue), headers={"accept-language": "ko"}))
    assert any("목화에는 물이 필요하다." in heading for heading in folded(page))


def test_long_part_that_was_changed_or_has_an_error_is_open(editor):
    issue = make_issue(
        drivers_en="Cotton needs water. " * 20, state_en="Salt dust rises." * 20, publication=PublicationStatus.DRAFT
    )
    for _number in range(4):
        make_citation(issue)
    data = form_data(editor.get(change_address(issue)), name_en="", drivers_en="Rice needs water. " * 20)
    data["citations-1-source"] = ""
    headings = folded(reading.page(editor.post(change_address(issue), data)))
    assert any(heading.startswith("State") for heading in headings)
    assert not any(heading.startswith(("Drivers", "Sources")) for heading in headings)


def test_part_with_an_error_is_open_and_what_was_typed_too(editor):
    data = form_data(editor.get(address(Project, "add")), start="soon", note_en="A note.")
    page = reading.page(editor.post(address(Project, "add"), data))
    assert not folded(page) & {"Note", "Dates and funding"}
    assert "Activities" in folded(page)


@pytest.mark.parametrize("model", [model for model in LINKED if hasattr(model, "publication")])
def test_contents_lead_to_the_parts_of_each_form(editor, model):
    record = LINKED[model]()
    for url in (address(model, "add"), change_address(record)):
        page = reading.page(editor.get(url))
        ids = set(page.xpath("//@id"))
        links = parts(page)
        assert links
        assert {link.removeprefix("#") for link in links.values()} <= ids


def test_errors_are_listed_with_links_and_the_first_field_has_the_focus(editor):
    term = make_term(publication=PublicationStatus.DRAFT)
    make_citation(term)
    data = form_data(editor.get(change_address(term)), term_en="", definition_en="")
    data["citations-0-source"] = ""
    page = reading.page(editor.post(change_address(term), data))
    links = page.xpath("//div[contains(@class, 'form-faults')]//a")
    assert [link.get("href") for link in links] == ["#id_term_en", "#id_definition_en", "#id_citations-0-source"]
    assert reading.words(links[0].getparent()) == "Term (English): This field is required."
    assert {link.get("href").removeprefix("#") for link in links} <= set(page.xpath("//@id"))
    assert page.xpath("//*[@autofocus]/@name") == ["term_en"]


def test_first_field_of_a_new_record_has_the_focus(editor):
    assert reading.page(editor.get(address(Term, "add"))).xpath("//*[@autofocus]/@name") == ["term_en"]
    assert not reading.page(editor.get(change_address(make_term()))).xpath("//*[@autofocus]")


def test_enter_presses_a_disabled_button_first(editor):
    page = reading.page(editor.get(address(Term, "add")))
    [form] = page.xpath("//form[@id='term_form']")
    buttons = form.xpath(".//button | .//input[@type='submit']")
    assert (buttons[0].tag, buttons[0].get("disabled") is not None, buttons[0].get("name")) == ("button", True, None)


def test_reason_and_buttons_stand_in_one_bar(editor):
    term = make_term(publication=PublicationStatus.DRAFT)
    [bar] = reading.page(editor.get(change_address(term))).xpath("//div[@class='save-bar']")
    assert bar.xpath(".//*[@name='why']")
    assert bar.xpath(".//input[@name='_save']")
    assert len(reading.page(editor.get(change_address(term))).xpath("//input[@name='_save']")) == 1
