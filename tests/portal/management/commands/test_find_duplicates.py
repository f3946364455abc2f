"""The command find_duplicates finds records that may be duplicates, and counts them by kind."""

import pytest
from django.core.management import call_command

from portal.curation import duplicates
from portal.models import Source
from portal.models.curation import DuplicateCandidate
from tests.make import make_organisation, make_source

pytestmark = pytest.mark.django_db


def test_the_command_says_how_many_there_are(capsys):
    make_organisation(name_en="Korea Forest Service"), make_organisation(name_en="Korea Forest Service")
    call_command("find_duplicates", verbosity=0)
    assert "organisations: 1" in capsys.readouterr().out.splitlines()


def test_every_kind_that_can_be_merged_is_searched_and_counted(capsys):
    make_source(title="The Future Aral Sea", publisher="Springer", date="2016")
    make_source(title="The Future Aral Sea", publisher="Springer", date="2016")
    call_command("find_duplicates", verbosity=0)
    assert capsys.readouterr().out.splitlines() == [
        f"{model._meta.verbose_name_plural}: {1 if model is Source else 0}" for model in duplicates.merged_models()
    ]
    call_command("find_duplicates", verbosity=0)
    assert DuplicateCandidate.objects.count() == 1
