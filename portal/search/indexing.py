"""Keeps the index in step with the records: with every save, change of a relation and deletion, and all at once.

What changed is noted in the log of the transaction and indexed in one go: as the last step of a `content_transaction`,
else after the commit, and in any case before the next question. So a load of ten thousand rows is analysed once a
record, and a form with twenty rows once.
"""

import functools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeGuard

from django.apps import apps
from django.db import transaction
from django.db.models import (
    Count,
    Exists,
    ForeignKey,
    ForeignObjectRel,
    ManyToManyField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    prefetch_related_objects,
)
from django.db.models.signals import post_migrate

from portal.core.choices import PublicationStatus
from portal.models.alias import Alias, AliasedMixin, attach_aliases
from portal.models.attachment import Attachment
from portal.models.place import Place
from portal.models.record import Record
from portal.models.search_index import (
    LAST,
    NO_LANGUAGE,
    Kind,
    SearchEntry,
    SearchFacet,
    SearchName,
    SearchState,
    SearchWord,
    UnpublishedTitle,
    entry_id,
    kinds_of,
)
from portal.models.source import Source
from portal.search import documents, store
from portal.search.analyser import (
    BREAK,
    LONGEST,
    MOST_TOKENS,
    VERSION,
    clean,
    identifier,
    indexed,
    normal,
    pieces,
    without_particle,
)
from portal.search.store import FIELDS, FieldTokens
from portal.tracking import change_log
from portal.tracking.signals import Action, Phase, TableChange

BATCH = 200
# Kinds of which there are few: a reader may begin at any word of their names.
BY_ANY_WORD = {Kind.ISSUE, Kind.COUNTRY, Kind.INDICATOR, Kind.ORGANISATION, Kind.PLACE, Kind.TERM}
WORDS_OF_A_NAME = 8


def searched_models() -> list[type[Record]]:
    """Return the models whose records the index holds."""
    return [model for model in apps.get_models() if issubclass(model, Record) and model.search_paths]


def kind_of(record: Record) -> Kind | None:
    """Return what a search calls the record, or None if it is not to be found."""
    if isinstance(record, Place):
        return {"country": Kind.COUNTRY, "region": None, "world": None}.get(record.kind, Kind.PLACE)
    [kind] = kinds_of(type(record))
    return kind


# ── What changed ─────────────────────────────────────────────────────────────────────────────────────────────────


def in_batches(items: Sequence[int], size: int = BATCH) -> Iterator[Sequence[int]]:
    """Return the pieces of a list, each of `size` items but the last."""
    return (items[start : start + size] for start in range(0, len(items), size))


def mark_dirty(model: type[Record], pks: Iterable[int]) -> None:
    """Note in the log of the transaction that entries of records are out of date."""
    change_log.current_log().unindexed[model].update(pks)


def flush_index() -> None:
    """Bring the index up to date with what the open transaction has changed."""
    if log := change_log.open_log():
        _index(log)


def flush_log(
    sender: type[change_log.ChangeLog], log: change_log.ChangeLog, is_committed: bool, **kwargs: object
) -> None:
    """Receive `changes_flushed`: bring the index up to date, within the transaction if it can be."""
    _index(log)


def _index(log: change_log.ChangeLog) -> None:
    """Make the entries of records anew, and those of the records that carry their words."""
    pending: defaultdict[type[Record], set[int]] = log.unindexed
    for model, keys in _renamed(log).items():
        pending[model].update(model.objects.filter(key__in=keys).values_list("pk", flat=True))
    if pending and not SearchEntry.objects.exists():
        SearchState.objects.update_or_create(pk=1, defaults={"analyser": VERSION})
    done: defaultdict[type[Record], set[int]] = defaultdict(set)
    while pending:
        model, pks = pending.popitem()
        pks -= done[model]
        done[model] |= pks
        for some in in_batches(sorted(pks)):
            for dependent, found in _dependents(model, _reindex(model, some)):
                if found := found - done[dependent]:
                    pending[dependent] |= found


