"""Serialisers of projects, agreements, results and organisations, and the export format IATI."""

from decimal import Context, Decimal

from django.db.models import CharField
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import get_language, gettext, override, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from issues.formats import ISSUE
from portal.core import exchange_rates
from portal.core.choices import Area, Confidence, Level
from portal.core.database import Today
from portal.core.partial_dates import PartialDate
from portal.formats.fields import (
    LANGUAGES,
    REMEMBERED,
    WORDS_SCHEMA,
    BooleanField,
    ChoiceField,
    ColumnHeader,
    DateField,
    DayField,
    Field,
    InheritedRowsField,
    MoneyField,
    NumberField,
    PlainField,
    RelatedField,
    RelatedRowsField,
    RelatedSummary,
    TranslatedTextField,
    as_stored,
    choice_list,
    plain_number,
    related_many,
)
from portal.formats.ics import CalendarDate, own_date
from portal.formats.portal_serialisers import (
    COUNTRY,
    KEY,
    PLACE,
    TIMES,
    OtherSpellingsField,
    attachments,
    cited,
    column,
    identifiers,
    pictures,
)
from portal.formats.responses import FORMATS, Format
from portal.formats.serialisers import SERIALISERS, Address, Serialiser
from projects.budgets import convert
from projects.iati import exporting, serving
from projects.models import (
    Agreement,
    AgreementActivity,
    AgreementActivityCitation,
    AgreementArea,
    AgreementCitation,
    AgreementOutcome,
    AgreementOutcomeCitation,
    AgreementParty,
    Organisation,
    OrganisationCitation,
    OrganisationExternalIdentifier,
    Participation,
    Project,
    ProjectArea,
    ProjectCitation,
    ProjectIssue,
    ProjectSdg,
    Result,
    ResultArea,
    ResultCitation,
    ResultFigure,
    RioMarker,
    Sector,
    StatusNow,
)
from projects.models.agreement import last_activity_date
from projects.models.project_status import COLUMNS, label_on, status_on

RATE_DIGITS = Context(prec=8)  # significant digits of a rate in files; the bank publishes five to seven


class StatusNowField(Field):
    """The status that readers see on the day of the export: its code, and its words with the date that decides."""

    repeats = True

    def __init__(self):
        super().__init__("status_now", _("status today"))
        self.columns = tuple(as_stored(name) for name in COLUMNS)

    def column_headers(self):
        words = [ColumnHeader(f"{self.name}_{language}", self.label, language) for language in LANGUAGES]
        return [ColumnHeader(self.name, self.label), *words]

    def cells_of(self, reading, at):
        known, today = {}, timezone.localdate()

        def cells(row):
            values = row[at : at + len(COLUMNS)]
            if values not in known:
                if len(known) > REMEMBERED:
                    known.clear()
                known[values] = self._cells(*values, today)
            return known[values]

        return cells

    @staticmethod
    def _cells(status, end, as_of, today):
        end, as_of = end and PartialDate(end), as_of and PartialDate(as_of)
        shown, words = status_on(status, end, as_of, today), []
        for language in LANGUAGES:
            with override(language):
                words.append(label_on(shown, end, as_of))
        return (shown.value, *words)

    def data_of(self, reading, at):
        cells = self.cells_of(reading, at)

        def data(row):
            code, *words = cells(row)
            return {"code": code, "name": reading.say(tuple(words))}

        return data

    def schema(self):
        codes = {"title": "StatusNowCode", "type": "string", "enum": StatusNow.values}
        return {
            "title": "StatusNow",
            "type": "object",
            "properties": {"code": codes, "name": WORDS_SCHEMA},
            "required": ["code", "name"],
        }


class ConvertedBudgetField(Field):
    """The budget in one currency, with the rate that was used, its day and its source. A stated amount has no rate."""

    def __init__(self, currency):
        super().__init__("converted_budget", _("budget in one currency"))
        self.currency = currency
        self.columns = (as_stored("budget"), "currency", as_stored("start"))

    def column_headers(self):
        return [
            ColumnHeader(self.name, self.label, type="number"),
            ColumnHeader("converted_currency", _("currency of the converted budget")),
            ColumnHeader("rate", _("exchange rate: units of it for one unit of the stated currency"), type="number"),
            ColumnHeader("rate_date", _("date of the exchange rate")),
            ColumnHeader("rate_source", _("source of the exchange rate")),
        ]

    def _amount_and_rate(self, row, at):
        """Return the amount and its rate; None for both if there is no amount, and for the rate if it is stated."""
        budget, stated, start = row[at : at + 3]
        if budget is None or stated == self.currency:
            return budget, None
        converted = convert(Decimal(str(budget)), stated, start and PartialDate(start), self.currency)
        return (converted.amount, converted.rate) if converted else (None, None)

    def cells_of(self, reading, at):
        def cells(row):
            amount, rate = self._amount_and_rate(row, at)
            if amount is None:
                return None, "", None, "", ""
            if rate is None:
                return plain_number(amount), self.currency, None, "", ""
            value = plain_number(RATE_DIGITS.plus(rate.value))
            return plain_number(amount), self.currency, value, rate.day.isoformat(), exchange_rates.SOURCE

        return cells

    def data_of(self, reading, at):
        cells = self.cells_of(reading, at)

        def data(row):
            amount, currency, rate, day, source = cells(row)
            if amount is None:
                return None
            rate = {"value": rate, "date": day, "source": source} if day else None
            return {"amount": amount, "currency": currency, "rate": rate}

        return data


