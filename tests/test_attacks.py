"""Attacks on the public URLs: injection, path traversal, redirects, oversized and malformed requests."""

import http.client
import io
import json
import re
import zipfile
from urllib.parse import urlsplit

import openpyxl
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.urls import resolve
from lxml import etree, html

from portal.search import indexing
from portal.search.analyser import normal
from portal.tracking import content_version
from tests import reading
from tests.addresses import addresses, filled, unpacked
from tests.lists import LISTS
from tests.make import make_country, make_project, make_reporting_organisation, make_source
from tests.test_leaks import keys_of
from tests.world import make_world, records

pytestmark = pytest.mark.django_db

PASSWORD = "a-dry-sea-remembers-1960"
PAGES = (
    "coverage",
    "map",
    "compare",
    "search",
    "countries",
    "gyeonggi",
    "gyeonggi/ties",
    "agreements/ledger",
    "brief",
    "plan",
    "changes",
)
PARAMETERS = (
    *("country", "issue", "project", "sort", "page", "per_page", "view", "bbox", "zoom", "lang", "year_from"),
    *("gyeonggi", "kind", "state", "korea", "place", "organisation", "area", "column", "only"),
)


# ── Redirects to other hosts ─────────────────────────────────────────────────────────────────────────────────

ELSEWHERE = (
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "https://evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
    "http://testserver@evil.example/",
    "/\t/evil.example/",
    "%2F%2Fevil.example/",
)


def leads_away(response):
    """Return True if the redirect leads a browser to another site."""
    there = re.sub(r"[\t\r\n]", "", response.headers.get("Location", "")).replace("\\", "/")
    parts = urlsplit(there)
    return (parts.netloc not in {"", "testserver"}) or parts.scheme not in {"", "http", "https"}


@pytest.mark.parametrize("there", ELSEWHERE)
def test_nobody_is_led_away_by_a_link_to_the_portal(client, there):
    User.objects.create_superuser("gulnara", password=PASSWORD)
    client.get("/accounts/login/")
    answers = [
        client.get(f"/admin/login/?next={there}"),
        client.post("/accounts/language/", {"language": "ko", "next": there}),
        client.post("/accounts/language/", {"language": "ko"}, headers={"Referer": there}),
        client.post("/accounts/login/", {"login": "gulnara", "password": PASSWORD, "next": there}),
        client.get(f"/admin/login/?next={there}"),
        client.post("/accounts/logout/", {"next": there}),
    ]
    assert [response.status_code for response in answers] == [302] * 6
    assert [response.headers["Location"] for response in answers if leads_away(response)] == []


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/en/projects/?q=",
        "//evil.example/en/projects",
        "/en//evil.example",
        "/en/\\evil.example",
        "//evil.example",
    ],
)
def test_no_path_leads_away(client, path):
    response = client.generic("GET", path.partition("?")[0], QUERY_STRING=path.partition("?")[2])
    assert not leads_away(response)


def test_a_line_break_in_an_address_adds_no_header(client):
    response = client.get("/en/projects/?q=a%0d%0aSet-Cookie:%20a=b&country=", headers={"HX-Request": "true"})
    assert "Set-Cookie" not in response.headers
    response = client.get("/en/projects/?q=a%0d%0aSet-Cookie:%20a=b&country=")
    assert response.status_code == 302
    assert "\n" not in response.headers["Location"]


# ── Host headers ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "testserver.evil.example",
        "testserver@evil.example",
        "testserver:80@evil.example",
        "127.0.0.1/x",
        "a b",
    ],
)
@pytest.mark.parametrize(
    "address", ["/en/", "/sitemap.xml", "/api/v1/projects", "/en/feed/", "/accounts/login/", "/data/projects.csv"]
)
def test_another_host_is_refused_and_never_repeated(client, address, host):
    response = client.get(address, headers={"Host": host})
    assert response.status_code == 400
    assert b"evil.example" not in unpacked(response)


def test_a_forwarded_host_is_not_believed(client):
    make_project()
    said = unpacked(
        client.get("/en/projects/", headers={"X-Forwarded-Host": "evil.example", "X-Original-URL": "/admin/"})
    )
    assert b"evil.example" not in said
    assert b"http://testserver/en/projects/" in said


# ── Private files ────────────────────────────────────────────────────────────────────────────────────────────

