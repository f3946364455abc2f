"""The first use of a term in prose, in any inflected form, links to its definition."""

import re
from html import escape

import pytest
from django.utils import translation
from hypothesis import given

from portal.core.citation_marks import MARK, Footnotes, render_prose
from portal.search.glossary_terms import GlossaryMarker, mark_terms, spellings, term_matcher
from tests.make import UNPUBLISHED, make_agreement, make_event, make_indicator, make_issue, make_project, make_term
from tests.portal.core.test_citation_marks import PROSE, Markup, letters, source

ENGLISH = (
    ("drip", "Drip irrigation"),
    ("irrigation", "Irrigation"),
    ("ifas", "IFAS"),
    ("ndc", "NDC"),
    ("tailings", "Tailings"),
    ("sea", "North (Small) Aral Sea"),
    ("glof", "Glacial lake outburst flood (GLOF)"),
    ("period", "Vegetation (growing) period"),
    ("pm", "PM2.5"),
)
RUSSIAN = (
    ("desert", "Опустынивание"),
    ("drip", "Капельное орошение"),
    ("frost", "Многолетняя (вечная) мерзлота"),
    ("sel", "Сель"),
    ("dead", "Мёртвый объём (уровень мёртвого объёма)"),
    ("range", "Полигон"),
    ("cric", "КРОК"),
    ("makon", "«Яшил макон»"),
)
KOREAN = (
    ("desert", "사막화"),
    ("drip", "점적관개"),
    ("stress", "물 스트레스"),
    ("sea", "북아랄해(소아랄해)"),
    ("icwc", "수자원조정위원회(ICWC)"),
    ("lining", "염분 용탈(제염 관개)"),
)


def bracketed(key, word):
    return f"[{key}:{escape(word)}]"


def marked(html, terms=ENGLISH, language="en"):
    return mark_terms(html, term_matcher(language, terms), bracketed)


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("Tugai", ["Tugai"]),
        ("Access and benefit-sharing (ABS)", ["Access and benefit-sharing", "ABS"]),
        ("North (Small) Aral Sea", ["North Aral Sea", "Small Aral Sea"]),
        ("야실 마콘(녹색 공간)", ["야실 마콘"]),
        ("초미세먼지(PM2.5)", ["초미세먼지", "PM2.5"]),
    ],
)
def test_a_term_names_its_spellings(term, expected):
    assert spellings(term) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Use drip irrigation here.", "Use [drip:drip irrigation] here."),  # the longest term
        ("More irrigation, then drip\nirrigation", "More [irrigation:irrigation], then [drip:drip\nirrigation]"),
        ("IFAS met; IFAS again", "[ifas:IFAS] met; IFAS again"),
        ("ifas", "ifas"),
        ("Their NDCs differ", "Their [ndc:NDCs] differ"),
        ("tailing, tails, a tail", "[tailings:tailing], tails, a tail"),
        ("retailings", "retailings"),
        ("The Small Aral Sea", "The [sea:Small Aral Sea]"),
        ("Small, Aral Sea", "Small, Aral Sea"),
        ("glacial-lake outburst floods", "[glof:glacial-lake outburst floods]"),
        ("the non-vegetation period", "the non-vegetation period"),
        ("PM2.5 and PM2.51", "[pm:PM2.5] and PM2.51"),
    ],
)
def test_english_terms_are_found_in_their_forms(text, expected):
    assert re.sub(r"</?span[^>]*>", "", marked(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("борьба с опустыниванием", "борьба с [desert:опустыниванием]"),
        ("опустынить", "опустынить"),
        ("при капельном орошении", "при [drip:капельном орошении]"),
        ("капли орошения", "капли орошения"),
        ("вечной мерзлоты", "[frost:вечной мерзлоты]"),
        ("сёла и село, но сель", "сёла и село, но [sel:сель]"),
        ("к мертвому объему", "к [dead:мертвому объему]"),
        ("сессия КРОК, крок", "сессия [cric:КРОК], крок"),
        ("программа «Яшил макон»", "программа «[makon:Яшил макон]»"),
        ("на полигонах", "на [range:полигонах]"),
    ],
)
def test_russian_terms_are_found_in_their_cases(text, expected):
    assert re.sub(r"</?span[^>]*>", "", marked(text, RUSSIAN, "ru")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("사막화를 막는다", "[desert:사막화]를 막는다"),
        ("사막화로부터", "사막화로부터"),
        ("유엔사막화방지협약", "유엔사막화방지협약"),
        ("사막화방지 사업, 사막화", "사막화방지 사업, [desert:사막화]"),
        ("점적관개에서는 점적관개가", "[drip:점적관개]에서는 점적관개가"),
        ("물스트레스의", "[stress:물스트레스]의"),
        ("소아랄해는", "[sea:소아랄해]는"),
        ("ICWC가", "[icwc:ICWC]가"),
        ("제염 관개", "제염 관개"),
    ],
)
def test_korean_terms_are_found_with_their_particles(text, expected):
    assert re.sub(r"</?span[^>]*>", "", marked(text, KOREAN, "ko")) == expected


def test_no_terms_mark_nothing():
    assert [marked("사막화", (), language) for language in ("en", "ko", "ru")] == ["사막화"] * 3


@pytest.mark.parametrize(
    "html",
    [
        '<a href="/irrigation/" title="Irrigation">irrigation</a>',
        "<h2>Irrigation</h2>",
        '<abbr title="Irrigation">IFAS</abbr>',
        "<code>irrigation</code>",
        '<sup class="notes"><a href="#note-1" title="Irrigation &gt; IFAS">1</a></sup>',
    ],
)
def test_links_headings_and_notes_stay_as_they_are(html):
    assert marked(f"{html}<p>irrigation</p>") == f"{html}<p>[irrigation:irrigation]</p>"


