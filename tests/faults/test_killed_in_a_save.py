"""A server that is killed during a save leaves the record either all old or all new.

The portal runs under gunicorn on its own database. An editor's form changes one word of an issue everywhere: in its
texts, in a key figure, in a row, in a citation. The worker is killed during the save, each time closer to the commit.
Then the word must be the same everywhere, also in the search index and the history.
"""

import contextlib
import io
import os
import random
import re
import signal
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.db import transaction

from issues.models import Issue, IssueInCountry, KeyFigure
from portal.search import indexing
from portal.search.ranking import matching
from tests.browser.served import ROOT, serve, settings_of_a_local_run
from tests.faults.visiting import Editor, ask, session_of, until, workers_of
from tests.make import make_citation, make_issue, make_issue_in_country, make_key_figure, make_project, make_source

TRIES, SWEEP, SECONDS = 12, 5, 20
WORDS = [f"tarn{chr(ord('a') + number)}k" for number in range(TRIES + 3)]  # words without a common stem or prefix


def words_everywhere(issue):
    """Return the words in all parts of the record: its own, its rows', the search result and the newest state."""
    with transaction.atomic():
        # Wait for the connection that was closed, which may still run its last statement.
        issue = Issue.objects.select_for_update().get(pk=issue.pk)
    figure, row = issue.key_figures.get(), issue.in_countries.get()
    position = issue.citations.get().position
    found = {
        "summary": issue.summary_en,
        "state": issue.state_ko,
        "figure": figure.label_en,
        "row": row.note_en,
        "citation": WORDS[position],
        "version": WORDS[issue.version],
        **{
            f"history of {model.__name__}": getattr(model.history.filter(id=one.pk).latest("pk"), column)
            for model, one, column in (
                (Issue, issue, "summary_en"),
                (KeyFigure, figure, "label_en"),
                (IssueInCountry, row, "note_en"),
            )
        },
    }
    searched = [word for word in WORDS if matching(Issue.objects, word).exists()]
    return {**found, "search": " ".join(searched)}


def changes(word, position):
    """Return the changes of the form of the issue that put the word everywhere."""
    return {
        "summary_en": word,
        "state_ko": word,
        "key_figures-0-label_en": word,
        "in_countries-0-note_en": word,
        "citations-0-position": str(position),
        "why": f"The word is {word} now.",
    }


@pytest.mark.django_db(transaction=True)  # the server only sees committed data
def test_a_server_killed_in_mid_save_leaves_the_record_whole(own_database):
    first = WORDS[1]
    issue = make_issue(key="aral", name_en="Aral Sea", publication="published", summary_en=first, state_ko=first)
    make_citation(issue, make_source(), position=1)
    make_key_figure(issue=issue, label_en=first)
    make_issue_in_country(issue=issue, note_en=first)
    indexing.flush_index()
    path, session = f"/admin/issues/issue/{issue.pk}/change/", session_of("kim")

    stayed, came, now = [0.0], [], 1
    with contextlib.ExitStack() as server:
        site = server.enter_context(serve(own_database))
        editor = server.enter_context(Editor(site, session))
        data = editor.form(path, changes(WORDS[now + 1], now + 1))
        started = time.monotonic()
        assert editor.send(path, data).status_code == 302
        whole, now = time.monotonic() - started, now + 1
        for number in range(TRIES):
            if len(stayed) > 2 and came and time.monotonic() - started > SECONDS:
                break
            data = editor.form(path, changes(WORDS[now + 1], now + 1))
            [worker] = workers_of(site.process)
            # First spread evenly from the beginning to the end, then between too early and too late. A new worker may
            # be slower than the one that was measured.
            late = min(came, default=2 * whole * max(number - SWEEP + 1, 1))
            delay = whole * number / SWEEP if number < SWEEP else random.uniform(min(max(stayed), late), late)
            with ThreadPoolExecutor() as threads:
                answer = threads.submit(editor.send, path, data)
                time.sleep(delay)
                os.kill(worker, signal.SIGKILL)
            held = words_everywhere(issue)
            assert len(set(held.values())) == 1, held
            assert set(held.values()) <= {WORDS[now], WORDS[now + 1]}
            new = held["summary"] == WORDS[now + 1]
            assert new or not answer.result()  # the confirmed change is stored
            (came if new else stayed).append(delay)
            now += new
        for number in [*workers_of(site.process), site.process.pid]:
            os.kill(number, signal.SIGKILL)
    assert (len(stayed) > 2, len(came) > 0) == (True, True), (stayed, came)
    with serve(own_database) as site:
        assert WORDS[now] in ask(site, "/en/issues/aral/").text
        assert ask(site, "/readyz").status == 200