CLIMBS = (
    "/static/../portal/settings.py",
    "/static/%2e%2e/portal/settings.py",
    "/static/..%2fportal%2fsettings.py",
    "/static/css/../../../portal/settings.py",
    "/static//etc/passwd",
    "/static/%5c..%5cportal%5csettings.py",
    "/static/..;/portal/settings.py",
    "/data/../portal/settings.py",
    "/data/..%2f..%2fportal%2fsettings.csv",
    "/data/%2e%2e%2fprojects.csv",
    "/en/projects/..%2f..%2fadmin/",
    "/iati/activities/..%2f..%2fx.xml",
    "/.env.local",
    "/.git/config",
    "/db.sqlite3",
    "/manage.py",
    "/en/about/%00",
    "/static/css/base.css%00.py",
    "/portal/settings.py",
)


def test_no_path_climbs_out_of_what_is_served(site):
    """Send the path over a socket, because HTTP clients normalise such paths."""
    host = urlsplit(site.url)
    for path in CLIMBS:
        connection = http.client.HTTPConnection(host.hostname, host.port, timeout=30)
        connection.putrequest("GET", path, skip_accept_encoding=True)
        connection.endheaders()
        response = connection.getresponse()
        body = response.read()
        connection.close()
        assert response.status in {400, 404}, path
        assert b"SECRET_KEY" not in body, path
        assert b"root:" not in body, path


# ── SQL injection ────────────────────────────────────────────────────────────────────────────────────────────

WORDS_OF_DATABASES = (
    "' OR '1'='1",
    '" OR 1=1 --',
    "1; DROP TABLE projects_project; --",
    "') UNION SELECT password FROM auth_user --",
    "a\x00b",
    "\ud7a3" * 500,
    '"a" NEAR("b" c) * ^ : - + AND OR NOT ( )',
    "%_\\%",
    "9" * 400,
    "{}{{7*7}}${7*7}",
    "\u202e\ufeff\u200b",
    "1e999",
)


@pytest.fixture
def world():
    world = make_world()
    make_reporting_organisation()
    indexing.flush_index()
    return world


@pytest.mark.parametrize("said", WORDS_OF_DATABASES)
def test_nothing_that_is_asked_speaks_to_the_database(world, client, said):
    """Send the text in all parameters of lists and pages: first in all but `q`, then in `q`; in the API; as a key."""
    answers = {}
    for name in (*LISTS, *PAGES, "search/suggest"):
        filters = getattr(getattr(resolve(f"/en/{name}/").func, "view_class", None), "filterset_class", None)
        others = {*(filters.base_filters if filters else ()), *PARAMETERS} - {"q"}
        for query in (dict.fromkeys(others, said), {"q": said}, {"q": said, "format": "csv"}, {"format": said}):
            response = client.get(f"/en/{name}/", query, follow=True)
            unpacked(response)
            answers[name, tuple(query)] = response.status_code
    for name in ("projects", "issues", "observations", "sources"):
        for query in ({"q": said}, {"country": said}, {"fields": said}, {"offset": said}, {said: "1"}):
            answers[f"api {name}", tuple(query)] = client.get(f"/api/v1/{name}", query).status_code
    for route in (
        "/en/projects/{}/",
        "/en/issues/{}/changes/",
        "/api/v1/projects/{}",
        "/data/{}.csv",
        "/en/preview/{}/",
    ):
        answers[route] = client.generic("GET", route.format(said)).status_code
    assert {asked: status for asked, status in answers.items() if status not in {200, 400, 404, 406}} == {}
    assert type(world.project).objects.count() == 1
    found = json.loads(unpacked(client.get("/en/projects/", {"q": said, "format": "json"})))
    if found.get("items"):  # then no search ran: the text has no letters, or it was ignored and the page says so
        assert not normal(said) or client.get("/en/projects/", {"q": said}).context["problems"]


# ── Cross-site scripting ─────────────────────────────────────────────────────────────────────────────────────

MARKUP = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7|add:7 }}"
HANDLER = re.compile(r"^on", re.IGNORECASE)


