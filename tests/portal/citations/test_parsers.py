"""References that people paste become the fields of a source, and unreadable ones get a message."""

import json

import pytest
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.citations.parsers import (
    LONGEST,
    MOST_REFERENCES,
    ParsedReference,
    UnreadableReference,
    proposed_key,
    read,
    read_all,
)
from portal.models import Source

BIBTEX = r"""
@article{micklin2016,
  author = {Micklin, Philip and {\"O}zt{\"u}rk, Ay\c{s}e and {World Bank}},
  title = {The future {Aral Sea}: hope \& despair --- 60\% of \textit{Salix}},
  journal = "Environmental Earth Sciences",
  year = 2016, month = may, volume = {75}, pages = {844--850},
  doi = {10.1007/s12665-016-5614-5},
  url = {https://link.springer.com/article/10.1007/s12665-016-5614-5},
  language = {English}
}
"""
RIS = """TY  - RPRT
A1  - 김철수
AU  - Lee, Young-hee
T1  - 아랄해 복원 사업
PB  - 한국환경연구원
DA  - 2021/05/20/
LA  - ko
UR  - https://example.org/report.pdf
SN  - 1234-5678
AB  - A long abstract.
ER  -
"""
CSL = {
    "type": "dataset",
    "title": "Area of the <i>Aral Sea</i> &amp; its parts",
    "author": [{"literal": "World Bank"}, {"family": "van Dijk", "given": "Jan"}],
    "issued": {"date-parts": [[2020, 3]]},
    "publisher": "Zenodo",
    "version": "v3",
    "DOI": "10.5281/zenodo.123",
    "license": "CC BY 4.0",
    "page": "1-2",
}


def fields(text):
    return read(text).fields


def test_bibtex_is_read_with_its_accents_braces_and_dashes():
    reference = read(BIBTEX)
    assert reference.fields == {
        "title": "The future Aral Sea: hope & despair — 60% of Salix",
        "author": "Philip Micklin, Ayşe Öztürk, World Bank",
        "publisher": "Environmental Earth Sciences",
        "date": "2016-05",
        "kind": Source.Kind.JOURNAL_ARTICLE,
        "language": "en",
        "url": "https://link.springer.com/article/10.1007/s12665-016-5614-5",
        "doi": "10.1007/s12665-016-5614-5",
    }
    assert reference.left_out == ["pages: 844–850", "volume: 75"]
    assert reference.others == []


def test_ris_is_read_and_a_korean_title_is_the_title_in_its_own_language():
    reference = read(RIS)
    assert reference.fields == {
        "title_original": "아랄해 복원 사업",
        "author": "김철수, Young-hee Lee",
        "publisher": "한국환경연구원",
        "date": "2021-05-20",
        "kind": Source.Kind.REPORT,
        "language": "ko",
        "url": "https://example.org/report.pdf",
    }
    assert reference.left_out == ["issn: 1234-5678"]


@pytest.mark.parametrize("wrap", [lambda item: item, lambda item: [item]])
def test_csl_json_is_read_without_its_markup(wrap):
    reference = read(json.dumps(wrap(CSL)))
    assert reference.fields == {
        "title": "Area of the Aral Sea & its parts",
        "author": "World Bank, Jan van Dijk",
        "publisher": "Zenodo",
        "date": "2020-03",
        "kind": Source.Kind.DATASET,
        "url": "https://doi.org/10.5281/zenodo.123",
        "doi": "10.5281/zenodo.123",
        "edition": "v3",
        "licence_en": "CC BY 4.0",
    }
    assert reference.left_out == ["page: 1-2"]


