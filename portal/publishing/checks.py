"""Checks before publishing: what a record lacks, as messages with the form field where an editor corrects it."""

import dataclasses
from collections import defaultdict
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from modeltranslation.translator import translator

from portal.core.choices import Confidence, PublicationStatus
from portal.core.citation_marks import cited_keys
from portal.models import EvidenceModel, Source

LANGUAGES = dict(settings.LANGUAGES)
_checks = defaultdict(list)  # functions registered by `publishing_check`, by model


@dataclass(frozen=True)
class PublishingBlocker:
    """A reason why a record cannot be published. `field` is a column or relation; empty for the record as a whole."""

    text: str  # the message for editors
    field: str = ""
    rows: bool = False  # True if the field is a relation whose rows are edited in an inline
    unpublished: models.Model | None = dataclasses.field(default=None, compare=False)  # the record to publish first

    @property
    def anchor(self):
        """Return the HTML id of the field, the inline or the whole form in the admin."""
        if not self.field:
            return "content-main"
        return f"{self.field}-group" if self.rows else f"id_{self.field}"


def publishing_blockers(record):
    """Return the list of PublishingBlockers of a stored record; empty if it may be published."""
    return [
        *_invalid(record),
        *_without_sources(record),
        *_unresolved_marks(record),
        *_unfinished_rows(record),
        *_unseen(record),
        *_inherited(record),
        *(blocker for check in _checks[type(record)] for blocker in check(record)),
    ]


def publishing_check(model):
    """Return a decorator that registers a function as a check of one model.

    The function is called with a stored record and yields PublishingBlockers.
    """

    def register(check):
        _checks[model].append(check)
        return check

    return register


def fields_checked(model):
    """Return the names of the fields whose values may block publishing although each of them is valid.

    The rows of a record may block it too.
    """
    marked = {f"{field}_{language}" for field in model.citation_fields for language in LANGUAGES}
    each = {path.partition("__")[0] for path in model.required_published_each}
    inherited = (model.inherits_from, *model.inherited_relations) if model.inherits_from else ()
    confidence = ("confidence",) if issubclass(model, EvidenceModel) else ()
    return {
        "publication",
        *confidence,
        *model.required_published,
        *model.required_published_any,
        *each,
        *marked,
        *inherited,
    }


def _english_required(model):
    """Return the names of a model's translated fields whose English text is required."""
    fields = translator.get_options_for_model(model).all_fields
    return [field for field in fields if not model._meta.get_field(f"{field}_en").blank]


def _name(record, field):
    """Return the label of a field in the admin, with the language of a translated column."""
    model_field = record._meta.get_field(field)
    if model_field.auto_created and not model_field.concrete:
        return str(capfirst(model_field.related_model._meta.verbose_name_plural))
    original = getattr(model_field, "translated_field", None)
    if original is None:
        return str(capfirst(model_field.verbose_name))
    return f"{capfirst(original.verbose_name)} ({LANGUAGES[model_field.language]})"


def _invalid(record):
    """Yield blockers for missing English texts and errors of full_clean(), as of dates, currencies and choices.

    The constraints are left out: the database has checked them, and Django would send three queries for each.
    """
    required = _english_required(type(record))
    for field in required:
        if not getattr(record, f"{field}_en"):
            yield PublishingBlocker(
                _("{field}: the text is missing.").format(field=_name(record, f"{field}_en")), f"{field}_en"
            )
    known = translator.get_options_for_model(type(record)).all_fields
    try:
        record.full_clean(
            validate_unique=False, validate_constraints=False, exclude={*known, *(f"{field}_en" for field in required)}
        )
    except ValidationError as error:
        for field, messages in error.message_dict.items():
            for message in messages:
                whole = field == NON_FIELD_ERRORS
                yield (
                    PublishingBlocker(message)
                    if whole
                    else PublishingBlocker(f"{_name(record, field)}: {message}", field)
                )


