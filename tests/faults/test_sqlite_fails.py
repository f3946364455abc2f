"""Another program locks SQLite, or its disk is full: editors get a message, readers read on, and nothing is lost."""

import contextlib
import resource
import sqlite3

import pytest

from issues.models import Term
from tests.browser.served import serve
from tests.faults.visiting import Editor, Readers, ask, session_of, workers_of
from tests.make import make_citation, make_source, make_term

pytestmark = pytest.mark.sqlite

PAGES = [f"/{language}/glossary/?q=tugai{{}}" for language in ("en", "ko", "ru")]
ROOM = 2048  # bytes; a page of the database has 4096


@contextlib.contextmanager
def locked(url):
    """During the block another program holds a write transaction open."""
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE issues_term SET key = key")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextlib.contextmanager
def full_disk(site):
    """During the block the worker can write no page to any file: there is room for less than one.

    A limit of the process does this without a small file system, which only root could create.
    """
    [worker] = workers_of(site.process)
    usual = resource.prlimit(worker, resource.RLIMIT_FSIZE)
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (ROOM, usual[1]))
    try:
        yield
    finally:
        resource.prlimit(worker, resource.RLIMIT_FSIZE, usual)


@pytest.mark.django_db(transaction=True)  # the server only sees committed data
def test_editors_are_told_and_readers_read_on(own_database):
    term = make_term(key="tugai", definition_en="Forest along a river.")
    make_citation(term, make_source())
    path = f"/admin/issues/term/{term.pk}/change/"
    with serve(f"{own_database}?timeout=1") as site, Editor(site, session_of("kim")) as editor:
        workers = workers_of(site.process)
        for fault, word in ((locked(own_database), "willow"), (full_disk(site), "poplar")):
            data = editor.form(path, {"definition_en": f"Forest of {word}.", "why": "A better word."})
            with fault, Readers(site, PAGES, count=3) as readers:
                refused = editor.send(path, data)
                assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")
                assert "may not have been saved" in refused.text
                readers.wait_for(200)
            assert [answer for answer in readers.answers if not answer.is_whole_page] == []
            assert Term.objects.get().definition_en != f"Forest of {word}."
            # The same form is stored when it is sent again: the first attempt stored nothing and lost nothing.
            assert editor.send(path, data).status_code == 302
            assert f"Forest of {word}." in ask(site, "/en/glossary/").text
        assert workers_of(site.process) == workers
        assert "Traceback" not in site.log()
    assert Term.objects.get().version == term.version + 2
    kept = [state.definition_en for state in Term.history.order_by("pk")]
    assert kept[-2:] == ["Forest of willow.", "Forest of poplar."]
    with contextlib.closing(sqlite3.connect(own_database.removeprefix("sqlite:///"))) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