# ── Right after the commit ───────────────────────────────────────────────────────────────────────────────────

# Another process changes one project and archives another. It is killed before anything can follow the commit.
CHANGE_AND_DIE = """
import os, signal
import django
django.setup()
from django.db import transaction
from portal.tracking.change_log import content_transaction
from projects.models import Project
with content_transaction():
    transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
    one, other = Project.objects.get(key="stays"), Project.objects.get(key="goes")
    one.title_en = "Afterwards"
    one.save()
    other.update_publication_dates(other.publication)
    other.publication = "archived"
    other.save()
"""
PATHS = {
    "page": "/en/projects/stays/",
    "list": "/en/projects/",
    "search": "/en/search/?q=wetland",
    "feed": "/en/feed/",
    "table": "/data/projects.csv",
    "file of the list": "/en/projects/?format=json",
    "API": "/api/v1/projects",
    "OAI": "/oai?verb=ListRecords&metadataPrefix=oai_dc",
}
WITHDRAWN = {"/en/projects/goes/": 410, "/api/v1/projects/goes": 410}
ARCHIVE = "/data/central-asia-environment.zip"


@pytest.mark.django_db(transaction=True)  # the server only sees committed data
def test_readers_get_what_a_process_stored_that_was_killed_right_after_its_commit(own_database, tmp_path):
    for key, title in (("stays", "Wetland before"), ("goes", "Wetland to be withdrawn")):
        make_project(key=key, title_en=title)
    indexing.flush_index()
    with (
        serve(own_database, DATA_DIR=str(tmp_path)) as site,
        httpx.Client(base_url=site.url, trust_env=False, timeout=60) as client,
    ):

        def titles(text):
            text = re.sub(r"<[^>]+>", "", text)  # the search marks its matches
            return [title for title in ("Wetland before", "Wetland to be withdrawn", "Afterwards") if title in text]

        def archived():
            with zipfile.ZipFile(io.BytesIO(client.get(ARCHIVE).content)) as archive:
                return titles(archive.read("csv/projects.csv").decode())

        def tags():
            found = {path: client.get(path).headers.get("ETag") for path in (*PATHS.values(), ARCHIVE)}
            return {path: tag for path, tag in found.items() if tag}

        before = tags()
        assert len(before) > 6
        # Twice, so that all caches are filled.
        for _ in range(2):
            found = {name: titles(client.get(path).text)[:1] for name, path in PATHS.items()}
            assert found == {name: ["Wetland before"] for name in PATHS}
            assert [client.get(path, headers={"If-None-Match": tag}).status_code for path, tag in before.items()] == (
                [304] * len(before)
            )
            assert [client.get(path).status_code for path in WITHDRAWN] == [200, 200]
        assert archived() == ["Wetland before", "Wetland to be withdrawn"]

        died = subprocess.run(
            [sys.executable, "-c", CHANGE_AND_DIE],
            cwd=ROOT,
            env=settings_of_a_local_run(own_database, DJANGO_SETTINGS_MODULE="portal.settings"),
        )
        assert died.returncode == -signal.SIGKILL

        for _ in range(2):
            answers = {path: client.get(path, headers={"If-None-Match": tag}) for path, tag in before.items()}
            wrong = {path: answer.status_code for path, answer in answers.items() if answer.status_code != 200}
            assert wrong == ({ARCHIVE: 304} if ARCHIVE in wrong else {})  # it is being rebuilt
            found = {name: titles(client.get(path).text) for name, path in PATHS.items()}
            assert found == {name: [] if name == "search" else ["Afterwards"] for name in PATHS}
            assert {path: client.get(path).status_code for path in WITHDRAWN} == WITHDRAWN
        assert until(lambda: archived() == ["Afterwards"])
        assert client.get(ARCHIVE).headers["ETag"] != before[ARCHIVE]