def _renamed(log: change_log.ChangeLog) -> Mapping[type[Record], set[str]]:
    """Return the keys of the records whose aliases have changed, by model; remove them from the log."""
    found: defaultdict[type[Record], set[str]] = defaultdict(set)
    models = {model._meta.model_name: model for model in searched_models() if issubclass(model, AliasedMixin)}
    while log.renamed:
        kind, key = log.renamed.pop()
        if kind in models:  # an area is no record
            found[models[kind]].add(key)
    return found


class Watched(NamedTuple):
    """Which changes touch the words of which records.

    `records`: by model of a record, the models whose records carry its words, each with the lookup from there to it.
    `rows`: by model of a row, the models whose records carry its words, each with the row's column of their keys.
    `throughs`: by table between two models of a plain many-to-many relation, the model that declares it.
    """

    records: Mapping[type[Model], set[tuple[type[Record], str]]]
    rows: Mapping[type[Model], set[tuple[type[Record], str]]]
    throughs: Mapping[type[Model], type[Record]]


@functools.cache
def _watched() -> Watched:
    """Return which changes touch the words of which records."""
    records: defaultdict[type[Model], set[tuple[type[Record], str]]] = defaultdict(set)
    rows: defaultdict[type[Model], set[tuple[type[Record], str]]] = defaultdict(set)
    throughs: dict[type[Model], type[Record]] = {}
    for owner in searched_models():
        for relation in documents.relations(owner):
            model: type[Model] = owner
            for place, part in enumerate(relation.split("__")):
                field = documents.relation_of(model, part)
                if isinstance(field, ManyToManyField) and not place and (through := field.remote_field.through):
                    key = through._meta.get_field(field.m2m_field_name())
                    if through._meta.auto_created:
                        throughs[through] = owner
                    elif isinstance(key, ForeignKey):  # it always is one
                        rows[through].add((owner, key.attname))
                elif isinstance(field, ForeignObjectRel) and field.one_to_many and not place:
                    rows[field.related_model].add((owner, field.remote_field.attname))
                model = field.related_model
            if not field.one_to_many:
                records[model].add((owner, relation))
    return Watched(records, rows, throughs)


def _dependents(model: type[Model], pks: Collection[int]) -> Iterator[tuple[type[Record], set[int]]]:
    """Yield the records that carry words of these: pairs of model and primary keys."""
    if not pks:
        return
    for owner, lookup in sorted(_watched().records.get(model, ()), key=lambda pair: (pair[0].__name__, pair[1])):
        found = owner.objects.filter(**{f"{lookup}__in": pks}).order_by().values_list("pk", flat=True)
        yield owner, set(found)


def mark_dirty_for_rows(sender: type[Model], change: TableChange, phase: Phase, **kwargs: object) -> None:
    """Receive `rows_changed`: mark the records that carry words of the rows."""
    if sender is Alias:
        _mark_named(change, phase)
    elif change.action is Action.RELATE:
        owner = _watched().throughs.get(sender)
        if owner is not None and change.instance is not None:
            _mark_related(owner, change.instance, change, phase)
    elif phase is Phase.BEFORE:
        if change.action is Action.DELETE:  # once it is gone, nobody knows who carried its words
            _mark_dependents(sender, change.pks)
        elif sender is Attachment and change.action is Action.SAVE:  # it may be given to another record
            mark_saved(Attachment.objects.filter(pk__in=change.pks))
    elif change.instance is not None:
        _mark_saved(sender, change.instance)
    elif _is_indexed(sender):
        mark_dirty(sender, change.pks)


def _mark_named(change: TableChange, phase: Phase) -> None:
    """Mark the records that aliases named before a change, and those that they name after it."""
    renamed = change_log.current_log().renamed
    if isinstance(change.instance, Alias):
        renamed.add((change.instance.kind, change.instance.key))
    if change.pks and (change.instance is None or (change.action is Action.SAVE and phase is Phase.BEFORE)):
        renamed.update(Alias.objects.filter(pk__in=change.pks).values_list("kind", "key"))


