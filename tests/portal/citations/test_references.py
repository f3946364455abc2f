"""References in each format, read again by independent libraries."""

import io
import json
import warnings

import pytest
import rispy
from citeproc.source.json import CiteProcJSON
from django.utils import timezone
from pybtex.database import parse_string

from portal.citations import parsers as reading_references
from portal.citations import references
from portal.core.choices import PublicationStatus
from portal.models import Source
from tests.make import make_citation, make_project, make_source

pytestmark = pytest.mark.django_db


def text(client, address):
    return b"".join(client.get(address).streaming_content).decode()


def ris(client, address):
    return rispy.loads(text(client, address))


def bib(client, address):
    return parse_string(text(client, address), "bibtex").entries


def csl(client, address):
    """Return the references by key, as a CSL processor reads them."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it warns of unknown fields
        return CiteProcJSON(json.loads(text(client, address)))


def article(**fields):
    return make_source(
        key="gaybullaev-2012",
        title="Changes in water volume of the Aral Sea after 1960",
        author="Behzod Gaybullaev, Su-Chin Chen and Tohir Mahmudov",
        publisher="Applied Water Science",
        date="2012-12",
        url="https://link.springer.com/doi/10.1007/s13201-012-0048-z",
        doi="10.1007/s13201-012-0048-z",
        **fields,
    )


def test_article_is_read_as_an_article(client):
    article()
    [entry] = ris(client, "/en/sources/?format=ris")
    assert (entry["type_of_reference"], entry["id"]) == ("JOUR", "gaybullaev-2012")
    assert entry["authors"] == ["Gaybullaev, Behzod", "Chen, Su-Chin", "Mahmudov, Tohir"]
    assert (entry["title"], entry["secondary_title"]) == (
        "Changes in water volume of the Aral Sea after 1960",
        "Applied Water Science",
    )
    assert (entry["year"], entry["date"], entry["doi"]) == ("2012", "2012/12", "10.1007/s13201-012-0048-z")
    assert entry["urls"] == ["https://link.springer.com/doi/10.1007/s13201-012-0048-z"]
    entry = bib(client, "/en/sources/?format=bib")["gaybullaev-2012"]
    assert (entry.type, entry.fields["journal"], entry.fields["year"]) == ("article", "Applied Water Science", "2012")
    assert [person.last_names for person in entry.persons["author"]] == [["Gaybullaev"], ["Chen"], ["Mahmudov"]]
    entry = csl(client, "/en/sources/?format=csl")["gaybullaev-2012"]
    assert (entry.type, str(entry.container_title)) == ("article-journal", "Applied Water Science")
    assert [(str(name.family), str(name.given)) for name in entry.author] == [
        ("Gaybullaev", "Behzod"),
        ("Chen", "Su-Chin"),
        ("Mahmudov", "Tohir"),
    ]
    assert (entry.issued.year, entry.issued.month) == (2012, 12)
    assert str(entry.DOI) == "10.1007/s13201-012-0048-z"


def test_reference_is_understood_where_editors_paste_one(client):
    article()
    read = reading_references.read(text(client, "/en/sources/gaybullaev-2012/?format=csl"))
    assert {name: read.fields[name] for name in ("title", "author", "date", "doi", "kind")} == {
        "title": "Changes in water volume of the Aral Sea after 1960",
        "author": "Behzod Gaybullaev, Su-Chin Chen, Tohir Mahmudov",
        "date": "2012-12",
        "doi": "10.1007/s13201-012-0048-z",
        "kind": "journal-article",
    }


def test_hangul_and_cyrillic_stay_whole(client):
    make_source(
        key="ko",
        title="A model of water & soil: 50 % of {all}",
        title_original="아랄해 수자원 50% 모델: 물 & 흙 {모두}",
        author="김민수",
        publisher="한국수자원학회",
        language="ko",
        kind=Source.Kind.REPORT,
    )
    make_source(
        key="ru",
        title="The Aral Sea",
        title_original="Аральское море: «прошлое» и будущее",
        author="Институт водных проблем, Ташкент",
        publisher="Вестник",
        language="ru",
        kind=Source.Kind.NEWS,
    )
    found = {entry["id"]: entry for entry in ris(client, "/ko/sources/?format=ris")}
    assert found["ko"]["title"] == "아랄해 수자원 50% 모델: 물 & 흙 {모두}"
    assert (found["ko"]["authors"], found["ko"]["publisher"]) == (["김민수"], "한국수자원학회")
    assert found["ru"]["title"] == "Аральское море: «прошлое» и будущее"
    assert found["ru"]["authors"] == ["Институт водных проблем; Ташкент"]  # a comma would part family and given name
    entries = bib(client, "/ko/sources/?format=bib")
    assert entries["ko"].fields["title"] == (
        r"{아랄해 수자원 50\% 모델: 물 \& 흙 \textbraceleft{}모두\textbraceright{}}"
    )
    assert entries["ru"].fields["title"] == "{Аральское море: «прошлое» и будущее}"
    assert [str(person) for person in entries["ru"].persons["author"]] == ["{Институт водных проблем, Ташкент}"]
    assert (entries["ko"].fields["institution"], entries["ko"].fields["language"]) == ("한국수자원학회", "ko")
    entries = csl(client, "/ko/sources/?format=csl")
    assert str(entries["ko"].title) == "아랄해 수자원 50% 모델: 물 & 흙 {모두}"
    assert [str(name.literal) for name in entries["ru"].author] == ["Институт водных проблем, Ташкент"]


@pytest.mark.parametrize(
    ("author", "names", "others"),
    [
        ("Philip Micklin", ["Philip Micklin"], False),
        ("R. Court, M. Lattuada, N. Shumeyko and others", ["R. Court", "M. Lattuada", "N. Shumeyko"], True),
        ("Sabine Blumstein and Benjamin Pohl", ["Sabine Blumstein", "Benjamin Pohl"], False),
        ("Ludwig van Beethoven, E. J. Milner-Gulland", ["Ludwig van Beethoven", "E. J. Milner-Gulland"], False),
        ("Аладин Н.В., Пётр Завьялов", ["Аладин Н.В.", "Пётр Завьялов"], False),
    ],
)
def test_persons_of_an_article_are_told_apart(author, names, others):
    authors, more = references.authors_of(make_source(author=author))
    assert ([person.name for person in authors], more) == (names, others)


@pytest.mark.parametrize("kind", [Source.Kind.NEWS, Source.Kind.JOURNAL_ARTICLE])
def test_korean_names_are_surely_those_of_persons(kind):
    authors, _others = references.authors_of(make_source(author="Kim Dong-hyun, Lee Na-young", kind=kind))
    assert [(person.family, person.given) for person in authors] == [("Kim", "Dong-hyun"), ("Lee", "Na-young")]


@pytest.mark.parametrize("author", ["김민수, 이영희", "葛拥晓, 王亚俊"])
def test_names_in_syllables_are_told_apart_and_stay_as_they_are(author):
    assert references.authors_of(make_source(author=author)) == (author.split(", "), False)


@pytest.mark.parametrize(
    ("kind", "author"),
    [
        (Source.Kind.JOURNAL_ARTICLE, "Kazakhstan, Kyrgyz Republic, Uzbekistan"),
        (Source.Kind.JOURNAL_ARTICLE, "Институт водных проблем"),
        (Source.Kind.JOURNAL_ARTICLE, "Xinjiang Institute of Ecology and Geography and others"),
        (Source.Kind.REPORT, "European Bank for Reconstruction and Development"),
        (Source.Kind.REPORT, "Philip Micklin, Nikolay Aladin"),
    ],
)
def test_author_that_may_be_a_body_stays_whole(kind, author):
    assert references.authors_of(make_source(author=author, kind=kind)) == ([author], False)


def test_publisher_stands_in_for_an_author_except_of_an_article():
    assert references.authors_of(make_source(kind=Source.Kind.DATASET, publisher="FAO")) == (["FAO"], False)
    assert references.authors_of(make_source(kind=Source.Kind.JOURNAL_ARTICLE)) == ([], False)


@pytest.mark.parametrize("kind", Source.Kind)
def test_every_kind_of_source_is_read_back(client, kind):
    make_source(key="one", kind=kind, title="One", url="https://example.org/{a}")
    assert [entry["title"] for entry in ris(client, "/en/sources/?format=ris")] == ["One"]
    assert bib(client, "/en/sources/?format=bib")["one"].fields["title"] == "{One}"
    assert str(csl(client, "/en/sources/?format=csl")["one"].title) == "One"


def test_record_is_cited_as_a_page_of_the_portal_with_its_sources(client):
    project = make_project(key="trees", title_ko="나무 심기")
    make_citation(project, make_source(key="paper"))
    make_citation(project, make_source(key="draft", publication="draft"))
    page, source = ris(client, "/ko/projects/trees/?format=ris")
    assert (page["type_of_reference"], page["title"]) == ("ELEC", "나무 심기")
    assert page["urls"] == [f"http://testserver/ko/projects/trees/on/{timezone.localdate().isoformat()}/"]
    assert page["authors"] == [page["secondary_title"]] == ["중앙아시아 환경·협력 포털"]
    assert len(page["access_date"]) == 10
    assert source["id"] == "paper"
    assert set(bib(client, "/ko/projects/trees/?format=bib")) == {"project-trees", "paper"}
    assert set(csl(client, "/ko/projects/trees/?format=csl")) == {"project-trees", "paper"}
    page = csl(client, "/ko/projects/trees/?format=csl")["project-trees"]
    assert (page.type, str(page.author[0].literal)) == ("webpage", "중앙아시아 환경·협력 포털")


def test_line_breaks_and_signs_of_tex_do_no_harm(client):
    make_source(key="odd", title="A\nB \\ $x_1^2$ ~ # & % TY  - ER  -", author="Q {and} co, \\input{x}")
    [entry] = ris(client, "/en/sources/?format=ris")
    assert entry["title"] == "A B \\ $x_1^2$ ~ # & % TY - ER -"
    title = bib(client, "/en/sources/?format=bib")["odd"].fields["title"]
    assert title == (r"{A B \textbackslash{} \$x\_1\textasciicircum{}2\$ \textasciitilde{} \# \& \% TY - ER -}")


def test_all_real_sources_are_read_back(content, client):
    count = Source.objects.published().count()
    assert len(ris(client, "/en/sources/?format=ris")) == count
    assert len(bib(client, "/en/sources/?format=bib")) == count
    assert len(csl(client, "/en/sources/?format=csl")) == count
    assert io.StringIO(text(client, "/ru/sources/?format=ris")).read().count("\r\nER  - ") == count


COPY = "https://web.archive.org/web/2026/https://example.org/"


def cited(**fields):
    source = make_source(key="paper", url="https://example.org/", **fields)
    passage = {"page": "12", "quotation": "The lake grew & grew.", "read_on": "2026-03-02", "archived_url": COPY}
    make_citation(make_project(key="trees"), source, **passage)
    return source


def test_cited_source_has_its_passage_its_copy_and_the_day_on_which_somebody_read_it(client):
    cited()
    _page, entry = ris(client, "/en/projects/trees/?format=ris")
    assert entry["notes"] == ["12: “The lake grew & grew.”"]
    assert entry["file_attachments2"] == COPY
    assert entry["access_date"] == "2026/03/02"
    fields = bib(client, "/en/projects/trees/?format=bib")["paper"].fields
    assert fields["note"] == r"12: “The lake grew \& grew.”"
    assert (fields["archiveurl"], fields["urldate"]) == (COPY, "2026-03-02")
    entry = json.loads(text(client, "/en/projects/trees/?format=csl"))[1]
    assert (entry["note"], entry["archive_location"]) == ("12: “The lake grew & grew.”", COPY)
    assert entry["accessed"] == {"date-parts": [[2026, 3, 2]]}


def test_source_was_accessed_on_the_last_day_on_which_somebody_read_it(client):
    source = cited()
    make_citation(make_project(), source, read_on="2026-04-05")
    make_citation(make_project(publication=PublicationStatus.DRAFT), source, read_on="2026-05-06")
    for address in ("/en/sources/?format=ris", "/en/sources/paper/?format=ris"):
        assert [entry["access_date"] for entry in ris(client, address)] == ["2026/04/05"]
    assert "Accessed April 5, 2026." in client.get("/en/sources/paper/").content.decode()


def test_source_that_nobody_is_known_to_have_read_was_accessed_today(client):
    make_source(url="https://example.org/")
    [entry] = ris(client, "/en/sources/?format=ris")
    assert entry["access_date"] == timezone.localdate().strftime("%Y/%m/%d")


@pytest.mark.parametrize(
    ("author", "publisher", "language", "lines"),
    [
        ("Aibarshyn Akhmetkali", "The Astana Times", "en", ["Akhmetkali, Aibarshyn"]),
        ("Kwon Byung-chang, Lee Hak-gon", "Daehan Ilbo", "ko", ["Kwon, Byung-chang", "Lee, Hak-gon"]),
        ("Kim A-reum", "Financial News", "ko", ["Kim, A-reum"]),
        ("Hong Yun", "Herald Business", "ko", ["Hong, Yun"]),
        ("Peter Cho", "Korea Post", "ko", ["Cho, Peter"]),
        ("The Astana Times", "The Astana Times", "en", ["The Astana Times"]),
        ("Kursiv Uzbekistan", "Kursiv Media", "ru", ["Kursiv Uzbekistan"]),
        ("IEU Monitoring", "ieu-monitoring.com", "en", ["IEU Monitoring"]),
        ("CABAR.asia, via Water Politics", "waterpolitics.com", "en", ["CABAR.asia; via Water Politics"]),
        ("", "Kabar", "ru", ["Kabar"]),
    ],
)
def test_authors_of_news_are_read_by_zotero_as_persons_or_organisations(client, author, publisher, language, lines):
    """Zotero takes what stands before the first comma as the family name, and a name without one as an organisation."""
    make_source(kind=Source.Kind.NEWS, author=author, publisher=publisher, language=language)
    [entry] = ris(client, "/en/sources/?format=ris")
    assert (entry["type_of_reference"], entry["authors"]) == ("NEWS", lines)


def test_bibtex_has_the_day(client):
    make_source(key="paper", date="2021-07-02")
    fields = bib(client, "/en/sources/?format=bib")["paper"].fields
    assert (fields["year"], fields["month"], fields["day"]) == ("2021", "7", "2")


def test_record_of_the_portal_is_accessed_today(client):
    make_project(key="trees")
    [entry] = ris(client, "/en/projects/trees/?format=ris")
    assert entry["access_date"] == timezone.localdate().strftime("%Y/%m/%d")
