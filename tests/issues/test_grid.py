"""The values of an indicator as a table: typing, pasting, edit conflicts, and storing all or nothing."""

import io

import openpyxl
import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.html import strip_tags

from issues import grid as grids
from issues.models import Indicator, Observation
from portal.tracking.audit_log import AuditEntry
from tests import reading
from tests.issues.grids import D, address, form_of, send, shown, take, typed, values
from tests.make import make_country, make_indicator, make_observation, make_place, make_source
from tests.portal.staff.test_admin import heading

pytestmark = pytest.mark.django_db


def told(response):
    return [strip_tags(str(message)) for message in response.context["messages"]]


def faults(response):
    """Return the messages about cells above the table."""
    items = reading.page(response).xpath("//*[@role='alert']//li")
    return [" ".join(item.text_content().split()) for item in items]


# ── Looking ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_table_has_years_down_and_places_across(editor, area):
    page = editor.get(address(area))
    assert heading(page) == ["Values of Area of the Aral Sea"]
    assert shown(page) == (["Kazakhstan", "Uzbekistan"], {2019: ["", "24.1"], 2020: ["68000", ""]})
    labels = [cell.get("aria-label") for cell in reading.page(page).xpath("//table//input")]
    assert labels == ["Kazakhstan, 2019", "Uzbekistan, 2019", "Kazakhstan, 2020", "Uzbekistan, 2020"]


def test_a_table_shows_the_values_of_one_source(editor, area):
    other = make_source(key="other-source")
    country = area.observations.get(year=2019).place
    make_observation(indicator=area, place=country, year=2019, value="25", source=other)
    assert shown(editor.get(address(area)))[1][2019] == ["", "24.1"]
    page = editor.get(address(area), {"source": "other-source"})
    assert shown(page) == (["Kazakhstan", "Uzbekistan"], {2019: ["", "25"]})
    typed(editor, area, "source=other-source", uz_2019="26")
    found = Observation.objects.filter(indicator=area, year=2019).values_list("source__key", "value")
    assert {(key, str(value.normalize())) for key, value in found} == {
        (area.source.key, "24.1"),
        ("other-source", "26"),
    }


def test_years_places_and_a_new_source_are_chosen(editor, area):
    make_place(key="nukus", name_en="Nukus"), make_source(key="new-source")
    query = "other_source=new-source&first=2021&last=2023&places=nukus uz"
    page = editor.get(f"{address(area)}?{query}")
    assert shown(page) == (["Nukus", "Uzbekistan"], {year: ["", ""] for year in (2021, 2022, 2023)})
    typed(editor, area, query, nukus_2022="7")
    assert Observation.objects.get(year=2022).source.key == "new-source"


def test_an_indicator_without_values_starts_with_the_last_years_of_central_asia(editor):
    for key in ("uz", "kz"):
        make_country(key=key, name_en=key)
    indicator = make_indicator(publication=D)
    places, rows = shown(editor.get(address(indicator)))
    assert (places, len(rows)) == (["kz", "uz"], 10)


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("first=2020&last=2010", "last", "The last year must not be earlier than the first."),
        ("first=20", "first", "A year must have four digits, between 1800 and 2200."),
        ("first=1500&last=2020", "first", "A year must have four digits, between 1800 and 2200."),
        ("first=1800&last=2200&places=uz kz", "first", "401 years × 2 places exceeds the limit of 800 cells per page."),
        ("places=uz nowhere", "places", "No place has this key: nowhere."),
        ("other_source=nowhere", "other_source", "No source has this key."),
        ("source=nowhere", "source", "Select a valid choice. That choice is not one of the available choices."),
    ],
)
def test_a_choice_that_cannot_be_shown_says_why(editor, area, query, field, words):
    page = editor.get(f"{address(area)}?{query}")
    assert page.context["form"].errors[field] == [words]
    assert page.context["grid"] is None


def test_more_than_a_page_takes_begins_with_the_last_years(editor, area, monkeypatch):
    monkeypatch.setattr(grids, "MOST_CELLS", 2)
    assert list(shown(editor.get(address(area)))[1]) == [2020]


def test_all_content_opens_as_a_table(content, desk):
    client = desk("reviewer")
    for indicator in Indicator.objects.all():
        page = client.get(address(indicator))
        assert (page.status_code, page.context["form"].errors) == (200, {})
        assert len(form_of(page)) < 1000


# ── Typing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_typed_is_stored_and_what_is_emptied_goes(editor, area):
    response = typed(editor, area, kz_2019="1 250,5", uz_2019="", kz_2020="67000")
    assert response.status_code == 302
    assert values(area) == {("kz", 2019): "1250.5", ("kz", 2020): "6.7E+4"}
    assert told(editor.get(response.headers["Location"])) == [
        "Saved: 1 added, 1 changed, 1 deleted.",
        "Deleted: Uzbekistan 2019 (24.1).",
    ]