def harm(response, body=None):
    """Return the active content of a response that a browser would run as a page, an image or a feed.

    Pass `body` if it has been read already: a streamed response can be read only once.
    """
    kind = response.headers.get("Content-Type", "")
    body = unpacked(response) if body is None else body
    if not body:  # a redirect
        return []
    if kind.startswith("text/html"):
        tree = html.fromstring(body.decode())
        data = "@type='application/json' or @type='application/ld+json'"  # browsers do not run these types
        scripts = tree.xpath(f"//script[not(@src) and not({data})]")
        scripts += tree.xpath("//script[@src and not(starts-with(@src, '/static/'))] | //iframe | //object | //embed")
    elif "xml" in kind or "svg" in kind:
        tree = etree.fromstring(body)
        scripts = tree.xpath("//*[local-name()='script']")
    else:
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        return []
    handlers = [
        name
        for element in tree.iter()
        if isinstance(element.tag, str)
        for name in element.attrib
        if HANDLER.match(name)
    ]
    addresses = [
        value
        for value in tree.xpath("//@href | //@src | //@action")
        if value.strip().lower().startswith(("javascript:", "data:", "vbscript:"))
    ]
    return [*map(etree.tostring, scripts), *handlers, *addresses]


def poisoned(record):
    """Store markup in every text field of a record, without forms and validation."""
    texts = {}
    for field in record._meta.concrete_fields:
        if isinstance(field, models.URLField):
            continue  # a constraint checks these values
        if isinstance(field, (models.CharField, models.TextField)) and not (
            field.choices or field.unique or field.name in {"key", "iso2", "iso3"}
        ):
            limit = getattr(field, "max_length", None)
            if limit is None or limit >= len(MARKUP):
                texts[field.name] = MARKUP
    kept = {"start", "end", "date", "signed", "geometry", "currency", "budget"}
    texts = {name: text for name, text in texts.items() if name not in kept}
    type(record)._base_manager.filter(pk=record.pk).update(**texts)
    return texts


@pytest.mark.any_database
def test_markup_in_records_is_shown_and_not_run(world, client):
    filled_in = [name for record in records(world) for name in poisoned(record)]
    assert len(filled_in) > 80
    content_version.mark_changed()
    keys = keys_of(records(world))
    harmed, shown = {}, 0
    for route in addresses():
        for path in filled(route, keys):
            for form in ("", "?format=atom", "?format=svg") if path.startswith("/en/") else ("",):
                response = client.get(path + form)
                body = unpacked(response)
                if found := harm(response, body):
                    harmed[path + form] = found
                shown += "alert(1)" in body.decode(errors="replace")
    assert harmed == {}
    assert shown > 100, "The markup was to be seen as text."


@pytest.mark.any_database
def test_markup_in_an_address_is_shown_and_not_run(world, client):
    harmed = {}
    for name in (*LISTS, *PAGES):
        for parameter in ("q", "format", *PARAMETERS):
            response = client.get(f"/en/{name}/", {parameter: MARKUP})
            if found := harm(response):
                harmed[name, parameter] = found
    for path in ("/en/", "/en/issues/", "/api/v1/", "/accounts/", "/"):
        response = client.generic("GET", f"{path}{MARKUP}")
        if found := harm(response):
            harmed[path] = found
    assert harmed == {}


# ── Formula injection ────────────────────────────────────────────────────────────────────────────────────────

FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1+1", "\r=1+1")


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_file_holds_a_formula(client, formula):
    make_project(title_en=formula, summary_en=formula)
    risky = re.compile(r"^[=+\-@\t\r]")
    for address in ("/en/projects/?format=csv", "/data/projects.csv"):
        lines = unpacked(client.get(address)).decode("utf-8-sig")
        assert f"'{formula.strip()}"[:4] in lines or f"'{formula}" in lines, address
        assert not re.search(rf'(?:^|,|;|\n)"?{re.escape(formula)}', lines), address
    response = client.get("/en/projects/?format=xlsx")
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value is not None]
    assert [cell.value for cell in cells if cell.data_type == "f"] == []
    assert any(formula.strip() in str(cell.value) for cell in cells)
    assert risky.match(formula)


# ── Uploading files ──────────────────────────────────────────────────────────────────────────────────────────

