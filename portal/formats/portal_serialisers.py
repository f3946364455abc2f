"""What places and sources state."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.formats.fields import (
    Code,
    Date,
    Mention,
    Moment,
    One,
    Own,
    PlaceMention,
    Position,
    SourceMention,
    Text,
    several,
)
from portal.formats.serialisers import Address, Serialiser
from portal.models import Place, PlaceCitation, Source

PLACE = PlaceMention(Place)
COUNTRY = Mention(Place)
SOURCE = SourceMention(Source)
KEY = Own("key", _("key"), optional=False)
TIMES = (
    Moment("published", _("first published"), "published_at"),
    Moment("changed", _("last changed"), "updated_at"),
)


def column(model, name):
    """The words for a column of a model."""
    return model._meta.get_field(name).verbose_name


def cited(model, owner):
    """The sources that a record rests on, in the order in which its editors named them."""
    return several("sources", _("sources"), model, owner, "source", SOURCE, order=("position", "pk"))


Serialiser(
    Place,
    [
        KEY,
        Text("name", column(Place, "name")),
        Own("other_spellings", column(Place, "other_spellings")),
        Code("kind", column(Place, "kind"), Place.Kind),
        Code("group", column(Place, "group"), Place.Group, optional=True),
        One("country", column(Place, "country"), COUNTRY),
        One("part_of", column(Place, "part_of"), COUNTRY),
        Position(pgettext_lazy("on the globe", "position"), (column(Place, "latitude"), column(Place, "longitude"))),
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
        Own("title", column(Source, "title"), optional=False),
        Own("title_original", column(Source, "title_original")),
        Own("author", column(Source, "author")),
        Own("publisher", column(Source, "publisher"), optional=False),
        Date("date", column(Source, "date")),
        Own("link", column(Source, "url"), path="url", format="uri"),
        Own("doi", "DOI"),
        Code("kind", column(Source, "kind"), Source.Kind),
        Own("language", column(Source, "language"), optional=False),
        Own("edition", column(Source, "edition")),
        Text("licence", column(Source, "licence")),
        Own("note", column(Source, "note")),
        *TIMES,
    ],
    address=Address("source"),
    name="title",
    date="date",
)
