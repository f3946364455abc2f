"""Fields of a project that are computed from an activity."""

import pytest

from projects.models import Project
from tests.make import make_country, make_organisation
from tests.projects.iati.files import activity, file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("central_asia")]


def test_a_level_is_that_of_the_korean_body_that_leads(run):
    agency, institute = '"XM-DAC-99999" role="1" type="10"', 'role="4" type="80"'
    nobody = (agency, '"XM-DAC-99999" role="4" type="10"')
    korean = make_organisation(name_en="Fictional Institute", kind="local-government", country=make_country(key="kr"))
    make_organisation(name_en="Fictional Agency")
    changes = {
        "1": [],  # a Korean organisation that only implements
        "2": [(agency, '"KR-GOV-051" role="1" type="10"')],
        "3": [(agency, '"KR-GOV-051" role="1" type="40"')],  # has no level
        "4": [(institute, 'role="2" type="80"')],  # the portal knows the type of this organisation
        "5": [(agency, '"KR-GOV-051" role="1" type="10"'), (institute, 'role="2" type="80"')],
        "6": [nobody, ('reporting-org ref="XM-DAC-99999"', 'reporting-org ref="KR-1"')],
        "7": [nobody, ('reporting-org ref="XM-DAC-99999"', 'reporting-org secondary-reporter="1" ref="KR-1"')],
    }
    run(file(*(activity(number, *some) for number, some in changes.items())))
    levels = Project.objects.order_by("iati_identifier").values_list("level", flat=True)
    assert list(levels) == ["", "national", "", "provincial", "provincial", "national", ""]
    assert korean.participations.count() == 7
