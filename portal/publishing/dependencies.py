"""The unpublished records that a record depends on: those that must be published with it, and those that they need."""

import functools
from collections import defaultdict

from django.conf import settings
from django.db.models import Q

from portal.core.choices import PublicationStatus
from portal.core.citation_marks import cited_keys
from portal.models import Source

LANGUAGES = [code for code, _name in settings.LANGUAGES]
# A published record is not missing. An archived one was taken away on purpose, so it is not published again in passing.
WAITING = (PublicationStatus.DRAFT, PublicationStatus.IN_REVIEW, PublicationStatus.SCHEDULED)


def unpublished_dependencies(record):
    """Return the unpublished records that a record needs, and those that these need; the deepest ones come first.

    These are the records that `publishing_blockers` asks for, and the sources of rows. One query for each model that
    is needed at each depth, whatever the number of records.
    """
    found, level = {(type(record), record.pk): record}, {type(record): [record]}
    while level:
        wanted = defaultdict(Q)
        for model, records in level.items():
            stored = model._base_manager.filter(pk__in=[one.pk for one in records]).order_by()
            for path, target in _paths(model):
                wanted[target] |= Q(pk__in=stored.values(path))
            if keys := _marks(records):
                wanted[Source] |= Q(key__in=keys)
        level = {}
        for target, condition in wanted.items():
            needed = target.objects.filter(condition, publication__in=WAITING).order_by("key")
            if new := [one for one in needed if (target, one.pk) not in found]:
                level[target] = new
        found |= {(target, one.pk): one for target, new in level.items() for one in new}
    return [*reversed(found.values())][:-1]


@functools.cache
def _paths(model):
    """Return pairs of a path to records that must be published, and their model."""
    relations = [""] if hasattr(model, "citations") else []
    relations += [f"{relation}__" for relation in model.relations_requiring_english]
    cited = [f"{relation}citations__source" for relation in relations]
    paths = [*cited, *model.required_published, *model.required_published_each]
    return [(path, target) for path in paths if (target := _target(model, path))]


def _target(model, path):
    """Return the model at the end of a path; None if rows on the way have no citations."""
    for name in path.split("__"):
        if name == "citations" and not hasattr(model, name):
            return None
        model = model._meta.get_field(name).related_model
    return model


def _marks(records):
    """Return the keys of all sources that marks in the texts of the records name."""
    columns = [f"{field}_{language}" for field in type(records[0]).citation_fields for language in LANGUAGES]
    return {key for record in records for column in columns for key in cited_keys(getattr(record, column) or "")}
