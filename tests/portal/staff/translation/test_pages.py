"""The translator's view: progress, lists, pairs of texts, and what each role may store there."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from issues.models import Term
from portal.core.choices import PublicationStatus
from portal.history.diff import changes_of
from portal.models import Revision
from portal.models.curation import OutdatedTranslation
from portal.models.workflow import TRANSLATORS
from portal.tracking.history import change_times
from tests import reading
from tests.make import (
    make_citation,
    make_issue,
    make_issue_in_country,
    make_key_figure,
    make_picture,
    make_project,
    make_revision,
    make_term,
)

pytestmark = pytest.mark.django_db

PROGRESS, TEXTS, START = "/admin/translation/", "/admin/translation/texts/", "/admin/translation/start/"
KOREAN = {"from": "en", "to": "ko", "kind": "", "show": "missing"}


def term(**fields):
    """Make a published term with a source. Its Korean and Russian texts are missing unless given."""
    record = make_term(**{"term_en": "Tugai", "definition_en": "A forest along rivers.", **fields})
    make_citation(record)
    return record


def pair_address(row, **chosen):
    query = "&".join(f"{name}={value}" for name, value in (KOREAN | chosen).items())
    return f"/admin/translation/{row._meta.label_lower}/{row.pk}/?{query}"


def save(client, row, data, button="_next", follow=False, **chosen):
    """Open the pairs of a row and save the texts `data` by name; the others stay as they are shown."""
    url = pair_address(row, **chosen)
    opened = client.get(url)
    texts = {name: opened.context["form"].initial[name] for name in opened.context["form"].fields}
    data = texts | {"seen": opened.context["seen"], button: "1"} | data
    return client.post(url, data, follow=follow)


def messages(response):
    return [reading.words(one) for one in reading.page(response).xpath("//ul[@class='messagelist']/li")]


class TestProgress:
    def test_numbers_lead_to_lists_with_as_many_texts(self, desk):
        """Two terms have four texts: one is translated, one is outdated. Archived records do not count."""
        term(term_ko="투가이", definition_ko="")
        other = term(key="takyr", term_en="Takyr", term_ko="타키르", definition_ko="땅.")
        other.definition_en = "A flat of clay."
        other.save()
        term(key="gone", publication=PublicationStatus.ARCHIVED)
        client = desk("editor")
        [row] = [
            row for row in reading.page(client.get(PROGRESS)).xpath("//tbody/tr") if reading.words(row[0]) == "Terms"
        ]
        cells = [reading.words(cell) for cell in row[1:]]
        assert cells == ["4", "1", "1", "2", "4", "0", "0"]
        urls = [link.get("href") for link in row.xpath(".//a")]
        for url, count in zip(urls, (4, 1, 1, 4), strict=True):
            page = reading.page(client.get(url))
            assert len(page.xpath("//table/tbody/tr")) == count, url
            assert reading.words(page.xpath("//*[@id='content-main']/p")[0]).startswith(f"{count} text"), url

    def test_rows_of_records_count_too(self, desk):
        note = make_issue_in_country(note_en="Most of it.", note_ko="", note_ru="")
        figure = make_key_figure(issue=note.issue, label_en="Area", label_ko="", unit_en="ha", unit_ko="")
        client = desk("editor")
        for row, name in ((note, "Most of it."), (figure, "Area")):
            url = f"{TEXTS}?kind={row._meta.label_lower}&to=ko&show=missing"
            assert name in reading.words(reading.page(client.get(url)))

    @pytest.mark.any_database
    def test_number_of_queries_does_not_grow(self, desk, django_assert_max_num_queries):
        client = desk("editor")
        for number in range(60):
            term(key=f"term-{number}", term_en=f"Term {number}")
        with django_assert_max_num_queries(50):
            client.get(PROGRESS)
        with django_assert_max_num_queries(50):
            client.get(f"{TEXTS}?kind=issues.term")
        with django_assert_max_num_queries(50):
            client.get(pair_address(Term.objects.first()))

    def test_empty_portal_has_nothing_to_translate(self, desk):
        client = desk("editor")
        assert "No translation is missing or outdated." in reading.words(reading.page(client.get(PROGRESS)))
        assert client.get(START).headers["Location"] == PROGRESS

    @pytest.mark.parametrize("path", [PROGRESS, TEXTS, START, "/admin/translation/issues.term/1/"])
    def test_readers_do_not_see_it(self, client, path):
        response = client.get(path)
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/admin/login/")

    def test_the_usual_language_is_that_of_the_translator(self, desk):
        term()
        page = reading.page(desk(TRANSLATORS["ru"]).get(f"{TEXTS}?kind=issues.term"))
        assert page.xpath("//select[@name='to']/option[@selected]/@value") == ["ru"]

    def test_unknown_choices_are_left_out(self, desk):
        term()
        page = desk("editor").get(TEXTS, {"to": "xx", "from": "ko", "kind": "no.such", "show": "x"}, follow=True)
        assert page.status_code == 200
        assert page.context["chosen"].target == "ko"
        assert page.context["chosen"].source == "en"


class TestPairs:
    def test_source_stands_beside_the_field(self, desk):
        page = reading.page(desk("translator").get(pair_address(term())))
        assert [reading.words(one) for one in page.xpath("//*[@class='translation-text']")] == [
            "Tugai",
            "A forest along rivers.",
        ]
        assert page.xpath("//form[@class='translation-form']//*[@autofocus]/@id") == ["id_term"]

    def test_russian_can_be_the_source(self, desk):
        """A text without Russian shows its English, marked as English."""
        row = term(term_ru="Тугай", definition_ru="")
        page = reading.page(desk("translator").get(pair_address(row, **{"from": "ru"})))
        texts = page.xpath("//*[@class='translation-text']")
        assert [(one.get("lang"), reading.words(one)) for one in texts] == [
            ("ru", "Тугай"),
            ("en", "A forest along rivers."),
        ]

    def test_terms_of_the_glossary_and_the_term_base_are_shown_with_equivalents(self, desk):
        term(key="aralkum", term_en="Aralkum", term_ko="아랄쿰")
        row = term(definition_en="The Aralkum has no Website. It is a key figure.")
        page = reading.page(desk("translator").get(pair_address(row)))
        terms = {
            reading.words(one[0]): reading.words(one[1]) for one in page.xpath("//*[@class='translation-terms']/div")
        }
        assert terms == {
            "Aralkum": "아랄쿰 (glossary)",
            "website": "누리집 not: 웹사이트, 홈페이지",
            "key figure": "핵심 수치 not: 주요 수치",
        }

    def test_outdated_translation_shows_how_the_english_changed(self, desk):
        row = term(definition_ko="강가의 숲.")
        row.definition_en = "A dry forest along rivers."
        row.save()
        page = reading.page(desk("translator").get(pair_address(row, show="outdated")))
        assert [reading.words(one) for one in page.xpath("//*[@class='translation-target']//ins")] == ["dry"]

    def test_texts_are_never_markup(self, desk):
        row = term(definition_en="<script>alert(1)</script>", definition_ko="</textarea><b>")
        content = desk("translator").get(pair_address(row, show="all")).content.decode()
        assert "<script>alert" not in content
        assert "</textarea><b>" not in content

    def test_unknown_text_is_404(self, desk):
        client = desk("translator")
        assert client.get("/admin/translation/issues.term/99/").status_code == 404
        assert client.get("/admin/translation/auth.user/1/").status_code == 404
        archived = term(publication=PublicationStatus.ARCHIVED)
        assert client.get(pair_address(archived)).status_code == 404


class TestSaving:
    def test_translator_goes_from_text_to_text(self, desk):
        """The next page has the next untranslated text, also of the next kind, and the last one leads to the list."""
        first, _done, third = term(), term(key="b", term_ko="가", definition_ko="나"), term(key="c")
        project = make_project(title_en="Trees", summary_en="Planting.")
        client = desk("translator")
        response = save(client, first, {"term": "투가이"})
        assert response.headers["Location"] == pair_address(third)
        response = save(client, third, {"term": "타키르"})
        assert response.headers["Location"] == pair_address(project)
        response = save(client, project, {"title": "나무"}, follow=True)
        assert "That was the last text of this list." in messages(response)
        first.refresh_from_db(), project.refresh_from_db()
        assert (first.term_ko, project.title_ko) == ("투가이", "나무")

    def test_reason_is_stored_and_readers_see_it_in_their_language(self, desk):
        row = make_project()
        make_citation(row)
        client = desk("translator")
        save(client, row, {"title": "나무"})
        [change] = changes_of(row, [[change_times(row)[0]]])
        assert (change.why, change.who) == ("Translation: Korean", User.objects.get(username="translator"))
        for language, words in (("en", "Translation: Korean"), ("ko", "번역: 한국어"), ("ru", "Перевод: корейский")):
            page = client.get(f"/{language}/projects/{row.key}/changes/")
            assert words in reading.words(reading.page(page))

    def test_saving_counts_as_a_new_version(self, desk):
        row = term()
        before = row.version, row.updated_at
        save(desk("translator"), row, {"term": "투가이"})
        row.refresh_from_db()
        assert row.version == before[0] + 1
        assert row.updated_at > before[1]

    def test_unchanged_texts_store_nothing(self, desk):
        row = term(term_ko="투가이")
        before = change_times(row)
        save(desk("translator"), row, {})
        row.refresh_from_db()
        assert row.version == 1
        assert change_times(row) == before

    def test_only_the_chosen_language_changes(self, desk):
        row = term(term_ru="Тугай")
        save(desk("translator"), row, {"term": "투가이", "term_ru": "x", "term_en": "x"})
        row.refresh_from_db()
        assert (row.term_en, row.term_ko, row.term_ru) == ("Tugai", "투가이", "Тугай")

    def test_outdated_translation_can_be_confirmed(self, desk):
        row = term(term_ko="투가이", definition_ko="강가의 숲.")
        row.definition_en = "A forest along the rivers."
        row.save()
        assert OutdatedTranslation.objects.count() == 1
        save(desk("translator"), row, {"still-right": "definition"}, show="outdated")
        assert not OutdatedTranslation.objects.exists()

    def test_texts_changed_meanwhile_are_not_overwritten(self, desk):
        row = term()
        client = desk("translator")
        url = pair_address(row)
        seen = client.get(url).context["seen"]
        Term.objects.filter(pk=row.pk).update(term_ko="남의 말")
        response = client.post(url, {"seen": seen, "term": "내 말", "definition": "", "_next": "1"})
        page = reading.page(response)
        assert "Stored meanwhile: 남의 말" in reading.words(page)
        assert page.xpath("//input[@name='term']/@value") == ["내 말"]
        row.refresh_from_db()
        assert row.term_ko == "남의 말"
        data = {"seen": page.xpath("//input[@name='seen']/@value")[0], "term": "내 말", "definition": "", "_next": "1"}
        client.post(url, data)
        row.refresh_from_db()
        assert row.term_ko == "내 말"

    def test_changed_source_is_shown_before_anything_is_stored(self, desk):
        row = term()
        client = desk("translator")
        url = pair_address(row)
        seen = client.get(url).context["seen"]
        Term.objects.filter(pk=row.pk).update(term_en="Riparian forest")
        response = client.post(url, {"seen": seen, "term": "투가이", "definition": "", "_next": "1"})
        assert "Riparian forest" in reading.words(reading.page(response))
        row.refresh_from_db()
        assert not row.term_ko

    def test_public_record_gets_no_mark_without_a_source(self, desk):
        issue = make_issue(name_en="Dry rivers")
        make_citation(issue)
        response = save(desk("translator"), issue, {"drivers": "강이 마른다 [no-such-source]."})
        assert response.status_code == 200
        assert "no-such-source" in " ".join(response.context["form"].non_field_errors())
        issue.refresh_from_db()
        assert not issue.drivers_ko

    def test_shown_picture_keeps_its_text_alternative(self, desk):
        row = make_picture(is_shown=True)
        before = row.alt_ko
        response = save(desk("translator"), row, {"alt": ""})
        assert "text alternative in each language" in " ".join(response.context["form"].non_field_errors())
        row.refresh_from_db()
        assert row.alt_ko == before

    def test_too_long_text_is_refused_beside_its_field(self, desk):
        response = save(desk("translator"), term(), {"term": "가" * 5_000})
        assert response.status_code == 200
        assert response.context["form"].errors["term"]


class TestRights:
    """The rules are those of the forms."""

    STATES = (
        PublicationStatus.DRAFT,
        PublicationStatus.IN_REVIEW,
        PublicationStatus.SCHEDULED,
        PublicationStatus.PUBLISHED,
    )

    @pytest.mark.parametrize("state", STATES)
    @pytest.mark.parametrize("role", ["translator", "reviewer", "administrator", "editor"])
    def test_records(self, desk, role, state):
        """Translators of the language, reviewers and administrators write in every state; editors in drafts."""
        row = term(publication=state)
        save(desk(role), row, {"term": "투가이"})
        row.refresh_from_db()
        is_editors = state in {PublicationStatus.DRAFT, PublicationStatus.IN_REVIEW}
        assert bool(row.term_ko) == (role != "editor" or is_editors)
        assert Revision.objects.count() == (role == "editor" and state == PublicationStatus.PUBLISHED)

    @pytest.mark.parametrize("role", ["translator", "reviewer", "editor"])
    def test_rows_with_a_form_of_their_own(self, desk, role):
        """A key figure of a public issue is not part of a revision: an editor may only read it."""
        row = make_key_figure(label_en="Area", label_ko="")
        response = save(desk(role), row, {"label": "면적"})
        row.refresh_from_db()
        assert bool(row.label_ko) == (role != "editor")
        assert not Revision.objects.exists()
        if role == "editor":
            assert "You may not change this text." in response.context["form"].non_field_errors()

    @pytest.mark.parametrize("role", ["translator", "reviewer", "editor"])
    def test_rows_of_inlines(self, desk, role):
        row = make_issue_in_country(note_en="Most of it.", note_ko="")
        save(desk(role), row, {"note": "대부분."})
        row.refresh_from_db()
        assert bool(row.note_ko) == (role != "editor")
        assert Revision.objects.count() == (role == "editor")

    def test_translator_of_another_language_only_reads(self, desk):
        row = term()
        response = save(desk(TRANSLATORS["ru"]), row, {"term": "투가이"})
        assert "You may not change this text." in response.context["form"].non_field_errors()
        row.refresh_from_db()
        assert not row.term_ko
        save(desk(TRANSLATORS["ru"]), row, {"term": "Тугай"}, to="ru")
        row.refresh_from_db()
        assert row.term_ru == "Тугай"

    def test_account_without_rights_sees_no_text(self, client):
        client.force_login(User.objects.create_user("nobody", is_staff=True))
        assert client.get(pair_address(term())).status_code == 404
        assert client.get(TEXTS).status_code == 404


class TestRevisions:
    def test_texts_of_an_editor_join_one_revision_in_review(self, desk):
        row = term()
        client = desk("editor")
        save(client, row, {"term": "투가이"})
        [revision] = Revision.objects.all()
        assert (revision.state, revision.why) == (Revision.State.IN_REVIEW, "Translation: Korean")
        opened = client.get(pair_address(row))
        assert opened.context["form"].initial["term"] == "투가이"
        save(client, row, {"definition": "강가의 숲."})
        [revision] = Revision.objects.all()
        revised = revision.as_record()
        assert (revised.term_ko, revised.definition_ko) == ("투가이", "강가의 숲.")
        row.refresh_from_db()
        assert not row.term_ko

    def test_what_the_revision_says_already_stays(self, desk):
        row = term()
        client = desk("editor")
        client.get("/admin/")
        user = User.objects.get(username="editor")
        make_revision(row, {"definition_en": "Revised."}, author=user, why="Mine.")
        save(client, row, {"term": "투가이"})
        [revision] = Revision.objects.all()
        revised = revision.as_record()
        assert (revised.definition_en, revised.term_ko, revision.why) == ("Revised.", "투가이", "Mine.")

    def test_scheduled_revision_of_the_editor_takes_no_more_texts(self, desk):
        row = term()
        client = desk("editor")
        client.get("/admin/")
        make_revision(
            row,
            {"definition_en": "Revised."},
            author=User.objects.get(username="editor"),
            state=Revision.State.SCHEDULED,
            publish_at=timezone.now(),
            decided_at=timezone.now(),
        )
        response = save(client, row, {"term": "투가이"})
        assert "You may not change this text." in response.context["form"].non_field_errors()
