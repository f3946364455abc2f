"""The facts about the standard that the portal stores."""

import io

import pytest
from django.core.management import call_command

from projects.iati import facts
from tests.iati import shared

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("central_asia")]


def test_what_the_portal_knows_of_the_standard_is_what_the_standard_says(tmp_path):
    call_command("write_iati", shared(), into=tmp_path, stdout=io.StringIO())
    for name in ("facts.json", "suggestions.json"):
        assert (tmp_path / name).read_bytes() == (facts.FOLDER / name).read_bytes()