@pytest.mark.parametrize(
    "text",
    [
        "10.1016/S0140-6736(20)30183-5",
        "https://doi.org/10.1016/S0140-6736(20)30183-5",
        "http://dx.doi.org/10.1016/S0140-6736(20)30183-5",
        " doi: 10.1016/S0140-6736(20)30183-5.\n",
        "DOI:10.1016/S0140-6736(20)30183-5)",
    ],
)
def test_a_bare_doi_is_read_as_doi_and_address(text):
    reference = read(text)
    doi = "10.1016/S0140-6736(20)30183-5"
    assert (reference.fields, reference.bare) == ({"doi": doi, "url": f"https://doi.org/{doi}"}, True)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        # without a key, with a repeated field or an unescaped sign: what people paste
        ("@article{, title={A title}}", {"title": "A title", "kind": "journal-article"}),
        ("@misc{x, title={First}, title={Second}}", {"title": "First"}),
        ("@misc{x, title={5% & more than $5}}", {"title": "5% & more than $5"}),
        ('@ARTICLE(x, title = "In brackets")', {"title": "In brackets", "kind": "journal-article"}),
        (
            r"@misc{x, title={Аральское море}, author={Иванов, И. И. and others}, howpublished=\url{https://x.org/a_b}}",
            {"title_original": "Аральское море", "author": "И. И. Иванов and others", "url": "https://x.org/a_b"},
        ),
        ("@misc{x, title={T}, author={Philip P. Micklin}}", {"title": "T", "author": "Philip P. Micklin"}),
        ("@misc{x, title={T}, author={김, 철수}}", {"title": "T", "author": "김철수"}),
        (
            "@misc{x, title={T}, author={A, B and C, D and E, F and G, H and I, J}}",
            {"title": "T", "author": "B A, D C, F E, H G and others"},
        ),
        ("@misc{x, title={T}, date={2016-05-20}, year={2015}}", {"title": "T", "date": "2016-05-20"}),
        ("@misc{x, title={T}, date={12 March 2020}}", {"title": "T", "date": "2020-03-12"}),
        ("@misc{x, title={T}, year={2016}, month={13}}", {"title": "T", "date": "2016"}),
        ("@misc{x, title={T}, subtitle={S}, langid={russian}}", {"title_original": "T: S", "language": "ru"}),
    ],
)
def test_bibtex_of_many_hands_is_read(entry, expected):
    assert fields(entry) == expected


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffTY - NEWS\r\nT1 - A title\r\nY1 - 2017/3//\r\n",
        "From a database:\n\nTY  - NEWS\nTI  - A title\nDA  - 2017/03\nER  -",
        "  TY  - NEWS\n  TI  - A title\n  PY  - 2017\n  DA  - 2017-03\n",
    ],
)
def test_ris_of_many_hands_is_read(text):
    assert fields(text) == {"title": "A title", "kind": "news", "date": "2017-03"}


@pytest.mark.parametrize(
    "text",
    [
        "@misc{a, title={First}} @misc{a, title={Second}} @misc{c, title={Third}}",
        "TY  - GEN\nTI  - First\nTY  - GEN\nTI  - Second\nER  - \nTY  - GEN\nTI  - Third\nER  - ",
        json.dumps([{"title": "First"}, {"title": "Second"}, {"title": "Third"}]),
    ],
)
def test_of_several_the_first_is_taken_and_the_rest_is_named(text):
    reference = read(text)
    assert reference.fields == {"title": "First"}
    assert reference.others == ["Second", "Third"]


def test_what_is_not_understood_is_told():
    reference = read("@thesis{x, title={T}, date={spring}, language={klingon}, doi={none}, url={ftp://x.org}}")
    assert reference.fields == {"title": "T"}
    assert reference.left_out == [
        "kind: thesis",
        "date: spring",
        "language: klingon",
        "DOI: none",
        "address: ftp://x.org",
    ]


def test_what_is_too_long_is_cut_and_told_and_half_an_address_is_none():
    reference = read(json.dumps({"title": "word " * 200, "URL": "https://example.org/" + "x" * 700}))
    assert len(reference.fields["title"]) <= 400
    assert "url" not in reference.fields
    assert [words.partition(":")[0] for words in reference.left_out] == ["title in English", "address"]
    assert all(len(words) < 120 for words in reference.left_out)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Paste a reference, or write a DOI."),
        ("hello", "This is neither BibTeX, RIS, CSL-JSON nor a DOI."),
        ("[" * 90_000, "This is neither BibTeX, RIS, CSL-JSON nor a DOI."),
        (
            "@article{x, title={Whole}}\n\n@article{x, title={never closed}\n\n@misc{z, title={Whole}}",
            "The entry on line 3 could not be read. Is it whole, with its last brace?",
        ),
        ("@misc{x, note={}}", "No title, DOI or address could be read. Is the reference whole?"),
        ("TY  - JOUR\nER  - ", "No title, DOI or address could be read. Is the reference whole?"),
        ("[1, 2]", "No title, DOI or address could be read. Is the reference whole?"),
        ("x" * (LONGEST + 1), "This is too long: paste at most 100,000 characters."),
    ],
)
def test_what_is_no_reference_is_refused_in_words(text, words):
    with pytest.raises(UnreadableReference) as refused:
        read(text)
    assert str(refused.value) == words


def test_it_is_refused_in_korean():
    with override("ko"), pytest.raises(UnreadableReference) as refused:
        read("hello")
    assert str(refused.value) == "BibTeX, RIS, CSL-JSON, DOI 가운데 어느 것도 아닙니다."