def _mark_dependents(model: type[Model], pks: Collection[int]) -> None:
    for owner, found in _dependents(model, pks):
        mark_dirty(owner, found)


def _mark_saved(sender: type[Model], instance: Model) -> None:
    records, rows, _throughs = _watched()
    if _is_indexed(sender):
        mark_dirty(sender, [instance.pk])
    elif sender in records:  # a sector: it has no entry, its name is a word of others
        _mark_dependents(sender, [instance.pk])
    for owner, column in rows.get(sender, ()):
        if (pk := getattr(instance, column)) is not None:
            mark_dirty(owner, [pk])


def mark_saved(instances: Iterable[Model]) -> None:
    """Note what was stored in a way that no signal tells of."""
    for instance in instances:
        _mark_saved(type(instance), instance)


def _mark_related(owner: type[Record], instance: Model, change: TableChange, phase: Phase) -> None:
    """Mark the records of the model `owner`, which declares the relation that changes for `instance`."""
    if phase is Phase.BEFORE:
        if change.is_cleared and change.is_reverse:  # afterwards nobody knows who was related
            _mark_dependents(type(instance), [instance.pk])
    elif not change.is_reverse:
        mark_dirty(owner, [instance.pk])
    else:
        mark_dirty(owner, change.pks)


@functools.cache
def _indexed() -> frozenset[type[Model]]:
    return frozenset(searched_models())


def _is_indexed(model: type[Model]) -> TypeGuard[type[Record]]:
    """Return whether the index holds the records of a model."""
    return model in _indexed()


def clear_after_flush() -> None:
    """Clear the words of the index with Django's command `flush`."""
    post_migrate.connect(clear_if_empty, sender=apps.get_app_config("portal"), dispatch_uid="search index")


# ── What the index holds of a record ─────────────────────────────────────────────────────────────────────────────


def fields_of(record: Record) -> FieldTokens:
    """Return the tokens of a record, field by field."""
    found, room = [], MOST_TOKENS
    for name in FIELDS:
        texts = [text for _language, text in documents.texts_of(record, name)]
        if name == "title":
            aliases = [text for _language, text in documents.aliases_of(record)]
            texts = list({normal(text): text for text in reversed([*texts, *aliases])}.values())[::-1]
        tokens = indexed(texts, room)
        room -= tokens.count(" ")
        found.append(tokens)
    title, related, summary, body = found
    body += "".join(f"{identifier(text)} {BREAK} " for _language, text in _identifiers(record))
    return title, related, summary, body


def _identifiers(record: Record) -> list[tuple[str, str]]:
    return [
        (NO_LANGUAGE, str(value)) for path in record.search_identifiers for value in documents.values_at(record, path)
    ]


def _facets(record: Record) -> Iterator[tuple[str, str]]:
    for name, paths in record.search_facets.items():
        yield from ((name, str(value)) for path in paths for value in documents.values_at(record, path))
    if isinstance(record, Source):
        yield "language", record.language
    else:
        yield from (("language", language) for language, _text in documents.texts_of(record, "title") if language)


def _names(record: Record, kind: Kind, entry: int) -> Iterator[SearchName]:
    """Yield the names of a record: whole ones, and, for kinds of few records, what follows each of their words."""
    seen = set()
    names = [(*name, False) for name in [*documents.names_of(record), *_identifiers(record)]]
    for language, text, is_alias in [*names, *((*alias, True) for alias in documents.aliases_of(record))]:
        words = normal(text).split()
        starts = range(min(len(words), WORDS_OF_A_NAME)) if kind in BY_ANY_WORD else range(1)
        for start in starts if words else ():
            rest = " ".join(words[start:])[:600]
            if rest not in seen if is_alias else (language, rest) not in seen:
                seen |= {rest, (language, rest)}
                yield SearchName(
                    entry_id=entry,
                    kind=kind,
                    language=language,
                    text=clean(text)[:600],
                    normal=rest,
                    whole=not start,
                    is_alias=is_alias,
                )


