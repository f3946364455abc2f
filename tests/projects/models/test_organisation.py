"""Organisations: the order of their list, the seat, and identifiers of other registers."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.core.choices import PublicationStatus
from portal.models import Place
from projects.models import Organisation, OrganisationExternalIdentifier, Participation
from tests.make import (
    make_agreement,
    make_citation,
    make_country,
    make_organisation,
    make_participation,
    make_party,
    make_place,
    make_project,
    make_source,
)

pytestmark = pytest.mark.django_db

DRAFT = PublicationStatus.DRAFT
Kind = Organisation.Kind


def test_list_orders_by_projects_then_agreements_then_key():
    """Two roles in a project count once, and unpublished records do not count."""
    most, agreeing, b_idle, a_idle = (make_organisation(key=key) for key in ("most", "agreeing", "b-idle", "a-idle"))
    project = make_project()
    for role in (Participation.Role.FUNDING, Participation.Role.IMPLEMENTING):
        make_participation(organisation=most, project=project, role=role)
    for agreement in (make_agreement(), make_agreement(publication=DRAFT)):
        make_party(organisation=agreeing, agreement=agreement)
    make_participation(organisation=b_idle, project=make_project(publication=DRAFT))
    assert [(one, one.project_count, one.agreement_count) for one in Organisation.objects.for_list()] == [
        (most, 1, 0),
        (agreeing, 0, 1),
        (a_idle, 0, 0),
        (b_idle, 0, 0),
    ]


def test_list_shows_a_country_only_if_readers_see_it():
    seen, hidden = make_country(), make_country(publication=DRAFT)
    make_organisation(key="a", country=seen), make_organisation(key="b", country=hidden)
    assert [one.country for one in Organisation.objects.for_list()] == [seen, None]


@pytest.mark.any_database
def test_list_takes_the_same_queries_for_one_as_for_three():
    def queries():
        with CaptureQueriesContext(connection) as asked:
            countries = [one.country for one in Organisation.objects.for_list()]
        assert all(countries)
        return len(countries), len(asked)

    make_organisation(country=make_country())
    one, queries_for_one = queries()
    make_organisation(country=make_country()), make_organisation(country=make_country())
    three, queries_for_three = queries()
    assert (one, three, queries_for_three) == (1, 3, queries_for_one)


def test_bodies_of_gyeonggi_have_their_seat_there_but_the_national_government_has_not():
    province = make_place(key="gyeonggi", kind=Place.Kind.PROVINCE)
    city = make_place(part_of=province)
    government = make_organisation(kind=Kind.LOCAL_GOVERNMENT, seat=province)
    firm = make_organisation(kind=Kind.PRIVATE_SECTOR, seat=city)
    make_organisation(kind=Kind.GOVERNMENT, seat=city)
    make_organisation(kind=Kind.PRIVATE_SECTOR, seat=make_place())
    make_organisation(kind=Kind.PRIVATE_SECTOR)
    assert set(Organisation.objects.of_gyeonggi()) == {government, firm}


def test_seat_must_lie_in_the_country_of_the_organisation():
    korea, uzbekistan = make_country(), make_country()
    suwon = make_place(country=korea)
    organisation = make_organisation(country=uzbekistan, seat=suwon)
    with pytest.raises(ValidationError) as refused:
        organisation.full_clean()
    assert refused.value.message_dict == {"seat": ["The seat is not in the country of the organisation."]}


@pytest.mark.parametrize("known", ["country", "seat", "seat without a country", "both", "neither"])
def test_seat_is_not_compared_with_what_is_not_known(known):
    korea = make_country()
    country = korea if known in {"country", "both", "seat without a country"} else None
    seat = {"seat": make_place(country=korea), "both": make_place(country=korea)}.get(known)
    if known == "seat without a country":
        seat = make_place(country=None)
    make_organisation(country=country, seat=seat).full_clean()


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (Kind.GOVERNMENT, "10"),
        (Kind.LOCAL_GOVERNMENT, "11"),
        (Kind.MULTILATERAL, "40"),
        (Kind.PRIVATE_SECTOR, "70"),
        (Kind.ACADEMIC, "80"),
    ],
)
def test_kind_has_its_code_of_the_iati_list(kind, code):
    assert Organisation(kind=kind.value).iati_kind == code


def test_organisation_has_an_address_of_its_own():
    assert Organisation(key="koica").get_absolute_url() == "/en/organisations/koica/"


def test_rows_are_found_by_their_natural_keys():
    organisation = make_organisation(key="koica")
    citation = make_citation(organisation, make_source(key="report"))
    identifier = organisation.external_identifiers.create(scheme="ror", value="05t99sp05")
    assert citation.natural_key() == ("koica", "report")
    assert type(citation).objects.get_by_natural_key("koica", "report") == citation
    assert identifier.natural_key() == ("koica", "ror", "05t99sp05")
    found = OrganisationExternalIdentifier.objects.get_by_natural_key("koica", "ror", "05t99sp05")
    assert found == identifier


def test_registers_offered_are_those_of_organisations():
    field = OrganisationExternalIdentifier._meta.get_field("scheme")
    assert {value for value, _label in field.choices} == {"wikidata", "ror"}
