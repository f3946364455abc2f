"""The command rebuild_search_index rebuilds the search index, if asked only where it is not whole."""

import pytest
from django.core.management import call_command

from portal.models.search_index import SearchEntry, SearchWord
from portal.search import indexing, store
from tests.make import make_place, make_project
from tests.portal.search.found import found

pytestmark = pytest.mark.django_db


def broken():
    """Make records whose index rows were deleted."""
    make_project(title_en="Quinoa"), make_project(title_en="Willow"), make_place(name_en="Zembla")
    indexing.flush_index()
    store.clear()
    SearchEntry.objects.filter(kind="place").first().delete()
    SearchWord.objects.all().delete()


def test_rebuild_brings_everything_back(capsys):
    broken()
    call_command("rebuild_search_index", "--if-needed", verbosity=0)
    assert (found("quinoa"), found("willow"), found("zembla")) == (["project"], ["project"], ["place"])
    assert "quinoa" in SearchWord.objects.values_list("word", flat=True)
    assert not store.exists(store.NEW_TABLE)
    assert capsys.readouterr().out.splitlines() == [
        "The index has 0 of 1 published places.",
        "The search index holds 3 records.",
    ]
    call_command("rebuild_search_index", "--if-needed", verbosity=0)
    assert capsys.readouterr().out == "The search index is whole.\n"


def test_whole_index_is_rebuilt_too_if_nobody_asks_first(capsys):
    make_project(title_en="Quinoa")
    indexing.flush_index()
    call_command("rebuild_search_index", verbosity=0)
    assert capsys.readouterr().out == "The search index holds 1 records.\n"
    assert (found("quinoa"), indexing.state_of_index()) == (["project"], "")
