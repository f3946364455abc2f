"""PostgreSQL stops and starts under load: nobody gets a server error, and the portal recovers by itself."""

import contextlib

import psycopg2
import pytest

from tests.browser.served import serve
from tests.faults.cluster import NO_PROGRAMS, programs, running_cluster
from tests.faults.visiting import Editor, Readers, ask, saving, session_of, until_more, workers_of
from tests.make import make_citation, make_source, make_term

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

PATHS = ("glossary/?q=tugai{}", "sources/?q=aral{}", "")
PAGES = [f"/{language}/{path}" for path in PATHS for language in ("en", "ko", "ru")]
WORDS = {"en": "Back in a moment", "ko": "곧 다시 열립니다", "ru": "Скоро вернёмся"}
REFUSE = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER no_room BEFORE UPDATE ON issues_term FOR EACH ROW EXECUTE FUNCTION no_room();
"""


@pytest.fixture
def cluster():
    if programs() is None:
        pytest.skip(NO_PROGRAMS)
    with running_cluster() as running:
        yield running


def asked(cluster, question):
    """Return the result of a query from the database itself."""
    with contextlib.closing(psycopg2.connect(cluster.url)) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchall()


def test_readers_and_editors_are_told_and_all_recovers_by_itself(own_database, cluster):
    term = make_term(key="tugai", definition_en="Forest number 0.")
    make_citation(term, make_source())
    path, session = f"/admin/issues/term/{term.pk}/change/", session_of("kim")
    cluster.fill(own_database)
    with serve(cluster.url) as site, Editor(site, session) as editor:
        workers = workers_of(site.process)
        with Readers(site, PAGES, count=6) as readers, saving(editor, path) as (stored, refused):
            for mode in ("immediate", "fast"):
                readers.wait_for(200)
                until_more(stored)
                cluster.stop(mode)
                readers.wait_for(503, count=3)
                until_more(refused)
                assert ask(site, "/healthz").status == 200
                assert ask(site, "/readyz").status == 503
                cluster.start()
            readers.wait_for(200, count=2)
            until_more(stored)
        assert ask(site, "/readyz").status == 200
        assert workers_of(site.process) == workers  # nothing had to be restarted
        assert "Traceback" not in site.log()
    assert {answer.status for answer in readers.answers} == {200, 503}
    assert [answer for answer in readers.answers if answer.status == 200 and not answer.is_whole_page] == []
    told = {
        (answer.path[1:3], answer.language, answer.heading, answer.headers["Retry-After"])
        for answer in readers.answers
        if answer.status == 503
    }
    assert told == {(language, language, words, "30") for language, words in WORDS.items()}
    assert {answer.status_code for answer in refused} == {503}
    assert {answer.headers["Retry-After"] for answer in refused} == {"30"}
    # What was confirmed is stored, once. What was not confirmed may be stored.
    kept = [word for (word,) in asked(cluster, "SELECT definition_en FROM issues_historicalterm ORDER BY history_id")]
    assert [word for word in kept if word in stored] == stored
    assert len(set(kept)) == len(kept)


def test_nobody_notices_connections_that_were_cut_off_while_idle(own_database, cluster):
    cluster.fill(own_database)
    with serve(cluster.url) as site:
        for _ in ("before", "after"):
            with Readers(site, ["/en/glossary/"], count=4, pages=3) as readers:  # a connection for each thread
                readers.join()
            assert {answer.status for answer in readers.answers} == {200}
            cluster.stop("fast")
            cluster.start()


def test_readers_do_not_notice_a_quick_restart(own_database, cluster):
    """On a busy machine a restart takes longer than the portal usually waits."""
    cluster.fill(own_database)
    with serve(cluster.url, "--worker-class", "tests.faults.patient.SlowClientWorker") as site:
        with Readers(
            site, ["/ko/glossary/?q=tugai{}", "/en/sources/?q=aral{}", "/en/projects.csv?q=aral{}"], count=3
        ) as readers:
            for mode in ("fast", "immediate"):
                readers.wait_for(200, count=3)
                cluster.stop(mode)
                cluster.start()
            readers.wait_for(200, count=3)
        assert "Traceback" not in site.log()
    assert {answer.status for answer in readers.answers} == {200}


def test_a_portal_that_starts_before_its_database_waits_for_it(own_database, cluster):
    cluster.fill(own_database)
    cluster.stop("fast")
    with serve(cluster.url) as site:
        refused = ask(site, "/ko/glossary/")
        assert (refused.status, refused.heading, refused.headers["Retry-After"]) == (503, WORDS["ko"], "30")
        cluster.start()
        assert ask(site, "/ko/glossary/").status == 200


def test_an_editor_is_told_that_the_disk_is_full_or_that_somebody_holds_the_record(own_database, cluster):
    term = make_term(key="tugai", definition_en="Forest along a river.")
    make_citation(term, make_source())
    path, session = f"/admin/issues/term/{term.pk}/change/", session_of("kim")
    cluster.fill(own_database)
    # The message of this trigger is PostgreSQL's for a full disk. Filling a disk would need its own file system.
    with serve(f"{cluster.url}?options=-c%20lock_timeout%3D1s") as site, Editor(site, session) as editor:
        data = editor.form(path, {"definition_en": "Forest of willow.", "why": "A better word."})
        cluster.sql(REFUSE.encode())
        assert editor.send(path, data).status_code == 503
        cluster.sql(b"DROP TRIGGER no_room ON issues_term")
        with contextlib.closing(psycopg2.connect(cluster.url)) as other:
            other.cursor().execute("LOCK TABLE issues_term IN SHARE MODE")
            refused = editor.send(path, data)
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")
            assert ask(site, "/en/glossary/").status == 200
        # The same form is stored when it is sent again: the first attempt stored nothing and lost nothing.
        assert editor.send(path, data).status_code == 302
    assert asked(cluster, "SELECT definition_en FROM issues_term") == [("Forest of willow.",)]
