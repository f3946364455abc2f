"""What issues, indicators, observations, events and terms state."""

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
from portal.core.choices import Publication
from portal.formats.fields import Code, Date, Flag, Mention, Number, One, Own, Rows, Text, codes, several
from portal.formats.portal_serialisers import COUNTRY, KEY, PLACE, SOURCE, TIMES, cited, column
from portal.formats.serialisers import Address, Serialiser

ISSUE = Mention(Issue)
INDICATOR = Mention(Indicator)


def linked(name, label, owner, other):
    """Causes or effects of an issue, with how, and the sources that say so."""
    return Rows(
        name,
        label,
        IssueLink,
        owner,
        [
            One(other, label, ISSUE, inline=True),
            Text("mechanism", column(IssueLink, "mechanism")),
            cited(IssueLinkCitation, "link"),
        ],
    )


Serialiser(
    Issue,
    [
        KEY,
        Text("name", column(Issue, "name")),
        One("parent", column(Issue, "parent"), ISSUE),
        Text("summary", column(Issue, "summary")),
        *(Text(section.value, section.label) for section in Section),
        Rows(
            "countries",
            column(Issue, "countries"),
            IssueInCountry,
            "issue",
            [One("country", column(Issue, "countries"), COUNTRY, inline=True), Text("note", _("note"))],
            order=("position", "pk"),
        ),
        several("places", column(Issue, "places"), Issue.places.through, "issue", "place", PLACE),
        codes("sdgs", _("SDG"), IssueSdg, "issue", Own("code", _("SDG"), optional=False)),
        Rows(
            "key_figures",
            _("key figures"),
            KeyFigure,
            "issue",
            [
                Text("label", column(KeyFigure, "label")),
                Number("value", column(KeyFigure, "value")),
                Text("unit", column(KeyFigure, "unit")),
                Own("year", column(KeyFigure, "year"), type="integer"),
                Flag("headline", column(KeyFigure, "headline")),
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
        Text("name", column(Indicator, "name")),
        Text("definition", column(Indicator, "definition")),
        Text("unit", column(Indicator, "unit")),
        Text("unit_symbol", column(Indicator, "unit_symbol")),
        Code("direction", column(Indicator, "direction"), Indicator.Direction),
        Own("sdg_indicator", column(Indicator, "sdg_indicator")),
        several("issues", column(Indicator, "issues"), Indicator.issues.through, "indicator", "issue", ISSUE),
        One("source", column(Indicator, "source"), SOURCE),
        Text("licence", column(Indicator, "licence")),
        Text("note", column(Indicator, "note")),
        *TIMES,
    ],
    address=Address("indicator"),
    summary="definition",
)

Serialiser(
    Event,
    [
        KEY,
        Code("kind", column(Event, "kind"), Event.Kind),
        Date("date", column(Event, "date"), optional=False),
        Text("title", column(Event, "title")),
        Text("text", column(Event, "text")),
        several("countries", column(Event, "countries"), Event.countries.through, "event", "place", COUNTRY),
        several("places", column(Event, "places"), Event.places.through, "event", "place", PLACE),
        several("issues", column(Event, "issues"), Event.issues.through, "event", "issue", ISSUE),
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
        Text("term", column(Term, "term")),
        Text("definition", column(Term, "definition")),
        cited(TermCitation, "term"),
        *TIMES,
    ],
    address=Address("glossary#KEY"),
    name="term",
    summary="definition",
)


class ObservationSerialiser(Serialiser):
    """Observations: of a published indicator and place, from a published source."""

    def visible(self):
        parts = ("indicator", "place", "source")
        return QuerySet(Observation).filter(**{f"{part}__publication": Publication.PUBLISHED for part in parts})


ObservationSerialiser(
    Observation,
    [
        One("indicator", column(Observation, "indicator"), INDICATOR, optional=False),
        One("place", column(Observation, "place"), COUNTRY, optional=False),
        Own("year", column(Observation, "year"), type="integer", optional=False),
        Number("value", column(Observation, "value")),
        Text("unit", column(Indicator, "unit"), path="indicator__unit"),
        One("source", column(Observation, "source"), SOURCE, optional=False),
        Text("licence", column(Indicator, "licence"), path="indicator__licence"),
    ],
)