def test_nothing_that_is_no_text_comes_through():
    text = json.dumps({"title": "A\u0000B\u202eC <script>alert(1)</script> \ud800 D\nE", "URL": "javascript:alert(1)"})
    reference = read(text)
    assert reference.fields == {"title": "A BC alert(1) D E"}
    assert reference.left_out == ["address: javascript:alert(1)"]


def test_latex_reads_no_file():
    assert fields(r"@misc{x, title={A \input{/etc/passwd} B}}") == {"title": "A B"}


@pytest.mark.parametrize(
    "text", ["@a{" * 30_000, "TY  - A\n" * 9_000, "@m{x, title={" + "{" * 40_000, '{"title": "' + "<a" * 40_000]
)
def test_a_monster_is_refused(text):
    with pytest.raises(UnreadableReference):
        read(text)


def test_braces_without_end_are_left_out():
    assert fields("@misc{x, title={Sea " + r"\a{" * 1_200 + "}" * 1_200 + "}}")["title"].startswith("Sea")


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.text(max_size=300),
        st.text(max_size=200).map(lambda text: f"@article{{x, title = {{{text}}}, author = {{{text}}}}}"),
        st.text(max_size=200).map(lambda text: f"TY  - JOUR\nTI  - {text}\nPY  - {text}\nER  - "),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["title", "author", "issued", "date-parts", "DOI", "URL"]), inner)
            ),
            max_leaves=12,
        ).map(json.dumps),
    )
)
def test_anything_is_read_or_refused(text):
    try:
        reference = read(text)
    except UnreadableReference:
        return
    assert set(reference.fields) <= {field.name for field in Source._meta.fields}
    assert all(value.isprintable() and value for value in reference.fields.values())


@pytest.mark.parametrize(
    ("reference", "taken", "key"),
    [
        (ParsedReference({"date": "2016-05", "title": "The future Aral Sea"}, who="Micklin"), [], "micklin-2016"),
        (
            ParsedReference({"date": "2016-05", "title": "The future Aral Sea"}, who="Micklin"),
            ["micklin-2016"],
            "micklin-2016-future",
        ),
        (
            ParsedReference({"date": "2016", "title": "Salt"}, who="Micklin"),
            ["micklin-2016", "micklin-2016-salt"],
            "micklin-2016-salt-2",
        ),
        (ParsedReference({"title_original": "아랄해 복원 사업", "date": "2021"}, who="김철수"), [], "gimcheolsu-2021"),
        (ParsedReference({"title": "Salt and dust"}), [], "salt-dust"),
        (ParsedReference({"doi": "10.1/x"}), [], ""),
    ],
)
def test_a_key_is_proposed_that_is_free(reference, taken, key):
    assert proposed_key(reference, taken) == key


# ── Several references ───────────────────────────────────────────────────────────────────────────────────────


def test_all_references_of_a_format_are_read():
    text = "@misc{a, title={First}}\n@misc{b, title={Second}, doi={10.1234/b}}"
    assert [one.fields["title"] for one in read_all(text)] == ["First", "Second"]


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("10.1234/abc", {"doi": "10.1234/abc", "url": "https://doi.org/10.1234/abc"}),
        (
            "[3] Micklin, P., & Aladin, N. V. (2008, April). Reclaiming the Aral Sea? Scientific American, 298(4), 64.",
            {
                "title": "Reclaiming the Aral Sea",
                "author": "P. Micklin, N. V. Aladin",
                "publisher": "Scientific American",
                "date": "2008-04",
            },
        ),
        (
            "World Bank. (2020). Trees on the seabed. World Bank. https://doi.org/10.1596/33.",
            {
                "title": "Trees on the seabed",
                "author": "World Bank",
                "publisher": "World Bank",
                "date": "2020",
                "doi": "10.1596/33",
                "url": "https://doi.org/10.1596/33",
            },
        ),
        (
            "- Иванов, И. И. (2019). Аральское море. Наука. https://example.org/aral",
            {
                "title_original": "Аральское море",
                "author": "И. И. Иванов",
                "publisher": "Наука",
                "date": "2019",
                "url": "https://example.org/aral",
            },
        ),
        ("Something in another style, 2020. https://example.org/x).", {"url": "https://example.org/x"}),
    ],
)
def test_line_is_a_doi_or_a_citation(line, fields):
    [reference] = read_all(line)
    assert reference.fields == fields


def test_lines_are_references_of_their_own_and_their_number_is_limited():
    assert len(read_all("10.1234/a\n\n 2) 10.1234/b \n")) == 2
    with pytest.raises(UnreadableReference):
        read_all("10.1234/a\n" * (MOST_REFERENCES + 1))