def _words(name: str) -> Iterator[str]:
    """Yield the words of a name that a typing error may be measured against."""
    for word in pieces(clean(name)):
        if len(word) > 1 or word[0].kind == "number":
            continue
        text = without_particle(word[0].text) if word[0].kind == "east" else word[0].text
        if (1 if word[0].kind == "east" else 2) < len(text) <= LONGEST:
            yield text


def _reindex(model: type[Record], pks: Sequence[int], tables: Iterable[str] | None = None) -> set[int]:
    """Make the entries of records anew; those that readers may not see get none. Return whose names or facets moved.

    Unpublished records get an UnpublishedTitle in place of an entry.
    """
    every = {entry_id(kind, pk): pk for kind in kinds_of(model) for pk in pks}
    with transaction.atomic():
        # Locked, so that of two who change what the record shows, the later one sees what the earlier one did.
        stored = list(model.objects.filter(pk__in=pks).select_for_update().order_by("pk"))
        attach_aliases(stored)
        records = [record for record in stored if record.publication == PublicationStatus.PUBLISHED]
        prefetch_related_objects(records, *documents.relations(model))
        kept = {entry_id(kind, record.pk): (kind, record) for record in records if (kind := kind_of(record))}
        _index_unpublished(every, [record for record in stored if record.publication != PublicationStatus.PUBLISHED])
        before = _standing(list(every))
        SearchFacet.objects.filter(entry__in=every).delete()
        SearchName.objects.filter(entry__in=every).delete()
        SearchEntry.objects.filter(pk__in=every).delete()
        entries, facets, rows = [], [], []
        names: list[SearchName] = []
        words: set[str] = set()
        for entry, (kind, record) in kept.items():
            first, last = documents.years_of(record)
            entries.append(SearchEntry(pk=entry, kind=kind, record=record.pk, first_year=first, last_year=last))
            values = sorted(set(_facets(record)))
            facets += [SearchFacet(entry_id=entry, name=name, value=value) for name, value in values]
            names += _names(record, kind, entry)
            words.update(word for _language, text in documents.names_of(record) for word in _words(text))
            rows.append((entry, fields_of(record)))
        SearchEntry.objects.bulk_create(entries, batch_size=500)
        SearchFacet.objects.bulk_create(facets, batch_size=200)
        SearchName.objects.bulk_create(names, batch_size=100)
        _learn(words)
        building = SearchState.objects.filter(building=True).exists()
        for table in tables or ((store.TABLE, store.NEW_TABLE) if building else (store.TABLE,)):
            store.remove(every, table)
            store.write(rows, table)
        after = _standing(list(kept))
    return {pk for entry, pk in every.items() if before.get(entry) != after.get(entry)}


def _index_unpublished(entries: Iterable[int], records: Sequence[Record]) -> None:
    """Replace the UnpublishedTitles of these entries by those of unpublished records."""
    UnpublishedTitle.objects.filter(pk__in=entries).delete()
    found = []
    for record in records:
        if kind := kind_of(record):
            names = [*documents.names_of(record), *documents.aliases_of(record), *_identifiers(record)]
            tokens = indexed([*dict.fromkeys(text for _language, text in names)])
            tokens += "".join(f"{identifier(text)} {BREAK} " for _language, text in _identifiers(record))
            found.append(UnpublishedTitle(pk=entry_id(kind, record.pk), kind=kind, record=record.pk, tokens=tokens))
    UnpublishedTitle.objects.bulk_create(found, batch_size=200)


def _learn(words: Iterable[str]) -> None:
    rows = [SearchWord(word=word, length=len(word)) for word in sorted(words)]
    SearchWord.objects.bulk_create(rows, batch_size=400, ignore_conflicts=True)


def _standing(entries: Collection[int]) -> Mapping[int, set[str | tuple[str, str]]]:
    """Return what others show of entries: names, and pairs of facet and value."""
    found: defaultdict[int, set[str | tuple[str, str]]] = defaultdict(set)
    names = SearchName.objects.filter(entry__in=entries, whole=True, is_alias=False)
    for entry, normal_name in names.values_list("entry", "normal"):
        found[entry].add(normal_name)
    for entry, name, value in SearchFacet.objects.filter(entry__in=entries).values_list("entry", "name", "value"):
        found[entry].add((name, value))
    return found


