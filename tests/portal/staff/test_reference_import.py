"""The form of a source is filled in from a pasted reference. A DOI is looked up if the environment enables it."""

import io
import json
import socket
from urllib.error import HTTPError, URLError

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ImproperlyConfigured
from django.utils.html import escape

from portal import settings as portal_settings
from portal.citations import doi
from portal.models import Source
from portal.models.workflow import EDITOR, REVIEWER, TRANSLATORS
from tests.make import make_former_key, make_source
from tests.portal.citations.test_parsers import BIBTEX
from tests.portal.staff.test_admin import address, form_data

ADD = "/admin/portal/source/add/"
MICKLIN = "10.1007/s12665-016-5614-5"


@pytest.fixture
def desk(client, db):
    def sign_in(group):
        client.logout()
        if group:
            user, _created = User.objects.get_or_create(username=group, is_staff=True)
            user.groups.set([Group.objects.get(name=group)])
            client.force_login(user)
        return client

    return sign_in


def values(response):
    """Return the values of the fields that are filled in."""
    form = response.context["adminform"].form
    return {name: form[name].value() for name in form.fields if form[name].value() not in {None, "", "draft"}}


def test_the_form_is_filled_in_and_nothing_is_stored(desk):
    response = desk(EDITOR).post(ADD, {"_reference": BIBTEX})
    assert response.status_code == 200
    assert values(response) == {
        "title": "The future Aral Sea: hope & despair — 60% of Salix",
        "key": "micklin-2016",
        "author": "Philip Micklin, Ayşe Öztürk, World Bank",
        "publisher": "Environmental Earth Sciences",
        "date": "2016-05",
        "kind": "journal-article",
        "language": "en",
        "url": "https://link.springer.com/article/10.1007/s12665-016-5614-5",
        "doi": MICKLIN,
    }
    page = response.content.decode()
    assert "The form is filled in from the reference: check it, then save" in page
    assert "<li>pages: 844–850</li>" in page
    assert not Source.objects.exists()


def test_what_was_filled_in_is_saved_as_it_stands(desk):
    client = desk(EDITOR)
    data = form_data(client.post(ADD, {"_reference": BIBTEX}))
    assert client.post(ADD, data).status_code == 302
    source = Source.objects.get()
    assert (source.key, source.doi, source.date, source.publication) == ("micklin-2016", MICKLIN, "2016-05", "draft")


def test_a_key_that_is_or_was_in_use_is_not_proposed(desk):
    make_source(key="micklin-2016", title="Another")
    make_former_key(key="micklin-2016-future", now="other")
    assert values(desk(EDITOR).post(ADD, {"_reference": BIBTEX}))["key"] == "micklin-2016-future-aral"


def test_a_source_that_is_there_already_is_told_at_once(desk):
    make_source(key="known", doi=MICKLIN.upper(), title="Another")
    page = desk(EDITOR).post(ADD, {"_reference": MICKLIN}).content.decode()
    assert "Does this record already exist?" in page
    assert "the same DOI" in page
    assert "Only the DOI and its URL could be filled in; enter the rest yourself" in page


def test_what_cannot_be_read_is_given_back_with_the_reason(desk):
    text = "<script>alert(1)</script> nothing of use"
    response = desk(EDITOR).post(ADD, {"_reference": text})
    page = response.content.decode()
    assert "This is neither BibTeX, RIS, CSL-JSON nor a DOI." in page
    assert f">{escape(text)}</textarea>" in page
    assert values(response) == {}


def test_several_references_lead_to_the_table(desk):
    text = "@misc{a, title={One}} @misc{b, title={<b>Two}}"
    page = desk(EDITOR).post(ADD, {"_reference": text}).content.decode()
    assert "Several references were pasted. This form takes the first one." in page
    assert f">{escape(text)}</textarea>" in page
    assert f'action="{address(Source, "references")}"' in page


def test_a_popup_stays_a_popup(desk):
    page = desk(EDITOR).post(f"{ADD}?_popup=1&_to_field=id", {"_reference": BIBTEX}).content.decode()
    assert '<input type="hidden" name="_popup" value="1">' in page


@pytest.mark.parametrize(("group", "status"), [(None, 302), (TRANSLATORS["ko"], 403), (EDITOR, 200), (REVIEWER, 200)])
def test_who_may_fill_in_the_form(desk, group, status):
    assert desk(group).post(ADD, {"_reference": BIBTEX}).status_code == status


