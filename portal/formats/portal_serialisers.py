"""Serialisers of places and sources, and the summaries and fields that the serialisers of other records share."""

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.formats.fields import (
    ChoiceField,
    DateField,
    DateTimeField,
    DayField,
    Field,
    PlaceSummary,
    PlainField,
    PositionField,
    RelatedField,
    RelatedRowsField,
    RelatedSummary,
    SourceSummary,
    TranslatedTextField,
    nullable,
)
from portal.formats.locations import RecordLocation, location, precision_of
from portal.formats.serialisers import Address, Serialiser
from portal.maps.outlines import area_outlines
from portal.models import Alias, Attachment, IdentifierScheme, Picture, Place, PlaceCitation, PlaceIdentifier, Source

PLACE = PlaceSummary(Place)
COUNTRY = RelatedSummary(Place)
SOURCE = SourceSummary(Source)
KEY = PlainField("key", _("key"), optional=False)
TIMES = (
    DateTimeField("published", _("first published"), Coalesce("published_at", "created_at")),
    DateTimeField("changed", _("last changed"), "updated_at"),
)


class OtherSpellingsField(Field):
    """The aliases of the record, one a line."""

    def __init__(self, kind):
        super().__init__("other_spellings", _("alternative names"))
        self.kind, self.columns = kind, ("key",)

    def load(self, reading, rows, at, keys):
        texts = reading.hung.setdefault(self, {})
        texts.clear()
        aliases = Alias.objects.filter(kind=self.kind, key__in=[row[at] for row in rows]).order_by("pk")
        for key, text in aliases.values_list("key", "text"):
            texts.setdefault(key, {})[text] = None  # a dict keeps the order, and each text once

    def cells_of(self, reading, at):
        texts = reading.hung.setdefault(self, {})
        return lambda row: ("\n".join(texts.get(row[at], ())),)

    def data_of(self, reading, at):
        cells = self.cells_of(reading, at)
        return lambda row: cells(row)[0] or None


def column(model, name):
    """Return the label of a model field."""
    return model._meta.get_field(name).verbose_name


def cited(model, owner):
    """Return the field for the sources that a record cites, in the order that its editors chose.

    JSON also states the passage of each source. Tables do not: a quotation does not fit into a cell of several.
    """
    source = RelatedField("source", _("sources"), SOURCE, inline=True)
    return RelatedRowsField(
        "sources", _("sources"), model, owner, [source, PassageField(model)], order=("position", "pk")
    )


class PassageField(Field):
    """What a citation tells of the passage of its source, as a JSON object; null if it tells nothing."""

    def __init__(self, model):
        super().__init__("passage", _("passage"))
        self.parts = [
            PlainField("page", column(model, "page")),
            PlainField("quotation", column(model, "quotation")),
            DayField("read_on", column(model, "read_on")),
            PlainField("archived_url", column(model, "archived_url"), format="uri"),
        ]
        self.columns = tuple(name for part in self.parts for name in part.columns)

    def column_headers(self):
        return []

    def cells_of(self, reading, at):
        return lambda row: ()

    def data_of(self, reading, at):
        parts = [(part.name, part.data_of(reading, at + place)) for place, part in enumerate(self.parts)]

        def data(row):
            if not any(row[at : at + len(parts)]):
                return None
            return {name: said(row) for name, said in parts}

        return data

    def schema(self):
        properties = {part.name: part.schema() for part in self.parts}
        return nullable({"title": "Passage", "type": "object", "properties": properties, "required": list(properties)})


class IdentifierUrlField(Field):
    """The URL of an identifier's page in its register; null if the register has no such pages."""

    def __init__(self):
        super().__init__("url", "URL")
        self.columns = ("scheme", "value")

    def cells_of(self, reading, at):
        return lambda row: (IdentifierScheme(row[at]).url(row[at + 1]),)

    def data_of(self, reading, at):
        return lambda row: IdentifierScheme(row[at]).url(row[at + 1]) or None

    def schema(self):
        return nullable({"type": "string", "format": "uri"})


class FileUrlField(Field):
    """The URL of a stored file, which the route `route` makes of two columns."""

    def __init__(self, route, *columns):
        super().__init__("url", "URL")
        self.route, self.columns = route, columns

    def cells_of(self, reading, at):
        return lambda row: (self._url(reading, row[at], row[at + 1]),)

    def data_of(self, reading, at):
        return lambda row: self._url(reading, row[at], row[at + 1])

    def _url(self, reading, *values):
        return reading.base + reverse(self.route, args=values)

    def schema(self):
        return {"type": "string", "format": "uri"}


