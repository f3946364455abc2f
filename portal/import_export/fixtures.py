"""The format of fixtures/: which models each file holds, in which order, and how a portal's records are written.

The format has one form for each content, so that files can be compared:

- The models of a file come in the order of FIXTURES. The rows of a record follow after all records of the file.
- Records are sorted by `position`, if they have one, and by key. A record follows those of its own model that it names.
- Rows are sorted by their record, and then as the portal sorts them (`Meta.ordering`). Rows of a row follow it.
- Fields come in the order of the model: those of the natural key first, many-to-many fields last and sorted.
  Columns without a language are left out if there is one for each language. EMPTY_LEFT_OUT is left out while empty.
- A number has no zeros at its end. There is one field per line.
"""

import json
from collections import defaultdict
from decimal import Decimal

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.encoding import is_protected_type

from portal.core.choices import PublicationStatus
from portal.core.numbers import plain
from portal.curation.translations import owner_field, translated_fields
from portal.models import Alias, AliasedMixin, Record

# A model stands after the models that it names. `tests/portal/import_export/test_fixtures.py` compares this list with
# the registry: a new model with a natural key has its place here.
FIXTURES = {
    "10_sources": ("portal.Source", "portal.FormerKey", "portal.Tombstone"),
    "15_sectors": ("projects.Sector",),
    "20_places": ("portal.Place", "portal.PlaceIdentifier", "portal.PlaceCitation"),
    "30_organisations": (
        "projects.Organisation",
        "projects.OrganisationIdentifier",
        "projects.OrganisationExternalIdentifier",
        "projects.OrganisationCitation",
    ),
    "40_issues": (
        "issues.Issue",
        "issues.IssueCitation",
        "issues.IssueInCountry",
        "issues.IssueSdg",
        "issues.IssueLink",
        "issues.IssueLinkCitation",
    ),
    "45_events": ("issues.Event", "issues.EventCitation"),
    "50_indicators": ("issues.Indicator",),
    "52_key_figures": ("issues.KeyFigure", "issues.KeyFigureCitation"),  # a figure may name an indicator
    "55_observations": ("issues.Observation",),
    "60_projects": (
        "projects.Project",
        "projects.ProjectArea",
        "projects.Participation",
        "projects.ProjectIssue",
        "projects.ProjectSdg",
        "projects.RioMarker",
        "projects.ProjectCitation",
    ),
    "70_agreements": (
        "projects.Agreement",
        "projects.AgreementParty",
        "projects.AgreementArea",
        "projects.AgreementCitation",
        "projects.AgreementOutcome",
        "projects.AgreementOutcomeCitation",
        "projects.AgreementActivity",
        "projects.AgreementActivityCitation",
    ),
    "75_results": (
        "projects.Result",
        "projects.ResultArea",
        "projects.ResultFigure",
        "projects.ResultCitation",
    ),
    "80_glossary": ("issues.Term", "issues.TermCitation"),
    "85_aliases": ("portal.Alias",),
    "90_page_choices": (
        "issues.PageIndicator",
        "issues.IssueFeature",
        "issues.IssueMotif",
        "issues.AreaReport",
        "issues.ComparisonExample",
    ),
}

# Columns that few records have. They are left out if they are null or "".
EMPTY_LEFT_OUT = frozenset(
    {
        *("publish_at", "published_at", "iati_identifier"),
        *("page", "quotation", "read_on", "archived_url"),  # of citations
    }
)


def content_models():
    """Return the models of FIXTURES, in their order."""
    return [apps.get_model(label) for labels in FIXTURES.values() for label in labels]


def natural_fields(model):
    """Return the paths of a model's natural key, such as ("project__key", "area")."""
    return getattr(model, "natural_fields", None) or (model._default_manager.key_field,)


def identifying_fields(model):
    """Return the names of the fields of a model's natural key, such as ["project", "area"]."""
    return list(dict.fromkeys(path.partition("__")[0] for path in natural_fields(model)))


def fixture_fields(model):
    """Return the concrete fields of a model in fixtures, in their order."""
    unwritten = {*translated_fields(model), model._meta.pk.name}
    named = [model._meta.get_field(name) for name in identifying_fields(model)]
    return [
        *named,
        *(
            field
            for field in model._meta.concrete_fields
            if field not in named and not field.generated and field.name not in unwritten
        ),
    ]


def fixture_relations(model):
    """Return the many-to-many fields of a model in fixtures: those without a through model of their own."""
    return [field for field in model._meta.local_many_to_many if field.remote_field.through._meta.auto_created]


def fixture_texts():
    """Return the text of each fixture file by its name, and a list of what was left out, as sentences.

    Public records are written, with their rows. A record or row is left out if it names a record that is not public.
    """
    known, left_out = {}, []
    for model in content_models():
        rows = _rows(model, known)
        known[model] = {row.pk: row for row in rows}
        while strays := [row for row in known[model].values() if not _is_whole(row, known)]:
            for row in strays:
                del known[model][row.pk]
                if isinstance(row, Record):
                    left_out.append(f"{model._meta.verbose_name} {row.key}: it names a record that is not public.")
    return {name: _text(labels, known) for name, labels in FIXTURES.items()}, left_out


