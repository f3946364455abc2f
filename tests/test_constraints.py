"""Each database constraint holds, and editors get a sentence that explains it."""

import datetime

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from django.utils.functional import Promise

from portal.core.choices import Area
from portal.models import (
    Alias,
    DuplicateCandidate,
    ExternalLink,
    ExternalLinkUsage,
    FormerKey,
    NoticePreference,
    OutdatedTranslation,
    Place,
    PortalDetails,
    Source,
    Tombstone,
    Verification,
)
from projects.models import (
    Participation,
    Project,
)
from tests.make import (
    make_activity,
    make_agreement,
    make_alias,
    make_answer,
    make_area,
    make_area_report,
    make_assignment,
    make_attachment,
    make_budget_line,
    make_citation,
    make_comment,
    make_comparison_example,
    make_correction,
    make_country,
    make_digest_subscription,
    make_event,
    make_external_identifier,
    make_figure_of_series,
    make_former_key,
    make_imported,
    make_imported_file,
    make_indicator,
    make_issue,
    make_issue_in_country,
    make_issue_link,
    make_issue_motif,
    make_key_figure,
    make_observation,
    make_organisation,
    make_organisation_identifier,
    make_outcome,
    make_page_indicator,
    make_participation,
    make_party,
    make_picture,
    make_place,
    make_place_identifier,
    make_project,
    make_project_identifier,
    make_reader_report,
    make_rejected_activity,
    make_related_activity,
    make_reported_document,
    make_reported_result,
    make_reported_share,
    make_reporting_organisation,
    make_result,
    make_result_figure,
    make_revision,
    make_rio_marker,
    make_sdg,
    make_source,
    make_suggested_issue,
    make_term,
    make_tombstone,
    make_transaction_sum,
    make_usage_count,
)

pytestmark = pytest.mark.django_db

OURS = ("portal", "issues", "projects")
CONSTRAINTS = {
    constraint.name: (model, constraint)
    for app in OURS
    for model in apps.get_app_config(app).get_models()
    for constraint in model._meta.constraints
}


def again(row, **changes):
    """Return a copy of `row` that is not stored yet."""
    fields = [field for field in row._meta.concrete_fields if not (field.primary_key or field.generated)]
    return type(row)(**{field.attname: getattr(row, field.attname) for field in fields} | changes)


def changed(row, **changes):
    """Return the row with these changes, not stored yet."""
    for name, value in changes.items():
        setattr(row, name, value)
    return row


def own_part():
    place = make_place()
    return changed(place, part_of=place)


def own_parent():
    issue = make_issue()
    return changed(issue, parent=issue)


def own_cause():
    issue = make_issue()
    return changed(make_issue_link(cause=issue), effect=issue)


def make_outdated_translation():
    place = {"kind": "issues.term", "row": 1, "owner_kind": "issues.term", "owner": 1}
    return OutdatedTranslation.objects.create(**place, field="definition", language="ko", english="Forest.")


CITED_ALREADY = "This source is already cited here."
A_SOURCE_ONCE = {
    "place_cites_a_source_once": make_place,
    "issue_cites_a_source_once": make_issue,
    "key_figure_cites_a_source_once": make_key_figure,
    "issue_link_cites_a_source_once": make_issue_link,
    "event_cites_a_source_once": make_event,
    "term_cites_a_source_once": make_term,
    "organisation_cites_a_source_once": make_organisation,
    "project_cites_a_source_once": make_project,
    "agreement_cites_a_source_once": make_agreement,
    "agreement_outcome_cites_a_source_once": make_outcome,
    "agreement_activity_cites_a_source_once": make_activity,
    "result_cites_a_source_once": make_result,
}

COPY_OF_THE_WEB = {name.replace("source_once", "copy_of_the_web"): make for name, make in A_SOURCE_ONCE.items()}