def _without_sources(record):
    """Yield blockers if a required citation is missing, does not carry the confidence, or is not published."""
    citations = record.citations.select_related("source") if hasattr(record, "citations") else ()
    cited = [citation.source for citation in citations]
    if record.needs_source and not cited:
        yield PublishingBlocker(_("No source is cited."), "citations", rows=True)
    elif getattr(record, "confidence", "") == Confidence.HIGH and not any(
        source.kind in Source.CONVINCING for source in cited
    ):
        yield PublishingBlocker(
            _("{field}: “High” needs a source that is neither news nor an encyclopedia.").format(
                field=_name(record, "confidence")
            ),
            "confidence",
        )
    for source in cited:
        if source.publication != PublicationStatus.PUBLISHED:
            yield PublishingBlocker(
                _("The source {key} is not published: publish it first.").format(key=source.key),
                "citations",
                rows=True,
                unpublished=source,
            )


def _unresolved_marks(record):
    """Yield blockers for citation marks in texts, of any language, that name no published source. One query."""
    marks = {
        column: keys
        for field in record.citation_fields
        for language in LANGUAGES
        if (keys := cited_keys(getattr(record, column := f"{field}_{language}") or ""))
    }
    if not marks:
        return
    named = {source.key: source for source in Source.objects.filter(key__in=set().union(*marks.values()))}
    for column, keys in marks.items():
        for key in keys:
            source = named.get(key)
            if source is None or source.publication != PublicationStatus.PUBLISHED:
                yield PublishingBlocker(
                    _("{field}: the mark [{key}] leads to no published source.").format(
                        field=_name(record, column), key=key
                    ),
                    column,
                    unpublished=source,
                )


def _unfinished_rows(record):
    """Yield blockers for rows without their English text, and for rows with citations but no published source."""
    for relation in record.relations_requiring_english:
        rows = getattr(record, relation)
        required = _english_required(rows.model)
        if any(not getattr(row, f"{field}_en") for row in rows.all() for field in required):
            yield PublishingBlocker(
                _("{rows}: a row has no English text.").format(rows=_name(record, relation)),
                relation,
                rows=True,
            )
        if hasattr(rows.model, "citations"):
            cited = rows.filter(citations__source__publication=PublicationStatus.PUBLISHED)
            lacking = rows.exclude(pk__in=cited.values("pk")).exclude(rows.model.without_citations)
            if lacking.exists():
                yield PublishingBlocker(
                    _("{rows}: a row cites no published source.").format(rows=_name(record, relation)),
                    relation,
                    rows=True,
                    unpublished=Source.objects.filter(pk__in=lacking.order_by().values("citations__source")).first(),
                )


def _unseen(record):
    """Yield blockers for related records that must be published, by the model's `required_published` attributes."""
    for field in record.required_published:
        other = getattr(record, field)
        if other is not None and other.publication != PublicationStatus.PUBLISHED:
            yield _not_published(record, field, other)
    named = set()
    for path in record.required_published_each:
        relation = path.partition("__")[0]
        for other in _hidden(record, path):
            named.add(relation)
            yield _not_published(record, relation, other, rows=record._meta.get_field(relation).one_to_many)
    for relation in record.required_published_any:
        if relation not in named and not getattr(record, relation).published().exists():
            field = record._meta.get_field(relation)
            yield PublishingBlocker(
                _("{field}: at least one published record is needed.").format(field=_name(record, relation)),
                relation,
                rows=field.one_to_many,
            )


def _inherited(record):
    """Yield a blocker for each relation that the record has itself although it takes it from another record."""
    if not record.inherits_from or getattr(record, f"{record.inherits_from}_id") is None:
        return
    for relation in record.inherited_relations:
        if getattr(record, relation).exists():
            words = _("{field}: leave this blank, because those of the {other} apply.").format(
                field=_name(record, relation), other=record._meta.get_field(record.inherits_from).verbose_name
            )
            yield PublishingBlocker(words, relation, rows=record._meta.get_field(relation).one_to_many)


def _not_published(record, field, other, rows=False):
    words = _("{field}: {name} is not published: publish it first.").format(field=_name(record, field), name=other)
    return PublishingBlocker(words, field, rows=rows, unpublished=other)


def _hidden(record, path):
    """Return a queryset of the unpublished records at the end of a path of `required_published_each`, by key."""
    relation, _sep, column = path.partition("__")
    others = getattr(record, relation).all()
    model = others.model
    if column:
        model = model._meta.get_field(column).related_model
        rows = others.order_by().filter(**{column: models.OuterRef("pk")})
        others = model._base_manager.filter(models.Exists(rows))
    return others.exclude(publication=PublicationStatus.PUBLISHED).order_by("key")