BOMB = """<?xml version="1.0"?>
<!DOCTYPE x [<!ENTITY a "{}"><!ENTITY b "{}">]>
<iati-activities version="2.03"><iati-activity>&b;</iati-activity></iati-activities>
""".format("l" * 1000, "&a;" * 1000)
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>
<iati-activities version="2.03">
<iati-activity><title><narrative>&e;</narrative></title></iati-activity>
</iati-activities>
"""


@pytest.mark.parametrize("xml", [BOMB, OUTSIDE])
def test_xml_that_unpacks_or_fetches_is_refused(client, xml):
    client.force_login(User.objects.create_superuser("gulnara"))
    address = "/admin/projects/importedfile/add/"
    data = {"file": SimpleUploadedFile("activities.xml", xml.encode()), "retrieved": "2026-01-01"}
    response = client.post(address, data, follow=True)
    said = unpacked(response).decode()
    assert response.status_code == 200
    assert "DOCTYPE" in said
    assert "root:" not in said


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("places.exe", b"MZ\x90\x00" + b"\x00" * 200, "no"),
        ("places.csv", b"\x89PNG\r\n\x1a\n\x00\x00", "no"),
        ("places.xlsx", b"PK\x03\x04 and nothing else", "incomplete"),
        ("places.xls", b"\xd0\xcf\x11\xe0" + b"\x00" * 100, "old-format"),
    ],
)
def test_a_file_is_what_it_holds_and_not_what_it_is_called(client, name, data, words):
    make_country()
    client.force_login(User.objects.create_superuser("gulnara"))
    before = list(make_source()._meta.model.objects.values_list("pk", flat=True))
    file = SimpleUploadedFile(name, data, content_type="text/csv")
    response = client.post("/admin/portal/source/import/", {"table": "source", "file": file, "why": "To try it."})
    assert response.status_code == 200
    [errors] = reading.page(response).xpath("//ul[starts-with(@class, 'errorlist')]") or [None]
    assert errors is not None
    assert words in reading.words(errors)
    assert list(make_source()._meta.model.objects.values_list("pk", flat=True))[: len(before)] == before


def test_a_workbook_that_unpacks_to_more_than_it_may_is_refused(client):
    client.force_login(User.objects.create_superuser("gulnara"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b" " * 101_000_000)
    file = SimpleUploadedFile("sources.xlsx", packed.getvalue())
    response = client.post("/admin/portal/source/import/", {"table": "source", "file": file, "why": "To try it."})
    assert "The workbook is too large when unpacked." in unpacked(response).decode()


class Unread(io.BytesIO):
    """A body that the view must not read."""

    def read(self, *size):
        pytest.fail("The body was read.")

    readline = read


def send_unread(client, address, size, **more):
    more = {"CONTENT_LENGTH": str(size), "HTTP_ACCEPT": "text/html", "wsgi.input": Unread()} | more
    return client.generic("POST", address, CONTENT_TYPE="multipart/form-data; boundary=x", **more)


@pytest.mark.parametrize(
    ("address", "size", "words"),
    [
        ("/accounts/login/", 2_700_000, "The data you sent exceed the size limit."),
        ("/en/projects/", 2_700_000, "The data you sent exceed the size limit."),
        ("/api/v1/projects", 2_700_000, "The portal takes no requests as large as this."),
        ("/admin/portal/source/import/", 68_000_000, "The data you sent exceed the size limit."),
        ("/admin/portal/source/import/", 2_700_000, "Sign in, then send the file again."),
    ],
)
@pytest.mark.parametrize("user", [None, {"username": "reader"}])
def test_what_is_too_large_is_refused_before_it_is_read(client, address, size, words, user):
    if user:
        client.force_login(User.objects.create_user(**user))
    response = send_unread(client, address, size)
    assert response.status_code == 413
    assert words in response.content.decode()


def test_staff_may_send_a_large_file_to_the_desk(client):
    client.force_login(User.objects.create_superuser("gulnara"))
    rows = "key\n" + "".join(f"no-source-{number:0>990}\n" for number in range(2_800))
    file = SimpleUploadedFile("sources.csv", rows.encode(), content_type="text/csv")
    response = client.post("/admin/portal/source/import/", {"table": "source", "file": file, "why": "To try it."})
    assert (response.status_code, response.streaming) == (200, True)
    assert "2800" in unpacked(response).decode()
    assert send_unread(client, "/admin/portal/source/import/", 68_000_000).status_code == 413
    assert send_unread(client, "/en/projects/", 2_700_000).status_code == 413


def test_body_without_a_length_is_refused(client):
    response = client.post("/oai", {"verb": "Identify"}, headers={"Transfer-Encoding": "chunked"})
    assert (response.status_code, response.headers["Content-Type"]) == (411, "application/problem+json")
