"""Every page of the admin opens without errors in the browser and without violations of the content policy."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import User

from issues.models import Issue, Term
from portal.models.curation import ExternalLink
from projects.models import Project, SuggestedIssue
from tests.browser.served import until
from tests.make import (
    make_attachment,
    make_correction,
    make_digest_subscription,
    make_imported,
    make_imported_file,
    make_picture,
    make_portal_details,
    make_reader_report,
    make_rejected_activity,
    make_reporting_organisation,
    make_revision,
    make_tombstone,
)

# The pages of a model’s admin. Its other URLs return parts of forms or JSON, or are buttons.
ABOUT_ALL = ("changelist", "add", "import", "export")
ABOUT_ONE = ("change", "history", "delete", "merge", "grid", "preview", "together", "revise", "copy", "key")
NO_SCREEN = {
    "autocomplete",
    "possible_duplicates",
    "cite",
    "prose",
    "looked_through",
    "still_right",
    "outcome",
    "original",
}
NO_SCREEN |= {"end_previews", "set_aside", "undo", "assign", "comment"}
NO_SCREEN |= {"revision", "revision_edit"}  # of a revision: the screen "change" of the model Revision leads there
# Pages of the whole admin, and of one model only.
OTHERS = (
    "",
    "doubles/",
    "search/?q=water",
    "usage/",
    "calendar/",
    "report/",
    "translation/",
    "translation/xliff/",
    "translation/texts/?kind=issues.term&show=all",
    "translation/issues.term/{issues.term}/?show=all",
    "notices/",
    "guide/",
    "projects/reportingorganisation/kept-out/",
    "projects/suggestedissue/triage/",
    "projects/importedfile/{projects.importedfile}/triage/",
    "portal/source/references/",
    "auth/user/{auth.user}/password/",
)
APPS = ("auth", "mfa", "portal", "issues", "projects")
# Pages that no user may open.
CLOSED = {("mfa.authenticator", "add"), ("portal.readerreport", "add"), ("portal.digestsubscription", "add")}
CLOSED |= {("portal.revision", "add"), ("portal.revision", "delete")}
CLOSED |= {("portal.portaldetails", "add"), ("portal.portaldetails", "delete")}  # one row
CLOSED |= {
    (label, screen)
    for label in ("portal.auditentry", "portal.externallink", "projects.importedactivity", "projects.suggestedissue")
    for screen in ("add", "delete")
}
CLOSED |= {("portal.place", "key")}  # the first place is a country, whose key is fixed
CLOSED |= {("projects.rejectedactivity", screen) for screen in ("add", "delete")}

WATCH_POLICY = """
window.breaches = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.breaches.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


@pytest.fixture(scope="module")
def records(desk):
    """Return the primary key of a record of each model. Models without a record in the content get one."""
    with desk.database():
        Authenticator.objects.create(user=User.objects.get(username="lee"), type="totp", data={})
        ExternalLink.objects.create(address="https://example.org/")
        SuggestedIssue.objects.create(project=Project.objects.first(), issue=Issue.objects.first(), score=3)
        make_attachment()
        make_correction()
        make_digest_subscription()
        make_picture()
        make_portal_details()
        make_reader_report()
        make_imported_file(imported_at=None)
        make_imported()
        make_rejected_activity()
        make_reporting_organisation()
        make_revision(Term.objects.order_by("pk").last(), {"definition_en": "Revised."})
        make_tombstone()
        for text in ("One text.", "Another text."):  # a former state
            term = Term.objects.order_by("pk").first()
            term.definition_en = text
            term.save()
        found = {
            model._meta.label_lower: model._base_manager.order_by("pk").values_list("pk", flat=True).first()
            for model in admin.site._registry
        }
    assert [label for label, pk in found.items() if pk is None] == []
    return found


