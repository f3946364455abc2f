"""The import and export pages of the admin."""

import csv
import io
import re

import openpyxl
import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from issues.models import KeyFigure, Observation, Term
from portal.models import Place
from portal.search.ranking import matching
from portal.staff import import_export as pages
from portal.staff.import_export import ImportExportMixin
from portal.tracking.audit_log import AuditEntry
from projects.models import Project, Sector
from tests import reading
from tests.counting import settle
from tests.make import (
    make_citation,
    make_country,
    make_key_figure,
    make_observation,
    make_participation,
    make_place,
    make_project,
    make_sector,
    make_source,
    make_term,
)
from tests.portal.staff.test_admin import LINKED, address, heading

pytestmark = pytest.mark.django_db

MODELS = [model for model, page in admin.site._registry.items() if isinstance(page, ImportExportMixin)]
UNREADABLE = "The file’s encoding cannot be recognised. Save it as “CSV UTF-8”, or specify the encoding."
INLINE = r"<style|<script(?![^>]* src=)|\s(?:style|on[a-z]+)=[\"']"
ELSEWHERE = r"<(?:script|link|img)[^>]*(?:src|href)=[\"'](?!/[^/])"


@pytest.fixture
def reviewer(desk):
    return desk("reviewer")


def content(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


def table_in(response):
    """Return the rows of a CSV response."""
    return list(csv.reader(io.StringIO(content(response).decode("utf-8-sig"), newline="")))


def export(client, model, query="", **choice):
    return client.post(
        f"{address(model, 'export')}?{query}", {"table": model._meta.model_name, "format": "csv"} | choice
    )


def bring(client, model, text, name="list.csv", **more):
    """Send a file to be compared."""
    data = text.encode() if isinstance(text, str) else text
    form = {"table": model._meta.model_name, "file": SimpleUploadedFile(name, data), "why": "A better list", **more}
    return client.post(address(model, "import"), form)


def compared(client, model, text, **more):
    """Return the preview page of a file."""
    response = bring(client, model, text, **more)
    assert response.status_code == 302, reading.page(response).xpath("//*[@class='errorlist']")
    return client.get(response.headers["Location"])


def outcome(response):
    """Return the rows that a preview shows: line, record, column and message."""
    rows = []
    for body in reading.page(response).xpath("//table/tbody"):
        head = [cell.text_content().strip() for cell in body.xpath("tr[1]/*[@rowspan]")]
        for row in body.xpath("tr"):
            rows.append((*head, *(cell.text_content().strip() for cell in row.xpath("td[not(@rowspan)]"))))
    return rows


def numbers(response):
    return reading.page(response).xpath("string(//*[@class='outcomes'])").split()


def errors(response):
    return [str(words) for words in response.context["form"].errors.get("file", [])]


# ── Pages ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_list_offers_import_and_export(reviewer):
    assert len(MODELS) >= 14
    for model in MODELS:
        tree = reading.page(reviewer.get(address(model, "changelist")))
        links = tree.xpath("//*[@class='object-tools']//a/@href")
        assert [link.split("?")[0] for link in links if "port/" in link] == [
            address(model, "import"),
            address(model, "export"),
        ]


@pytest.mark.any_database
@pytest.mark.parametrize("model", MODELS)
def test_screens_open_with_constant_queries_and_obey_the_content_policy(reviewer, model):
    def queries(page):
        settle()
        with CaptureQueriesContext(connection) as captured:
            response = reviewer.get(address(model, page))
        assert (response.status_code, len(heading(response))) == (200, 1)
        assert re.findall(f"{INLINE}|{ELSEWHERE}", response.content.decode()) == []
        return len(captured)

    LINKED[model]()
    queries("export")  # the first request also loads the content types
    few = queries("export"), queries("import")
    LINKED[model](), LINKED[model]()
    assert (queries("export"), queries("import")) == few


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_the_way_of_an_import_obeys_the_content_policy_in_each_language(reviewer, language):
    reviewer.cookies["django_language"] = language
    term = make_term()
    wrong = compared(reviewer, Term, f"key,term_en\n{term.key},")
    right = compared(reviewer, Term, f"key,term_en\n{term.key},Tugai forest")
    for response in (wrong, right, bring(reviewer, Term, "nonsense"), reviewer.get(address(Term, "export"))):
        assert (response.status_code, len(heading(response))) == (200, 1)
        assert reading.page(response).get("lang") == language
        assert re.findall(f"{INLINE}|{ELSEWHERE}", response.content.decode()) == []


@pytest.mark.parametrize("model", [Term, Observation, Sector])
@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("anonymous", {"export": 302, "import": 302}),
        ("translator", {"export": 200, "import": 200}),
        ("editor", {"export": 200, "import": 200}),
        ("reviewer", {"export": 200, "import": 200}),
    ],
)
def test_who_may_open_what(desk, model, who, may):
    client = desk(who)
    # Translators have no columns of their own in observations, and editors may not change the list of sectors.
    closed = {("translator", Observation), ("editor", Sector)}
    expected = may | ({"import": 403} if (who, model) in closed else {})
    assert {page: client.get(address(model, page)).status_code for page in may} == expected
    assert (bring(client, model, "nonsense\n").status_code == 200) == (expected["import"] == 200)