def test_what_touches_a_word_stays_on_its_line():
    kept = '<span class="term-kept">{}</span>'
    assert marked("a (irrigation), b") == f"a {kept.format('([irrigation:irrigation]),')} b"
    assert marked("IFAS/NDC") == f"{kept.format('[ifas:IFAS]/')}[ndc:NDC]"
    note = '<sup class="notes"><a href="#note-1">1</a></sup>'
    assert marked(f"<p>irrigation{note}. So</p>") == f"<p>{kept.format(f'[irrigation:irrigation]{note}.')} So</p>"
    assert marked(f"<p>irrigation{note}</p>") == f"<p>{kept.format(f'[irrigation:irrigation]{note}')}</p>"


def test_hostile_text_stays_text():
    assert marked("&lt;b onclick=&quot;&quot;&gt;irrigation&lt;/b&gt; &amp;amp;") == (
        '&lt;b <span class="term-kept">onclick=&quot;&quot;&gt;[irrigation:irrigation]&lt;/b&gt;</span> &amp;amp;'
    )


@given(PROSE.map(lambda prose: f"{prose} irrigation[known], {prose}IFAS{prose}"))
def test_any_prose_stays_balanced_and_says_what_it_said(prose):
    html = marked(render_prose(prose, Footnotes([source("known"), source("other")])))
    markup = Markup(html)
    assert markup.balanced
    assert markup.names <= {("p",), ("sup", "class"), ("a", "href", "title"), ("span", "class")}
    said = re.sub(r"\[(?:irrigation|ifas):([^\]]*)\]", r"\1", markup.text)
    assert letters(said) == letters(MARK.sub("", prose))


# ── On pages ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def tugai():
    return make_term(
        key="tugai",
        term_ko="투가이림",
        term_ru="Тугай",
        definition_en="Forest along <rivers>.",
        definition_ko="강가의 숲.",
        definition_ru="",
    )


def pages(**prose):
    """Make a record of each kind with prose, with that text in its first prose field."""
    for make, column in (
        (make_issue, "summary"),
        (make_project, "summary"),
        (make_agreement, "summary"),
        (make_event, "text"),
        (make_indicator, "definition"),
    ):
        yield make(**{f"{column}_{language}": text for language, text in prose.items()}).get_absolute_url()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "word", "definition"),
    [
        ("en", "tugai", "<strong>Tugai.</strong> Forest along &lt;rivers&gt;."),
        ("ko", "투가이림", "<strong>투가이림.</strong> 강가의 숲."),
        ("ru", "тугаёв", '<strong>Тугай.</strong> <span lang="en">Forest along &lt;rivers&gt;.</span>'),
    ],
)
def test_every_page_with_prose_explains_its_terms(client, tugai, language, word, definition):
    for address in list(pages(en="The tugai", ko="그 투가이림이", ru="Вид тугаёв")):
        page = client.get(f"/{language}{address.removeprefix('/en')}").content.decode()
        button = f'<button class="term" popovertarget="gloss-tugai" aria-describedby="gloss-tugai-text">{word}</button>'
        assert page.count(button) == 1, address
        assert f'<p id="gloss-tugai-text">{definition}</p>' in page
        assert f'<a href="/{language}/glossary/#tugai">' in page


@pytest.mark.django_db
def test_a_term_is_marked_once_in_each_section_and_defined_once_on_the_page(client, tugai):
    twice = "Tugai is cleared. The tugai shrinks."
    issue = make_issue(summary_en=twice, drivers_en=twice, state_en=twice, impacts_en="None of it.")
    page = client.get(issue.get_absolute_url()).content.decode()
    assert page.count('popovertarget="gloss-tugai"') == 3
    assert page.count('id="gloss-tugai"') == 1


@pytest.mark.django_db
def test_english_that_stands_in_for_a_language_has_its_english_terms_explained_in_that_language(client, tugai):
    issue = make_issue(summary_en="The tugai shrinks.", summary_ko="", drivers_ko="투가이림")
    page = client.get(f"/ko/issues/{issue.key}/").content.decode()
    assert re.findall(r'class="term"[^>]*>([^<]*)<', page) == ["tugai", "투가이림"]
    assert '<p id="gloss-tugai-text"><strong>투가이림.</strong> 강가의 숲.</p>' in page


@pytest.mark.django_db
def test_a_page_without_terms_has_no_definitions(client, tugai):
    page = client.get(make_issue(summary_en="Nothing.").get_absolute_url()).content.decode()
    assert "gloss-" not in page
    assert "definitions" not in page


@pytest.mark.django_db
@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_unpublished_terms_are_not_explained(client, publication):
    make_term(publication=publication)
    page = client.get(make_issue(summary_en="The tugai").get_absolute_url()).content.decode()
    assert "gloss-" not in page
    assert "Forest along the rivers" not in page


@pytest.mark.django_db
def test_a_changed_term_shows_at_once(client, tugai):
    address = make_issue(summary_en="The tugai and the saxaul").get_absolute_url()
    client.get(address)
    tugai.term_en, tugai.definition_en = "Saxaul", "A tree."
    tugai.save()
    assert re.findall(r'class="term"[^>]*>([^<]*)<', client.get(address).content.decode()) == ["saxaul"]
    tugai.delete()
    assert 'class="term"' not in client.get(address).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_glossary_is_asked_for_once_however_many_texts_and_terms(django_assert_num_queries, language):
    for number in range(3):
        make_term(term_en=f"Tugai {number}")
    with translation.override(language), django_assert_num_queries(1):
        glosses = GlossaryMarker()
        for _section in range(3):
            glosses.mark("<p>Tugai 0, tugai 1</p>", "en")
        assert [key for key, *_rest in glosses.used()] == [*glosses.terms][:2]
