"""Identifiers of other registers are checked by the form that the register gives them."""

import pytest
from django.core.exceptions import ValidationError

from portal.models import IdentifierScheme
from tests.make import make_external_identifier, make_place_identifier

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("scheme", IdentifierScheme)
def test_example_of_each_scheme_is_well_formed(scheme):
    make = make_external_identifier if scheme == "ror" else make_place_identifier
    make(scheme=scheme.value, value=scheme.example).full_clean()


@pytest.mark.parametrize(
    ("scheme", "value"),
    [
        ("wikidata", "232"),
        ("wikidata", "Q0232"),
        ("wikidata", "Q232/../Special:Search"),
        ("geonames", "Q601294"),
        ("iso3166-1-alpha2", "kz"),
        ("iso3166-1-alpha3", "KZ"),
        ("iso3166-2", "UZ"),
        ("rgi6", "RGI60-13"),
        ("wgms", "0"),
    ],
)
def test_identifier_of_another_form_is_refused_with_an_example(scheme, value):
    row = make_place_identifier(scheme=scheme, value=value)
    with pytest.raises(ValidationError) as refusal:
        row.full_clean()
    [message] = refusal.value.messages
    assert message.endswith(f"looks like this: {IdentifierScheme(scheme).example}")


def test_ror_is_the_whole_address():
    with pytest.raises(ValidationError):
        make_external_identifier(scheme="ror", value="04dtgat87").full_clean()


def test_only_registers_with_pages_have_addresses():
    urls = {scheme.value: scheme.url(scheme.example) for scheme in IdentifierScheme}
    assert {scheme: url for scheme, url in urls.items() if url} == {
        "wikidata": "https://www.wikidata.org/wiki/Q232",
        "geonames": "https://www.geonames.org/601294/",
        "ror": "https://ror.org/04dtgat87",
    }