def test_nobody_sees_or_stores_what_somebody_else_brought(desk):
    term = make_term()
    token = bring(desk("reviewer"), Term, f"key,term_en\n{term.key},Theirs").headers["Location"]
    for who, status in (("anonymous", 302), ("editor", 404), ("translator", 404), ("administrator", 404)):
        client = desk(who)
        assert (client.get(token).status_code, client.post(token).status_code) == (status, status)
    assert desk("reviewer").get(token).status_code == 200
    assert (
        desk("reviewer").get(token.replace("/term/", "/event/").replace("issues/term", "issues/event")).status_code
        == 404
    )


# ── Export ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_export_has_exactly_the_filtered_list(reviewer):
    country = make_country(key="uz")
    city = make_place(key="nukus", kind=Place.Kind.CITY, country=country)
    make_place(key="aral-sea", kind=Place.Kind.LAKE)
    page = reviewer.get(address(Place, "changelist"), {"kind__exact": "city"})
    [link] = [link for link in reading.page(page).xpath("//*[@class='object-tools']//a/@href") if "/export/" in link]
    assert heading(reviewer.get(link)) == ["Export 1 record"]
    rows = table_in(export(reviewer, Place, link.split("?")[1]))
    assert [row[0] for row in rows] == ["key", city.key]
    assert dict(zip(*rows, strict=True))["country"] == "uz"
    assert {row[0] for row in table_in(export(reviewer, Place, "q=aral"))} == {"key", "aral-sea"}


def test_an_export_of_rows_has_those_of_the_filtered_records(reviewer):
    one, other = make_participation(), make_participation()
    rows = table_in(export(reviewer, Project, f"q={one.project.key}", table="participation"))
    assert rows == [["project", "organisation", "role"], [one.project.key, one.organisation.key, "implementing"]]
    rows = table_in(export(reviewer, Project, table="participation"))
    assert {row[0] for row in rows[1:]} == {one.project.key, other.project.key}


def test_selected_records_are_exported_by_an_action(reviewer):
    chosen, other = make_term(), make_term()
    data = {"action": "export_selected", "_selected_action": [chosen.pk]}
    response = reviewer.post(address(Term, "changelist"), data)
    assert response.status_code == 302
    rows = table_in(export(reviewer, Term, response.headers["Location"].split("?")[1]))
    assert [row[0] for row in rows] == ["key", chosen.key]
    response = reviewer.post(f"{address(Term, 'changelist')}?q=term", data | {"select_across": "1"})
    rows = table_in(export(reviewer, Term, response.headers["Location"].split("?")[1]))
    assert {row[0] for row in rows} == {"key", chosen.key, other.key}


def test_a_workbook_has_the_same_as_a_csv(reviewer):
    make_observation(value="24.100000", year=1960)
    response = export(reviewer, Observation, format="xlsx")
    assert response.headers["Content-Disposition"].endswith('.xlsx"')
    header, row = openpyxl.load_workbook(io.BytesIO(content(response))).active.values
    assert dict(zip(header, row, strict=True)) | {"year": 1960, "value": 24.1} == dict(zip(header, row, strict=True))


def test_an_export_begins_with_the_mark_by_which_excel_knows_hangul(reviewer):
    make_term(term_ko="투가이")
    data = content(export(reviewer, Term))
    assert data.startswith(b"\xef\xbb\xbf")
    assert "투가이" in data.decode()


def test_an_export_is_noted(reviewer):
    make_term()
    content(export(reviewer, Term, "q=term"))
    entry = AuditEntry.objects.get(what=AuditEntry.Action.EXPORTED)
    assert (entry.who, entry.details) == (
        "reviewer",
        {"table": "term", "rows": 1, "format": "csv", "filters": "q=term"},
    )


def test_a_text_too_long_for_a_workbook_is_said_at_the_form(reviewer):
    make_term(definition_en="x" * 40_000)
    response = export(reviewer, Term, format="xlsx")
    assert response.context["form"].errors["format"] == [
        "A text is longer than the 32767 characters allowed in an XLSX cell. Use CSV."
    ]


