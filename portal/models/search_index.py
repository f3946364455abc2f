"""The tables of the search index, except the full-text table, which `portal/search/store.py` creates by SQL."""

from bisect import bisect_left, bisect_right

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Kind(models.TextChoices):
    """The kind of a record in search results. Suggestions are in this order. `number` is part of an entry's id."""

    ISSUE = "issue", _("Issues")
    COUNTRY = "country", _("Countries")
    INDICATOR = "indicator", _("Indicators")
    PROJECT = "project", _("Projects")
    AGREEMENT = "agreement", _("Agreements")
    RESULT = "result", _("Results and lessons")
    ORGANISATION = "organisation", _("Organisations")
    EVENT = "event", _("Events")
    PLACE = "place", _("Places")
    TERM = "term", pgettext_lazy("kind of record", "Glossary")
    SOURCE = "source", _("Sources")

    @property
    def number(self):
        return self.NUMBERS[self.value]

    @property
    def one(self):
        """Return the label in the singular."""
        return {
            "issue": _("Issue"),
            "country": _("Country"),
            "indicator": _("Indicator"),
            "project": _("Project"),
            "agreement": _("Agreement"),
            "result": _("Result or lesson"),
            "organisation": _("Organisation"),
            "event": _("Event"),
            "place": _("Place"),
            "term": pgettext_lazy("kind of record", "Term"),
            "source": _("Source"),
        }[self.value]


# An entry's id consists of the number of its kind and the primary key of its record. So it is known without a query,
# and the ids of a kind are one range.
Kind.NUMBERS = {
    "issue": 1,
    "country": 2,
    "indicator": 3,
    "project": 4,
    "agreement": 5,
    "organisation": 6,
    "event": 7,
    "place": 8,
    "term": 9,
    "source": 10,
    "result": 11,
}
Kind.OF_NUMBER = {number: Kind(kind) for kind, number in Kind.NUMBERS.items()}
KEY_BITS = 40
LAST = (1 << KEY_BITS) - 1  # the greatest primary key that fits into an id
# The ISO 639 code for text without language, such as keys and URLs. A name in an unknown language has an empty code.
NO_LANGUAGE = "zxx"


def kinds_of(model):
    """Return the kinds of the records of a model: two for Place, one for each other model."""
    name = model._meta.model_name
    return [Kind.COUNTRY, Kind.PLACE] if name == "place" else [Kind(name)]


def entry_id(kind, pk):
    """Return the id of the index entry for the record of this kind and primary key."""
    return (Kind.NUMBERS[kind] << KEY_BITS) | pk


def of_kind(kind, entries):
    """Return the ids of this kind. `entries` is a list of entry ids in ascending order."""
    return entries[bisect_left(entries, entry_id(kind, 0)) : bisect_right(entries, entry_id(kind, LAST))]


def holds(entries, entry):
    """Return True if `entry` is one of `entries`, a list of entry ids in ascending order."""
    place = bisect_left(entries, entry)
    return place < len(entries) and entries[place] == entry


def record_of(entry):
    """Return the kind and the primary key of the record, given the id of its entry."""
    return Kind.OF_NUMBER[entry >> KEY_BITS], entry & ((1 << KEY_BITS) - 1)


class SearchEntry(models.Model):
    """A published record in the search index. `entry_id` gives the primary key."""

    is_audited = False

    id = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=12, choices=Kind)
    record = models.BigIntegerField()
    first_year = models.PositiveSmallIntegerField(null=True)
    last_year = models.PositiveSmallIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["kind"], name="search_entry_kind"),
            models.Index(fields=["first_year", "last_year"], name="search_entry_years"),
        ]

    def __str__(self):
        return f"{self.kind} {self.record}"


class SearchFacet(models.Model):
    """A facet value of an entry, such as its country, by which a search can be filtered."""

    is_audited = False

    entry = models.ForeignKey(SearchEntry, on_delete=models.CASCADE, related_name="values")
    name = models.CharField(max_length=8)
    value = models.CharField(max_length=60)

    class Meta:
        indexes = [models.Index(fields=["name", "value", "entry"], name="search_facet_value")]

    def __str__(self):
        return f"{self.name}={self.value}"


class LettersField(models.CharField):
    """A CharField that is sorted by code point, so that an index serves lookups by prefix."""

    def db_parameters(self, connection):
        collation = "C" if connection.vendor == "postgresql" else None  # SQLite's default already
        return super().db_parameters(connection) | {"collation": collation}


class SearchName(models.Model):
    """A name or identifier of an entry, for lookups of the exact name or a prefix.

    `text` is the name as written. `normal` is the normalised name (`whole` is True), or its end from the second or a
    later word on (`whole` is False). `is_alias` is True for the name of an `Alias`.
    """

    is_audited = False

    entry = models.ForeignKey(SearchEntry, on_delete=models.CASCADE, related_name="names")
    kind = models.CharField(max_length=12, choices=Kind)
    language = models.CharField(max_length=12, blank=True)
    text = models.CharField(max_length=600)
    normal = LettersField(max_length=600)
    whole = models.BooleanField()
    is_alias = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["kind", "normal"], name="search_name_start"),
            # Partial: with all names in this index, PostgreSQL may use it for a prefix in place of the index by kind.
            models.Index(fields=["normal"], name="search_name_whole", condition=models.Q(whole=True)),
        ]

    def __str__(self):
        return self.text


class SearchWord(models.Model):
    """A word that occurs in names. The spelling correction compares a mistyped word with these."""

    is_audited = False

    word = models.CharField(max_length=60, primary_key=True)
    length = models.PositiveSmallIntegerField(db_index=True)

    def __str__(self):
        return self.word


class UnpublishedTitle(models.Model):
    """The tokens of the names, aliases and identifiers of an unpublished record. Only the search of the desk reads it.

    It is a table of its own, so that no public search can find an unpublished record. `entry_id` gives the primary key.
    """

    is_audited = False

    id = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=12, choices=Kind)
    record = models.BigIntegerField()
    tokens = models.TextField()

    def __str__(self):
        return f"{self.kind} {self.record}"


class SearchState(models.Model):
    """The state of the search index; one row.

    `analyser` is the version of the analyser that built the index. While a rebuild is under way, `building` is True,
    `built_by` is the version of its analyser, and `built_to` the entry id of the last record that is done.
    """

    is_audited = False

    analyser = models.PositiveSmallIntegerField(default=0)
    building = models.BooleanField(default=False)
    built_by = models.PositiveSmallIntegerField(default=0)
    built_to = models.BigIntegerField(default=0)

    def __str__(self):
        return f"analyser {self.analyser}"
