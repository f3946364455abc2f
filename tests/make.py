"""Factories of records. Each returns a valid, published record. Keyword arguments set the fields that a test needs.

Records that a record requires (the source of an indicator, the two ends of a link) are made too, unless they are given.
"""

import gzip
import itertools

from django.utils import timezone

from issues.models import (
    AreaReport,
    ComparisonExample,
    Event,
    Indicator,
    Issue,
    IssueFeature,
    IssueInCountry,
    IssueLink,
    IssueMotif,
    KeyFigure,
    Observation,
    PageIndicator,
    Term,
)
from issues.models.issue import Section
from portal.core import documents, images
from portal.core.choices import Area, Confidence, Level, PublicationStatus
from portal.core.documents import CleanedDocument
from portal.models import (
    Alias,
    Assignment,
    Attachment,
    Comment,
    Correction,
    DigestSubscription,
    FormerKey,
    Notice,
    Picture,
    Place,
    PlaceIdentifier,
    PortalDetails,
    ReaderReport,
    Revision,
    Source,
    Tombstone,
    UsageCount,
)
from portal.tracking.history import RowVersionPair, parts_of, version_at
from projects.models import (
    Agreement,
    AgreementActivity,
    AgreementOutcome,
    AgreementParty,
    BudgetLine,
    ImportedActivity,
    ImportedFile,
    Organisation,
    OrganisationExternalIdentifier,
    OrganisationIdentifier,
    Participation,
    Project,
    ProjectIdentifier,
    ProjectIssue,
    RejectedActivity,
    RelatedActivity,
    ReportedDocument,
    ReportedResult,
    ReportedShare,
    ReportingOrganisation,
    Result,
    ResultFigure,
    RioMarker,
    Sector,
    SuggestedIssue,
    TransactionSum,
)
from tests.documents import pdf
from tests.drawings import drawing

UNPUBLISHED = [publication for publication in PublicationStatus if publication != PublicationStatus.PUBLISHED]

_numbers = itertools.count(1)


def _make(model, fields, **defaults):
    defaults["key"] = f"{model._meta.model_name}-{next(_numbers):06}"  # texts sort in the order of creation
    return _make_row(model, fields, publication=PublicationStatus.PUBLISHED, **defaults)


def _make_row(model, fields, **defaults):
    """Return the record with these fields. A default may be a function that makes the related record."""
    given = {name: value() if callable(value) else value for name, value in defaults.items() if name not in fields}
    return model.objects.create(**given, **fields)


# ── Records with a URL ───────────────────────────────────────────────────────────────────────────────────────


def make_place(**fields):
    return _make(Place, fields, name_en="Nukus", kind=Place.Kind.CITY)


def make_country(**fields):
    """Make a country. It is in Central Asia unless `group` says otherwise."""
    return make_place(
        **{"kind": Place.Kind.COUNTRY, "group": Place.Group.CENTRAL_ASIA, "name_en": "Uzbekistan", **fields}
    )


def make_source(**fields):
    return _make(
        Source,
        fields,
        title="The Future Aral Sea",
        publisher="Environmental Earth Sciences",
        kind=Source.Kind.JOURNAL_ARTICLE,
        language="en",
    )


def make_issue(**fields):
    sections = {f"{section}_en": f"What is known of the {section}." for section in Section.values}
    return _make(Issue, fields, name_en="Depletion of the Aral Sea", summary_en="The sea has shrunk.", **sections)


def make_indicator(**fields):
    return _make(
        Indicator,
        fields,
        name_en="Area of the Aral Sea",
        definition_en="Surface of open water.",
        unit_en="square kilometres",
        unit_symbol_en="km²",
        direction=Indicator.Direction.HIGHER,
        licence_en="CC BY 4.0",
        source=make_source,
    )


def make_event(**fields):
    return _make(
        Event,
        fields,
        kind=Event.Kind.ENVIRONMENT,
        date="2005-08",
        title_en="The Kok-Aral Dam is finished",
        text_en="The northern sea rises again.",
    )


def make_term(**fields):
    return _make(Term, fields, term_en="Tugai", definition_en="Forest along the rivers of a desert.")


def make_organisation(**fields):
    return _make(
        Organisation, fields, name_en="Korea International Cooperation Agency", kind=Organisation.Kind.GOVERNMENT
    )


def make_project(**fields):
    return _make(
        Project,
        fields,
        title_en="Trees for the Aralkum",
        level=Level.NATIONAL,
        status=Project.Status.IMPLEMENTATION,
        summary_en="Saxaul is planted on the dry bed.",
        confidence=Confidence.HIGH,
        evidence_en="The ministry names the area.",
    )


