"""Citation styles: persons and organisations, with and without dates, in each language."""

import datetime
import re
from html import unescape

import pytest
from django.utils.html import strip_tags
from django.utils.translation import override

from portal.citations.references import PAGE, TYPES, Person, Reference, reference
from portal.citations.styles import STYLES, initials
from portal.core.partial_dates import PartialDate
from portal.models import Source
from tests import reading
from tests.make import make_issue, make_project, make_source

APA, CHICAGO, KOREAN = STYLES
READ = datetime.date(2026, 11, 25)
ARTICLE = Reference(
    key="micklin-2007",
    types=TYPES[Source.Kind.JOURNAL_ARTICLE],
    title="The Aral Sea disaster",
    authors=[Person("Philip Micklin"), Person("Su-Chin Chen"), Person("Kim Dong-hyun")],
    container="Annual Review of Earth and Planetary Sciences",
    date=PartialDate("2007-05"),
    url="https://www.annualreviews.org/aral",
    doi="10.1146/annurev.earth.35.031306.140120",
    language="en",
    accessed=READ,
)
PAGE_OF_PORTAL = Reference(
    key="issue-aral",
    types=PAGE,
    title="Aral Sea",
    authors=["The Portal"],
    container="The Portal",
    date=PartialDate("2026-11-20"),
    url="https://portal.example/en/issues/aral/",
    language="en",
    accessed=READ,
)
REPORT = Reference(
    key="forest",
    types=TYPES[Source.Kind.REPORT],
    title="아랄해 산림 복원",
    authors=["산림청"],
    publisher="산림청",
    url="https://forest.go.kr/aral",
    language="ko",
    title_in_english="Forests for the Aral Sea",
    accessed=READ,
)
NEWS = Reference(
    key="news",
    types=TYPES[Source.Kind.NEWS],
    title="Кто спасёт «Арал»?",
    authors=[Person("Аладин Н.В.")],
    container="Вестник",
    date=PartialDate("2019-03-01"),
    url="https://vestnik.kz/aral",
    language="ru",
    title_in_english="Who will save the Aral?",
    accessed=READ,
)


def written(style, one, language="en"):
    with override(language):
        return style.html(one)


def plain(style, one, language="en"):
    return strip_tags(written(style, one, language))


# ── APA ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_apa_of_an_article_has_initials_and_the_journal_in_italics():
    assert written(APA, ARTICLE) == (
        "Micklin, P., Chen, S.-C., &amp; Kim, D. (2007, May). The Aral Sea disaster. "
        "<i>Annual Review of Earth and Planetary Sciences</i>. "
        "https://doi.org/10.1146/annurev.earth.35.031306.140120"
    )


def test_apa_of_a_page_has_its_title_in_italics_and_its_publisher_once():
    assert written(APA, PAGE_OF_PORTAL) == (
        "The Portal. (2026, November 20). <i>Aral Sea</i>. "
        "Retrieved November 25, 2026, from https://portal.example/en/issues/aral/"
    )


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "en",
            "산림청. (n.d.). 아랄해 산림 복원 [Forests for the Aral Sea]. "
            "Retrieved November 25, 2026, from https://forest.go.kr/aral",
        ),
        ("ko", "산림청. (날짜 없음). 아랄해 산림 복원. 2026년 11월 25일 접속, https://forest.go.kr/aral"),
        (
            "ru",
            "산림청. (б. д.). 아랄해 산림 복원 [Forests for the Aral Sea]. "
            "https://forest.go.kr/aral (дата обращения: 25 ноября 2026 г.)",
        ),
    ],
)
def test_apa_of_what_has_no_date_says_so_in_the_readers_language(language, text):
    assert plain(APA, REPORT, language) == text


def test_apa_of_a_russian_article():
    assert written(APA, NEWS, "ru") == (
        "Аладин, Н. В. (2019, 1 марта). Кто спасёт «Арал»? <i>Вестник</i>. "
        "https://vestnik.kz/aral (дата обращения: 25 ноября 2026 г.)"
    )


