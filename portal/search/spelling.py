"""What a reader may have meant: the keys of another keyboard layout, or a word of the index that is spelt nearly so."""

import re
import unicodedata

from rapidfuzz.distance import DamerauLevenshtein

from portal.models.search_index import SearchWord
from portal.search import store
from portal.search.analyser import without_particle
from portal.search.query import parse

# ── Keyboards ────────────────────────────────────────────────────────────────────────────────────────────────────
# The characters of one key, Latin as on a US keyboard: Russian ЙЦУКЕН, and Korean in two sets (KS X 5002).

_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_RUSSIAN = "йцукенгшщзхъфывапролджэячсмитьбюё"
_TO_RUSSIAN = str.maketrans(_LATIN + _LATIN.upper(), _RUSSIAN + _RUSSIAN)
_FROM_RUSSIAN = str.maketrans(_RUSSIAN + _RUSSIAN.upper(), _LATIN + _LATIN)

_KEYS = dict(
    zip(
        "rRseEfaqQtTdwWczxvgkoiOjpuPhynbml",
        "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎㅏㅐㅑㅒㅓㅔㅕㅖㅗㅛㅜㅠㅡㅣ",
        strict=True,
    )
)
_LETTERS = {letter: key for key, letter in _KEYS.items()}
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_JOINED = {
    **dict(zip("ㅘㅙㅚㅝㅞㅟㅢ", ["ㅗㅏ", "ㅗㅐ", "ㅗㅣ", "ㅜㅓ", "ㅜㅔ", "ㅜㅣ", "ㅡㅣ"], strict=True)),
    **dict(
        zip(
            "ㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄ",
            ["ㄱㅅ", "ㄴㅈ", "ㄴㅎ", "ㄹㄱ", "ㄹㅁ", "ㄹㅂ", "ㄹㅅ", "ㄹㅌ", "ㄹㅍ", "ㄹㅎ", "ㅂㅅ"],
            strict=True,
        )
    ),
}
_vowel = "(?:ㅗ[ㅏㅐㅣ]|ㅜ[ㅓㅔㅣ]|ㅡㅣ|[ㅏ-ㅣ])"
_final = "(?:ㄱㅅ|ㄴ[ㅈㅎ]|ㄹ[ㄱㅁㅂㅅㅌㅍㅎ]|ㅂㅅ|[ㄱㄲㄴㄷㄹㅁㅂㅅㅆㅇㅈㅊㅋㅌㅍㅎ])"
# A final is one only if no vowel follows: then the last letter of it begins the next syllable.
_SYLLABLE = re.compile(rf"([{_INITIALS}])({_vowel})({_final}(?![ㅏ-ㅣ]))?")
_TOGETHER = {parts: letter for letter, parts in _JOINED.items()}


def typed_in_korean(text: str) -> str:
    """What the keys of `text` give on a Korean keyboard: rkana is 가뭄."""
    letters = "".join(_KEYS.get(c, _KEYS.get(c.lower(), c)) for c in text)
    return _SYLLABLE.sub(_syllable, letters)


def _syllable(found: re.Match[str]) -> str:
    initial, vowel, final = (_TOGETHER.get(part, part) for part in (found[1], found[2], found[3] or " "))
    return chr(0xAC00 + (_INITIALS.index(initial) * 21 + _VOWELS.index(vowel)) * 28 + _FINALS.index(final))


def typed_in_latin(text: str) -> str:
    """What the keys of a Korean or Russian `text` give on a US keyboard: цфеук and ㅈㅁㅅㄷㄱ are water."""
    keys: list[str] = []
    for c in unicodedata.normalize("NFC", text):
        letters = c
        if "가" <= c <= "힣":
            code = ord(c) - 0xAC00
            letters = (_INITIALS[code // 588] + _VOWELS[code % 588 // 28] + _FINALS[code % 28]).strip()
        keys += (_LETTERS.get(one, one) for letter in letters for one in _JOINED.get(letter, letter))
    return "".join(keys).translate(_FROM_RUSSIAN)


def typed_in_russian(text: str) -> str:
    """What the keys of `text` give on a Russian keyboard: pfce[f is засуха."""
    return text.translate(_TO_RUSSIAN)


def keyboard_layouts(text: str, language: str) -> list[str]:
    """What the keys of `text` give on the keyboards that readers have, that of `language` first."""
    latin = typed_in_latin(text)
    found = {"en": latin, "ko": typed_in_korean(latin), "ru": typed_in_russian(latin)}
    ordered = [found.pop(language, latin), *found.values()]
    return [other for other in dict.fromkeys(ordered) if other.casefold() != text.casefold()]


# ── Words ────────────────────────────────────────────────────────────────────────────────────────────────────────


def did_you_mean(text: str, language: str) -> str:
    """Another spelling of a question that finds what this one does not, or ''."""
    query = parse(text)
    unknown = [clause for clause in query.clauses if not store.frequency(clause, 1)]
    if not unknown:
        return ""
    for other in keyboard_layouts(text, language):
        if _all_known(other):
            return other
    corrected = text
    for clause in unknown:
        word = closest(clause.typed)
        if not word:
            return ""
        corrected = re.sub(re.escape(clause.typed), word, corrected.casefold(), count=1)
    return corrected if _all_known(corrected) else ""


def _all_known(text: str) -> bool:
    query = parse(text)
    return bool(query) and all(store.frequency(clause, 1) for clause in query.clauses)


def closest(word: str) -> str:
    """The word of the index that is nearest to a mistyped one, or ''. Korean is compared letter by letter."""
    word = without_particle(word)
    spelt = unicodedata.normalize("NFD", word)
    most = 1 if len(spelt) < 5 else 2
    reach = range(max(len(word) - most, 2), len(word) + most + 1)
    best, distance = "", most + 1
    for other in SearchWord.objects.filter(length__in=reach).order_by("word").values_list("word", flat=True):
        apart = DamerauLevenshtein.distance(spelt, unicodedata.normalize("NFD", other), score_cutoff=most)
        if apart < distance:
            best, distance = other, apart
    return best