def make_agreement(**fields):
    return _make(
        Agreement,
        fields,
        date="2021-07-02",
        kind=Agreement.Kind.MOU,
        title_en="Memorandum on forests",
        level=Level.NATIONAL,
        summary_en="Both sides will plant trees.",
        confidence=Confidence.HIGH,
        evidence_en="The ministry states the date.",
    )


def make_result(**fields):
    return _make(Result, fields, kind=Result.Kind.LESSON, text_en="Saxaul needs watering in its first summer.")


# ── Rows that tie records together ───────────────────────────────────────────────────────────────────────────


def make_citation(record, source=None, **fields):
    """Make a citation of a source by `record`, which may be of any kind."""
    return record.citations.create(source=source or make_source(), **fields)


def make_observation(**fields):
    return _make_row(
        Observation, fields, indicator=make_indicator, place=make_place, year=2020, value="24.1", source=make_source
    )


def make_key_figure(**fields):
    return _make_row(
        KeyFigure,
        fields,
        issue=make_issue,
        position=1,
        label_en="Area of the sea",
        value="68000",
        unit_en="km²",
        year=1960,
    )


def make_figure_of_series(**fields):
    """A key figure whose value is the latest one of a series, unless `year` says otherwise."""
    return _make_row(
        KeyFigure,
        fields,
        issue=make_issue,
        position=1,
        label_en="Area",
        indicator=make_indicator,
        place=make_place,
    )


def make_issue_link(**fields):
    return _make_row(IssueLink, fields, cause=make_issue, effect=make_issue, mechanism_en="The wind carries the salt.")


def make_issue_in_country(**fields):
    return _make_row(IssueInCountry, fields, issue=make_issue, country=make_country, note_en="It is felt in the north.")


def make_participation(**fields):
    return _make_row(
        Participation,
        fields,
        project=make_project,
        organisation=make_organisation,
        role=Participation.Role.IMPLEMENTING,
    )


def make_answer(**fields):
    """Make the link that says that a project answers an issue."""
    return _make_row(
        ProjectIssue,
        fields,
        project=make_project,
        issue=make_issue,
        significance=ProjectIssue.Significance.PRINCIPAL,
        rationale_en="It plants what holds the sand.",
    )


def make_party(**fields):
    """Make a party to an agreement: a country, unless an organisation is given."""
    who = {} if "organisation" in fields else {"country": make_country}
    return _make_row(AgreementParty, fields, agreement=make_agreement, **who)


def make_outcome(**fields):
    """That an agreement led to a project."""
    return _make_row(
        AgreementOutcome, fields, agreement=make_agreement, project=make_project, how_en="The memorandum names it."
    )


def make_activity(**fields):
    """What the parties of an agreement did later."""
    return _make_row(
        AgreementActivity, fields, agreement=make_agreement, date="2024-05", text_en="The ministries met in Tashkent."
    )


def make_result_figure(**fields):
    return _make_row(
        ResultFigure, fields, result=make_result, position=1, label_en="Area planted", value="1200", unit_en="ha"
    )


def make_rio_marker(**fields):
    return _make_row(
        RioMarker,
        fields,
        project=make_project,
        marker=RioMarker.Marker.DESERTIFICATION,
        significance=RioMarker.Significance.PRINCIPAL,
    )


def make_sector(**fields):
    return _make_row(Sector, fields, code=f"{31000 + next(_numbers):05}", name_en="Forestry development")


def make_area(record, area=Area.FORESTRY):
    """Make the row that assigns a project or an agreement to an area of cooperation."""
    return record.areas.create(area=area)


def make_sdg(record, code):
    """Make the row that assigns an issue or a project to an SDG goal or target."""
    return record.sdgs.create(code=code)


def make_page_indicator(**fields):
    return _make_row(PageIndicator, fields, page=PageIndicator.Page.COUNTRY, indicator=make_indicator)


def make_issue_feature(**fields):
    return _make_row(IssueFeature, fields, part=IssueFeature.Part.ARAL_SEA, issue=make_issue)


def make_issue_motif(**fields):
    """Make the picture of an issue: bars of an indicator for a place, or outlines with neither."""
    fields = {"shape": IssueMotif.Shape.BARS} | fields
    if fields["shape"] == IssueMotif.Shape.OUTLINES:
        return _make_row(IssueMotif, fields, issue=make_issue)
    return _make_row(IssueMotif, fields, issue=make_issue, indicator=make_indicator, place=make_place)


def make_area_report(**fields):
    return _make_row(AreaReport, fields, source=make_source, sentence_en="Areas that the report names are marked.")


