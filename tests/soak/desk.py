"""Editors, a reporter and an importer of a running portal, who fill in its forms.

Each write that the portal acknowledges is kept, with a marker by which it is found in the database at the end.
"""

import itertools
import re
import time

import httpx
import lxml.html
from django.conf import settings

from issues.models import Term
from portal.models import ReaderReport
from projects.models import Project
from tests.faults.visiting import Editor
from tests.soak.judging import STALE_AFTER, Request
from tests.soak.traffic import Client

PASSWORD = "a-dry-sea-remembers-1960"
SAVE_EVERY, REPORT_EVERY, IMPORT_EVERY = 20, 15, 60  # seconds; the portal takes at most 300 reports a day
READING = 5  # seconds in the form of a report: who is faster counts as a program
ROWS = 5
MARKER = re.compile(r"soak-\w+-\d+")


class Failure(Exception):
    """A page is not as expected. The request itself may have been good."""


class LoggedTransport(httpx.HTTPTransport):
    """Logs each request of an actor."""

    def __init__(self, actor, log):
        super().__init__()
        self.actor, self.log = actor, log

    def handle_request(self, request):
        begun, error = time.monotonic(), ""
        try:
            response = super().handle_request(request)
            error = str(response.status_code) if response.status_code >= 400 else ""
            return response
        except httpx.TransportError as raised:
            error = type(raised).__name__
            raise
        finally:
            self.log(Request(self.actor, begun, time.monotonic() - begun, error), request.url.path)


class Actor:
    """Someone who does a task again and again, in a thread of its own."""

    actor, every = "", 0  # seconds

    def __init__(self, part, site, log, results):
        self.part, self.site, self.log, self.results = part, site, log, results

    def run(self, leaving):
        """Act until the event `leaving`."""
        begun, self.leaving = time.monotonic(), leaving
        with Editor(self.site, transport=LoggedTransport(self.actor, self.log)) as self.editor:
            for number in itertools.count():
                if leaving.wait(max(begun + number * self.every - time.monotonic(), 0)):
                    return
                try:
                    self.act(1_000 * self.part + number)  # no two parts of a run use a marker twice
                except (httpx.TransportError, AssertionError, Failure) as error:
                    self.results["failures"].append(f"{self.actor}: {str(error)[:300]}")

    def page(self, path, **sent):
        """Return the page at a path, of GET or, with `data`, of POST. Raise Failure unless it is good."""
        answer = self.editor.client.request("POST" if sent else "GET", path, follow_redirects=True, **sent)
        if answer.status_code != 200:
            raise Failure(f"{path}: {answer.status_code}")
        return answer

    def fill_in(self, answer, action="", **changes):
        """Return the path and the data of the first form of a page that sends to `action`, with these changes."""
        document = lxml.html.fromstring(answer.text)
        for form in document.xpath("//main//form[@method='post'] | //*[@id='content-main']//form[@method='post']"):
            if action in form.get("action", ""):
                return form.get("action") or str(answer.url), dict(form.form_values()) | changes
        raise Failure(f"{answer.url.path}: no form: {' '.join(document.text_content().split())[:200]}")

    def sign_in(self):
        """Sign in by the form, unless there is a session."""
        if settings.SESSION_COOKIE_NAME not in self.editor.client.cookies:
            form = self.page("/accounts/login/")
            path, data = self.fill_in(form, "login", login="soak", password=PASSWORD)
            self.page(path, data=data)

    def acknowledged(self, marker):
        self.results["acknowledged"].append(marker)


