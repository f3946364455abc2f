"""The search of the offline edition: an index of all records as a script, since a browser fetches nothing from a file.

It is made of the tokens of the portal's own index, so one index serves all three languages. A browser has no stemmer:
static/js/offline-search.js takes the longest stem that a typed word begins with.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from posixpath import commonprefix

from django.utils.translation import override

from portal.models.search_index import Kind, SearchEntry, record_of
from portal.search import indexing, store
from portal.search.analyser import BREAK
from portal.search.ranking import PRIOR, USUAL, WEIGHTS, B, K
from portal.views.hits import MODELS

LEVELS = 25  # steps of the weight of a token in a record, each a capital letter from A
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
LONGEST_SHARED = len(DIGITS) - 1
ENTRIES = 500  # whose tokens are read at once


def base36(number: int) -> str:
    """Return a number in base 36; "" for 0."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = DIGITS[rest] + digits
    return digits


def weights_of(fields: Iterable[str]) -> dict[str, float]:
    """Return the weight of each token of an entry, from 0 to 1, by BM25F as `portal.search.ranking` has it."""
    weights: Counter[str] = Counter()
    for text, each, usual in zip(fields, WEIGHTS, USUAL, strict=False):
        tokens = [token for token in text.split() if token != BREAK]
        share = each / (1 - B + B * max(len(tokens), 1) / usual)
        for token, count in Counter(tokens).items():
            weights[token] += share * min(count, 5)
    return {token: weight / (K + weight) for token, weight in weights.items()}


def encoded(postings: Mapping[str, Mapping[int, float]]) -> str:
    """Return the index as text, one line a token in the order of code points.

    A line begins with the number of letters that the token shares with the one before, as one digit in base 36, then
    the rest of the token and a space. A record follows as the letter of its weight and, in base 36, how many records
    lie between it and the one before.
    """
    lines, before = [], ""
    for token in sorted(postings):
        shared = min(len(commonprefix([before, token])), LONGEST_SHARED)
        records, last = [], -1
        for number, weight in sorted(postings[token].items()):
            records.append(chr(ord("A") + round(weight * (LEVELS - 1))) + base36(number - last - 1))
            last = number
        lines.append(f"{DIGITS[shared]}{token[shared:]} {''.join(records)}")
        before = token
    return "\n".join(lines)


def index_files(languages: Iterable[str], files: Mapping[str, str]) -> dict[str, str]:
    """Return the scripts of the search by their names: that of the index, and that of the pages in each language.

    `files` has the file of each page of the edition by its canonical address. The index has the records whose English
    page is among them. Both scripts have the records in the same order.
    """
    indexing.flush_index()
    records = {(kind, record.pk): record for kind, model in MODELS.items() for record in model.objects.published()}
    ids = list(SearchEntry.objects.order_by("pk").values_list("pk", flat=True))
    with override("en"):
        ids = [one for one in ids if record_of(one) in records and _file_of(records[record_of(one)], files)]
    postings: defaultdict[str, dict[int, float]] = defaultdict(dict)
    for start in range(0, len(ids), ENTRIES):
        some = ids[start : start + ENTRIES]
        texts = store.texts(some)
        for number, one in enumerate(some, start):
            for token, weight in weights_of(texts.get(one, ())).items():
                postings[token][number] = weight
    scripts = {"index.js": f"var offlineIndex = {json.dumps(encoded(postings), ensure_ascii=False)};\n"}
    for language in languages:
        with override(language):
            pages = [_page(record_of(one)[0], records[record_of(one)], files) for one in ids]
            kinds = {kind.value: [str(kind.one), PRIOR[kind.value]] for kind in Kind}
        told = json.dumps({"kinds": kinds, "pages": pages}, ensure_ascii=False, separators=(",", ":"))
        scripts[f"pages-{language}.js"] = f"var offlinePages = {told};\n"
    return scripts


def _file_of(record, files):
    """Return the file of the record's page in the active language, with its fragment; "" if the edition has none."""
    path, _hash, fragment = record.get_absolute_url().partition("#")
    file = files.get(path, "")
    return f"{file}#{fragment}" if file and fragment else file


def _page(kind, record, files):
    name, language = record.name_and_language()
    return [kind.value, name, language, _file_of(record, files).partition("/")[2]]