def make_comparison_example(*records, **fields):
    """Make an example of a comparison of these records, which are of one kind. The default is two countries."""
    keys = " ".join(record.key for record in records)
    return _make_row(
        ComparisonExample, fields, title_en="Two countries", kind=ComparisonExample.Kind.COUNTRY, keys=keys or "kz uz"
    )


def make_alias(record=None, **fields):
    """An alias of a record, which is a place unless it is given. `kind` and `key` may name an area instead."""
    if "kind" not in fields:
        record = record or make_place()
        fields |= {"kind": record._meta.model_name, "key": record.key}
    return _make_row(Alias, fields, text="Orol dengizi")


def make_former_key(**fields):
    return _make_row(FormerKey, fields, kind=FormerKey.Kind.SOURCE, key=f"former-{next(_numbers)}", now="key-now")


def make_tombstone(**fields):
    """Make the notice that replaces a deleted record."""
    return _make_row(
        Tombstone,
        fields,
        kind=Tombstone.Kind.PROJECT,
        key=f"removed-{next(_numbers)}",
        reason=Tombstone.Reason.DUPLICATE,
    )


def make_correction(record=None, **fields):
    """Make an entry of the public log of corrections. Without `record` it is of a project."""
    record = record or make_project()
    return _make_row(
        Correction,
        fields,
        kind=record._meta.model_name,
        key=record.key,
        what_en="The end was 2024. It is 2023.",
        why_en="The report of the agency says so.",
    )


def make_portal_details(**fields):
    return _make_row(PortalDetails, fields)


def make_reader_report(**fields):
    """Make a report by a reader. It is open, unless `state` says otherwise."""
    return _make_row(ReaderReport, fields, nonce=f"nonce-{next(_numbers)}", message="The end is 2023.")


def make_revision(record=None, texts=None, **fields):
    """Make a revision that changes these columns of a record (a term without one). It is in review."""
    record = record or make_term()
    values = {"kind": record._meta.label_lower, "record": record.pk, "why": "The source says so.", "state": "in-review"}
    before = version_at(record, kinds=parts_of(record))[type(record)][record.pk]
    revision = Revision(**values | fields)
    revision.set_steps({type(record): {record.pk: RowVersionPair(before, before | (texts or {}))}} if texts else {})
    revision.save()
    return revision


def make_digest_subscription(**fields):
    """Make a subscription that is not confirmed, to the changes of all records."""
    values = {"email": "reader@example.org", "language": "en", "list_name": "search", "frequency": "weekly"}
    values["asked_at"] = timezone.now
    return _make_row(DigestSubscription, fields, nonce=f"nonce-{next(_numbers)}", **values)


def make_usage_count(**fields):
    """Make the count of a page on a day."""
    values = {"day": timezone.localdate, "kind": "page", "language": "en", "name": "/about/"}
    return _make_row(UsageCount, fields, **values)


