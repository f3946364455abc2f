"""A server that is killed in the middle of a save leaves the record whole: all of it old, or all of it new.

The portal runs under gunicorn on a database of its own. An editor's form changes an issue in one word everywhere: in
its texts, in a key figure, in a row, in a citation. While it is being saved the worker is killed, without a chance to
tidy up, ever closer to the moment at which the save counts; then the word must be the same everywhere, in the search
and in the history too.
"""

import contextlib
import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx
import lxml.html
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connections, transaction
from django.test import Client, override_settings

from issues.models import Issue, IssueInCountry, KeyFigure
from portal.index import keeping
from tests.browser.served import serve, settings_of_a_local_run
from tests.conftest import Switch
from tests.make import make_citation, make_issue, make_issue_in_country, make_key_figure, make_source

TRIES, SWEEP, SECONDS = 12, 5, 20
WORDS = [f"tarn{chr(ord('a') + number)}k" for number in range(TRIES + 3)]  # no stem, and no beginning of another


@pytest.fixture(scope="class")
def own_database(django_db_setup, django_db_blocker, tmp_path_factory):
    """An empty database of this test's own, in the place of the usual one, and its address for a server."""
    connection = connections["default"]
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            name = str(tmp_path_factory.mktemp("killed") / "killed.sqlite3")
            with connection.cursor() as cursor:
                cursor.execute("VACUUM INTO %s", [name])
            url = f"sqlite:///{name}"
        else:
            connection.creation.clone_test_db("killed", verbosity=0, autoclobber=True)
            name = connection.creation.get_test_db_clone_settings("killed")["NAME"]
            parts = urlsplit(os.environ["DATABASE_URL"])
            url = parts._replace(path=f"/{name}").geturl()
        with Switch(name):
            yield url
        if connection.vendor != "sqlite":
            connection.creation.destroy_test_db(verbosity=0, suffix="killed")


def workers_of(process):
    """The process numbers of gunicorn's workers."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(number) for number in children.read_text().split()]


def words_everywhere(issue):
    """The words that the parts of the record hold: its own, its rows', what a search finds, what history says last."""
    with transaction.atomic():
        # Waits for the connection that was cut off, which may still be at its last statement.
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
    searched = [word for word in WORDS if Issue.objects.matching(word).exists()]
    return {**found, "search": " ".join(searched)}


class Editor:
    """A browser without windows, signed in, that saves the issue with another word."""

    def __init__(self, site, session, issue):
        self.url = f"{site.url}/admin/issues/issue/{issue.pk}/change/"
        self.client = httpx.Client(cookies={settings.SESSION_COOKIE_NAME: session}, timeout=20, trust_env=False)

    def form(self, word, position):
        """What the form sends when the word is written everywhere; asked for until a worker is there to answer."""
        page = None
        while page is None:
            with contextlib.suppress(httpx.TransportError):
                page = self.client.get(self.url)
        assert page.status_code == 200
        [form] = lxml.html.fromstring(page.text).xpath("//form[@id='issue_form']")
        changes = {
            "summary_en": word,
            "state_ko": word,
            "key_figures-0-label_en": word,
            "in_countries-0-note_en": word,
            "citations-0-position": str(position),
            "why": f"The word is {word} now.",
            "_save": "Save",
        }
        values = [(name, value) for name, value in form.form_values() if name not in changes]
        return urlencode([*values, *changes.items()])

    def send(self, data):
        """Send a form. Whether an answer came."""
        try:
            answer = self.client.post(
                self.url,
                content=data,
                headers={"Content-Type": "application/x-www-form-urlencoded", "Referer": self.url},
            )
        except httpx.TransportError:
            return False
        assert answer.status_code == 302, lxml.html.fromstring(answer.text).xpath("//*[@class='errorlist']//text()")
        return True


@pytest.mark.django_db(transaction=True)  # the server sees what is committed
def test_a_server_killed_in_mid_save_leaves_the_record_whole(own_database):
    first = WORDS[1]
    issue = make_issue(key="aral", name_en="Aral Sea", publication="published", summary_en=first, state_ko=first)
    make_citation(issue, make_source(), position=1)
    make_key_figure(issue=issue, label_en=first)
    make_issue_in_country(issue=issue, note_en=first)
    keeping.settle()
    with override_settings(SECRET_KEY=settings_of_a_local_run()["SECRET_KEY"]):
        browser = Client()
        browser.force_login(User.objects.create_superuser("kim"))
    session = browser.cookies[settings.SESSION_COOKIE_NAME].value

    stayed, came, now = [0.0], [], 1
    with contextlib.ExitStack() as server:
        site = server.enter_context(serve(own_database, "--preload"))
        editor = Editor(site, session, issue)
        server.callback(editor.client.close)
        data = editor.form(WORDS[now + 1], now + 1)
        started = time.monotonic()
        assert editor.send(data)
        whole, now = time.monotonic() - started, now + 1
        for number in range(TRIES):
            if len(stayed) > 2 and came and time.monotonic() - started > SECONDS:
                break
            data = editor.form(WORDS[now + 1], now + 1)
            [worker] = workers_of(site.process)
            # First evenly from the beginning to the end, then between too early and too late.
            late = min(came, default=2 * whole)
            delay = whole * number / SWEEP if number < SWEEP else random.uniform(min(max(stayed), late), late)
            with ThreadPoolExecutor() as threads:
                answer = threads.submit(editor.send, data)
                time.sleep(delay)
                os.kill(worker, signal.SIGKILL)
            held = words_everywhere(issue)
            assert len(set(held.values())) == 1, held
            assert set(held.values()) <= {WORDS[now], WORDS[now + 1]}
            new = held["summary"] == WORDS[now + 1]
            assert new or not answer.result()  # what was confirmed is stored
            (came if new else stayed).append(delay)
            now += new
        for number in [*workers_of(site.process), site.process.pid]:
            os.kill(number, signal.SIGKILL)
    assert (len(stayed) > 2, len(came) > 0) == (True, True), (stayed, came)
    with serve(own_database) as site:
        assert WORDS[now] in httpx.get(f"{site.url}/en/issues/aral/", trust_env=False).text
        assert httpx.get(f"{site.url}/readyz", trust_env=False).status_code == 200