def test_apa_of_data_names_edition_and_kind():
    kind = TYPES[Source.Kind.DATASET]
    data = Reference("d", kind, "Water stress", ["FAO"], edition="June 2024", publisher="AQUASTAT")
    assert plain(APA, data).rstrip() == "FAO. (n.d.). Water stress (June 2024) [Data set]. AQUASTAT."


def test_apa_without_authors_begins_with_the_title():
    work = Reference("w", TYPES[Source.Kind.JOURNAL_ARTICLE], "Dust", container="Nature", date=PartialDate("1999"))
    assert plain(APA, work).rstrip() == "Dust. (1999). Nature."


def test_apa_of_many_authors_leaves_out_the_middle_ones():
    names = [Person(f"Ann {letter}") for letter in "ABCDEFGHIJKLMNOPQRSTUVW"]
    text = plain(APA, Reference("m", TYPES[Source.Kind.REPORT], "Many", names, date=PartialDate("2020")))
    assert text.startswith("A, A., B, A., ")
    assert "S, A., … W, A. (2020). Many." in text


# ── Chicago ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_chicago_of_an_article_turns_the_first_name_only():
    assert written(CHICAGO, ARTICLE) == (
        "Micklin, Philip, Su-Chin Chen, and Kim Dong-hyun. “The Aral Sea disaster.” "
        "<i>Annual Review of Earth and Planetary Sciences</i>, May 2007. "
        "https://doi.org/10.1146/annurev.earth.35.031306.140120."
    )


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "en",
            "Аладин, Н.В. “Кто спасёт «Арал»? [Who will save the Aral?].” Вестник, March 1, 2019. "
            "Accessed November 25, 2026. https://vestnik.kz/aral.",
        ),
        (
            "ko",
            "Аладин, Н.В. “Кто спасёт «Арал»? [Who will save the Aral?].” Вестник, 2019년 3월 1일. "
            "2026년 11월 25일 접속. https://vestnik.kz/aral.",
        ),
        (
            "ru",
            "Аладин, Н.В. «Кто спасёт „Арал“?» Вестник, 1 марта 2019 г. "
            "Дата обращения: 25 ноября 2026 г. https://vestnik.kz/aral.",
        ),
    ],
)
def test_chicago_quotes_as_the_readers_language_does(language, text):
    assert plain(CHICAGO, NEWS, language) == text


def test_chicago_of_a_report_has_its_title_in_italics():
    assert written(CHICAGO, REPORT) == (
        '산림청. <i lang="ko">아랄해 산림 복원</i> [Forests for the Aral Sea]. n.d. '
        "Accessed November 25, 2026. https://forest.go.kr/aral."
    )


def test_chicago_of_a_part_of_an_encyclopedia_says_in_which():
    entry = Reference(
        "e",
        TYPES[Source.Kind.ENCYCLOPEDIA],
        "Karakum",
        ["Wikipedia contributors"],
        container="Wikipedia",
        url="https://w",
    )
    assert plain(CHICAGO, entry) == "Wikipedia contributors. “Karakum.” In Wikipedia, n.d. https://w."
    assert plain(CHICAGO, entry, "ko") == "Wikipedia contributors. “Karakum.” 수록: Wikipedia, 날짜 없음. https://w."


def test_chicago_of_many_authors_names_seven():
    names = [Person(f"Ann {letter}") for letter in "ABCDEFGHIJK"]
    text = plain(CHICAGO, Reference("m", TYPES[Source.Kind.REPORT], "Many", names, date=PartialDate("2020")))
    assert text.startswith("A, Ann, Ann B, Ann C, Ann D, Ann E, Ann F, Ann G, et al. Many. 2020.")


# ── Korean ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (
            ARTICLE,
            "Philip Micklin·Su-Chin Chen·Kim Dong-hyun, 「The Aral Sea disaster」, "
            "『Annual Review of Earth and Planetary Sciences』, 2007. 5., "
            "https://doi.org/10.1146/annurev.earth.35.031306.140120.",
        ),
        (REPORT, "산림청, 『아랄해 산림 복원』, 날짜 없음, https://forest.go.kr/aral (검색일: 2026. 11. 25.)."),
        (
            PAGE_OF_PORTAL,
            "The Portal, 「Aral Sea」, 2026. 11. 20., https://portal.example/en/issues/aral/ (검색일: 2026. 11. 25.).",
        ),
    ],
)
@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_korean_style_is_korean_whoever_reads(language, one, text):
    assert plain(KOREAN, one, language) == text