def test_the_same_number_in_other_words_is_no_change(editor, area):
    response = typed(editor, area, uz_2019="24,10", kz_2020="68 000")
    assert told(editor.get(response.headers["Location"])) == ["Nothing was changed."]
    area.refresh_from_db()
    assert area.version == 1


def test_one_wrong_cell_keeps_all_others_out(editor, area):
    Indicator.objects.filter(pk=area.pk).update(lowest=0)
    response = typed(editor, area, kz_2019="5", uz_2019="many", uz_2020="-3", kz_2020="")
    assert response.status_code == 200
    assert faults(response) == [
        "Uzbekistan, 2019: “many” is not a number.",
        "Uzbekistan, 2020: Values of this indicator cannot be below 0.",
    ]
    assert shown(response)[1] == {2019: ["5", "many"], 2020: ["", "-3"]}  # no typed value is lost
    assert values(area) == {("kz", 2020): "6.8E+4", ("uz", 2019): "24.1"}
    cell = reading.page(response).xpath("//*[@id='v-2019-uz']")[0]
    assert (cell.get("aria-invalid"), cell.get("aria-describedby")) == ("true", "v-2019-uz-told")


def test_a_comma_that_may_mean_either_is_asked_about(editor, area):
    assert faults(typed(editor, area, kz_2019="1,234")) == [
        "Kazakhstan, 2019: “1,234” is ambiguous. Write 1234 or 1.234."
    ]


def test_what_was_mended_is_stored_then(editor, area):
    response = typed(editor, area, kz_2019="5", uz_2019="many")
    send(editor, area, form_of(response), uz_2019="25")
    assert values(area) == {("kz", 2019): "5", ("kz", 2020): "6.8E+4", ("uz", 2019): "25"}


def test_an_act_has_its_reason_in_history_and_counts_as_one_version(editor, area):
    typed(editor, area, why="From  the yearbook", kz_2019="5", uz_2019="")
    area.refresh_from_db()
    assert area.version == 2
    new = area.observations.get(year=2019)
    assert new.history.get().history_change_reason == "From the yearbook"
    gone = Observation.history.get(history_type="-")
    assert (gone.history_change_reason, gone.history_user.username) == ("From the yearbook", "editor")
    assert LogEntry.objects.get(object_id=area.pk).object_repr == "Area of the Aral Sea"
    assert not AuditEntry.objects.filter(what=AuditEntry.Action.IMPORTED).exists()


def test_a_value_that_only_goes_is_a_version_too(editor, area):
    typed(editor, area, uz_2019="")
    area.refresh_from_db()
    assert (area.version, LogEntry.objects.filter(object_id=area.pk).count()) == (2, 1)


# ── Concurrent edits ────────────────────────────────────────────────────────────────────────────────────────────


def test_what_another_editor_changed_meanwhile_is_shown_and_not_overwritten(editor, area):
    data = form_of(editor.get(address(area)))
    Observation.objects.filter(indicator=area, year=2019).update(value=30)
    response = send(editor, area, data, uz_2019="25", kz_2020="67000")
    assert faults(response) == ["Uzbekistan, 2019: Another editor has changed this to “30”. Save again to keep yours."]
    assert values(area) == {("kz", 2020): "6.8E+4", ("uz", 2019): "3E+1"}
    assert shown(response)[1] == {2019: ["", "25"], 2020: ["67000", ""]}
    send(editor, area, form_of(response))
    assert values(area) == {("kz", 2020): "6.7E+4", ("uz", 2019): "25"}


def test_what_was_left_alone_stays_as_another_editor_made_it(editor, area):
    data = form_of(editor.get(address(area)))
    Observation.objects.filter(indicator=area, year=2019).update(value=30)
    assert send(editor, area, data, kz_2020="67000").status_code == 302
    assert values(area) == {("kz", 2020): "6.7E+4", ("uz", 2019): "3E+1"}


def test_a_value_that_another_editor_removed_is_not_made_anew_unseen(editor, area):
    data = form_of(editor.get(address(area)))
    Observation.objects.filter(indicator=area, year=2019).delete()
    assert faults(send(editor, area, data, uz_2019="25")) == [
        "Uzbekistan, 2019: Another editor has deleted this value. Save again to keep yours."
    ]


def test_the_same_change_by_two_is_none(editor, area):
    data = form_of(editor.get(address(area)))
    Observation.objects.filter(indicator=area, year=2019).update(value=30)
    assert send(editor, area, data, uz_2019="30.0").status_code == 302


@pytest.mark.parametrize("seen", ["", "forged"])
def test_a_form_of_which_nobody_knows_what_it_showed_stores_nothing(editor, area, seen):
    response = editor.post(address(area), {"_seen": seen, "v-2019-uz": "5"}, follow=True)
    assert told(response) == ["The version this form was based on is unknown. Reload the values."]
    assert values(area)["uz", 2019] == "24.1"