OF_THE_WEB = "A URL must begin with https:// or http://."
# From the constraint to a function that stores a row which breaks only this constraint, and the message for editors.
BROKEN = {
    "source_url_once": (
        lambda: changed(make_source(), url=make_source(url="https://example.org/aral").url),
        "Another source already has this address. Cite that one.",
    ),
    "source_address_is_of_the_web": (lambda: changed(make_source(), url="javascript:alert(1)"), OF_THE_WEB),
    "organisation_address_is_of_the_web": (lambda: changed(make_organisation(), url="data:text/html,x"), OF_THE_WEB),
    "imported_file_address_is_of_the_web": (
        lambda: changed(make_imported_file(), url="ftp://example.org/"),
        OF_THE_WEB,
    ),
    "reported_document_address_is_of_the_web": (
        lambda: changed(make_reported_document(), url="example.org/a.pdf"),
        OF_THE_WEB,
    ),
    "place_has_both_coordinates_or_none": (
        lambda: changed(make_place(), latitude=45, longitude=None),
        "Give both latitude and longitude, or neither.",
    ),
    "place_lies_on_the_globe": (
        lambda: changed(make_place(), latitude=45, longitude=181),
        "Latitude runs from −90 to 90, longitude from −180 to 180.",
    ),
    "place_country_is_in_no_country": (
        lambda: changed(make_country(), country=make_country()),
        "A country cannot lie within another country.",
    ),
    "place_only_countries_have_a_group": (
        lambda: changed(make_place(), group=Place.Group.KOREA),
        "Only a country can belong to a group.",
    ),
    "place_is_not_part_of_itself": (own_part, "A place cannot be part of itself."),
    "tombstone_stands_once": (
        lambda: again(make_tombstone(), reason="unfounded"),
        "A reason for this record’s absence has already been given.",
    ),
    "attachment_belongs_to_one_record": (
        lambda: changed(make_attachment(), source=make_source()),
        "An attachment belongs to exactly one record.",
    ),
    "attachment_is_complete_before_it_is_shown": (
        lambda: changed(make_attachment(), title_ko=None),
        "Readers see a document only with its title in each language, its language, its author or the address of the "
        "original, its date, licence and credit line.",
    ),
    "attachment_address_is_of_the_web": (
        lambda: changed(make_attachment(), url="javascript:alert(1)"),
        "A URL must begin with https:// or http://.",
    ),
    "rejected_activity_has_an_identifier": (
        lambda: changed(make_rejected_activity(), identifier=""),
        "An activity is rejected by its identifier.",
    ),
    "picture_belongs_to_one_record": (
        lambda: changed(make_picture(), issue=make_issue()),
        "A picture belongs to exactly one record.",
    ),
    "picture_is_complete_before_it_is_shown": (
        lambda: changed(make_picture(), alt_ko=None),
        "Readers see a picture only with its text alternative in each language, its author or the address of the "
        "original, its date, place, licence and credit line, and what is known of persons in it.",
    ),
    "picture_address_is_of_the_web": (
        lambda: changed(make_picture(), url="javascript:alert(1)"),
        OF_THE_WEB,
    ),
    "tombstone_leads_elsewhere": (
        lambda: Tombstone(kind="project", key="aral", reason="duplicate", successor="aral"),
        "A record cannot redirect to itself.",
    ),
    "alias_stands_once": (
        lambda: again(make_alias(), period="former"),
        "This name is already listed.",
    ),
    "alias_has_a_text": (
        lambda: Alias(kind="place", key=make_place(key="sea").key, text=""),
        "Give a name.",
    ),
    "usage_count_once_a_day": (
        lambda: again(make_usage_count(), count=9),
        "There is a count of this day already.",
    ),
    "usage_kind_is_known": (
        lambda: changed(make_usage_count(), kind="visitor"),
        "A count is of pages, downloads or searches.",
    ),
    "digest_frequency_is_known": (
        lambda: changed(make_digest_subscription(), frequency="daily"),
        "A digest is sent every week or every month.",
    ),
    "revision_state_is_known": (
        lambda: changed(make_revision(), state="open", decided_at=timezone.now()),
        "A revision is being written, in review, scheduled, published or discarded.",
    ),
    "revision_is_scheduled_for_a_time": (
        lambda: changed(make_revision(), state="scheduled", decided_at=timezone.now()),
        "A revision has a time of publication if it is scheduled.",
    ),
    "revision_says_when_it_was_decided": (
        lambda: changed(make_revision(), state="discarded"),
        "A revision has a time of decision if it is no longer written or reviewed.",
    ),
    "revision_is_the_only_open_one_of_its_author": (
        lambda: again(make_revision(author=User.objects.create(username="kim"))),
        "This editor has another open revision of the record.",
    ),
    "comment_has_a_text": (lambda: changed(make_comment(), text=""), "Write a comment."),
    "assignment_stands_once": (
        lambda: again(make_assignment(assignee=User.objects.create_user("seo"))),
        "This record has a reviewer already.",
    ),
    "notice_frequency_is_known": (
        lambda: NoticePreference(user=User.objects.create_user("seo"), frequency="weekly"),
        "Notices are sent at once, once a day or not at all.",
    ),
    "reader_report_url_is_of_the_web": (
        lambda: changed(make_reader_report(), url="javascript:alert(1)"),
        OF_THE_WEB,
    ),
    "reader_report_closed_has_a_day": (
        lambda: changed(make_reader_report(), closed_on=datetime.date(2026, 11, 2)),
        "A report has a day of closing if it is corrected or declined.",
    ),
    "correction_names_its_record": (
        lambda: changed(make_correction(), key=""),
        "Give the key of the record. Another page has none.",
    ),
    "correction_follows_its_report": (
        lambda: changed(make_correction(), reported_on=datetime.date(2199, 1, 1)),
        "A correction cannot be made before the mistake was reported.",
    ),
    "portal_details_are_one_row": (
        lambda: PortalDetails(id=2),
        "The portal has one row of details.",
    ),
    "former_key_leads_to_one_record": (
        lambda: again(make_former_key(), now="elsewhere"),
        "This former key already leads somewhere.",
    ),
    "former_key_leads_elsewhere": (
        lambda: FormerKey(kind="source", key="aral", now="aral"),
        "A former key must lead to a different key.",
    ),
    "issue_is_not_its_own_parent": (own_parent, "An issue cannot be its own parent."),
    "issue_stands_once_in_a_country": (
        lambda: again(make_issue_in_country(), note_en="Felt in the south."),
        "This country is already listed.",
    ),
    "issue_names_an_sdg_once": (
        lambda: again(make_sdg(make_issue(), "6.4")),
        "This goal or target is already listed.",
    ),
    "key_figure_has_its_own_position": (
        lambda: again(make_key_figure(), label_en="Volume of the sea"),
        "Another key figure of this issue has this position.",
    ),
    "issue_has_one_headline_figure": (
        lambda: again(make_key_figure(headline=True), position=2),
        "This issue already has a headline figure.",
    ),
    "page_indicator_stands_once": (
        lambda: again(make_page_indicator(), position=2),
        "This indicator is already chosen for this page.",
    ),
    "issue_motif_draws_values_or_outlines": (
        lambda: changed(make_issue_motif(), shape="outlines"),
        "Choose an indicator and a place; for the outlines, choose neither.",
    ),
    "area_report_stands_once": (
        lambda: again(make_area_report(), words="K-pop"),
        "The areas of this report are already listed.",
    ),
    "comparison_example_stands_once": (
        lambda: again(make_comparison_example(), title_en="Other words"),
        "There is already an example of this comparison.",
    ),
    "issue_link_stands_once": (
        lambda: again(make_issue_link(), mechanism_en="Another way."),
        "This cause and effect are already linked.",
    ),
    "issue_does_not_cause_itself": (own_cause, "An issue cannot cause itself."),
    "observation_stands_once": (
        lambda: again(make_observation(), value=25),
        "This source already gives a value for this place and year.",
    ),
    "observation_year_is_plausible": (
        lambda: changed(make_observation(), year=205),
        "A year must have four digits, between 1800 and 2200.",
    ),
    "key_figure_year_is_plausible": (
        lambda: changed(make_key_figure(), year=20_600),
        "A year must have four digits, between 1800 and 2200.",
    ),
    "key_figure_has_a_value_or_a_series": (
        lambda: changed(make_key_figure(), value=None),
        "Give either a value and its unit, or an indicator and a place.",
    ),
    "key_figure_of_a_series_keeps_its_definition": (
        lambda: changed(make_figure_of_series(), other_definition=True),
        "A figure of an indicator is by the indicator’s definition.",
    ),
    "indicator_has_room_for_values": (
        lambda: changed(make_indicator(), lowest=100, highest=100),
        "The lowest possible value must be below the highest.",
    ),
    "project_ends_after_it_starts": (
        lambda: changed(make_project(start="2021-05"), end="2020"),
        "A project cannot end before it starts.",
    ),
    "place_identifier_names_one": (
        lambda: again(make_place_identifier(), place=make_place()),
        "Another place has this identifier.",
    ),
    "place_identifier_is_of_a_known_scheme": (
        lambda: changed(make_place_identifier(), scheme="ror"),
        "Places have no identifiers of this register.",
    ),
    "organisation_external_identifier_names_one": (
        lambda: again(make_external_identifier(), organisation=make_organisation()),
        "Another organisation has this identifier.",
    ),
    "organisation_identifier_is_of_a_known_scheme": (
        lambda: changed(make_external_identifier(), scheme="geonames"),
        "Organisations have no identifiers of this register.",
    ),
    "organisation_identifier_names_one": (
        lambda: again(make_organisation_identifier(), organisation=make_organisation()),
        "Another organisation has this identifier.",
    ),
    "imported_file_is_not_empty": (lambda: changed(make_imported_file(), size=0), "The file is empty."),
    "imported_activity_stands_at_a_line": (lambda: changed(make_imported(), line=0), "Line numbers start at 1."),
    "transactions_are_summed_once": (
        lambda: again(make_transaction_sum()),
        "A total for this type and currency already exists.",
    ),
    "transaction_sum_has_transactions": (
        lambda: changed(make_transaction_sum(), count=0),
        "A total needs at least one transaction, and the last cannot precede the first.",
    ),
    "budget_line_ends_after_it_starts": (
        lambda: changed(make_budget_line(), end="2023-12-31"),
        "A period cannot end before it starts.",
    ),
    "budget_line_has_a_currency": (lambda: changed(make_budget_line(), currency=""), "An amount needs a currency."),
    "reported_result_has_its_place": (
        lambda: again(make_reported_result()),
        "A result already exists at this position.",
    ),
    "reported_document_stands_once": (lambda: again(make_reported_document()), "This document is already listed."),
    "share_is_a_percentage": (
        lambda: changed(make_reported_share(), percentage="100.01"),
        "A percentage must be between 0 and 100.",
    ),
    "other_identifier_stands_once": (lambda: again(make_project_identifier()), "This identifier is listed already."),
    "related_activity_stands_once": (lambda: again(make_related_activity()), "This activity is listed already."),
    "issue_is_suggested_once": (lambda: again(make_suggested_issue()), "This issue is suggested already."),
    "some_issue_is_suggested_once": (
        lambda: again(make_suggested_issue(issue=None)),
        "It has already been suggested that the project addresses some issue.",
    ),
    "suggestion_has_a_weight": (lambda: changed(make_suggested_issue(), score=0), "A suggestion needs a reason."),
    "confirmed_suggestion_names_its_issue": (
        lambda: changed(make_suggested_issue(issue=None), decision="confirmed"),
        "Choose the issue that the project addresses.",
    ),
    "one_organisation_reports": (
        lambda: again(make_reporting_organisation(), organisation=make_organisation(), slot=2),
        "Only one organisation can report for the portal.",
    ),
    "project_budget_has_a_currency": (
        lambda: changed(make_project(), budget=5_600_000),
        "Enter both budget and currency, or neither.",
    ),
    "project_has_an_area_once": (
        lambda: again(make_area(make_project(), Area.FORESTRY)),
        "This area is already listed.",
    ),
    "agreement_leads_to_a_project_once": (
        lambda: again(make_outcome(), how_en="The minister says so."),
        "This project is already listed.",
    ),
    "agreement_key_is_not_reserved": (
        lambda: changed(make_agreement(), key="ledger"),
        "This key is reserved: a page of the portal has this address.",
    ),
    "agreement_has_one_activity_a_date": (
        lambda: again(make_activity(), text_en="The ministries met in Seoul."),
        "There is already an activity of this date.",
    ),
    "result_has_an_area_once": (
        lambda: again(make_area(make_result(), Area.FORESTRY)),
        "This area is already listed.",
    ),
    "result_figure_has_its_own_position": (
        lambda: again(make_result_figure(), label_en="Trees planted"),
        "Another figure of this result has this position.",
    ),
    "result_figure_year_is_plausible": (
        lambda: changed(make_result_figure(), year=20_600),
        "A year must have four digits, between 1800 and 2200.",
    ),
    "organisation_has_a_role_once": (
        lambda: again(make_participation()),
        "This organisation already has this role here.",
    ),
    "project_answers_an_issue_once": (
        lambda: again(make_answer(), rationale_en="Another reason."),
        "This issue is already listed.",
    ),
    "project_names_an_sdg_once": (
        lambda: again(make_sdg(make_project(), "6.4")),
        "This goal or target is already listed.",
    ),
    "project_has_a_rio_marker_once": (
        lambda: again(make_rio_marker(significance=1), significance=2),
        "This marker is already set.",
    ),
    "rio_marker_is_0_1_or_2": (
        lambda: changed(make_rio_marker(), significance=3),
        "A Rio marker must be 0, 1 or 2.",
    ),
    "agreement_party_is_a_country_or_an_organisation": (
        lambda: changed(make_party(), organisation=make_organisation()),
        "A party is either a country or an organisation.",
    ),
    "country_is_party_once": (lambda: again(make_party()), "This country is already a party."),
    "organisation_is_party_once": (
        lambda: again(make_party(organisation=make_organisation())),
        "This organisation is already a party.",
    ),
    "agreement_has_an_area_once": (
        lambda: again(make_area(make_agreement(), Area.FORESTRY)),
        "This area is already listed.",
    ),
    "older_translation_stands_once": (
        lambda: again(make_outdated_translation(), english="Another."),
        "This translation is already marked as outdated.",
    ),
    "look_is_the_last_one": (
        lambda: again(Verification.objects.create(kind="issues.term", record=1)),
        "Only the latest verification of each record is kept.",
    ),
    "double_stands_once": (
        lambda: again(DuplicateCandidate.objects.create(kind="portal.source", one=1, other=2)),
        "This pair is known already.",
    ),
    "double_names_the_older_first": (
        lambda: DuplicateCandidate(kind="portal.source", one=2, other=1),
        "A pair lists two records, the earlier one first.",
    ),
    "link_use_stands_once": (
        lambda: again(
            ExternalLinkUsage.objects.create(
                link=ExternalLink.objects.create(address="https://a.org/"), kind="portal.source", record=1
            )
        ),
        "This record’s use of the link is already recorded.",
    ),
    **{
        name: (lambda make=make: again(make_citation(make()), position=1), CITED_ALREADY)
        for name, make in A_SOURCE_ONCE.items()
    },
    **{
        name: (lambda make=make: changed(make_citation(make()), archived_url="javascript:alert(1)"), OF_THE_WEB)
        for name, make in COPY_OF_THE_WEB.items()
    },
}


