"""Which words a record has: its own, its aliases, and the names of what it is tied to.

A model says so by paths, in `search_paths`: `title`, `summary` and `body` lead to its own texts, `related` to names and
labels of others. A path walks columns and relations (`in_countries__note`) and ends at a text, a choice (its label in
each language counts), a code, or a record (its names count, if readers may see it).
"""

import functools
from collections.abc import Iterator, Sequence

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, ForeignObjectRel, Model
from django.db.models.fields.related import RelatedField
from django.utils.translation import override

from portal.core.choices import PublicationStatus
from portal.models.alias import AliasedMixin
from portal.models.record import Record
from portal.search.analyser import uzbek_in_both_scripts

LANGUAGES = [code for code, _name in settings.LANGUAGES]

Relation = RelatedField | ForeignObjectRel


def texts_of(record: Record, field: str) -> list[tuple[str, str]]:
    """Return pairs of language code and text of one field of the index; a text of no language has an empty code."""
    paths = record.search_paths.get(field, ())
    return list(dict.fromkeys(pair for path in paths for pair in _words_at(record, path)))


def own_texts(record: Record, field: str) -> list[tuple[str, str]]:
    """Return what `texts_of` does, but only what stands in the record's own columns: no relation is walked."""
    paths = [
        path for path in record.search_paths.get(field, ()) if "__" not in path and not _relation(type(record), path)
    ]
    return list(dict.fromkeys(pair for path in paths for pair in _column(record, path)))


def names_of(record: Model) -> Iterator[tuple[str, str]]:
    """Yield pairs of language code and name of a record, without its aliases."""
    for name in getattr(record, "search_paths", {}).get("title", ("name",)):
        yield from _column(record, name)


def aliases_of(record: Model) -> Iterator[tuple[str, str]]:
    """Yield pairs of language code and text of the aliases of a record; Uzbek ones in both alphabets."""
    if isinstance(record, AliasedMixin):
        for alias in record.aliases:
            for text in uzbek_in_both_scripts(alias.text, alias.language):
                yield alias.language, text


def values_at(record: Model, path: str) -> Iterator[object]:
    """Yield the values, texts or numbers or records, that a path of columns and relations leads to."""
    head, _dots, rest = path.partition("__")
    if rest:
        for found in _follow(record, head):
            yield from values_at(found, rest)
    elif (value := getattr(record, head)) not in (None, ""):
        yield value


def years_of(record: Record) -> tuple[int | None, int | None]:
    """Return the first and the last year of a record, as far as they are known."""
    paths: Sequence[str] = record.search_dates
    years = [int(str(value)[:4]) for path in paths for value in values_at(record, path)]
    return (min(years), max(years)) if years else (None, None)


def relations(model: type[Record]) -> list[str]:
    """Return the relations that a model's paths walk, and what else their rows tie together, for prefetch_related."""
    found: set[str] = set()
    every = (*model.search_paths.values(), *model.search_facets.values())
    for path in (path for paths in every for path in paths):
        walked: list[str] = []
        here: type[Model] = model
        for part in path.split("__"):
            relation = _relation(here, part)
            if relation is None:
                break
            walked.append(part)
            found.add("__".join(walked))
            here = relation.related_model
            found |= {"__".join([*walked, other]) for other in _others(relation)}
    return sorted(found)


def _others(relation: Relation) -> list[str]:
    """Return the names by which rows of a relation know the other records that they tie to the record."""
    if not relation.one_to_many:
        return []
    fields = relation.related_model._meta.concrete_fields
    return [field.name for field in fields if field.many_to_one and field.name != relation.remote_field.name]


def _relation(model: type[Model], name: str) -> Relation | None:
    """Return the relation of a model with that name, or None if it is a column or a property."""
    field = _field(model, name)
    return field if isinstance(field, Relation) else None


def relation_of(model: type[Model], name: str) -> Relation:
    """Return the relation of a model with that name. Raise FieldDoesNotExist if the model has none."""
    relation = _relation(model, name)
    if relation is None:
        raise FieldDoesNotExist(f"{model.__name__} has no relation named {name!r}.")
    return relation


def _words_at(record: Model, path: str) -> Iterator[tuple[str, str]]:
    head, _dots, rest = path.partition("__")
    if rest:
        for found in _follow(record, head):
            yield from _words_at(found, rest)
    elif _relation(type(record), head):
        for found in _follow(record, head):
            yield from names_of(found)
    else:
        yield from _column(record, head)


def _column(record: Model, name: str) -> Iterator[tuple[str, str]]:
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
def _labels(model: type[Model], name: str) -> dict[str, dict[object, str]]:
    """Return the labels of a column's choices, by language."""
    choices = getattr(_field(model, name), "flatchoices", None) or []
    labels: dict[str, dict[object, str]] = {}
    for language in LANGUAGES if choices else ():
        with override(language):
            labels[language] = {value: str(label) for value, label in choices}
    return labels


@functools.cache
def _field(model: type[Model], name: str) -> Field | ForeignObjectRel | None:
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None  # a property


def _follow(record: Model, name: str) -> list[Model]:
    """Return the records or rows at a relation that readers may see; a row is hidden with any record that it ties."""
    relation = relation_of(type(record), name)
    accessor = relation.get_accessor_name() if isinstance(relation, ForeignObjectRel) else None
    found = getattr(record, accessor or name, None)
    if found is None:
        return []
    others = _others(relation)
    rows = found.all() if hasattr(found, "all") else [found]
    return [row for row in rows if _visible(row) and all(_visible(getattr(row, other)) for other in others)]


def _visible(record: Model | None) -> bool:
    """Return True if readers may see a record, a row or an uploaded file."""
    is_published = getattr(record, "publication", PublicationStatus.PUBLISHED) == PublicationStatus.PUBLISHED
    return is_published and getattr(record, "is_shown", True)
