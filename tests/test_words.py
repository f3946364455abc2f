"""The words of the interface and the content: one term a concept in each language, and correct Korean."""

import csv
import json
import re

import pytest
from django.conf import settings

from tests.test_repository import catalogue

LANGUAGES = ("en", "ko", "ru")
THIRD_PARTY = settings.BASE_DIR / "portal" / "locale" / "third_party"
TERMS = settings.BASE_DIR / "portal" / "locale" / "terms.csv"


def terms():
    with TERMS.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def forbidden():
    """Return rows of language, synonym and True if the content may not use it either (written `ko!:…`)."""
    rows = []
    for term in terms():
        for synonym in filter(None, term["forbidden synonyms"].split("; ")):
            language, word = synonym.split(":", 1)
            rows.append((language.rstrip("!"), word.lower(), language.endswith("!")))
    return rows


def interface_texts(language):
    """Return the texts of the interface in a language, with those that replace texts of Django and allauth."""
    replaced = [entry.msgstr for entry in catalogue(language, folder=THIRD_PARTY)]
    entries = catalogue("ko" if language == "en" else language)
    if language == "en":
        return [text for entry in entries for text in (entry.msgid, entry.msgid_plural) if text] + replaced
    return [text for entry in entries for text in (entry.msgstr, *entry.msgstr_plural.values()) if text] + replaced


def content_texts(language):
    """Return the texts of the fixtures in a language, without titles and names that others wrote."""
    for path in sorted((settings.BASE_DIR / "fixtures").glob("*.json")):
        for row in json.loads(path.read_text(encoding="utf-8")):
            if row["model"] != "portal.alias":
                for field, value in row["fields"].items():
                    if field.endswith(f"_{language}") and isinstance(value, str):
                        yield value


def test_date_at_the_end_of_a_russian_sentence_has_one_full_stop():
    # A date ends with “г.”, and its full stop is that of the sentence. On the desk and in evidence, dates are digits.
    digits = {"projects/iati/applying.py", "templates/admin/record_maintenance.html"}
    digits |= {f"templates/admin/{name}.html" for name in ("record_revisions", "iati/preview")}
    doubled = re.compile(r"(\{(day|date|last)\}|%\((day|date|last)\)s)\.(\s|$)")
    entries = [entry for entry in catalogue("ru") if not {name for name, _line in entry.occurrences} <= digits]
    years = "A year from {first} to {last}."
    assert [one.msgid for one in entries if one.msgid != years and doubled.search(one.msgstr)] == []
    assert any(doubled.search(entry.msgid) for entry in entries)


def test_term_base_names_each_concept_once_in_three_languages():
    rows = terms()
    concepts = [row["concept"] for row in rows]
    assert len(concepts) == len(set(concepts)) > 50
    for row in rows:
        assert all(row[language] for language in LANGUAGES), row
        assert row["source"], row
    assert {language for language, _word, _everywhere in forbidden()} <= set(LANGUAGES)


@pytest.mark.parametrize("language", ["ko", "ru"])
def test_interface_translates_a_term_as_the_term_base_does(language):
    base = {row["en"]: row[language] for row in terms()}
    found = {}
    for entry in catalogue(language):
        if entry.msgid in base:
            found.setdefault(entry.msgid, set()).add(entry.msgstr)
    assert len(found) > 40
    assert {term: texts for term, texts in found.items() if texts != {base[term]}} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_interface_uses_no_forbidden_synonym(language):
    words = [word for of, word, _everywhere in forbidden() if of == language]
    assert words
    assert [(word, text) for text in interface_texts(language) for word in words if word in text.lower()] == []


@pytest.mark.parametrize("language", ["ko", "ru"])
def test_content_uses_no_synonym_that_is_forbidden_everywhere(language):
    words = [word for of, word, everywhere in forbidden() if of == language and everywhere]
    assert words
    assert [(word, text) for text in content_texts(language) for word in words if word in text.lower()] == []


def test_glossary_and_term_base_agree():
    base = {row["en"].lower(): row for row in terms()}
    rows = json.loads((settings.BASE_DIR / "fixtures" / "80_glossary.json").read_text(encoding="utf-8"))
    for fields in (row["fields"] for row in rows if row["model"] == "issues.term"):
        if term := base.get(fields["term_en"].lower()):
            assert [fields["term_ko"], fields["term_ru"].lower()] == [term["ko"], term["ru"].lower()]


# ── Fragments ──────────────────────────────────────────────────────────────────────────────────────────────────

GAPS = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


def test_no_text_is_a_fragment():
    """A sentence is one text with named gaps. A text of gaps only has a context that says what it is."""
    entries = catalogue("ko")
    texts = [text for entry in entries for text in (entry.msgid, entry.msgid_plural) if text]
    assert [text for text in texts if text != text.strip()] == []
    assert [text for text in texts if re.search(r"%[sd]", text)] == []  # gaps have names
    bare = [entry for entry in entries if not re.search(r"[^\W\d_]{2}", GAPS.sub("", entry.msgid))]
    assert [entry.msgid for entry in bare if not entry.msgctxt] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_stands_within_a_sentence(language):
    """A gap for a whole message ends the text, so that no words of another sentence follow it."""
    glued = re.compile(r"\{(problem|error|message|reason)\}\s*[^\W\d_]")
    assert [text for text in interface_texts(language) if glued.search(text)] == []


# ── Korean ───────────────────────────────────────────────────────────────────────────────────────────────────

INFORMAL = re.compile(r"(세요|나요|가요|까요|어요|아요|해요|예요|에요)(?=[.?!:,]|\s|$)")
NOUNS = (
    "자료|페이지|지표|부문|사업|기관|출처|지역|협정|문제|분야|목록|식별자|파일|데이터|데이터세트|검색어|수치|값|연도|유형|계정|편집자|독자|링크|주소|이름|제목|언어"
    "|번역|행|열|셀|그래프|지도|표|국가|이력|초안|사건|용어|수준|목표|코드|항목|조건|결과|날짜|시간|단위|근거|사유|변경|공백"
)
PARTICLES = re.compile(rf"({NOUNS})(을|를|은|는|이|가|과|와|으로|로)(?=[\s.,:;!?)]|$)")
AFTER_A_VARIABLE = re.compile(r"(?:\}|\)s)(을|를|은|는|이|가|과|와|으로|로)(?=[\s.,])")


def fits(noun, particle):
    """Return True if the particle has the form that follows the final consonant of the noun."""
    final = (ord(noun[-1]) - ord("가")) % 28
    if particle in ("으로", "로"):
        return (particle == "로") == (final in (0, 8))  # 8: ㄹ
    return (particle in ("을", "은", "이", "과")) == bool(final)


def test_particles_follow_the_final_consonant():
    assert fits("자료", "를")
    assert not fits("자료", "을")
    assert fits("파일", "로")
    texts = interface_texts("ko") + [
        (settings.BASE_DIR / "templates" / "portal" / "about_ko.html").read_text(encoding="utf-8")
    ]
    checked = [(noun, particle, text) for text in texts for noun, particle in PARTICLES.findall(text)]
    assert len(checked) > 500
    assert [(noun + particle, text) for noun, particle, text in checked if not fits(noun, particle)] == []


def test_no_single_particle_follows_a_variable():
    """A name can end in any sound: 이(가), or a sentence with a colon, fits each."""
    assert [text for text in interface_texts("ko") if AFTER_A_VARIABLE.search(text)] == []


def test_screens_speak_the_formal_style():
    assert [text for text in interface_texts("ko") if INFORMAL.search(text)] == []
