"""The model of aliases: further names of records, in the languages and scripts of the region."""

import functools
import operator
from collections import defaultdict

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from portal.core.choices import Area
from portal.models.querysets import PairManager
from portal.models.record import Content
from portal.tracking.audit_log import covered_by_entry
from portal.tracking.signals import Action, Phase


class Alias(Content):
    """A further name of a record, or of an area of cooperation, by which a search finds it.

    `kind` and `key` name the record without a foreign key, as in FormerKey: areas are an enumeration, and one table
    holds the names of records of several models. A name is not translated: it is of one language.
    """

    class Kind(models.TextChoices):
        """The model that is named, by its model name; AREA is the enumeration `Area`."""

        PLACE = "place", _("Place")
        ORGANISATION = "organisation", _("Organisation")
        ISSUE = "issue", _("Issue")
        INDICATOR = "indicator", _("Indicator")
        TERM = "term", pgettext_lazy("kind of record", "Term")
        AREA = "area", _("Area")

    class Period(models.TextChoices):
        """When the name was in use, seen from the name of the record. Empty: at the same time."""

        FORMER = "former", _("Former name")
        NEWER = "newer", _("Newer name")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    key = models.SlugField(_("key"), max_length=60, db_index=False)
    language = models.CharField(
        _("language"),
        max_length=12,
        blank=True,
        validators=[
            RegexValidator(
                r"^[a-z]{2,3}(-[A-Z][a-z]{3})?$",
                _("A language is written as its BCP 47 code, such as uz, uz-Cyrl or kaa."),
            )
        ],
    )
    text = models.CharField(_("name"), max_length=300)
    period = models.CharField(_("in use"), max_length=6, choices=Period, blank=True)

    natural_fields = ("kind", "key", "language", "text")
    objects = PairManager()

    class Meta:
        verbose_name = _("alternative name")
        verbose_name_plural = _("alternative names")
        ordering = ["kind", "key", "language", "text"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key", "language", "text"],
                name="alias_stands_once",
                violation_error_message=_("This name is already listed."),
            ),
            models.CheckConstraint(
                name="alias_has_a_text",
                condition=~models.Q(text=""),
                violation_error_message=_("Give a name."),
            ),
        ]

    def __str__(self):
        return self.text

    def natural_key(self):
        return (self.kind, self.key, self.language, self.text)

    def clean(self):
        """Raise ValidationError if nothing of that kind has the key. The database cannot check it: see the class."""
        if self.kind == self.Kind.AREA:
            is_known = self.key in Area.values
        else:
            is_known = self.kind in _models() and _models()[self.kind].objects.filter(key=self.key).exists()
        if not is_known:
            raise ValidationError({"key": gettext("Nothing of this kind has this key.")})


class AliasedMixin:
    """Mixin of the models whose records have aliases."""

    @cached_property
    def aliases(self):
        """The aliases of the record as a list, in the order they were added. `attach_aliases` reads those of many."""
        return list(Alias.objects.filter(kind=self._meta.model_name, key=self.key).order_by("pk"))

    @property
    def other_spellings(self):
        """Return the texts of the aliases, one a line."""
        return "\n".join(dict.fromkeys(alias.text for alias in self.aliases))


@functools.cache
def _models():
    """Return the models whose records have aliases, by kind."""
    return {model._meta.model_name: model for model in apps.get_models() if issubclass(model, AliasedMixin)}


def attach_aliases(records):
    """Set `aliases` of those of the records that may have some, by one query."""
    named = defaultdict(lambda: defaultdict(list))
    for record in records:
        if isinstance(record, AliasedMixin):
            record.aliases = []
            named[record._meta.model_name][record.key].append(record)
    if not named:
        return
    of_one_kind = (models.Q(kind=kind, key__in=list(keys)) for kind, keys in named.items())
    for alias in Alias.objects.filter(functools.reduce(operator.or_, of_one_kind)).order_by("pk"):
        for record in named[alias.kind][alias.key]:
            record.aliases.append(alias)


def delete_with_record(sender, change, phase, **kwargs):
    """Receive `rows_changed`: delete the aliases of a deleted record."""
    if change.action is Action.DELETE and phase is Phase.AFTER and issubclass(sender, AliasedMixin):
        with covered_by_entry():
            Alias.objects.filter(kind=sender._meta.model_name, key=change.instance.key).delete()
