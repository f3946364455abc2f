"""The command check_links asks the external URLs of the content and stores what they answer."""

import pytest
from django.core.management import CommandError, call_command

from portal.models.curation import ExternalLink
from tests.make import make_organisation, make_source
from tests.portal.curation.web_server import serving


@pytest.fixture
def server(settings):
    settings.LINKS_MAY_BE_PRIVATE = True
    with serving() as running:
        yield running


def check(capsys, **options):
    call_command("check_links", verbosity=0, pause=0, **options)
    return capsys.readouterr().out.splitlines()


@pytest.mark.django_db
def test_the_command_stores_each_answer_and_says_how_many(server, capsys):
    make_source(url=server.at("/200")), make_source(url=server.at("/404")), make_source(url=server.at("/403"))
    assert check(capsys) == ["broken: 1", "good: 1", "unclear: 1"]
    assert dict(ExternalLink.objects.values_list("address", "status")) == {
        server.at("/200"): 200,
        server.at("/404"): 404,
        server.at("/403"): 403,
    }
    assert ExternalLink.objects.get(status=200).good_at is not None


@pytest.mark.django_db
def test_the_next_run_goes_on_where_one_was_stopped(server, capsys):
    for number in range(3):
        make_source(url=server.at(f"/200/{number}"))
    assert check(capsys, limit=2) == ["good: 2"]
    assert check(capsys, limit=2) == ["good: 1"]
    assert check(capsys) == []
    assert check(capsys, older_than=0) == ["good: 3"]


@pytest.mark.django_db
def test_the_command_asks_for_some_kinds_only(server, capsys):
    make_source(url=server.at("/200")), make_organisation(url=server.at("/404"))
    assert check(capsys, kind=["organisation"]) == ["broken: 1"]


@pytest.mark.django_db
def test_what_was_not_asked_waits_for_another_day(server, capsys):
    make_source(url=server.at("/busy")), make_source(url=server.at("/200"))
    assert check(capsys) == ["left for another day: 1", "unclear: 1"]
    assert ExternalLink.objects.get(address=server.at("/200")).checked_at is None


@pytest.mark.django_db
@pytest.mark.parametrize("options", [{"hosts": 0}, {"pause": -1}, {"limit": -1}])
def test_the_command_refuses_what_makes_no_sense(options):
    with pytest.raises(CommandError):
        call_command("check_links", **options)