# ── All at once ──────────────────────────────────────────────────────────────────────────────────────────────────


def state_of_index() -> str:
    """Return what is amiss with the index, in words for who runs the portal; '' if all is well."""
    state = SearchState.objects.filter(pk=1).first()
    if state is None or state.analyser != VERSION:
        return "The index was made by another version of the portal."
    entries, titles = (
        dict(table.objects.order_by().values_list("kind").annotate(Count("pk")))
        for table in (SearchEntry, UnpublishedTitle)
    )
    for model in searched_models():
        records: QuerySet = model.objects.order_by()
        if model._meta.model_name == "place":
            records = records.exclude(kind__in=Place.WIDER_THAN_A_COUNTRY)
        published = Q(publication=PublicationStatus.PUBLISHED)
        stored = records.aggregate(published=Count("pk", filter=published), unpublished=Count("pk", filter=~published))
        for table, counts in (("published", entries), ("unpublished", titles)):
            here, there = stored[table], sum(counts.get(kind, 0) for kind in kinds_of(model))
            if here != there:
                return f"The index has {there} of {here} {table} {model._meta.verbose_name_plural}."
    return ""


def _left(built_to: int) -> Iterator[tuple[type[Record], Kind, list[int]]]:
    """Yield each model, its last kind and the keys of its records that a new index, which has come so far, lacks."""
    for model in sorted(searched_models(), key=lambda model: kinds_of(model)[-1].number):
        kind = kinds_of(model)[-1]
        if built_to < entry_id(kind, LAST):
            records = model.objects.filter(pk__gt=max(built_to - entry_id(kind, 0), 0)).order_by("pk")
            yield model, kind, list(records.values_list("pk", flat=True))


def pending_rebuild() -> int:
    """Return how many records a rebuild has to bring: all, or what a run that was stopped left."""
    state = SearchState.objects.filter(building=True, built_by=VERSION).first()
    return sum(len(pks) for _model, _kind, pks in _left(state.built_to if state else 0))


def rebuild(advance: Callable[[int], object] = lambda count: None) -> None:
    """Make the whole index anew, in batches, beside the old one, which answers until the new one is whole.

    A run that was stopped goes on where it was. `advance` is told how many records each batch brought.
    """
    state, _created = SearchState.objects.get_or_create(pk=1)
    if not state.building or state.built_by != VERSION:
        with transaction.atomic():
            store.drop(store.NEW_TABLE)
            store.create(store.NEW_TABLE)
            state.building, state.built_by, state.built_to = True, VERSION, 0
            state.save()
    for model, kind, pks in _left(state.built_to):
        for some in in_batches(pks):
            with transaction.atomic():
                _reindex(model, some, [store.NEW_TABLE])
                state.built_to = entry_id(kind, some[-1])
                state.save()
            advance(len(some))
    with transaction.atomic():
        store.exchange()
        forgotten = SearchEntry.objects.exclude(pk__in=store.all_entries())
        for rows in (SearchFacet, SearchName):
            rows.objects.filter(entry__in=forgotten).delete()
        forgotten.delete()
        for model in searched_models():
            titles = UnpublishedTitle.objects.filter(kind__in=kinds_of(model))
            titles.exclude(Exists(model.objects.filter(pk=OuterRef("record")))).delete()
        SearchWord.objects.all().delete()
        names = SearchName.objects.filter(whole=True, is_alias=False).exclude(language=NO_LANGUAGE)
        texts = names.values_list("text", flat=True)
        _learn({word for text in texts.iterator() for word in _words(text)})
        state.building, state.analyser, state.built_to = False, VERSION, 0
        state.save()


def clear_if_empty(**kwargs: object) -> None:
    """Clear the words of the index if its entries are gone, as after `flush`: their table is none of Django's."""
    if store.exists() and not SearchEntry.objects.exists():
        store.clear()
