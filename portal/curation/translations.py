"""Find translations that are older than their English.

A translation is made from the English of its time. If this English changes and the translation does not, the
translation is outdated: until it changes too, until the English is again what it was, or until somebody who may write
that language says that it is still correct. Every way of storing a record is noticed: forms, imports, commands,
`update()`. Fixtures are not: their texts are taken as they are.
"""

import contextlib
import contextvars
import functools

from django.apps import apps
from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from modeltranslation.translator import NotRegistered, translator

from portal.models.curation import OTHER_LANGUAGES, OutdatedTranslation
from portal.tracking.signals import Action, Phase

ENGLISH = settings.LANGUAGE_CODE
OTHERS = [code for code, _name in OTHER_LANGUAGES]

_left_alone = contextvars.ContextVar("left alone", default=False)


@contextlib.contextmanager
def suppress_outdated():
    """Store changes in the block without making translations outdated or up to date.

    For changes that are the same in every language, such as a new key in a citation mark.
    """
    token = _left_alone.set(True)
    try:
        yield
    finally:
        _left_alone.reset(token)


@functools.cache
def translated_fields(model):
    """Return the names of the translated fields of a model, sorted."""
    try:
        return tuple(sorted(translator.get_options_for_model(model).all_fields))
    except NotRegistered:
        return ()


@functools.cache
def owner_field(model):
    """Return the foreign key from a row to the record that it belongs to; None if there is none.

    It is the first field of the natural key, if that is a foreign key.
    """
    paths = getattr(model, "natural_fields", ())
    head = paths[0].partition("__")[0] if paths else ""
    return model._meta.get_field(head) if head and model._meta.get_field(head).many_to_one else None


@functools.cache
def _columns(model):
    """Return the compared columns of a model: each translated field in each language, and the owner's key."""
    texts = [f"{field}_{code}" for field in translated_fields(model) for code in (ENGLISH, *OTHERS)]
    owner = owner_field(model)
    return (*texts, *([owner.attname] if owner and texts else []))


@functools.cache
def _changing(model):
    """Return the names under which the compared columns may be in update_fields or update(): columns and fields."""
    owner, columns = owner_field(model), _columns(model)
    return frozenset([*columns, *translated_fields(model), *([owner.name] if owner and columns else [])])


def plain(text):
    """Return a text with single spaces for all white space, which makes no difference to a translation."""
    return " ".join((text or "").split())


# ── Outdated translations ────────────────────────────────────────────────────────────────────────────────────


def outdated_condition(model, language):
    """Return a Q for records that have, or whose rows have, an outdated translation in `language`.

    Return None if the model and its rows have no translated fields.
    """
    if not _has_texts(model):
        return None
    found = OutdatedTranslation.objects.filter(owner_kind=model._meta.label_lower, owner=OuterRef("pk"))
    return Q(Exists(found.filter(language=language)))


@functools.cache
def _has_texts(model):
    """Return True if a model or a model of its rows has translated fields."""
    owned = (other for other in apps.get_models() if (owner := owner_field(other)) and owner.related_model is model)
    return bool(translated_fields(model)) or any(map(translated_fields, owned))


def row_is_older(model, language):
    """Return a Q for rows with an outdated translation of their own in `language`."""
    found = OutdatedTranslation.objects.filter(kind=model._meta.label_lower, row=OuterRef("pk"), language=language)
    return Q(Exists(found))


def outdated_of(record):
    """Return the outdated translations of a record and its rows, or of a row, as a queryset."""
    label = record._meta.label_lower
    here = Q(kind=label, row=record.pk) | Q(owner_kind=label, owner=record.pk)
    return OutdatedTranslation.objects.filter(here)


# ── Detect changes ───────────────────────────────────────────────────────────────────────────────────────────


def stored(queryset, columns):
    """Return the stored columns of rows by primary key, as dicts."""
    return {row.pop("pk"): row for row in queryset.order_by().values("pk", *columns)}


def snapshot_before_update(queryset, values):
    """Return the stored texts that an update() of the fields `values` may change; {} if it changes no text."""
    if _left_alone.get() or not _changing(queryset.model) & set(values):
        return {}
    return stored(queryset, _columns(queryset.model))


def compare_after_update(model, before):
    """Compare the result of `snapshot_before_update` with the texts after the update()."""
    if before:
        after = stored(model._base_manager.filter(pk__in=before), _columns(model))
        _compare(model, before, after)


def _compare(model, before, after):
    """Store which translations became outdated between two states of rows. Delete those now up to date."""
    behind, caught_up, moved = {}, set(), {}
    owner = owner_field(model)
    for pk, now in after.items():
        was = before[pk]
        if owner is not None and was[owner.attname] != now[owner.attname]:
            moved[pk] = now[owner.attname]
        for field in translated_fields(model):
            english = plain(was[f"{field}_{ENGLISH}"]), plain(now[f"{field}_{ENGLISH}"])
            for code in OTHERS:
                text = plain(was[f"{field}_{code}"]), plain(now[f"{field}_{code}"])
                if text[0] != text[1]:
                    caught_up.add((pk, field, code))
                elif text[1] and english[0] and english[0] != english[1]:
                    behind[pk, field, code] = was[f"{field}_{ENGLISH}"], english[1]
    if not (behind or caught_up or moved):
        return
    label = model._meta.label_lower
    rows = {pk for pk, _field, _code in [*behind, *caught_up]} | set(moved)
    known = {
        (one.row, one.field, one.language): one for one in OutdatedTranslation.objects.filter(kind=label, row__in=rows)
    }
    done = [one.pk for name, one in known.items() if name in caught_up]
    done += [one.pk for name, one in known.items() if name in behind and plain(one.english) == behind[name][1]]
    if done:
        OutdatedTranslation.objects.filter(pk__in=done).delete()
    for pk, record in moved.items():
        OutdatedTranslation.objects.filter(kind=label, row=pk).update(owner=record)
    OutdatedTranslation.objects.bulk_create(
        OutdatedTranslation(
            kind=label,
            row=pk,
            field=field,
            language=code,
            english=english,
            owner_kind=owner.related_model._meta.label_lower if owner else label,
            owner=after[pk][owner.attname] if owner else pk,
        )
        for (pk, field, code), (english, _now) in behind.items()
        if (pk, field, code) not in known
    )


def compare_translations_for_rows(sender, change, phase, **kwargs):
    """Receive `rows_changed`: compare the texts of rows before and after a change. Fixtures are left out."""
    if change.action is Action.DELETE:
        if phase is Phase.AFTER and _columns(sender):
            OutdatedTranslation.objects.filter(kind=sender._meta.label_lower, row__in=change.pks).delete()
    elif change.action in {Action.SAVE, Action.UPDATE} and not change.is_raw:
        if phase is Phase.BEFORE:
            change.memo["translations"] = _before(sender, change)
        elif change.memo["translations"]:
            _compare_after(sender, change)


def _before(model, change):
    """Return the stored texts that a change may change; {} if it changes none."""
    if change.action is Action.UPDATE:
        return snapshot_before_update(change.rows, change.values)
    if change.instance._state.adding or not _columns(model) or _left_alone.get():
        return {}
    if change.fields is not None and not _changing(model) & change.fields:
        return {}
    return stored(model._base_manager.using(change.using).filter(pk=change.instance.pk), _columns(model))


def _compare_after(model, change):
    before, instance = change.memo["translations"], change.instance
    if instance is not None and change.fields is None:  # the instance has all stored values
        after = {instance.pk: {column: getattr(instance, column) for column in _columns(model)}}
        _compare(model, before, after)
    else:
        compare_after_update(model, before)
