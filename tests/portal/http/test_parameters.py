"""Unknown query parameters neither create a page nor act as a filter."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core.cache import caches
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from django.utils import translation

from portal.api.resources import RESOURCES
from portal.http import parameters
from tests import reading
from tests.addresses import KINDS, addresses, filled
from tests.counting import settle
from tests.make import make_country, make_project, make_source
from tests.pages import PAGES, address
from tests.world import make_world, records

pytestmark = pytest.mark.django_db

# These views accept any parameter, refuse unknown ones in their own format, or are the root of the API.
EXEMPT = {"/healthz", "/readyz", "/content-version", "/oai", "/oembed", "/api/"}


def keys_by_kind():
    keys = {kind: [] for kind in KINDS.values()}
    for record in records(make_world()):
        if hasattr(record, "key"):
            keys.setdefault(record._meta.model_name, []).append(record.key)
    return keys


def test_every_address_redirects_or_refuses_unknown_parameters(client):
    keys, pages, files = keys_by_kind(), 0, 0
    for route in addresses():
        if route in EXEMPT:
            continue
        for path in filled(route, keys)[:1]:
            response = client.get(f"{path}?utm_source=mail")
            if response.status_code == 302:
                assert response.headers["Location"] == path
                pages += 1
            else:
                assert response.status_code == 400, (path, response.status_code)
                assert "“utm_source”" in response.json()["detail"], path
                files += 1
    assert pages > 40
    assert files > 20


def test_pages_keep_what_they_know(client):
    make_country(key="uz")
    response = client.get("/en/projects/?utm_source=mail&country=uz&z=1&country=kz&page=2&fbclid=x&status=")
    assert (response.status_code, response.headers["Location"]) == (302, "/en/projects/?country=uz&country=kz&page=2")
    assert client.get(response.headers["Location"]).status_code == 200


@pytest.mark.parametrize("path", ["/en/map/", "/en/compare/", "/en/timeline/", "/en/coverage/", "/ko/", "/en/about/"])
def test_unknown_parameters_make_no_page_and_no_entry_of_the_page_cache(client, page_cache, path):
    client.get(path)
    entries = set(caches["pages"]._cache)
    settle()
    with CaptureQueriesContext(connection) as queries:
        for number in range(5):
            assert client.get(f"{path}?z={number}").headers["Location"] == path
    assert set(caches["pages"]._cache) == entries
    assert len(queries) == 5  # the content version, which the page cache reads


@pytest.mark.parametrize("form", ["csv", "xlsx", "json", "geojson", "atom", "ics", "ris", "bib", "csl", "iati"])
def test_files_of_lists_name_the_parameter_and_the_known_ones(client, form):
    make_project()
    response = client.get(f"/en/projects/?counrty=uz&format={form}")
    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/problem+json")
    detail = response.json()["detail"]
    assert detail.startswith("There is no parameter “counrty” here. Valid parameters: area, confidence, country, ")
    assert {"lang", "format", "sort"} <= set(detail.rpartition(": ")[2].rstrip(".").split(", "))


@pytest.mark.parametrize("path", ["/data/projects.csv", "/en/feed/", "/iati/activities.xml", "/data/datapackage.json"])
def test_other_files_name_the_parameter(client, path):
    assert "There is no parameter “z” here." in client.get(f"{path}?z=1").json()["detail"]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "There is no parameter “z” here."),
        ("ko", "이 주소에는 “z” 매개변수가 없습니다."),
        ("ru", "Здесь нет параметра «z»."),
    ],
)
def test_people_are_told_in_their_language(client, language, said):
    make_project()
    response = client.get(f"/{language}/projects/?format=csv&z=1", headers={"Accept": "text/html"})
    tree = reading.page(response)
    assert (response.status_code, tree.get("lang")) == (400, language)
    assert said in reading.words(tree.find(".//main"))


@pytest.mark.parametrize("path", [*(resource.path for resource in RESOURCES), "openapi.json"])
def test_api_refuses_unknown_parameters_in_english(client, path):
    response = client.get(f"/api/v1/{path}?z=1", headers={"Accept-Language": "ko"})
    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["detail"].startswith("There is no parameter “z” here.")


def test_harvesters_are_refused_in_the_words_of_their_protocol(client):
    response = client.get("/oai?verb=Identify&z=1")
    assert response.status_code == 200
    assert b'code="badArgument"' in response.content


def test_form_that_is_sent_in_place_is_answered_in_place(client):
    make_source(key="one", kind="report")
    response = client.get("/en/sources/?q=&kind=report", headers={"HX-Request": "true"})
    assert (response.status_code, response.headers["HX-Push-Url"]) == (200, "/en/sources/?kind=report")
    unknown = client.get("/en/sources/?q=&kind=report&z=1", headers={"HX-Request": "true"})
    assert (unknown.status_code, unknown.headers["Location"]) == (302, "/en/sources/?kind=report")


def test_staff_pages_are_not_concerned(client):
    assert client.get("/accounts/login/?z=1").status_code == 200
    assert client.get("/admin/?z=1").headers["Location"].startswith("/admin/login/")
    assert client.get("/healthz?z=1").status_code == 200


# ── What pages ask for ───────────────────────────────────────────────────────────────────────────────────────


def asked_by(tree, here):
    """Return the URLs of the links and forms of a page, with the names of all fields of a form."""
    for link in tree.xpath("//a/@href | //link[not(@rel='stylesheet')]/@href | //*/@hx-get | //*/@data-url"):
        target = urlsplit(link)
        if not target.netloc or target.netloc == "testserver":
            yield target.path or here, dict(parse_qsl(target.query, keep_blank_values=True))
    for form in tree.xpath("//form[not(@method='post')]"):
        fields = {field.get("name"): field.get("value") or "x" for field in form.xpath(".//*[@name]")}
        yield urlsplit(form.get("action") or here).path or here, fields


@pytest.mark.any_database
@pytest.mark.parametrize("kind", PAGES)
def test_pages_ask_only_for_parameters_that_are_known(content, client, rf, kind):
    here = address(kind, "en")
    path = urlsplit(here).path
    count = 0
    for target, query in asked_by(reading.page(client.get(here)), path):
        if not query or target.startswith(("/static/", "/admin/", "/accounts/", "/api/v1/", "/oai", "/oembed")):
            continue
        with translation.override(translation.get_language_from_path(target) or "en"):
            view, _arguments, named = resolve(target)
        sent = query | {name: value for name, value in named.items() if name == "format"}  # of a short address
        request = rf.get(target, sent)
        request.GET = QueryDict(request.META["QUERY_STRING"])
        known = parameters.known_parameters(view, as_file=parameters.is_file(request, view))
        assert set(sent) <= known, (target, sent)
        count += 1
    assert count