def pictures(owner):
    """Return the field for the pictures of a record that readers see."""
    return RelatedRowsField(
        "pictures",
        _("pictures"),
        Picture,
        owner,
        [
            FileUrlField("picture-file", "digest", "width"),  # of the widest file
            TranslatedTextField("alt", column(Picture, "alt")),
            DateField("taken_on", column(Picture, "taken_on")),
            PlainField("author", column(Picture, "author"), optional=False),
            PlainField("credit", column(Picture, "credit"), optional=False),
            PlainField("licence", column(Picture, "licence"), optional=False),
        ],
        order=("position", "pk"),
        only=Q(is_shown=True),
    )


def attachments(owner):
    """Return the field for the attachments of a record that readers see."""
    return RelatedRowsField(
        "attachments",
        _("attachments"),
        Attachment,
        owner,
        [
            FileUrlField("attachment-file", "digest", "format"),
            TranslatedTextField("title", column(Attachment, "title")),
            PlainField("format", column(Attachment, "format"), optional=False),
            PlainField("size", column(Attachment, "size"), type="integer", optional=False),
            PlainField("language", column(Attachment, "language"), optional=False),
            DateField("date", column(Attachment, "date")),
            PlainField("author", column(Attachment, "author"), optional=False),
            PlainField("credit", column(Attachment, "credit"), optional=False),
            PlainField("licence", column(Attachment, "licence"), optional=False),
        ],
        order=("position", "pk"),
        only=Q(is_shown=True),
    )


def identifiers(model, owner):
    """Return the field for the identifiers that other registers give to a record."""
    return RelatedRowsField(
        "identifiers",
        column(model, "value"),
        model,
        owner,
        [
            PlainField("scheme", column(model, "scheme"), optional=False),
            PlainField("value", column(model, "value"), optional=False),
            IdentifierUrlField(),
        ],
        order=("scheme", "value"),
    )


class PlaceCountriesField(RelatedRowsField):
    """All countries that a place lies in: those that share it, or else its one country."""

    def __init__(self):
        to_country = RelatedField("to_place", _("countries"), COUNTRY, inline=True)
        super().__init__("countries", _("countries"), Place.countries.through, "from_place", [to_country])
        self.columns = ("country_id",)

    def load(self, reading, rows, at, keys):
        super().load(reading, rows, at, keys)
        reading.mentions(COUNTRY, {row[at] for row in rows})
        reading.hung[self] |= {row[0]: ((row[at],),) for row in rows if row[at] is not None}


class PlaceSerialiser(Serialiser):
    """Serialiser of places. Countries and provinces have their outline if it is known, else a point."""

    def location_of(self, reading):
        at, key_at, kind_at = (self.places[name] for name in ("position", "key", "kind"))
        identifiers_of = self.by_name["identifiers"].data_of(reading, self.places["identifiers"])

        def outline(row):
            """Return the outline of a country by its key, or of a province by its ISO 3166-2 code; else None."""
            if row[kind_at] == Place.Kind.COUNTRY:
                return area_outlines().get(row[key_at].upper())
            if row[kind_at] == Place.Kind.PROVINCE:
                for one in identifiers_of(row):
                    if one["scheme"] == IdentifierScheme.ISO_3166_2:
                        return area_outlines().get(one["value"])
            return None

        def located(row):
            kind, found = row[kind_at], outline(row)
            if found:
                stated = {"precision": precision_of(kind), "outline_note": found.note or None}
                return RecordLocation(found.geometry, stated)
            points = [] if row[at] is None else [(float(row[at + 1]), float(row[at]), kind)]
            there = location(points, [row[key_at]] if kind == Place.Kind.COUNTRY else [])
            return RecordLocation(there.geometry, there.stated | {"outline_note": None})

        return located


PlaceSerialiser(
    Place,
    [
        KEY,
        TranslatedTextField("name", column(Place, "name")),
        OtherSpellingsField("place"),
        ChoiceField("kind", column(Place, "kind"), Place.Kind),
        ChoiceField("group", column(Place, "group"), Place.Group, optional=True),
        RelatedField("country", column(Place, "country"), COUNTRY),
        PlaceCountriesField(),
        RelatedField("part_of", column(Place, "part_of"), COUNTRY),
        PositionField(
            pgettext_lazy("on the globe", "position"), (column(Place, "latitude"), column(Place, "longitude"))
        ),
        identifiers(PlaceIdentifier, "place"),
        cited(PlaceCitation, "place"),
        pictures("place"),
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
        PlainField("author_original", column(Source, "author_original")),
        PlainField("publisher", column(Source, "publisher"), optional=False),
        PlainField("publisher_original", column(Source, "publisher_original")),
        DateField("date", column(Source, "date")),
        PlainField("link", column(Source, "url"), path="url", format="uri"),
        PlainField("doi", "DOI"),
        ChoiceField("kind", column(Source, "kind"), Source.Kind),
        PlainField("language", column(Source, "language"), optional=False),
        PlainField("edition", column(Source, "edition")),
        TranslatedTextField("licence", column(Source, "licence")),
        PlainField("note", column(Source, "note")),
        attachments("source"),
        *TIMES,
    ],
    address=Address("source"),
    name="title",
    date="date",
)