class RecordEditor(Actor):
    """Changes a field of a record, and reads its public page one second later."""

    actor, every = "editors", SAVE_EVERY

    def __init__(self, record, field, page, *rest):
        super().__init__(*rest)
        meta = record._meta
        self.name, self.field, self.public = meta.model_name, field, page
        self.path = f"/admin/{meta.app_label}/{meta.model_name}/{record.pk}/change/"
        self.text, self.reader = getattr(record, field), Client(self.site.url)

    def act(self, number):
        self.sign_in()
        marker, before = f"soak-{self.name}-{number}", self.read()
        change = {self.field: f"{self.text} {marker}.", "why": f"It is change {number}."}
        answer = self.editor.save(self.path, **change)
        if answer is None or answer.status_code != 302 or "login" in answer.headers["Location"]:
            return
        self.acknowledged(marker)
        saved = time.monotonic()
        time.sleep(STALE_AFTER)
        tag = before.headers.get("ETag", "")
        # Once with the ETag of the former page: 304 would be stale too.
        while (after := self.read(**{"If-None-Match": tag})).status not in {200, 304}:
            if time.monotonic() > saved + SAVE_EVERY:
                return  # the portal is away, which is counted as errors
            time.sleep(0.5)
        if marker not in after.text:
            self.results["stale"].append(f"{marker}: {after.status}")

    def read(self, **headers):
        begun = time.monotonic()
        answer, error = self.reader.get(self.public, **headers)
        self.log(Request(self.actor, begun, time.monotonic() - begun, error), self.public)
        return answer


class Reporter(Actor):
    """A reader who reports a mistake."""

    actor, every = "reporters", REPORT_EVERY

    def act(self, number):
        marker = f"soak-report-{number}"
        form = self.page("/ko/report/?address=/ko/glossary/")
        path, data = self.fill_in(form, "", message=f"This is a report: {marker}.")
        if self.leaving.wait(READING):
            return
        if "/report/sent/" not in str(self.page(path, data=data).url):
            raise Failure(f"The report {number} was not acknowledged.")
        self.acknowledged(marker)


class Importer(Actor):
    """Imports a small table of terms, with a preview, and undoes it."""

    actor, every = "importer", IMPORT_EVERY

    def act(self, number):
        self.sign_in()
        upload = self.page("/admin/issues/term/import/")
        path, data = self.fill_in(upload, why=f"It is import {number}.")
        rows = [f"soak-import-{number}-{row},Soak {number} {row},What it means." for row in range(ROWS)]
        table = "\n".join(["key,term_en,definition_en", *rows])
        preview = self.page(path, data=data, files={"file": (f"soak-{number}.csv", table.encode(), "text/csv")})
        path, data = self.fill_in(preview)
        stored = self.page(path, data=data)
        undo = re.search(r'href="(/admin/issues/term/import/[^"]*undo[^"]*|[^"]*/undo/[^"]*)"', stored.text)
        if not undo:
            raise Failure(f"The import {number} was not acknowledged.")
        self.acknowledged(f"soak-import-{number}")
        path, data = self.fill_in(self.page(undo[1]))
        if "was undone" not in self.page(path, data=data).text:
            raise Failure(f"The undo of import {number} was not acknowledged.")
        self.acknowledged(f"soak-undo-{number}")


def lost(acknowledged):
    """Return the markers of acknowledged writes that are not in the database."""
    texts = itertools.chain(
        Term.history.values_list("definition_en", flat=True),
        Project.history.filter(summary_en__contains="soak-").values_list("summary_en", flat=True),
        ReaderReport.objects.values_list("message", flat=True),
    )
    stored = {marker for text in texts for marker in MARKER.findall(text)}
    for kind, name in (("+", "import"), ("-", "undo")):
        keys = Term.history.filter(key__startswith="soak-import-", history_type=kind).values_list("key", flat=True)
        numbers = [key.split("-")[2] for key in keys]
        stored |= {f"soak-{name}-{number}" for number in numbers if numbers.count(number) == ROWS}
    # What was undone must be away, whatever the history says.
    there = Term.objects.filter(key__startswith="soak-import-").values_list("key", flat=True)
    stored -= {f"soak-undo-{key.split('-')[2]}" for key in there}
    return [marker for marker in acknowledged if marker not in stored]
