"""What the index keeps of each published record beside its words. The words themselves stand in `store`."""

from bisect import bisect_left, bisect_right

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Kind(models.TextChoices):
    """What a record is, as a search names it. The order is that of suggestions; `number` stands in an entry's id."""

    ISSUE = "issue", _("Issues")
    COUNTRY = "country", _("Countries")
    INDICATOR = "indicator", _("Indicators")
    PROJECT = "project", _("Projects")
    AGREEMENT = "agreement", _("Agreements")
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
        """The word for one of the kind."""
        return {
            "issue": _("Issue"),
            "country": _("Country"),
            "indicator": _("Indicator"),
            "project": _("Project"),
            "agreement": _("Agreement"),
            "organisation": _("Organisation"),
            "event": _("Event"),
            "place": _("Place"),
            "term": pgettext_lazy("kind of record", "Term"),
            "source": _("Source"),
        }[self.value]


# An entry's id is the number of its kind and the primary key of its record: found without asking, ranges by kind.
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
}
Kind.OF_NUMBER = {number: Kind(kind) for kind, number in Kind.NUMBERS.items()}
KEY_BITS = 40
LAST = (1 << KEY_BITS) - 1  # the greatest primary key that there can be
# ISO 639’s code for what is in no language: keys, addresses. A name of unknown language has no code.
NO_LANGUAGE = "zxx"


def kinds_of(model):
    """The kinds that records of a model can be of."""
    name = model._meta.model_name
    return [Kind.COUNTRY, Kind.PLACE] if name == "place" else [Kind(name)]


def entry_id(kind, pk):
    """The id of the entry for the record of a kind with a primary key."""
    return (Kind.NUMBERS[kind] << KEY_BITS) | pk


def of_kind(kind, entries):
    """Those of a list of ids, in ascending order, that are of a kind."""
    return entries[bisect_left(entries, entry_id(kind, 0)) : bisect_right(entries, entry_id(kind, LAST))]


def record_of(entry):
    """The kind and the primary key of the record that an entry's id names."""
    return Kind.OF_NUMBER[entry >> KEY_BITS], entry & ((1 << KEY_BITS) - 1)


class SearchEntry(models.Model):
    """A published record in the index."""

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
    """A value of an entry that a search can be narrowed to."""

    is_audited = False

    entry = models.ForeignKey(SearchEntry, on_delete=models.CASCADE, related_name="values")
    name = models.CharField(max_length=8)
    value = models.CharField(max_length=60)

    class Meta:
        indexes = [models.Index(fields=["name", "value", "entry"], name="search_facet_value")]

    def __str__(self):
        return f"{self.name}={self.value}"


class LettersField(models.CharField):
    """Text in the order of its letters’ numbers, so that what begins alike stands together in an index."""

    def db_parameters(self, connection):
        collation = "C" if connection.vendor == "postgresql" else None  # SQLite’s own order is this one
        return super().db_parameters(connection) | {"collation": collation}


class SearchName(models.Model):
    """A name or identifier by which an entry is found letter by letter.

    `normal` is the name folded, or what is left of it from one of its words on; `whole` tells the two apart.
    """

    is_audited = False

    entry = models.ForeignKey(SearchEntry, on_delete=models.CASCADE, related_name="names")
    kind = models.CharField(max_length=12, choices=Kind)
    language = models.CharField(max_length=3, blank=True)
    text = models.CharField(max_length=600)
    normal = LettersField(max_length=600)
    whole = models.BooleanField()

    class Meta:
        indexes = [
            models.Index(fields=["kind", "normal"], name="search_name_start"),
            # Of whole names alone: for what begins so, PostgreSQL may take this index for as good as that of the kind.
            models.Index(fields=["normal"], name="search_name_whole", condition=models.Q(whole=True)),
        ]

    def __str__(self):
        return self.text


class SearchWord(models.Model):
    """A word that stands in some name, for the reader who mistyped it."""

    is_audited = False

    word = models.CharField(max_length=60, primary_key=True)
    length = models.PositiveSmallIntegerField(db_index=True)

    def __str__(self):
        return self.word


class SearchState(models.Model):
    """How the index stands: which analyser made it, and how far the making of a new one has come."""

    is_audited = False

    analyser = models.PositiveSmallIntegerField(default=0)
    building = models.BooleanField(default=False)
    built_by = models.PositiveSmallIntegerField(default=0)
    built_to = models.BigIntegerField(default=0)

    def __str__(self):
        return f"analyser {self.analyser}"