def test_korean_style_says_that_there_are_others():
    kind = TYPES[Source.Kind.JOURNAL_ARTICLE]
    work = Reference("k", kind, "물", ["김민수", "이영희"], others=True, container="수자원")
    assert plain(KOREAN, work, "ko") == "김민수·이영희 외, 「물」, 『수자원』, 날짜 없음."


# ── Names ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "family", "given", "short"),
    [
        ("Philip Micklin", "Micklin", "Philip", "P."),
        ("E. J. Milner-Gulland", "Milner-Gulland", "E. J.", "E. J."),
        ("Su-Chin Chen", "Chen", "Su-Chin", "S.-C."),
        ("Kim Dong-hyun", "Kim", "Dong-hyun", "D."),
        ("Ludwig van Beethoven", "van Beethoven", "Ludwig", "L."),
        ("Николай Васильевич Аладин", "Аладин", "Николай Васильевич", "Н. В."),
        ("Аладин Н.В.", "Аладин", "Н.В.", "Н. В."),
        ("Micklin P. P.", "Micklin", "P. P.", "P. P."),
    ],
)
def test_family_and_given_names_are_told_apart(name, family, given, short):
    person = Person(name)
    assert (person.family, person.given, initials(person.given)) == (family, given, short)


# ── On pages ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "heading", "first"), [("en", "Cite this page", "APA"), ("ko", "이 페이지 인용하기", "한국식")]
)
def test_page_says_how_to_cite_it_in_the_style_of_its_readers_first(client, language, heading, first):
    make_issue(key="aral", name_en="Aral Sea", name_ko="아랄해")
    page = reading.page(client.get(f"/{language}/issues/aral/"))
    [section] = page.xpath("//section[@class='cite']")
    assert reading.words(section.find("details/summary")) == heading
    titles = [reading.words(title) for title in section.xpath("./details//p[@class='cite-style']")]
    assert (titles[0], len(titles)) == (first, 3)


@pytest.mark.django_db
def test_citation_in_another_language_says_so_and_so_does_a_title(client):
    make_project(key="trees", title_en="Trees", title_ru="")
    page = reading.page(client.get("/ru/projects/trees/"))
    texts = page.xpath("//p[@class='cite-text']")
    assert [text.get("lang") for text in texts] == [None, None, "ko"]
    assert [title.get("lang") for text in texts for title in text.xpath("./*[@lang]")] == ["en", "en", "en"]


@pytest.mark.django_db
def test_source_is_cited_as_the_work_that_it_is(client):
    make_source(key="paper", title="Dust", author="Kim Dong-hyun", publisher="Nature", date="1999", url=None)
    page = reading.page(client.get("/en/sources/paper/"))
    assert reading.words(page.xpath("//section[@class='cite']//h2")[0]) == "Cite this source"
    assert reading.words(page.xpath("//p[@class='cite-text']")[0]) == "Kim, D. (1999). Dust. Nature."


@pytest.mark.django_db
def test_citations_lead_to_files_for_reference_managers(client):
    make_project(key="trees")
    links = reading.page(client.get("/en/projects/trees/")).xpath("//section[@class='cite']/details//a/@href")
    assert links == [f"/en/projects/trees.{name}" for name in ("ris", "bib", "csl")]


def letters(text):
    return re.sub(r"[\W_]", "", text)


def test_every_real_source_is_cited_in_whole_sentences(content):
    for source in Source.objects.published():
        for language in ("en", "ko", "ru"):
            with override(language):
                one = reference(source, "")
                texts = [unescape(strip_tags(style.html(one))).strip() for style in STYLES]
            for text in texts:
                assert letters(source.own_title) in letters(text)
                own = (source.url, source.own_title, source.title, source.author, source.publisher, source.edition)
                for words in own:
                    text = text.replace(words, "_") if words else text
                assert not re.search(r"\.\.|\. \.|  |, ,|\( |\[ ", text)