def test_every_constraint_is_tried_here():
    assert sorted(BROKEN) == sorted(CONSTRAINTS)


def refusals(constraint, model):
    """Return the possible texts of the error. PostgreSQL names the constraint, SQLite often only its columns."""
    yield constraint.name
    if connection.vendor == "sqlite" and isinstance(constraint, models.UniqueConstraint):
        columns = (model._meta.get_field(name).column for name in constraint.fields)
        yield ", ".join(f"{model._meta.db_table}.{column}" for column in columns)


@pytest.mark.parametrize("name", BROKEN)
def test_database_refuses_what_breaks(name):
    model, constraint = CONSTRAINTS[name]
    row = BROKEN[name][0]()
    assert type(row) is model
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        row.save()
    assert any(words in str(refusal.value) for words in refusals(constraint, model))


@pytest.mark.parametrize("name", BROKEN)
def test_editors_are_told_what_breaks(name):
    make, message = BROKEN[name]
    row = make()
    with pytest.raises(ValidationError) as refusal:
        row.validate_constraints()
    assert refusal.value.messages == [message]
    assert isinstance(CONSTRAINTS[name][1].violation_error_message, Promise), "It must be translatable."


# ── What the constraints let stand ───────────────────────────────────────────────────────────────────────────

UNKNOWN_ADDRESS = {"url": None}
GOOD_NEIGHBOURS = {
    "source_address_is_of_the_web": lambda: (
        make_source(url="http://example.org/"),
        make_source(url="https://example.org/"),
        make_source(**UNKNOWN_ADDRESS),
    ),
    "source_url_once": lambda: (make_source(**UNKNOWN_ADDRESS), make_source(**UNKNOWN_ADDRESS)),
    "place_lies_on_the_globe": lambda: (make_place(latitude=-90, longitude=180),),
    "issue_has_one_headline_figure": lambda: (
        (figure := make_key_figure(headline=True)),
        make_key_figure(issue=figure.issue, position=2),
        make_key_figure(issue=figure.issue, position=3),
    ),
    "issue_link_stands_once": lambda: (
        (link := make_issue_link()),
        make_issue_link(cause=link.effect, effect=link.cause),
    ),
    "key_figure_year_is_plausible": lambda: (make_key_figure(year=None), make_key_figure(year=2100)),
    "indicator_has_room_for_values": lambda: (
        make_indicator(lowest=0, highest=100),
        make_indicator(lowest=-30),
        make_indicator(highest=0),
    ),
    "observation_stands_once": lambda: (
        (seen := make_observation()),
        make_observation(indicator=seen.indicator, place=seen.place, year=seen.year),  # another source and value
    ),
    "organisation_has_a_role_once": lambda: (
        (part := make_participation()),
        make_participation(project=part.project, organisation=part.organisation, role=Participation.Role.FUNDING),
    ),
    "project_budget_has_a_currency": lambda: (make_project(budget=0, currency="USD"), make_project()),
    "country_is_party_once": lambda: (
        (party := make_party()),
        make_party(agreement=party.agreement),
        make_party(agreement=party.agreement, organisation=make_organisation()),
        make_party(agreement=party.agreement, organisation=make_organisation()),
    ),
}


@pytest.mark.parametrize("name", GOOD_NEIGHBOURS)
def test_constraint_lets_stand_what_is_true(name):
    rows = GOOD_NEIGHBOURS[name]()
    for row in rows:
        row.validate_constraints()
    assert type(rows[0]).objects.filter(pk__in=[row.pk for row in rows]).count() == len(rows)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (Source(doi="doi:10.1/x"), "A DOI begins with “10.” and contains a slash."),
        (Source(language="Korean"), "A language is written as its ISO 639 code, such as ko."),
        (Place(latitude=91), "Ensure this value is less than or equal to 90."),
        (Project(budget=-1), "Ensure this value is greater than or equal to 0."),
    ],
)
def test_field_that_is_written_wrongly_says_how_to_write_it(row, message):
    with pytest.raises(ValidationError) as refusal:
        row.clean_fields()
    assert message in refusal.value.messages
