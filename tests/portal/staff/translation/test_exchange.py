"""XLIFF files at the desk: what a download contains, and which translations of a file are stored."""

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.core.choices import PublicationStatus
from portal.import_export import xliff
from portal.import_export.xliff import Unit
from portal.models import Revision
from portal.models.workflow import TRANSLATORS
from portal.staff.translation import exchange
from portal.tracking.audit_log import AuditEntry
from portal.tracking.history import TRACKED
from tests import reading
from tests.make import make_citation, make_issue, make_issue_in_country, make_key_figure, make_term

pytestmark = pytest.mark.django_db

PAGE, EXPORT = "/admin/translation/xliff/", "/admin/translation/xliff/export/"


def term(**fields):
    record = make_term(**{"term_en": "Tugai", "definition_en": "A forest along rivers.", **fields})
    make_citation(record)
    return record


def unit(row, field, target, source=None):
    source = getattr(row, f"{field}_en") if source is None else source
    return Unit(f"{row._meta.label_lower}.{row.pk}.{field}", source, target)


def upload(client, units, version="1.2", target="ko"):
    """Upload a file with these units. Return the page that follows."""
    data = units if isinstance(units, bytes) else xliff.write(version, "en", target, "texts", units)
    return client.post(PAGE, {"file": SimpleUploadedFile("texts.xlf", data)}, follow=True)


def confirm(client, preview, **data):
    return client.post(preview.request["PATH_INFO"], {"seen": preview.context["found"].fingerprint} | data, follow=True)


def left_out(preview):
    return [text.reason for text in preview.context["found"].left]


class TestExport:
    @pytest.mark.parametrize("version", xliff.VERSIONS)
    def test_file_has_the_texts_of_the_filter(self, desk, version):
        row = term(definition_ko="강가의 숲.")
        term(key="gone", publication=PublicationStatus.ARCHIVED)
        data = {"from": "en", "to": "ko", "kind": "issues.term", "show": "missing", "version": version}
        response = desk("translator").post(EXPORT, data)
        assert response.headers["Content-Disposition"].startswith('attachment; filename="texts-issues-term-en-ko-')
        found = xliff.read(response.content)
        assert (found.version, found.source, found.target) == (version, "en", "ko")
        assert [(one.id, one.source, one.target) for one in found.units] == [
            (f"issues.term.{row.pk}.term", "Tugai", "")
        ]
        assert AuditEntry.objects.filter(what=AuditEntry.Action.EXPORTED, details__rows=1).exists()

    def test_file_of_all_kinds_has_translations_too(self, desk):
        term(term_ko="투가이")
        make_key_figure(label_en="Area", label_ko="면적")
        found = xliff.read(desk("editor").post(EXPORT, {"to": "ko", "kind": "", "show": "all"}).content)
        assert {("Tugai", "투가이"), ("Area", "면적")} <= {(one.source, one.target) for one in found.units}

    def test_get_stores_nothing(self, desk):
        assert desk("editor").get(EXPORT).status_code == 405

    def test_accounts_without_rights_get_an_empty_file(self, client):
        term()
        client.force_login(User.objects.create_user("nobody", is_staff=True))
        assert xliff.read(client.post(EXPORT, {"to": "ko", "show": "all"}).content).units == []


