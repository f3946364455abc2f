"""Which words a record has: its own, and the names of what it is tied to.

A model says so by paths, in `search_paths`: `title`, `summary` and `body` lead to its own texts, `related` to names and
labels of others. A path walks columns and relations (`in_countries__note`) and ends at a text, a choice (its label in
each language counts), a code, or a record (its names count, if readers may see it).
"""

import functools
from collections.abc import Iterator

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import override

from portal.core.choices import PublicationStatus

LANGUAGES = [code for code, _name in settings.LANGUAGES]


def texts_of(record, field) -> list[tuple[str, str]]:
    """Pairs of language code and text of one field of the index; the code is empty where a text has no language."""
    paths = record.search_paths.get(field, ())
    return list(dict.fromkeys(pair for path in paths for pair in _words_at(record, path)))


def own_texts(record, field) -> list[tuple[str, str]]:
    """Like `texts_of`, but only what stands in the record's own columns: no relation is walked."""
    paths = [
        path for path in record.search_paths.get(field, ()) if "__" not in path and not _relation(type(record), path)
    ]
    return list(dict.fromkeys(pair for path in paths for pair in _column(record, path)))


def names_of(record) -> Iterator[tuple[str, str]]:
    """Pairs of language code and name of a record. Each line is a name."""
    for name in getattr(record, "search_paths", {}).get("title", ("name",)):
        for language, text in _column(record, name):
            for line in text.splitlines():
                yield language, line.strip()


def values_at(record, path) -> Iterator[str]:
    """What a path of columns and relations leads to."""
    head, _dots, rest = path.partition("__")
    if rest:
        for found in _follow(record, head):
            yield from values_at(found, rest)
    elif (value := getattr(record, head)) not in (None, ""):
        yield value


def years_of(record) -> tuple[int | None, int | None]:
    """The first and the last year of a record, as far as they are known."""
    years = [int(str(value)[:4]) for path in record.search_dates for value in values_at(record, path)]
    return (min(years), max(years)) if years else (None, None)


def relations(model) -> list[str]:
    """The relations that a model's paths walk, and what else their rows tie together, for prefetch_related."""
    found = set()
    every = (*model.search_paths.values(), *model.search_facets.values())
    for path in (path for paths in every for path in paths):
        walked, here = [], model
        for part in path.split("__"):
            field = _field(here, part)
            if field is None or not field.is_relation:
                break
            walked.append(part)
            found.add("__".join(walked))
            here = field.related_model
            found |= {"__".join([*walked, other]) for other in _others(field)}
    return sorted(found)


def _others(relation):
    """Of rows that a relation leads to: the names of the records that they tie to the record beside it."""
    if not relation.one_to_many:
        return []
    fields = relation.related_model._meta.concrete_fields
    return [field.name for field in fields if field.many_to_one and field.name != relation.remote_field.name]


def _relation(model, path):
    """Whether a path ends at a relation."""
    for part in path.split("__"):
        field = _field(model, part)
        if field is None or not field.is_relation:
            return False
        model = field.related_model
    return True


def _words_at(record, path):
    head, _dots, rest = path.partition("__")
    if rest:
        for found in _follow(record, head):
            yield from _words_at(found, rest)
    elif _relation(type(record), head):
        for found in _follow(record, head):
            yield from names_of(found)
    else:
        yield from _column(record, head)


def _column(record, name):
    if hasattr(record, f"{name}_en"):
        for language in LANGUAGES:
            if text := getattr(record, f"{name}_{language}"):
                yield language, text
        return
    value = getattr(record, name)
    if value in (None, ""):
        return
    labels = _labels(type(record), name)
    if not labels:
        yield "", str(value)
    for language, words in labels.items():
        yield language, words[value]


@functools.cache
def _labels(model, name):
    """The labels of a column's choices, by language."""
    choices = getattr(_field(model, name), "flatchoices", None)
    labels = {}
    for language in LANGUAGES if choices else ():
        with override(language):
            labels[language] = {value: str(label) for value, label in choices}
    return labels


@functools.cache
def _field(model, name):
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None  # a property


def _follow(record, name):
    """The records or rows at a relation that readers may see: a row is hidden with any record that it ties together."""
    relation = _field(type(record), name)
    found = getattr(record, relation.get_accessor_name() if relation.auto_created else name, None)
    if found is None:
        return []
    others = _others(relation)
    rows = found.all() if hasattr(found, "all") else [found]
    return [row for row in rows if _visible(row) and all(_visible(getattr(row, other)) for other in others)]


def _visible(record):
    return getattr(record, "publication", PublicationStatus.PUBLISHED) == PublicationStatus.PUBLISHED
