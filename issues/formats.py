"""Serialisers of issues, indicators, observations, events and terms."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from issues.key_figures import observed
from issues.models import (
    Event,
    EventCitation,
    Indicator,
    Issue,
    IssueCitation,
    IssueInCountry,
    IssueLink,
    IssueLinkCitation,
    IssueSdg,
    KeyFigure,
    KeyFigureCitation,
    Observation,
    Section,
    Term,
    TermCitation,
)
from portal.core.choices import PublicationStatus
from portal.formats.fields import (
    LANGUAGES,
    BooleanField,
    ChoiceField,
    DateField,
    NumberField,
    PlainField,
    RelatedField,
    RelatedRowsField,
    RelatedSummary,
    TranslatedTextField,
    choice_list,
    related_many,
)
from portal.formats.ics import own_date
from portal.formats.portal_serialisers import COUNTRY, KEY, PLACE, SOURCE, TIMES, cited, column, pictures
from portal.formats.serialisers import Address, Serialiser

ISSUE = RelatedSummary(Issue)
INDICATOR = RelatedSummary(Indicator)


def linked(name, label, owner, other):
    """Return the field for the causes or effects of an issue, with mechanism and sources."""
    return RelatedRowsField(
        name,
        label,
        IssueLink,
        owner,
        [
            RelatedField(other, label, ISSUE, inline=True),
            TranslatedTextField("mechanism", column(IssueLink, "mechanism")),
            cited(IssueLinkCitation, "link"),
        ],
    )


class KeyFiguresField(RelatedRowsField):
    """The key figures of an issue. A figure of a series has the value, unit, year and source of its observation.

    It is left out if readers cannot see the observation.
    """

    def __init__(self):
        self.sources = cited(KeyFigureCitation, "figure")
        super().__init__(
            "key_figures",
            _("key figures"),
            KeyFigure,
            "issue",
            [
                TranslatedTextField("label", column(KeyFigure, "label")),
                NumberField("value", column(KeyFigure, "value")),
                TranslatedTextField("unit", column(KeyFigure, "unit")),
                PlainField("year", column(KeyFigure, "year"), type="integer"),
                BooleanField("headline", column(KeyFigure, "headline")),
                RelatedField("indicator", column(KeyFigure, "indicator"), INDICATOR),
                RelatedField("place", column(KeyFigure, "place"), COUNTRY),
                BooleanField("other_definition", column(KeyFigure, "other_definition")),
                self.sources,
            ],
            order=("position", "pk"),
        )
        self.at = {field.name: place for field, place in self.inner}

    def load(self, reading, rows, at, keys):
        super().load(reading, rows, at, keys)
        shown, at = reading.hung[self], self.at
        found = observed(self.series(row) for rows in shown.values() for row in rows if row[at["indicator"]])
        reading.mentions(SOURCE, {observation.source_id for observation in found.values()})
        for owner, rows in shown.items():
            shown[owner] = tuple(filter(None, (self.stated(reading, row, found) for row in rows)))

    def series(self, row):
        return tuple(row[self.at[name]] for name in ("indicator", "place", "year"))

    def stated(self, reading, row, found):
        """Return a row with the values of its observation; None if it has none. A row without a series stays."""
        if not row[self.at["indicator"]]:
            return row
        if (observation := found.get(self.series(row))) is None:
            return None
        reading.hung[self.sources][row[0]] = ((observation.source_id,),)
        row = list(row)
        row[self.at["value"]], row[self.at["year"]] = observation.value, observation.year
        words = [getattr(observation.indicator, f"unit_symbol_{language}") for language in LANGUAGES]
        row[self.at["unit"] : self.at["unit"] + len(LANGUAGES)] = words
        return tuple(row)


Serialiser(
    Issue,
    [
        KEY,
        TranslatedTextField("name", column(Issue, "name")),
        RelatedField("parent", column(Issue, "parent"), ISSUE),
        TranslatedTextField("summary", column(Issue, "summary")),
        *(TranslatedTextField(section.value, section.label) for section in Section),
        RelatedRowsField(
            "countries",
            column(Issue, "countries"),
            IssueInCountry,
            "issue",
            [
                RelatedField("country", column(Issue, "countries"), COUNTRY, inline=True),
                TranslatedTextField("note", _("note")),
            ],
            order=("position", "pk"),
        ),
        related_many("places", column(Issue, "places"), Issue.places.through, "issue", "place", PLACE),
        choice_list("sdgs", _("SDG"), IssueSdg, "issue", PlainField("code", _("SDG"), optional=False)),
        KeyFiguresField(),
        linked("causes", _("causes"), "effect", "cause"),
        linked("effects", _("effects"), "cause", "effect"),
        cited(IssueCitation, "issue"),
        pictures("issue"),
        *TIMES,
    ],
    address=Address("issue"),
    summary="summary",
    where="places",
)

Serialiser(
    Indicator,
    [
        KEY,
        TranslatedTextField("name", column(Indicator, "name")),
        TranslatedTextField("definition", column(Indicator, "definition")),
        TranslatedTextField("unit", column(Indicator, "unit")),
        TranslatedTextField("unit_symbol", column(Indicator, "unit_symbol")),
        ChoiceField("direction", column(Indicator, "direction"), Indicator.Direction),
        PlainField("sdg_indicator", column(Indicator, "sdg_indicator")),
        related_many("issues", column(Indicator, "issues"), Indicator.issues.through, "indicator", "issue", ISSUE),
        RelatedField("source", column(Indicator, "source"), SOURCE),
        TranslatedTextField("licence", column(Indicator, "licence")),
        TranslatedTextField("note", column(Indicator, "note")),
        *TIMES,
    ],
    address=Address("indicator"),
    summary="definition",
)

Serialiser(
    Event,
    [
        KEY,
        ChoiceField("kind", column(Event, "kind"), Event.Kind),
        DateField("date", column(Event, "date"), optional=False),
        TranslatedTextField("title", column(Event, "title")),
        TranslatedTextField("text", column(Event, "text")),
        related_many("countries", column(Event, "countries"), Event.countries.through, "event", "place", COUNTRY),
        related_many("places", column(Event, "places"), Event.places.through, "event", "place", PLACE),
        related_many("issues", column(Event, "issues"), Event.issues.through, "event", "issue", ISSUE),
        cited(EventCitation, "event"),
        pictures("event"),
        *TIMES,
    ],
    address=Address("event"),
    name="title",
    summary="text",
    date="date",
    where="places",
    calendar_dates=own_date,
)

Serialiser(
    Term,
    [
        KEY,
        TranslatedTextField("term", column(Term, "term")),
        TranslatedTextField("definition", column(Term, "definition")),
        cited(TermCitation, "term"),
        *TIMES,
    ],
    address=Address("glossary#KEY"),
    name="term",
    summary="definition",
)


class ObservationSerialiser(Serialiser):
    """Serialiser of the observations whose indicator, place and source are published."""

    def published(self):
        parts = ("indicator", "place", "source")
        return QuerySet(Observation).filter(**{f"{part}__publication": PublicationStatus.PUBLISHED for part in parts})


ObservationSerialiser(
    Observation,
    [
        RelatedField("indicator", column(Observation, "indicator"), INDICATOR, optional=False),
        RelatedField("place", column(Observation, "place"), COUNTRY, optional=False),
        PlainField("year", column(Observation, "year"), type="integer", optional=False),
        NumberField("value", column(Observation, "value")),
        TranslatedTextField("unit", column(Indicator, "unit"), path="indicator__unit"),
        RelatedField("source", column(Observation, "source"), SOURCE, optional=False),
        TranslatedTextField("licence", column(Indicator, "licence"), path="indicator__licence"),
    ],
)
