"""The texts that wait for translation: of which kinds they are, in which state, and how many there are."""

from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, TextChoices
from django.utils.text import capfirst
from django.utils.translation import pgettext_lazy

from portal.curation.translations import OTHERS, owner_field
from portal.models import Record
from portal.models.curation import OutdatedTranslation
from portal.models.workflow import RESTING_STATES
from portal.staff.worklists import texts_to_translate

ENGLISH = settings.LANGUAGE_CODE
LANGUAGES = dict(settings.LANGUAGES)


class TextState(TextChoices):
    """Which texts a list has."""

    MISSING = "missing", pgettext_lazy("translations", "Missing")
    OUTDATED = "outdated", pgettext_lazy("translations", "Outdated")
    ALL = "all", pgettext_lazy("translations", "All")


@dataclass(frozen=True)
class TextFilter:
    """What a user translates: from which language into which, of which kind ("": all), and in which state."""

    source: str = ENGLISH
    target: str = OTHERS[0]
    kind: str = ""
    state: str = TextState.MISSING

    @classmethod
    def from_query(cls, query, target):
        """Return the filter of a query string. Values that do not exist are left out. `target` is the usual one."""
        chosen_target = query.get("to")
        chosen = cls(target=chosen_target if chosen_target in OTHERS else target, kind=query.get("kind", ""))
        if query.get("from") in LANGUAGES and query["from"] != chosen.target:
            chosen = replace(chosen, source=query["from"])
        return replace(chosen, state=query["show"]) if query.get("show") in TextState.values else chosen

    @property
    def query(self):
        """Return the query string of the filter."""
        return urlencode({"from": self.source, "to": self.target, "kind": self.kind, "show": self.state})

    def condition(self, model, field):
        """Return a Q for rows of a model whose text `field` is in the filter."""
        has_source = Q(**{f"{field}_{self.source}__gt": ""})
        if self.state == TextState.ALL:
            return has_source
        is_missing = Q(**{f"{field}_{self.target}": ""}) | Q(**{f"{field}_{self.target}": None})
        if self.state == TextState.MISSING:
            return has_source & is_missing
        outdated = OutdatedTranslation.objects.filter(
            kind=model._meta.label_lower, row=OuterRef("pk"), field=field, language=self.target
        )
        return has_source & ~is_missing & Q(Exists(outdated))


@dataclass(frozen=True)
class TextKind:
    """A model with texts to translate.

    `page` is the admin whose form has these texts, and whose rights count. `owner` is the foreign key from a row to the
    record of this form; "" if the row has a form of its own. `records` are the foreign keys to the records that a row
    is part of.
    """

    model: type
    page: object
    owner: str = ""
    records: tuple[str, ...] = ()

    @property
    def label(self):
        return self.model._meta.label_lower

    @property
    def name(self):
        """Return the name of the kind in the plural; of rows with that of their records."""
        name = capfirst(self.model._meta.verbose_name_plural)
        return f"{capfirst(self.page.model._meta.verbose_name_plural)}: {name}" if self.owner else name

    @cached_property
    def fields(self):
        """Return the names of the texts, in the order of the model."""
        wanted = texts_to_translate(self.model)
        return [field.name for field in self.model._meta.fields if field.name in wanted]

    def rows(self):
        """Return the rows that are maintained: all except those of records that rest. By primary key."""
        rows = self.model._base_manager.select_related(*self.records).order_by("pk")
        if issubclass(self.model, Record):
            return rows.exclude(publication__in=RESTING_STATES)
        for name in self.records:
            rows = rows.exclude(**{f"{name}__publication__in": RESTING_STATES})
        return rows

    def matching(self, chosen):
        """Return the rows with a text in the filter, by primary key."""
        found = Q()
        for field in self.fields:
            found |= chosen.condition(self.model, field)
        return self.rows().filter(found)

    def counts(self, *filters):
        """Return for each filter the number of texts in it. One query."""
        wanted = {
            f"text_{number}_{field}": Count("pk", filter=chosen.condition(self.model, field))
            for number, chosen in enumerate(filters)
            for field in self.fields
        }
        found = self.rows().order_by().aggregate(**wanted)
        return [sum(found[f"text_{number}_{field}"] for field in self.fields) for number in range(len(filters))]

    def texts_in(self, row, chosen, outdated):
        """Return the names of the texts of a row that are in the filter.

        `outdated` are the names of its outdated ones.
        """
        found = []
        for field in self.fields:
            target = getattr(row, f"{field}_{chosen.target}")
            states = {
                TextState.ALL: True,
                TextState.MISSING: not target,
                TextState.OUTDATED: target and field in outdated,
            }
            if getattr(row, f"{field}_{chosen.source}") and states[chosen.state]:
                found.append(field)
        return found

    def record_of(self, row):
        """Return the object whose form has the texts of a row: the row itself, or its record."""
        return getattr(row, self.owner) if self.owner else row

    def watched(self, row):
        """Return the records that a row is part of: a change must not give them publishing blockers."""
        return [row] if isinstance(row, Record) else [getattr(row, name) for name in self.records]

    def field_label(self, field):
        return str(capfirst(self.model._meta.get_field(f"{field}_{ENGLISH}").translated_field.verbose_name))


def text_kinds(site, request):
    """Return the kinds of texts that the user may see, in the order of the first page of the admin."""
    found = []
    for app in site.get_app_list(request):
        for entry in app["models"]:
            page = site.get_model_admin(entry["model"])
            if page.has_view_or_change_permission(request):
                found += _kinds_of(site, page)
    return found


def _kinds_of(site, page):
    """Return the kind of the model of an admin and those of its inline rows, as far as they have texts."""
    if texts_to_translate(page.model):
        yield TextKind(page.model, page, records=tuple(getattr(page, "owners", ())))
    for inline in page.inlines:
        model = inline.model
        if (
            texts_to_translate(model)
            and not site.is_registered(model)
            and owner_field(model).related_model is page.model
        ):
            owner = owner_field(model).name
            yield TextKind(model, page, owner, (owner,))


def outdated_by_row(kind, target, pks):
    """Return the OutdatedTranslations of rows in a language: by primary key, dicts by the name of the text."""
    found = {}
    for one in OutdatedTranslation.objects.filter(kind=kind.label, language=target, row__in=list(pks)):
        found.setdefault(one.row, {})[one.field] = one
    return found


def next_row(kinds, chosen, kind, pk):
    """Return the kind and the row after a row in the list of the filter, or (None, None)."""
    own = [one for one in kinds if not chosen.kind or one.label == chosen.kind]
    place = next((number for number, one in enumerate(own) if one.label == kind.label), None)
    if place is None:
        return None, None
    row = kind.matching(chosen).filter(pk__gt=pk).first()
    if row is not None:
        return kind, row
    return first_row(own[place + 1 :], chosen)


def first_row(kinds, chosen):
    """Return the kind and the first row of the list of the filter, or (None, None)."""
    for one in kinds:
        if (row := one.matching(chosen).first()) is not None:
            return one, row
    return None, None
