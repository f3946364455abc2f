"""Serialisers of issues, indicators, observations, events and terms."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

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
from portal.formats.portal_serialisers import COUNTRY, KEY, PLACE, SOURCE, TIMES, cited, column
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
        RelatedRowsField(
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
                cited(KeyFigureCitation, "figure"),
            ],
            order=("position", "pk"),
        ),
        linked("causes", _("causes"), "effect", "cause"),
        linked("effects", _("effects"), "cause", "effect"),
        cited(IssueCitation, "issue"),
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
        *TIMES,
    ],
    address=Address("event"),
    name="title",
    summary="text",
    date="date",
    where="places",
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
