"""Readers and editors of a running portal, without browsers: many at a time, with the responses that they get."""

import contextlib
import http.client
import itertools
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx
import lxml.html
from django.conf import settings
from django.contrib.auth.models import User

from portal.http import throttling
from tests import staff
from tests.browser.served import PATIENCE, until

AWAY = {502, 503, 504}  # of the portal, or of a proxy before it; 500 is a fault of the portal


def early_in_a_minute():
    """Wait until enough of the current minute is left, because requests are counted in whole minutes."""
    until(lambda: time.time() % throttling.SECONDS < throttling.SECONDS - 40)


def workers_of(process):
    """Return the process numbers of gunicorn's workers."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(number) for number in children.read_text().split()]


def session_of(username):
    """Return the session cookie of a new administrator, which a server of `serve` accepts."""
    return staff.session_of(User.objects.create_superuser(username))


# ── Readers ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Answer:
    """The status and the seconds of a response; status 0 if the connection was closed."""

    path: str
    status: int
    headers: dict
    text: str
    seconds: float

    @property
    def is_whole_page(self):
        return self.status == 200 and self.text.rstrip().endswith("</html>")

    @property
    def heading(self):
        return lxml.html.fromstring(self.text).xpath("string(//h1)").strip()

    @property
    def language(self):
        return lxml.html.fromstring(self.text).get("lang")


def ask(site, path, timeout=PATIENCE, **headers):
    """Request a page of a site on a new connection."""
    begun = time.monotonic()
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=timeout)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        status, told, text = response.status, dict(response.headers), response.read().decode()
    except (OSError, http.client.HTTPException):
        status, told, text = 0, {}, ""
    finally:
        connection.close()
    return Answer(path, status, told, text, time.monotonic() - begun)


class Readers:
    """Readers who request page after page during the block, or until each has read a number of pages.

    “{}” in a path becomes a number that no earlier request used, so that the page is not cached.
    """

    def __init__(self, site, paths, count, pages=None):
        self.site, self.paths, self.pages = site, paths, pages
        self.answers, self.errors = [], []  # list.append and next() are thread-safe
        self.numbers = itertools.count()
        self.leaving = threading.Event()
        self.threads = [threading.Thread(target=self._read, args=(number,)) for number in range(count)]

    def _read(self, number):
        try:
            last = None if self.pages is None else number + self.pages
            for path in itertools.islice(itertools.cycle(self.paths), number, last):
                if self.leaving.is_set():
                    return
                answer = ask(self.site, path.format(next(self.numbers)))
                self.answers.append(answer)
                if answer.status != 200:
                    time.sleep(0.05)
        except Exception as error:  # raised by __exit__, where the test sees it
            self.errors.append(error)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.leaving.set()
        self.join()
        assert [self.errors, [thread for thread in self.threads if thread.is_alive()]] == [[], []]

    def join(self):
        """Wait until all readers have finished."""
        for thread in self.threads:
            thread.join(2 * PATIENCE)

    def wait_for(self, status, count=1):
        """Wait until each reader, on average, has got that many more responses of this status."""
        seen = len(self.answers)
        wanted = count * len(self.threads)
        until(lambda: sum(answer.status == status for answer in self.answers[seen:]) >= wanted)


# ── Editors ──────────────────────────────────────────────────────────────────────────────────────────────────


class Refused(Exception):
    """The form could not be loaded; `answer` is the response instead."""

    def __init__(self, answer):
        super().__init__(answer)
        self.answer = answer


class Editor:
    """A user who fills in forms of the admin, signed in by a session cookie. httpx sends by `transport`, if given."""

    def __init__(self, site, session="", transport=None):
        self.site = site
        self.client = httpx.Client(
            base_url=site.url,
            cookies={settings.SESSION_COOKIE_NAME: session} if session else {},
            timeout=PATIENCE,
            transport=transport,
            trust_env=False,
        )

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.client.close()

    def form(self, path, changes):
        """Return the data of the form at a path with these changes. Retry until a worker answers."""

        def page():
            with contextlib.suppress(httpx.TransportError):
                return self.client.get(path)

        page = until(page)
        if page.status_code in AWAY:
            raise Refused(page)
        assert page.status_code == 200, page.text
        [form] = lxml.html.fromstring(page.text).xpath("//div[@id='content-main']//form[contains(@id, '_form')]")
        values = [(name, value) for name, value in form.form_values() if name not in changes]
        return urlencode([*values, *changes.items(), ("_save", "Save")])

    def send(self, path, data):
        """Send a form. Return the response, or None if the connection was closed before there was one."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Referer": f"{self.site.url}{path}"}
        try:
            answer = self.client.post(path, content=data, headers=headers)
        except httpx.TransportError:
            return None
        assert answer.status_code in {302, *AWAY}, lxml.html.fromstring(answer.text).xpath(
            "//*[@class='errorlist']//text()"
        )
        return answer

    def save(self, path, **changes):
        """Fill in a form and send it. Return the response or None. A redirect (302) means that it is stored."""
        try:
            return self.send(path, self.form(path, changes))
        except Refused as refused:
            return refused.answer


@contextlib.contextmanager
def saving(editor, path):
    """An editor saves the definition of a term again and again during the block.

    Yield two lists that grow: the words that the portal confirmed, and the responses, or None, of the other attempts.
    """
    leaving, stored, refused = threading.Event(), [], []

    def save():
        for number in itertools.count(1):
            if leaving.is_set():
                return
            word = f"Forest number {number}."
            answer = editor.save(path, definition_en=word, why=f"It has number {number}.")
            if answer is not None and answer.status_code == 302:
                stored.append(word)
            else:
                refused.append(answer)

    thread = threading.Thread(target=save)
    thread.start()
    try:
        yield stored, refused
    finally:
        leaving.set()
        thread.join(120)
        assert not thread.is_alive()


def until_more(answers):
    """Wait until the list has one more item."""
    before = len(answers)
    until(lambda: len(answers) > before)


def sign_in_wrongly(client, language="en"):
    """Return the response to a wrong password, which is counted in the shared cache."""
    client.cookies.set(settings.LANGUAGE_COOKIE_NAME, language)
    client.get("/accounts/login/")
    form = {"login": "kim", "password": "wrong", "csrfmiddlewaretoken": client.cookies[settings.CSRF_COOKIE_NAME]}
    return client.post("/accounts/login/", data=form)
