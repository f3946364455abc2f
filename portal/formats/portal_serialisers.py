"""Serialisers of places and sources, and the summaries and fields that the serialisers of other records share."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.formats.fields import (
    ChoiceField,
    DateField,
    DateTimeField,
    PlaceSummary,
    PlainField,
    PositionField,
    RelatedField,
    RelatedSummary,
    SourceSummary,
    TranslatedTextField,
    related_many,
)
from portal.formats.serialisers import Address, Serialiser
from portal.models import Place, PlaceCitation, Source

PLACE = PlaceSummary(Place)
COUNTRY = RelatedSummary(Place)
SOURCE = SourceSummary(Source)
KEY = PlainField("key", _("key"), optional=False)
TIMES = (
    DateTimeField("published", _("first published"), "published_at"),
    DateTimeField("changed", _("last changed"), "updated_at"),
)


def column(model, name):
    """Return the label of a model field."""
    return model._meta.get_field(name).verbose_name


def cited(model, owner):
    """Return the field for the sources that a record cites, in the order that its editors chose."""
    return related_many("sources", _("sources"), model, owner, "source", SOURCE, order=("position", "pk"))


Serialiser(
    Place,
    [
        KEY,
        TranslatedTextField("name", column(Place, "name")),
        PlainField("other_spellings", column(Place, "other_spellings")),
        ChoiceField("kind", column(Place, "kind"), Place.Kind),
        ChoiceField("group", column(Place, "group"), Place.Group, optional=True),
        RelatedField("country", column(Place, "country"), COUNTRY),
        RelatedField("part_of", column(Place, "part_of"), COUNTRY),
        PositionField(
            pgettext_lazy("on the globe", "position"), (column(Place, "latitude"), column(Place, "longitude"))
        ),
        cited(PlaceCitation, "place"),
        *TIMES,
    ],
    address=Address("place", {Place.Kind.COUNTRY.value: "country"}),
    where="position",
)

Serialiser(
    Source,
    [
        KEY,
        PlainField("title", column(Source, "title"), optional=False),
        PlainField("title_original", column(Source, "title_original")),
        PlainField("author", column(Source, "author")),
        PlainField("publisher", column(Source, "publisher"), optional=False),
        DateField("date", column(Source, "date")),
        PlainField("link", column(Source, "url"), path="url", format="uri"),
        PlainField("doi", "DOI"),
        ChoiceField("kind", column(Source, "kind"), Source.Kind),
        PlainField("language", column(Source, "language"), optional=False),
        PlainField("edition", column(Source, "edition")),
        TranslatedTextField("licence", column(Source, "licence")),
        PlainField("note", column(Source, "note")),
        *TIMES,
    ],
    address=Address("source"),
    name="title",
    date="date",
)