def test_it_is_offered_where_a_source_is_added_and_nowhere_else(desk):
    client, source = desk(EDITOR), make_source(publication="draft")
    assert "From a reference" in client.get(ADD).content.decode()
    assert "From a reference" not in client.get(address(Source, "change", source.pk)).content.decode()


# ── Looking up a DOI ────────────────────────────────────────────────────────────────────────────────────────────


class Registry:
    """A registry of DOIs for the test, which records its requests."""

    def __init__(self, monkeypatch, settings, answer):
        settings.DOI_LOOKUP_URL = "https://registry.example/{doi}"
        self.asked, self.answer = [], answer
        monkeypatch.setattr(doi, "opener", lambda: self)

    def open(self, request, timeout):
        self.asked.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return io.BufferedReader(io.BytesIO(self.answer))


CSL = json.dumps(
    {"type": "article-journal", "title": "The Future Aral Sea", "DOI": "10.9999/other", "publisher": "Springer"}
).encode()


def test_nobody_is_asked_unless_the_environment_says_so(desk, monkeypatch):
    monkeypatch.setattr(socket, "socket", None)
    response = desk(EDITOR).post(ADD, {"_reference": MICKLIN})
    assert values(response) == {"doi": MICKLIN, "url": f"https://doi.org/{MICKLIN}"}


def test_a_doi_is_looked_up_and_stays_what_was_typed(desk, monkeypatch, settings):
    registry = Registry(monkeypatch, settings, CSL)
    response = desk(EDITOR).post(ADD, {"_reference": f"https://doi.org/{MICKLIN}"})
    assert values(response) == {
        "title": "The Future Aral Sea",
        "publisher": "Springer",
        "kind": "journal-article",
        "key": "springer",
        "doi": MICKLIN,
        "url": f"https://doi.org/{MICKLIN}",
    }
    [request] = registry.asked
    assert request.full_url == f"https://registry.example/{MICKLIN}"
    assert request.get_header("Accept") == "application/vnd.citationstyles.csl+json"


def test_only_a_doi_is_looked_up(desk, monkeypatch, settings):
    registry = Registry(monkeypatch, settings, CSL)
    desk(EDITOR).post(ADD, {"_reference": BIBTEX})
    assert registry.asked == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (HTTPError("https://registry.example", 404, "Not Found", {}, None), "The registry does not know this DOI."),
        (HTTPError("https://registry.example", 500, "Error", {}, None), "The registry of DOIs cannot be reached now."),
        (URLError("no network"), "The registry of DOIs cannot be reached now."),
        (TimeoutError(), "The registry of DOIs cannot be reached now."),
        (b"\xff\xfe", "The registry of DOIs cannot be reached now."),
        (b"x" * 100_001, "The registry’s answer is too long to be a reference."),
        (b"<html>", "This is neither BibTeX, RIS, CSL-JSON nor a DOI."),
    ],
)
def test_a_lookup_that_fails_says_so_and_leaves_the_doi(desk, monkeypatch, settings, answer, words):
    Registry(monkeypatch, settings, answer)
    response = desk(EDITOR).post(ADD, {"_reference": MICKLIN})
    assert values(response) == {"doi": MICKLIN, "url": f"https://doi.org/{MICKLIN}"}
    assert words in response.content.decode()


@pytest.mark.parametrize("address", ["http://registry.example/{doi}", "https://registry.example/", "registry.example"])
def test_the_address_of_the_registry_is_checked(monkeypatch, address):
    monkeypatch.setenv("DOI_LOOKUP_URL", address)
    with pytest.raises(ImproperlyConfigured, match="DOI_LOOKUP_URL"):
        portal_settings.lookup_address("DOI_LOOKUP_URL")


def test_the_registry_is_nobody_unless_it_is_named(monkeypatch):
    monkeypatch.delenv("DOI_LOOKUP_URL", raising=False)
    assert portal_settings.lookup_address("DOI_LOOKUP_URL") == ""
    monkeypatch.setenv("DOI_LOOKUP_URL", "https://registry.example/{doi}")
    assert portal_settings.lookup_address("DOI_LOOKUP_URL") == "https://registry.example/{doi}"