class Visit:
    """Collects what the browser reports on the pages that it opens."""

    def __init__(self, page, url):
        self.page, self.url, self.complaints, self.statuses = page, url, [], {}
        page.add_init_script(WATCH_POLICY)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("console", self._on_console)

    def _on_console(self, message):
        if message.type in {"error", "warning"} and "status of 403" not in message.text:  # a page that no user may open
            self.complaints.append(f"{self.page.url}: {message.text}")

    def open(self, path):
        """Open a page, and collect policy violations once its scripts have run."""
        self.statuses[path] = self.page.goto(f"{self.url}/admin/{path}").status
        self.page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        self.complaints += [f"{path}: {breach}" for breach in self.page.evaluate("window.breaches")]


def screens(model, records):
    """Return the URLs of the pages of a model’s admin, by their kind."""
    model_admin, label = admin.site.get_model_admin(model), model._meta.label_lower
    prefix = f"{model._meta.app_label}_{model._meta.model_name}_"
    kinds = {pattern.name.removeprefix(prefix) for pattern in model_admin.urls if pattern.name}
    base = label.replace(".", "/")
    found = {kind: f"{base}/{'' if kind == 'changelist' else f'{kind}/'}" for kind in ABOUT_ALL if kind in kinds}
    found |= {kind: f"{base}/{records[label]}/{kind}/" for kind in ABOUT_ONE if kind in kinds}
    return found, kinds


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label_lower)
def test_every_screen_of_a_model_keeps_to_the_policy(desk, editor, records, model):
    visit = Visit(editor(0), desk.url)
    found, _kinds = screens(model, records)
    for path in found.values():
        visit.open(path)
    label = model._meta.label_lower
    assert {kind: visit.statuses[path] for kind, path in found.items()} == {
        kind: 403 if (label, kind) in CLOSED else 200 for kind in found
    }
    assert visit.complaints == []


def test_the_screens_of_the_desk_as_a_whole_keep_to_the_policy(desk, editor, records):
    visit = Visit(editor(0, "ko"), desk.url)
    for path in [
        *(re.sub(r"{(.+)}", lambda found: str(records[found[1]]), other) for other in OTHERS),
        *map("{}/".format, APPS),
    ]:
        visit.open(path)
    assert set(visit.statuses.values()) == {200}
    assert visit.complaints == []


def test_the_screen_that_brings_a_former_state_back_keeps_to_the_policy(desk, editor, records):
    visit = Visit(editor(0), desk.url)
    visit.open(f"issues/term/{records['issues.term']}/history/")
    visit.open(visit.page.locator("a[href*='/revert/']").first.get_attribute("href").removeprefix("/admin/"))
    assert list(visit.statuses.values()) == [200, 200]
    assert visit.complaints == []


@pytest.mark.parametrize(("width", "language"), [(1280, "ru"), (390, "en")])
def test_no_list_is_wider_than_the_window(desk, editor, records, width, language):
    page = editor(0, language, viewport={"width": width, "height": 844})
    wide = []
    for model in admin.site._registry:
        path = screens(model, records)[0]["changelist"]
        page.goto(f"{desk.url}/admin/{path}")
        boxes = "[document.documentElement, ...document.querySelectorAll('.results')]"
        excess = page.evaluate(f"{boxes}.map((box) => box.scrollWidth - box.clientWidth)")
        if max(excess) > 0:
            wide.append((path, excess))
    assert wide == []


def test_no_screen_is_left_out(records):
    """A new URL of the admin must be listed as a page or as none."""
    known = {
        *ABOUT_ALL,
        *ABOUT_ONE,
        *NO_SCREEN,
        "revert",
        "password_change",
        "projects_iati_kept_out",
        "references",
        "triage",
    }
    assert {kind for model in admin.site._registry for kind in screens(model, records)[1]} <= known


def test_a_breach_would_be_noticed(desk, editor):
    visit = Visit(editor(0), desk.url)
    visit.open("")
    visit.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=color:red>Red</p>')")
    assert "style-src-attr" in until(lambda: visit.page.evaluate("window.breaches"))[0]
    assert any("Content Security Policy" in complaint for complaint in visit.complaints)