def _rows(model, known):
    """Return the public rows of a model in the order of the file. Related rows are set from `known`."""
    rows = model._base_manager.all()
    if issubclass(model, Record):
        order = ["position"] if any(field.name == "position" for field in model._meta.concrete_fields) else []
        rows = rows.filter(publication=PublicationStatus.PUBLISHED).order_by(*order, "key")
    else:
        rows = rows.order_by(*model._meta.ordering, "pk")
    rows = list(rows)
    if model is Alias:  # it has no foreign key that would say whether its record is public
        kinds = {kind._meta.model_name: kind for kind in known if issubclass(kind, AliasedMixin)}
        keys = {(name, record.key) for name, kind in kinds.items() for record in known[kind].values()}
        rows = [row for row in rows if row.kind == Alias.Kind.AREA or (row.kind, row.key) in keys]
    relate(rows, known | {model: {row.pk: row for row in rows}})
    if owner := owner_field(model):
        places = {pk: place for place, pk in enumerate(known[owner.related_model])}
        rows.sort(key=lambda row: places.get(getattr(row, owner.attname), -1))
    own = [field for field in model._meta.concrete_fields if field.related_model is model]
    return _after_what_they_name(rows, own) if own else rows


def relate(rows, known):
    """Set the related objects of rows from `known`: rows by primary key, by model. They then need no queries."""
    for row in rows:
        for field in row._meta.concrete_fields:
            if field.is_relation and (other := known.get(field.related_model, {}).get(getattr(row, field.attname))):
                setattr(row, field.name, other)


def _is_whole(row, known):
    """Return True if each row that a foreign key of `row` leads to is in `known`."""
    return all(
        getattr(row, field.attname) is None or getattr(row, field.attname) in known[field.related_model]
        for field in row._meta.concrete_fields
        if field.is_relation
    )


def _after_what_they_name(rows, fields):
    """Return the rows in an order in which each one follows the rows that these foreign keys lead to."""
    waiting, ordered = {row.pk: row for row in rows}, []

    def add(row):
        waiting.pop(row.pk)
        for field in fields:
            if other := waiting.get(getattr(row, field.attname)):
                add(other)
        ordered.append(row)

    for row in rows:
        if row.pk in waiting:
            add(row)
    return ordered


def _text(labels, known):
    """Return the text of a fixture file with these models."""
    written = [apps.get_model(label) for label in labels]
    owned = {model: owner for model in written if (owner := owner_field(model)) and owner.related_model in written}
    children = {}  # (model of the rows, primary key of their record or row) -> rows
    for model, owner in owned.items():
        children[model] = defaultdict(list)
        for row in known[model].values():
            children[model][getattr(row, owner.attname)].append(row)

    def below(row):
        for model, owner in owned.items():
            if owner.related_model is type(row):
                for child in children[model][row.pk]:
                    yield child
                    yield from below(child)

    heads = [row for model in written if model not in owned for row in known[model].values()]
    related = {field: _related(field, known) for model in written for field in fixture_relations(model)}
    rows = [*heads, *(child for row in heads for child in below(row))]
    return as_json([{"model": row._meta.label_lower, "fields": _fields(row, related)} for row in rows])


def _related(field, known):
    """Return the sorted natural keys that a many-to-many field leads to, by the primary key of the record."""
    through = field.remote_field.through
    own, other = (through._meta.get_field(name()) for name in (field.m2m_field_name, field.m2m_reverse_field_name))
    found = defaultdict(list)
    for pk, target in through._base_manager.values_list(own.attname, other.attname):
        if target in known[field.related_model]:
            found[pk].append(list(known[field.related_model][target].natural_key()))
    return {pk: sorted(keys) for pk, keys in found.items()}


def _fields(row, related):
    values = {
        field.name: _value(row, field)
        for field in fixture_fields(type(row))
        if field.name not in EMPTY_LEFT_OUT or getattr(row, field.attname) not in (None, "")
    }
    return values | {field.name: related[field].get(row.pk, []) for field in fixture_relations(type(row))}


def _value(row, field):
    """Return the value of a field as JSON has it: a natural key for a foreign key, text for a decimal number."""
    value = getattr(row, field.name)
    if field.is_relation:
        return None if value is None else list(value.natural_key())
    if isinstance(value, Decimal):
        return plain(value)
    return value if is_protected_type(value) or isinstance(value, list | dict) else field.value_to_string(row)


def as_json(rows):
    """Return rows as JSON with one field per line, so that differences are readable."""

    def written(value):
        return json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder)

    def block(row):
        fields = ",\n".join(f"    {written(name)}: {written(value)}" for name, value in row["fields"].items())
        return f'  {{\n    "model": {written(row["model"])},\n    "fields": {{\n{fields}\n    }}\n  }}'

    return "[\n" + ",\n".join(block(row) for row in rows) + "\n]\n"