def test_a_filter_that_does_not_exist_leads_back_to_the_list(reviewer):
    assert reviewer.get(f"{address(Term, 'export')}?nonsense=1").headers["Location"] == address(Term, "changelist")


@pytest.mark.any_database
def test_an_export_asks_the_same_of_the_database_for_three_as_for_one(reviewer):
    def queries():
        settle()
        with CaptureQueriesContext(connection) as captured:
            content(export(reviewer, Project))
        return len(captured)

    def project():
        one = make_project()
        one.countries.add(make_country()), one.places.add(make_place()), one.sectors.add(make_sector())

    project()
    queries()
    one = queries()
    project(), project()
    assert queries() == one


# ── Import ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_is_compared_then_confirmed_then_stored(reviewer):
    term = make_term()
    make_citation(term)
    text = f"key,definition_en,term_en\n{term.key},Forest on river banks.,Tugai\nnew,A flat clay bed.,Takyr\n"
    page = compared(reviewer, Term, text)
    assert heading(page) == ["What the file would change"]
    assert numbers(page) == ["Rejected", "0", "Changed", "1", "New", "1", "Unchanged", "0"]
    assert outcome(page) == [
        ("2", term.key, "definition_en", "Forest along the rivers of a desert.", "Forest on river banks.")
    ]
    assert outcome(reviewer.get(f"{page.wsgi_request.path}?show=new")) == [
        ("3", "new", "term_en", "—", "Takyr"),
        ("3", "new", "definition_en", "—", "A flat clay bed."),
    ]
    assert Term.objects.count() == 1
    done = reviewer.post(page.wsgi_request.path, follow=True)
    assert [strip_tags(str(message)) for message in done.context["messages"]] == [
        "list.csv is imported: 1 new, 1 changed, 0 unchanged. Undo"
    ]
    term.refresh_from_db()
    assert term.definition_en == "Forest on river banks."
    assert list(matching(Term.objects, "banks")) == [term]
    assert reviewer.get(page.wsgi_request.path).status_code == 404  # it is stored
    assert reviewer.post(page.wsgi_request.path).status_code == 404


def test_a_file_with_a_mistake_cannot_be_stored(reviewer):
    term = make_term()
    page = compared(reviewer, Term, f"key,term_en\n{term.key},\nnew,Takyr\n")
    assert numbers(page)[:2] == ["Rejected", "2"]
    assert outcome(page) == [
        ("2", term.key, "term_en", "This field cannot be blank."),
        ("3", "new", "definition_en", "A column required for a new record is missing."),
    ]
    assert "Save all" not in page.content.decode()
    reviewer.post(page.wsgi_request.path)
    assert Term.objects.count() == 1


def test_a_file_that_changes_nothing_says_so(reviewer):
    make_term()
    data = content(export(reviewer, Term))
    page = compared(reviewer, Term, data)
    assert "The file changes nothing" in page.content.decode()
    assert "Save all" not in page.content.decode()


def test_what_changed_since_it_was_looked_at_is_shown_again_and_not_stored(reviewer):
    term = make_term()
    page = compared(reviewer, Term, f"key,definition_en\n{term.key},Mine.")
    Term.objects.filter(pk=term.pk).update(definition_en="Theirs.")
    again = reviewer.post(page.wsgi_request.path, follow=True)
    assert "Nothing was saved: the records have changed since you looked." in again.content.decode()
    assert outcome(again) == [("2", term.key, "definition_en", "Theirs.", "Mine.")]
    reviewer.post(page.wsgi_request.path)
    term.refresh_from_db()
    assert term.definition_en == "Mine."


def test_rows_on_the_pages_of_records_are_brought_with_them(reviewer):
    figure, source = make_key_figure(), make_source()
    page = compared(
        reviewer,
        KeyFigure,
        f"figure.issue,figure.position,source\n{figure.issue.key},1,{source.key}",
        table="keyfigurecitation",
    )
    reviewer.post(page.wsgi_request.path)
    assert figure.citations.get().source == source


def test_long_outcomes_come_in_pages(reviewer, monkeypatch):
    monkeypatch.setattr(pages, "MOST_SHOWN", 60)
    lines = "\n".join(f"takyr-{n},Takyr" for n in range(70))
    page = compared(reviewer, Term, f"key,term_en\n{lines}")
    assert numbers(page)[:2] == ["Rejected", "70"]
    assert (len(outcome(page)), outcome(page)[0][0]) == (50, "2")
    second = reviewer.get(f"{page.wsgi_request.path}?show=refused&page=2")
    assert (len(outcome(second)), outcome(second)[0][0]) == (10, "52")
    assert "10 more lines not shown." in second.content.decode()