ORGANISATION = RelatedSummary(Organisation)
PROJECT = RelatedSummary(Project, name="title")
SECTOR = RelatedSummary(Sector, code="code")
AREA = ChoiceField("area", _("area"), Area)


def evidence(model):
    """Return the fields of `EvidenceModel`: confidence, evidence and note."""
    return (
        ChoiceField("confidence", column(model, "confidence"), Confidence),
        TranslatedTextField("evidence", column(model, "evidence")),
        TranslatedTextField("note", column(model, "note")),
    )


class AgreementStateField(ChoiceField):
    """The state of an agreement today, which is computed: its code, and its label in each language."""

    def __init__(self):
        super().__init__("state", pgettext_lazy("agreement", "state"), Agreement.State)
        self.columns = ("ended", Cast(last_activity_date(Today()), CharField()))

    def cells_of(self, reading, at):
        return self._of_state(super().cells_of(reading, 0), at)

    def data_of(self, reading, at):
        return self._of_state(super().data_of(reading, 0), at)

    @staticmethod
    def _of_state(read, at):
        today = timezone.localdate()
        return lambda row: read((Agreement.State.on(today, row[at], row[at + 1] and PartialDate(row[at + 1])).value,))


def milestones(project) -> list[CalendarDate]:
    """Return the start and the end of a project for calendars.

    A date is planned as long as it lies ahead, and an end until a source says that the project is completed. A
    cancelled project has no dates, and a completed one has no end ahead.
    """
    today, status = timezone.localdate(), project.status
    if status == Project.Status.CANCELLED:
        return []
    title, found = project.name_and_language()[0], []
    if project.start:
        words = gettext("Start of the project: {title}")
        if project.start.first_day > today or status == Project.Status.PIPELINE:
            words = gettext("Planned start of the project: {title}")
        found.append(("start", project.start, words))
    if project.end and status != Project.Status.CLOSED:
        found.append(("end", project.end, gettext("Planned end of the project: {title}")))
    elif project.end and project.end.first_day <= today:
        found.append(("end", project.end, gettext("End of the project: {title}")))
    return [CalendarDate(part, date, words.format(title=title), get_language()) for part, date, words in found]


Serialiser(
    Project,
    [
        KEY,
        TranslatedTextField("title", column(Project, "title")),
        PlainField("title_original", column(Project, "title_original")),
        ChoiceField("level", column(Project, "level"), Level, optional=True),
        ChoiceField("status", column(Project, "status"), Project.Status),
        StatusNowField(),
        DateField("status_as_of", column(Project, "status_as_of")),
        DateField("start", column(Project, "start")),
        DateField("end", column(Project, "end")),
        MoneyField("budget", column(Project, "budget"), column(Project, "currency")),
        ChoiceField("finance", column(Project, "finance"), Project.Finance, optional=True),
        related_many("countries", column(Project, "countries"), Project.countries.through, "project", "place", COUNTRY),
        related_many("places", column(Project, "places"), Project.places.through, "project", "place", PLACE),
        choice_list("areas", _("areas"), ProjectArea, "project", AREA),
        related_many("sectors", column(Project, "sectors"), Project.sectors.through, "project", "sector", SECTOR),
        RelatedRowsField(
            "organisations",
            column(Project, "organisations"),
            Participation,
            "project",
            [
                RelatedField("organisation", column(Participation, "organisation"), ORGANISATION, inline=True),
                ChoiceField("role", column(Participation, "role"), Participation.Role),
            ],
        ),
        RelatedRowsField(
            "issues",
            column(Project, "issues"),
            ProjectIssue,
            "project",
            [
                RelatedField("issue", column(ProjectIssue, "issue"), ISSUE, inline=True),
                ChoiceField("significance", column(ProjectIssue, "significance"), ProjectIssue.Significance),
                TranslatedTextField("rationale", column(ProjectIssue, "rationale")),
            ],
            order=("significance", "pk"),
        ),
        choice_list("sdgs", _("SDG"), ProjectSdg, "project", PlainField("code", _("SDG"), optional=False)),
        RelatedRowsField(
            "rio_markers",
            _("Rio markers"),
            RioMarker,
            "project",
            [
                ChoiceField("marker", column(RioMarker, "marker"), RioMarker.Marker),
                PlainField("significance", column(RioMarker, "significance"), type="integer", optional=False),
            ],
        ),
        TranslatedTextField("summary", column(Project, "summary")),
        TranslatedTextField("activities", column(Project, "activities")),
        TranslatedTextField("results", column(Project, "results")),
        DayField("looked_on", column(Project, "looked_on")),
        *evidence(Project),
        cited(ProjectCitation, "project"),
        pictures("project"),
        attachments("project"),
        *TIMES,
    ],
    address=Address("project"),
    name="title",
    summary="summary",
    date="start",
    where="places",
    calendar_dates=milestones,
)