class TestImport:
    def test_preview_stores_nothing_and_confirmation_stores_the_new_texts(self, desk):
        row, other = term(), term(key="b", term_ko="타키르")
        client = desk("translator")
        units = [unit(row, "term", "투가이"), unit(row, "definition", "강가의 숲."), unit(other, "term", "다른 말")]
        preview = upload(client, units)
        row.refresh_from_db()
        assert not row.term_ko
        counts = {name: count for name, _texts, count in preview.context["groups"]}
        assert list(counts.values()) == [2, 1, 0]
        done = confirm(client, preview)
        assert "2 texts saved." in reading.words(reading.page(done))
        row.refresh_from_db(), other.refresh_from_db()
        assert (row.term_ko, row.definition_ko, other.term_ko) == ("투가이", "강가의 숲.", "타키르")
        states = TRACKED[type(row)].states.objects.filter(id=row.pk, history_change_reason="Translation: Korean")
        assert states.count() == 1

    def test_stored_translations_are_replaced_only_if_asked(self, desk):
        row = term(term_ko="타키르")
        client = desk("translator")
        preview = upload(client, [unit(row, "term", "투가이")])
        assert [reading.words(one) for one in reading.page(preview).xpath("//td//ins")] == ["투가이"]
        confirm(client, preview, replace="1")
        row.refresh_from_db()
        assert row.term_ko == "투가이"

    def test_texts_that_are_not_taken_are_listed_with_the_reason(self, desk):
        row = term()
        archived = term(key="gone", publication=PublicationStatus.ARCHIVED)
        preview = upload(
            desk("translator"),
            [
                unit(row, "term", "투가이", source="Tugay"),
                unit(archived, "term", "투가이"),
                Unit("auth.user.1.password", "x", "y"),
                Unit("issues.term.x.term", "x", "y"),
                Unit("issues.term.1.key", "x", "y"),
                Unit("nonsense", "x", "y"),
                unit(row, "definition", "A forest along rivers."),
                unit(row, "definition", "숲"),
                unit(row, "term", "가" * 5_000),
                unit(row, "term", ""),
            ],
        )
        missing = "There is no such text, or its record is archived."
        reasons = left_out(preview)
        assert reasons[:7] == [
            "The original has changed since the export.",
            *[missing] * 5,
            "The translation is the same as the original.",
        ]
        assert reasons[7:] == ["The file has this text twice."] * 2
        assert preview.context["found"].empty == 1

    def test_too_long_text_is_left_out(self, desk):
        assert "at most" in left_out(upload(desk("translator"), [unit(term(), "term", "가" * 5_000)]))[0]

    def test_text_stored_meanwhile_is_not_overwritten(self, desk):
        row = term()
        client = desk("translator")
        preview = upload(client, [unit(row, "term", "투가이")])
        row.term_ko = "남의 말"
        row.save()
        again = confirm(client, preview)
        assert "Nothing was saved" in reading.words(reading.page(again))
        row.refresh_from_db()
        assert row.term_ko == "남의 말"

    def test_mark_without_a_source_is_refused_and_the_rest_is_stored(self, desk):
        issue, row = make_issue(), term()
        make_citation(issue)
        client = desk("translator")
        preview = upload(client, [unit(issue, "drivers", "물 [no-such-source]."), unit(row, "term", "투가이")])
        done = confirm(client, preview)
        assert "no-such-source" in reading.words(reading.page(done))
        issue.refresh_from_db(), row.refresh_from_db()
        assert (bool(issue.drivers_ko), row.term_ko) == (False, "투가이")

    def test_texts_are_never_markup(self, desk):
        content = upload(desk("translator"), [unit(term(), "term", "<script>alert(1)</script>")]).content.decode()
        assert "<script>alert" not in content

    @pytest.mark.any_database
    def test_preview_asks_the_same_queries_for_more_texts(self, desk, django_assert_max_num_queries):
        client = desk("editor")
        rows = [term(key=f"t-{number}", term_en=f"Term {number}") for number in range(40)]
        preview = upload(client, [unit(row, "term", "말") for row in rows])
        with django_assert_max_num_queries(50):
            client.get(preview.request["PATH_INFO"])

    def test_other_user_does_not_see_the_file(self, desk):
        preview = upload(desk("editor"), [unit(term(), "term", "투가이")])
        assert desk("reviewer").get(preview.request["PATH_INFO"]).status_code == 404


class TestRights:
    @pytest.mark.parametrize("role", ["translator", "editor", "reviewer", "administrator", TRANSLATORS["ru"]])
    def test_rules_are_those_of_the_forms(self, desk, role):
        """An editor makes a revision of a public record; a translator of another language stores nothing."""
        row, note = term(), make_issue_in_country(note_en="Most of it.", note_ko="")
        figure = make_key_figure(label_en="Area", label_ko="")
        client = desk(role)
        texts = ((row, "term", "투가이"), (note, "note", "대부분."), (figure, "label", "면적"))
        preview = upload(client, [unit(*text) for text in texts])
        confirm(client, preview)
        row.refresh_from_db(), note.refresh_from_db(), figure.refresh_from_db()
        direct = role in {"translator", "reviewer", "administrator"}
        assert [bool(text) for text in (row.term_ko, note.note_ko, figure.label_ko)] == [direct] * 3
        assert Revision.objects.count() == (2 if role == "editor" else 0)
        if role == "editor":
            assert left_out(preview) == ["You may not change this text."]
            assert {one.state for one in Revision.objects.all()} == {Revision.State.IN_REVIEW}

    def test_readers_do_not_see_it(self, client):
        assert client.get(PAGE).status_code == 302
        assert client.post(EXPORT).status_code == 302


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"no xml", "The file is not valid XML"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x/>', "document type declaration"),
        (b"<x/>", "The file is not XLIFF 1.2 or 2.0."),
    ],
)
def test_errors_of_the_file_are_shown(desk, data, words):
    assert words in reading.words(reading.page(upload(desk("editor"), data)))


def test_languages_must_be_those_of_the_portal(desk):
    page = upload(desk("editor"), [Unit("issues.term.1.term", "x", "y")], target="de")
    assert "The portal does not translate between the languages of the file" in reading.words(reading.page(page))


def test_files_have_a_limit(desk, monkeypatch):
    monkeypatch.setattr(xliff, "MOST_BYTES", 1_000_000)
    page = upload(desk("editor"), b" " * 1_000_001)
    assert "The file is larger than 1 MB." in reading.words(reading.page(page))


def test_many_texts_are_stored_in_parts(desk, monkeypatch):
    monkeypatch.setattr(exchange, "MOST_STORED", 2)
    rows = [term(key=f"t-{number}", term_en=f"Term {number}") for number in range(3)]
    client = desk("translator")
    preview = upload(client, [unit(row, "term", "말") for row in rows])
    assert "At most 2 texts are saved at once." in reading.words(reading.page(preview))
    rest = confirm(client, preview)
    assert [text.record for text in rest.context["found"].new] == [rows[2]]
    confirm(client, rest)
    assert {type(row).objects.get(pk=row.pk).term_ko for row in rows} == {"말"}