@pytest.mark.any_database
def test_the_page_of_an_outcome_asks_the_same_of_the_database_however_long_it_is(reviewer):
    def queries(count):
        path = compared(reviewer, Term, "key,term_en\n" + "\n".join(f"t{n},T" for n in range(count))).wsgi_request.path
        settle()
        with CaptureQueriesContext(connection) as captured:
            reviewer.get(path)
        return len(captured)

    assert queries(1) == queries(30)


def test_many_lines_are_compared_and_stored_on_a_page_that_says_how_far_it_is(reviewer, monkeypatch):
    monkeypatch.setattr(pages, "SYNC_ROW_LIMIT", 2)
    term = make_term()
    make_citation(term)
    text = f"key,term_en,definition_en\n{term.key},Takyrland,Changed.\na,A,A.\nb,B,B.\n"
    response = bring(reviewer, Term, text)
    assert (response.streaming, response.headers["Content-Encoding"]) == (True, "identity")
    page = content(response).decode()
    assert re.findall(f"{INLINE}|{ELSEWHERE}", page) == []
    assert "3 of 3 lines compared." in page
    [path] = re.findall(r'<a href="([^"]+)" data-go-on>Show what the file would change</a>', page)
    assert Term.objects.count() == 1
    assert numbers(reviewer.get(path)) == ["Rejected", "0", "Changed", "1", "New", "2", "Unchanged", "0"]
    done = content(reviewer.post(path)).decode()
    assert "list.csv is imported: 2 new, 1 changed, 0 unchanged." in done
    assert Term.objects.count() == 3
    entry = AuditEntry.objects.get(what=AuditEntry.Action.IMPORTED)
    assert (entry.who, entry.network) == ("reviewer", "127.0.0.0/24")
    state = Term.objects.get(key="a").history.get()
    assert (state.history_user.username, state.history_change_reason) == ("reviewer", "A better list")
    assert list(matching(Term.objects, "Takyrland")) == [term]


def test_a_page_that_fails_on_the_way_says_so_and_stores_nothing(reviewer, monkeypatch):
    monkeypatch.setattr(pages, "SYNC_ROW_LIMIT", 0)

    def failing(*args, **kwargs):
        yield "compared", 1
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(pages, "apply_plan", failing)
    sent = []
    with pytest.raises(RuntimeError, match="the disk is full"):
        sent.extend(bring(reviewer, Term, "key,term_en\na,A").streaming_content)
    assert b"Failed; nothing was saved." in sent[-1]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("key,nonsense\n", ["There is no column “nonsense”."]),
        (b"key,term_en\na,\x98\xff\xfd", [UNREADABLE]),
        ("key,term_en\n" + "a,b\n" * 4, ["The file has more than 3 rows."]),
        ("key,term_en\n" + "a" * 200_000, ["The file is larger than 0 MB. Use the import_table command."]),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_taken_says_why_at_the_form(reviewer, monkeypatch, data, words):
    monkeypatch.setattr(pages, "MOST_ROWS", 3)
    monkeypatch.setattr(pages, "MOST_BYTES", 100_000)
    assert errors(bring(reviewer, Term, data)) == words


def test_an_import_says_why(reviewer):
    response = bring(reviewer, Term, "key,term_en\n", why="")
    assert response.context["form"].errors["why"] == ["This field is required."]


def test_korean_and_russian_files_are_read_as_spreadsheets_there_save_them(reviewer):
    term = make_term()
    korean = f"key;definition_ko\n{term.key};강가의 숲, 겨울에도\n".encode("cp949")
    russian = f"key;definition_ru\n{term.key};Пойменный лес, и зимой\n".encode("cp1251")
    for data in (korean, russian):
        reviewer.post(compared(reviewer, Term, data).wsgi_request.path)
    term.refresh_from_db()
    assert (term.definition_ko, term.definition_ru) == ("강가의 숲, 겨울에도", "Пойменный лес, и зимой")


def test_prose_from_a_file_is_not_taken_for_markup(reviewer):
    term = make_term()
    page = compared(reviewer, Term, f"key,definition_en\n{term.key},<script>alert(1)</script>")
    assert "<script>alert" not in page.content.decode()
    assert outcome(page)[0][-1] == "<script>alert(1)</script>"


def test_an_import_at_the_desk_waits_for_no_other_and_keeps_none_waiting(reviewer, monkeypatch):
    """No transaction is open while a file is compared: on SQLite it would block every other editor."""
    seen = []
    made = pages.ImportPlan.make

    def watched(plan):
        seen.append(len(connection.savepoint_ids))
        return made(plan)

    outside = len(connection.savepoint_ids)
    monkeypatch.setattr(pages.ImportPlan, "make", watched)
    compared(reviewer, Term, "key,term_en\na,A")
    assert seen == [outside]
