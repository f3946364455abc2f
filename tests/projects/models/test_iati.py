"""Identifiers of organisations in IATI, and the organisation that reports for the portal."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from projects.models import OrganisationIdentifier, ReportingOrganisation
from projects.models.iati import well_formed_reference
from tests.make import make_organisation, make_reporting_organisation

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("reference", ["KR-GOV-051", "XM-DAC-12345-1.2", "KR-BRN-1234567890", "기관-1"])
def test_reference_without_separators_is_valid(reference):
    well_formed_reference(reference)


@pytest.mark.parametrize("reference", ["", "KR GOV", "KR/GOV", "KR&GOV", "KR|GOV", "KR?GOV", " KR-GOV", "KR-GOV\t"])
def test_reference_with_a_space_or_a_separator_is_refused(reference):
    with pytest.raises(ValidationError) as refused:
        well_formed_reference(reference)
    assert refused.value.messages == ["An identifier cannot contain spaces or the characters / & | ?"]


def test_identifier_is_named_and_found_by_its_reference():
    identifier = make_organisation().identifiers.create(ref="KR-GOV-051")
    assert str(identifier) == "KR-GOV-051"
    assert identifier.natural_key() == ("KR-GOV-051",)
    assert OrganisationIdentifier.objects.get_by_natural_key("KR-GOV-051") == identifier


def test_identifiers_are_sorted_by_reference():
    organisation = make_organisation()
    for reference in ("XM-DAC-2", "KR-GOV-051"):
        organisation.identifiers.create(ref=reference)
    assert [one.ref for one in organisation.identifiers.all()] == ["KR-GOV-051", "XM-DAC-2"]


def test_second_organisation_cannot_report():
    make_reporting_organisation()
    second = ReportingOrganisation(organisation=make_organisation(), ref="KR-GOV-052", updated_at=timezone.now())
    with pytest.raises(ValidationError) as refused:
        second.full_clean()
    assert "Only one organisation can report for the portal." in refused.value.messages


def test_reporting_organisation_can_be_changed():
    reporting = make_reporting_organisation()
    reporting.ref = "KR-GOV-099"
    reporting.full_clean()
    before = reporting.updated_at
    reporting.save()
    assert (str(reporting), reporting.updated_at > before) == ("KR-GOV-099", True)


@pytest.mark.parametrize(
    ("text", "former"),
    [("", []), ("KR-1", ["KR-1"]), ("KR-1\nKR-2", ["KR-1", "KR-2"]), ("\r\n KR-1 \r\n\r\nKR-2\r\n", ["KR-1", "KR-2"])],
)
def test_former_identifiers_are_the_lines_that_are_not_empty(text, former):
    assert ReportingOrganisation(former_refs=text).former == former