Serialiser(
    Agreement,
    [
        KEY,
        DateField("date", column(Agreement, "date"), optional=False),
        ChoiceField("kind", column(Agreement, "kind"), Agreement.Kind),
        TranslatedTextField("title", column(Agreement, "title")),
        ChoiceField("level", column(Agreement, "level"), Level),
        TranslatedTextField("summary", column(Agreement, "summary")),
        RelatedRowsField(
            "parties",
            _("parties"),
            AgreementParty,
            "agreement",
            [
                RelatedField("country", column(AgreementParty, "country"), COUNTRY),
                RelatedField("organisation", column(AgreementParty, "organisation"), ORGANISATION),
            ],
        ),
        choice_list("areas", _("areas"), AgreementArea, "agreement", AREA),
        related_many("issues", column(Agreement, "issues"), Agreement.issues.through, "agreement", "issue", ISSUE),
        AgreementStateField(),
        BooleanField("ended", column(Agreement, "ended")),
        RelatedRowsField(
            "outcomes",
            _("outcomes"),
            AgreementOutcome,
            "agreement",
            [
                RelatedField("project", column(AgreementOutcome, "project"), PROJECT, optional=False),
                TranslatedTextField("how", column(AgreementOutcome, "how")),
                cited(AgreementOutcomeCitation, "outcome"),
            ],
            order=("position", "pk"),
        ),
        RelatedRowsField(
            "activities",
            _("activities"),
            AgreementActivity,
            "agreement",
            [
                DateField("date", column(AgreementActivity, "date"), optional=False),
                TranslatedTextField("text", column(AgreementActivity, "text")),
                cited(AgreementActivityCitation, "activity"),
            ],
            order=("-date", "pk"),
        ),
        TranslatedTextField("outcome_note", column(Agreement, "outcome_note")),
        DayField("looked_on", column(Agreement, "looked_on")),
        *evidence(Agreement),
        cited(AgreementCitation, "agreement"),
        attachments("agreement"),
        *TIMES,
    ],
    address=Address("agreement"),
    name="title",
    summary="summary",
    date="date",
    calendar_dates=own_date,
)

Serialiser(
    Result,
    [
        KEY,
        ChoiceField("kind", column(Result, "kind"), Result.Kind),
        TranslatedTextField("text", column(Result, "text")),
        RelatedField("project", column(Result, "project"), PROJECT),
        DateField("planned_end", column(Result, "planned_end")),
        DateField("actual_end", column(Result, "actual_end")),
        InheritedRowsField(
            related_many(
                "countries", column(Result, "countries"), Result.countries.through, "result", "place", COUNTRY
            ),
            SERIALISERS["project"].by_name["countries"],
            "project_id",
            PROJECT,
        ),
        InheritedRowsField(
            choice_list("areas", _("areas"), ResultArea, "result", AREA),
            SERIALISERS["project"].by_name["areas"],
            "project_id",
            PROJECT,
        ),
        InheritedRowsField(
            related_many("issues", column(Result, "issues"), Result.issues.through, "result", "issue", ISSUE),
            related_many("issues", column(Result, "issues"), ProjectIssue, "project", "issue", ISSUE),
            "project_id",
            PROJECT,
        ),
        RelatedRowsField(
            "figures",
            _("figures"),
            ResultFigure,
            "result",
            [
                TranslatedTextField("label", column(ResultFigure, "label")),
                NumberField("value", column(ResultFigure, "value")),
                TranslatedTextField("unit", column(ResultFigure, "unit")),
                PlainField("year", column(ResultFigure, "year"), type="integer"),
            ],
            order=("position", "pk"),
        ),
        cited(ResultCitation, "result"),
        *TIMES,
    ],
    address=Address("result"),
    name="text",
    summary="text",
    date="actual_end",
)

Serialiser(
    Organisation,
    [
        KEY,
        TranslatedTextField("name", column(Organisation, "name")),
        PlainField("acronym", column(Organisation, "acronym")),
        OtherSpellingsField("organisation"),
        ChoiceField("kind", column(Organisation, "kind"), Organisation.Kind),
        RelatedField("country", column(Organisation, "country"), COUNTRY),
        RelatedField("seat", column(Organisation, "seat"), PLACE),
        PlainField("website", column(Organisation, "url"), path="url", format="uri"),
        identifiers(OrganisationExternalIdentifier, "organisation"),
        cited(OrganisationCitation, "organisation"),
        pictures("organisation"),
        *TIMES,
    ],
    address=Address("organisation"),
)


FORMATS["iati"] = Format(
    "iati",
    "IATI",
    _("IATI 2.03 aid data"),
    "application/xml",
    make=None,
    suits=lambda kinds, single: kinds == {"project"} and exporting.reports(),
    attached=False,
    respond=lambda request, records: serving.response(request, Project.objects.published().filter(pk__in=records.pks)),
)
