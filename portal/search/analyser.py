"""From text to tokens, the same for what is indexed and what is asked. Pure: no database, no settings.

A word of Latin or Cyrillic letters becomes its stem (Snowball), a number stays, a run of Hangul becomes its bigrams:
Korean sets spaces freely and puts particles after nouns, and bigrams need neither spaces nor a dictionary.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import snowballstemmer

# Moves when the same text gives other tokens than before: an index of another version is made anew.
VERSION = 2

# Parts two texts of one field, so that no phrase runs from one into the other. No text gives this token.
BREAK = "§"
# Tokens of one field that the index keeps: positions of PostgreSQL's text search end at 16,383.
MOST_TOKENS = 16_000
# Texts of fewer characters are names and labels, which many records share: their tokens are remembered.
SHORT = 200
# Letters of one word that count: no word of the field is longer, and a lexeme of PostgreSQL ends at 2 kB.
LONGEST = 60

APOSTROPHES = "'’‘ʻʼ`´ʹ′＇"
_INSIDE_WORD = re.compile(f"(?<=\\w)[{APOSTROPHES}](?=\\w)")
_RUN = re.compile(rf"\w+(?:[{APOSTROPHES}]\w+)*(?:(?<=\d)[.,]\d+)*")
_PIECE = re.compile(
    r"(?P<east>[가-힣ᄀ-ᇿㄱ-ㅣ一-鿿㐀-䶿ぁ-ヿ]+)"
    r"|(?P<number>\d+(?:[.,]\d+)*)"
    r"|(?P<cyrillic>[Ѐ-ԯ]+)"
    r"|(?P<latin>[^\W\d_가-힣ᄀ-ᇿㄱ-ㅣ一-鿿㐀-䶿ぁ-ヿЀ-ԯ]+)"
)
_GROUPED = re.compile(r"^\d{1,3}(?:,\d{3})+(?=\.|$)")
# Letters that other alphabets of the region have and keyboards often lack, as the nearest that they have.
_NEAREST = str.maketrans("ёәғқңөұүһіўҳҷӣӯıəøł", "еагкноуухиухчиуiaol")

# Nouns of one syllable that the field cannot do without: with a particle they stand for themselves too.
SHORT_NOUNS = frozenset("물강땅숲흙비눈쌀밀산댐호염빛열")
PARTICLES = tuple(
    sorted(
        """
        은 는 이 가 을 를 의 에 와 과 도 만 로 으로 에서 에게 까지 부터 처럼 보다 마다 이나 나 이란 란 들
        들이 들을 들의 들은 에는 에도 에서의 에서는 으로의 으로는 로의 로는 와의 과의 까지의 부터의 이라는
        라는 에의 께 하고 이며 적인 적
        """.split(),
        key=len,
        reverse=True,
    )
)


# Uzbek in both of its alphabets. Of several Cyrillic spellings of a Latin one, the first is usual.
_UZBEK = [
    *zip("yoʻ sh ch oʻ gʻ yo yu ya ye ts".split(), "йў ш ч ў ғ ё ю я е ц".split(), strict=True),
    *(("sh", "щ"), ("i", "и"), ("i", "ы"), ("e", "е"), ("e", "э"), ("ʼ", "ъ"), ("", "ь")),
    *zip("abdfghjklmnopqrstuvxyz", "абдфгҳжклмнопқрстувхйз", strict=True),
]
_TO_LATIN = {cyrillic: latin for latin, cyrillic in _UZBEK}
_TO_CYRILLIC = {latin: cyrillic for latin, cyrillic in reversed(_UZBEK) if latin}
_LATIN_LETTERS = re.compile("|".join(sorted(map(re.escape, _TO_CYRILLIC), key=len, reverse=True)))


class Token(NamedTuple):
    """One token and the characters of the text it stands for."""

    text: str
    start: int
    end: int


class ScriptRun(NamedTuple):
    """Letters of one kind: `east` (written without an alphabet's spaces), `cyrillic`, `latin` or `number`."""

    kind: str
    text: str
    start: int
    end: int


_UNSTORABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def clean(text: str) -> str:
    """`text` composed (NFC) and without what no database stores: control characters and lone surrogates."""
    return unicodedata.normalize("NFC", _UNSTORABLE.sub(" ", text))


@functools.lru_cache(maxsize=200_000)
def _split(run: str) -> tuple[bool, tuple[tuple[str, str, int, int], ...]]:
    """A word in one shape, as its pieces: kind, text, start, end. And whether it kept its length.

    Compatible forms, case, marks and apostrophes do not tell words apart.
    """
    text = _INSIDE_WORD.sub("", unicodedata.normalize("NFKC", run).casefold()).translate(_NEAREST)
    if any("\u00c0" <= c <= "\u024f" or "\u1e00" <= c <= "\u1eff" for c in text):
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    # Every way to match _PIECE is a named group: there is always a last one.
    found = ((piece.lastgroup or "", piece[0], piece.start(), piece.end()) for piece in _PIECE.finditer(text))
    return len(text) == len(run), tuple(found)


STEMMED = {"latin": "english", "cyrillic": "russian"}


@functools.lru_cache(maxsize=200_000)
def stem(word: str, kind: str) -> str:
    """The stem of a folded word of `latin` or `cyrillic` letters."""
    # A stemmer keeps the word it works on, so threads must not share one.
    return snowballstemmer.stemmer(STEMMED[kind]).stemWord(word[:LONGEST])


def normal(text: str) -> str:
    """A name as it is compared letter by letter: folded, one space between words, nothing else."""
    return " ".join(piece.text for run in pieces(clean(text)) for piece in run)


def identifier(text: str) -> str:
    """The token of a key, a DOI, an address: all of it as one."""
    return normal(text).replace(" ", "")[-LONGEST:]


def uzbek_in_both_scripts(text: str, language: str) -> tuple[str, ...]:
    """Return a text and, if it is Uzbek, the same in lower case in its other alphabet.

    `language` is a BCP 47 code: `uz` is in Latin letters, `uz-Cyrl` in Cyrillic ones.
    """
    if language == "uz":
        latin = re.sub(f"(?<=[og])[{APOSTROPHES}]", "ʻ", text.casefold())
        latin = re.sub(f"(?<![og])[{APOSTROPHES}]", "ʼ", latin)
        cyrillic = re.sub(r"\be", "э", latin)
        return text, _LATIN_LETTERS.sub(lambda found: _TO_CYRILLIC[found[0]], cyrillic)
    if language == "uz-Cyrl":
        latin = re.sub(r"(?:\b|(?<=[аеёиоуўэюя]))е", "ye", text.casefold())
        return text, "".join(_TO_LATIN.get(letter, letter) for letter in latin)
    return (text,)


def pieces(text: str) -> Iterator[list[ScriptRun]]:
    """The words of a composed text, each as its pieces. A piece's place is exact unless folding changed its length."""
    for found in _RUN.finditer(text):
        exact, parts = _split(found[0])
        start = found.start()
        if exact:
            word = [ScriptRun(kind, part, start + first, start + last) for kind, part, first, last in parts]
        else:
            word = [ScriptRun(kind, part, *found.span()) for kind, part, _first, _last in parts]
        if word:
            yield word


def number(text: str) -> list[str]:
    """A number without its thousands separators, then each whole it is a part of: 6.4.2 is of 6.4."""
    grouped = _GROUPED.match(text)
    if grouped:
        text = text.replace(",", "")
    text = text.replace(",", ".")[:LONGEST]
    parts = text.split(".")
    return [text, *(".".join(parts[:n]) for n in range(len(parts) - 1, 1, -1))]


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text in their order. `text` is composed (see `clean`)."""
    last = None  # the run of Hangul before, if only a space parts it from what comes
    before = None
    for word in pieces(text):
        for piece in word:
            if piece.kind == "east":
                if last is not None and not text[last.end : piece.start].strip():
                    yield Token(last.text[-1] + piece.text[0], last.end - 1, piece.start + 1)
                yield from _bigrams(piece)
                last = piece
            else:
                last = None
                yield from _alphabetic(piece)
        if before is not None and _hyphened(text, before, word):
            # Kok-Aral is written Kokaral too.
            yield Token(stem(before[0].text + word[0].text, word[0].kind), before[0].start, word[0].end)
        before = word


def _hyphened(text: str, before: Sequence[ScriptRun], word: Sequence[ScriptRun]) -> bool:
    first, second = before[-1], word[0]
    return (
        len(before) == len(word) == 1
        and first.kind == second.kind
        and first.kind in STEMMED
        and text[first.end : second.start] in {"-", "‐", "‑"}
    )


def _bigrams(piece: ScriptRun) -> Iterator[Token]:
    text, start = piece.text, piece.start
    if len(text) == 1:
        yield Token(text, start, piece.end)
    elif len(text) == 2 and text[0] in SHORT_NOUNS and text[1] in PARTICLES:
        yield Token(text[0], start, start + 1)
    for i in range(len(text) - 1):
        yield Token(text[i : i + 2], start + i, start + i + 2)


def _alphabetic(piece: ScriptRun) -> Iterator[Token]:
    if piece.kind == "number":
        for text in number(piece.text):
            yield Token(text, piece.start, piece.end)
    else:
        yield Token(stem(piece.text, piece.kind), piece.start, piece.end)


def indexed(texts: list[str], most: int = MOST_TOKENS) -> str:
    """Texts of one field as the index keeps them: up to `most` tokens between spaces, a break between texts."""
    found = []
    for text in texts:
        found += _tokens_of(text) if len(text) < SHORT else _tokens_of.__wrapped__(text)
        found.append(BREAK)
        if len(found) >= most:
            break
    return f" {' '.join(found[:most])} "


@functools.lru_cache(maxsize=20_000)
def _tokens_of(text: str) -> list[str]:
    return [token.text for token in tokens(clean(text))]


def without_particle(text: str) -> str:
    """A Korean word without the particle at its end, as long as two syllables are left."""
    for particle in PARTICLES:
        if text.endswith(particle) and len(text) - len(particle) >= 2:
            return text[: -len(particle)]
    return text