def test_the_form_of_another_indicator_stores_nothing_here(editor, area):
    other = make_indicator(publication=D)
    make_observation(indicator=other, place=make_country(key="kg"), year=2019, source=other.source)
    response = editor.post(address(area), form_of(editor.get(address(other))), follow=True)
    assert told(response) == ["The version this form was based on is unknown. Reload the values."]


# ── Pasting ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "year\tkz\tuz\n2019\t\t25\n2021\t5\t6",
        "place\t2019\t2021\nkz\t\t5\nuz\t25\t6",
        "place,year,value\nuz,2019,25\nkz,2021,5\nuz,2021,6",
        "year;uz;kz\n2019;25;\n2021;6;5",
    ],
)
def test_a_pasted_table_is_filled_in_and_looked_at_before_it_is_stored(editor, area, text):
    response = take(editor, area, text)
    assert shown(response) == (
        ["Kazakhstan", "Uzbekistan"],
        {2019: ["", "25"], 2020: ["68000", ""], 2021: ["5", "6"]},
    )
    assert "3 values have been filled in. Nothing is saved yet" in response.content.decode()
    assert [small.text for small in reading.page(response).xpath("//td[@class='changed']/small")] == [
        "saved: 24.1",
        "saved: —",
        "saved: —",
    ]
    assert values(area) == {("kz", 2020): "6.8E+4", ("uz", 2019): "24.1"}
    send(editor, area, form_of(response))
    assert values(area) == {("kz", 2020): "6.8E+4", ("kz", 2021): "5", ("uz", 2019): "25", ("uz", 2021): "6"}


def test_a_pasted_table_adds_places_and_keeps_what_was_typed(editor, area):
    make_country(key="kg", name_en="Kyrgyzstan")
    response = take(editor, area, "year\tkg\n2020\t7", kz_2019="3")
    assert shown(response) == (
        ["Kazakhstan", "Uzbekistan", "Kyrgyzstan"],
        {2019: ["3", "24.1", ""], 2020: ["68000", "", "7"]},
    )


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_file_is_filled_in_too(editor, area, ending):
    if ending == "csv":
        data = "year,uz\n2019,25\n".encode("utf-16")
    else:
        book, file = openpyxl.Workbook(), io.BytesIO()
        book.active.append(["year", "uz"]), book.active.append([2019, 25])
        book.save(file)
        data = file.getvalue()
    response = take(editor, area, _file=SimpleUploadedFile(f"values.{ending}", data))
    assert shown(response)[1][2019] == ["", "25"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Paste a table, or choose a file."),
        ("year\tnowhere\n2019\t5", "No place has this key: nowhere."),
        ("year\tuz\nMMXIX\t5", "“MMXIX” is not a year."),
        ("year\tuz\n1492\t5", "“1492” is not a year."),
        ("year\tuz\n1800\t5", "221 years × 2 places exceeds the limit of 400 cells per page."),
        ('year\tuz\n"2019', "Line 2 cannot be read: a quotation mark is missing or extra."),
        ("year\tuz\n" + "2019\t5\n" * 30, "The table is too large."),
    ],
)
def test_a_table_that_cannot_be_filled_in_says_why_and_is_kept(editor, area, monkeypatch, text, words):
    monkeypatch.setattr(grids, "MOST_CELLS", 400)
    monkeypatch.setattr(grids, "MOST_PASTED", 200)
    response = take(editor, area, text)
    tree = reading.page(response)
    assert [item.text for item in tree.xpath("//details//*[@class='errorlist']/li")] == [words]
    assert tree.xpath("string(//textarea)").strip() == text.strip()


# ── One more year ───────────────────────────────────────────────────────────────────────────────────────────────


def test_next_year_is_added_and_what_was_typed_stays(editor, area):
    data = form_of(editor.get(address(area)))
    page = send(editor, area, data, uz_2020="5", _next_year="1")
    assert shown(page)[1] == {2019: ["", "24.1"], 2020: ["68000", "5"], 2021: ["", ""]}
    assert ("uz", 2020) not in values(area)
    send(editor, area, form_of(page), uz_2021="6", why="A new year.")
    assert (values(area)["uz", 2020], values(area)["uz", 2021]) == ("5", "6")


def test_no_year_is_offered_that_has_no_room(editor, area, monkeypatch):
    assert "Add the year 2021" in editor.get(address(area)).content.decode()
    monkeypatch.setattr(grids, "MOST_CELLS", 4)
    page = editor.get(address(area))
    assert "Add the year" not in page.content.decode()
    assert list(shown(send(editor, area, form_of(page), _next_year="1"))[1]) == [2019, 2020]


@pytest.mark.parametrize("text", ["year\tuz\n2019\t1\t2", "year\t\tuz\n2019\t2\t1"])
def test_pasted_values_outside_of_the_columns_are_told(editor, area, text):
    page = take(editor, area, text)
    told_of = reading.page(page).find_class("grid-paste")[0].text_content()
    assert "Line 2 has values outside of the named columns: 2." in told_of
    assert shown(page)[1][2019] == ["", "24.1"]