def make_picture(width=800, **fields):
    """Make a picture that readers see, of a place unless a record is given. Its files are in the storage.

    One with a width of 390 pixels has one file and is made many times faster.
    """
    owner = {} if set(fields) & set(Picture.OWNERS) else {"place": make_place()}
    alts = {"alt_en": "Ships on dry land", "alt_ko": "마른 땅의 배", "alt_ru": "Суда на суше"}
    told = {"author": "Test Drawer", "credit": "Test Drawer", "licence": "cc-by-4.0", "persons": "none"}
    where = {"location_en": "Moynaq", "taken_on": "2021-07"}
    picture = Picture(**{**owner, **alts, **told, **where, "is_shown": True, **fields})
    picture.set_files(images.encode(drawing(width, width * 5 // 8, seed=next(_numbers))))
    picture.save()
    return picture


def make_attachment(upload=None, **fields):
    """Make an attachment that readers see, of a project unless a record is given. Its file is in the storage.

    `upload` is the bytes of a document, or a CleanedDocument.
    """
    owner = {} if set(fields) & set(Attachment.OWNERS) else {"project": make_project()}
    titles = {"title_en": "Final report", "title_ko": "최종 보고서", "title_ru": "Итоговый отчёт"}
    told = {"author": "Test Writer", "credit": "© Test Writer", "licence": "cc-by-4.0", "language": "en"}
    attachment = Attachment(**{**owner, **titles, **told, "date": "2021-07", "is_shown": True, **fields})
    is_clean = isinstance(upload, CleanedDocument)
    attachment.set_files(upload if is_clean else documents.clean(upload or pdf(f"Report {next(_numbers)}")))
    attachment.save()
    return attachment


def make_comment(record=None, **fields):
    """Make a comment on a record, which is a project unless it is given."""
    record = record or make_project()
    return _make_row(Comment, fields, kind=record._meta.label_lower, record=record.pk, text="Which year is it?")


def make_assignment(record=None, **fields):
    """Make a user (`assignee`) the reviewer of a record, which is a project unless it is given."""
    record = record or make_project()
    return _make_row(Assignment, fields, kind=record._meta.label_lower, record=record.pk)


def make_notice(record=None, **fields):
    """Make an unread notice for a user (`recipient`) about a record, which is a project unless it is given."""
    record = record or make_project()
    return _make_row(Notice, fields, kind=record._meta.label_lower, record=record.pk, event=Notice.Event.COMMENTED)


def make_place_identifier(**fields):
    return _make_row(PlaceIdentifier, fields, place=make_place, scheme="wikidata", value=f"Q{next(_numbers)}")


def make_external_identifier(**fields):
    """An identifier of an organisation."""
    return _make_row(
        OrganisationExternalIdentifier,
        fields,
        organisation=make_organisation,
        scheme="wikidata",
        value=f"Q{next(_numbers)}",
    )


def make_organisation_identifier(**fields):
    return _make_row(
        OrganisationIdentifier, fields, organisation=make_organisation, ref=f"XM-DAC-{40000 + next(_numbers)}"
    )


def make_reporting_organisation(**fields):
    return _make_row(
        ReportingOrganisation,
        fields,
        organisation=lambda: make_organisation(
            name_en="Fictional Province", name_ko="가상도", kind=Organisation.Kind.LOCAL_GOVERNMENT
        ),
        ref="XM-DAC-99999",
    )


def make_imported_file(**fields):
    """Make an imported file with this content."""
    content = fields.pop("content", b"<iati-activities/>")
    return _make_row(
        ImportedFile,
        fields,
        kind=ImportedFile.Kind.IATI,
        name="activities.xml",
        size=len(content),
        sha256=f"{next(_numbers):064}",
        original=gzip.compress(content),
        retrieved="2026-11-24",
        imported_at=timezone.now,
    )


def make_imported(**fields):
    """Make an activity that others report of a project."""
    number = next(_numbers)
    return _make_row(
        ImportedActivity,
        fields,
        project=make_project,
        file=make_imported_file,
        source=make_source,
        identifier=f"XM-DAC-99999-{number}",
        line=3,
        original=gzip.compress(b"<iati-activity/>"),
        reporter="Fictional Agency",
    )


def make_rejected_activity(**fields):
    return _make_row(
        RejectedActivity,
        fields,
        identifier=f"XM-DAC-99999-{next(_numbers)}",
        title="A road",
        reason=RejectedActivity.Reason.SUBJECT,
        who="editor",
    )


def make_transaction_sum(**fields):
    return _make_row(
        TransactionSum,
        fields,
        activity=make_imported,
        kind=TransactionSum.Kind.DISBURSEMENT,
        currency="USD",
        total="1100.00",
        count=2,
        first="2024-05-01",
        last="2024-07-01",
    )


def make_budget_line(**fields):
    return _make_row(
        BudgetLine,
        fields,
        activity=make_imported,
        kind=BudgetLine.Kind.BUDGET,
        start="2024-01-01",
        end="2024-12-31",
        value="250000.00",
        currency="USD",
    )


def make_reported_result(**fields):
    return _make_row(
        ReportedResult,
        fields,
        activity=make_imported,
        position=lambda: next(_numbers),
        kind=ReportedResult.Kind.OUTPUT,
        titles={"en": "Fields with drip lines"},
        indicators={"en": "Hectares"},
        target="500",
        actual="420",
    )


def make_reported_document(**fields):
    number = next(_numbers)
    return _make_row(
        ReportedDocument,
        fields,
        activity=make_imported,
        position=number,
        url=f"https://example.org/report-{number}.pdf",
        format="application/pdf",
        titles={"en": "First report"},
        languages=["en"],
    )


def make_reported_share(**fields):
    return _make_row(
        ReportedShare, fields, activity=make_imported, kind=ReportedShare.Kind.COUNTRY, code="UZ", percentage=60
    )


def make_project_identifier(**fields):
    return _make_row(ProjectIdentifier, fields, activity=make_imported, kind="A1", ref=f"PLAN-{next(_numbers)}")


def make_related_activity(**fields):
    return _make_row(RelatedActivity, fields, activity=make_imported, kind="1", identifier=f"XM-DAC-1-{next(_numbers)}")


def make_suggested_issue(**fields):
    return _make_row(
        SuggestedIssue, fields, project=make_project, issue=make_issue, score=3, reasons=[["marker", "8:2"]]
    )
