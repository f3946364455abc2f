"""Middleware: compression, headers and the language of a response."""

import gzip
import hashlib

import brotli
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory
from prometheus_client import CONTENT_TYPE_LATEST

from portal.core import images
from portal.core.documents import DocumentFormat
from portal.formats import atom, responses
from portal.http.middleware import BrotliMiddleware, GZipTextMiddleware
from portal.open_data import datacite, dcat
from portal.open_data.offline import serving

PAGE = "<p>Ташкент, 타슈켄트, Tashkent</p>" * 50


@pytest.fixture
def plain(client, db):
    return client.get("/en/about/").content


@pytest.mark.parametrize("takes", ["br", "gzip, deflate, br, zstd", "gzip;q=0.8, br;q=1.0", "br;q=0.5"])
def test_page_comes_in_brotli_where_the_browser_takes_it(client, plain, takes):
    response = client.get("/en/about/", headers={"accept-encoding": takes})
    assert response.headers["Content-Encoding"] == "br"
    assert "Accept-Encoding" in response.headers["Vary"]
    assert brotli.decompress(response.content) == plain
    assert len(response.content) < len(gzip.compress(plain)) * 0.92


@pytest.mark.parametrize("takes", ["gzip", "gzip, br;q=0", "br; q=0.00, gzip", "gzip, abra"])
def test_page_comes_in_gzip_where_it_does_not(client, plain, takes):
    response = client.get("/en/about/", headers={"accept-encoding": takes})
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.content) == plain


def test_page_comes_as_it_is_to_whom_takes_neither(client, plain):
    response = client.get("/en/about/", headers={"accept-encoding": "identity"})
    assert "Content-Encoding" not in response.headers
    assert "Accept-Encoding" in response.headers["Vary"]
    assert response.content == plain


def answered(response, takes="br"):
    return BrotliMiddleware(lambda request: response)(RequestFactory().get("/", headers={"accept-encoding": takes}))


def test_tag_of_a_compressed_page_is_weak():
    response = answered(HttpResponse(PAGE, headers={"ETag": '"one"', "Content-Length": str(len(PAGE.encode()))}))
    assert response.headers["ETag"] == 'W/"one"'
    assert response.headers["Content-Length"] == str(len(response.content))


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse("short"),
        HttpResponse(PAGE, headers={"Content-Encoding": "zstd"}),
        StreamingHttpResponse([PAGE]),
    ],
)
def test_what_is_short_streamed_or_compressed_is_left_alone(response):
    before = response.headers.get("Content-Encoding")
    assert answered(response).headers.get("Content-Encoding") == before


def test_what_would_grow_is_left_alone():
    noise = hashlib.shake_128(b"noise").digest(300)
    assert answered(HttpResponse(noise)).content == noise


# Media types of files that are compressed already. All others that the portal sends become smaller.
COMPRESSED = {
    *(one.content_type for one in DocumentFormat),
    *(images.CONTENT_TYPE, "image/png", *serving.MEDIA.values()),
}


@pytest.mark.parametrize("takes", ["br", "gzip"])
@pytest.mark.parametrize("is_streaming", [False, True])
@pytest.mark.parametrize("media_type", sorted(COMPRESSED))
def test_compressed_file_is_not_compressed_again(rf, monkeypatch, media_type, is_streaming, takes):
    monkeypatch.setattr("brotli.compress", pytest.fail)
    monkeypatch.setattr("django.middleware.gzip.compress_string", pytest.fail)
    monkeypatch.setattr("django.middleware.gzip.compress_sequence", pytest.fail)
    whole = StreamingHttpResponse([b"x" * 900]) if is_streaming else HttpResponse(b"x" * 900)
    whole.headers["Content-Type"] = media_type
    compress = GZipTextMiddleware(BrotliMiddleware(lambda request: whole))
    response = compress(rf.get("/", headers={"accept-encoding": takes}))
    assert response.getvalue() == b"x" * 900
    assert not {"Content-Encoding", "Vary"} & set(response.headers)


def test_every_other_file_is_compressed(rf):
    types = {one.type for one in responses.FORMATS.values()}
    types |= {media for media, _write in (*dcat.FORMS.values(), *datacite.FORMS.values())}
    types |= {"text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml", "application/xml"}
    types |= {"application/problem+json", "application/vnd.sqlite3", "TEXT/CSV", atom.TYPE, CONTENT_TYPE_LATEST}
    types -= COMPRESSED
    assert {
        "application/geo+json; charset=utf-8",
        "text/calendar; charset=utf-8",
        "text/turtle; charset=utf-8",
    } <= types
    for takes, decompress in (("br", brotli.decompress), ("gzip", gzip.decompress)):
        for media_type in types:
            whole = HttpResponse(PAGE, content_type=media_type)
            compress = GZipTextMiddleware(BrotliMiddleware(lambda request, whole=whole: whole))
            response = compress(rf.get("/", headers={"accept-encoding": takes}))
            assert response.headers.get("Content-Encoding") == takes, media_type
            assert decompress(response.content).decode() == PAGE
            assert response.headers["Vary"] == "Accept-Encoding"


# ── What browsers may do, and keep ───────────────────────────────────────────────────────────────────────────

ANSWERS = [
    "/en/about/",
    "/en/no-such-page/",
    "/admin/",
    "/accounts/login/",
    "/healthz",
    "/static/css/base.css",
    "/api/v1/",
]


@pytest.mark.parametrize("address", ANSWERS)
def test_every_answer_says_what_browsers_may_do(client, db, address):
    response = client.get(address)
    response.close()  # a static file is open until it has been sent
    headers = response.headers
    if "static" in address:  # a page says it once, not with each of the files beside it
        assert "Permissions-Policy" not in headers
    else:
        allowed = dict(part.split("=") for part in headers["Permissions-Policy"].split(", "))
        assert set(allowed.values()) == {"()"}
        assert not [name for name in allowed if name.startswith("publickey")]  # passkeys: browsers allow the own pages
        assert allowed["camera"] == allowed["geolocation"] == "()"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("address", [address for address in ANSWERS if "static" not in address])
def test_no_answer_is_shown_in_a_frame(client, db, address):
    headers = client.get(address).headers
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_public_host_is_asked_by_https_for_a_year(client, db, settings):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    led = client.get("/en/about/?q=1")
    assert (led.status_code, led.headers["Location"]) == (301, "https://testserver/en/about/?q=1")
    secure = client.get("/en/about/", secure=True)
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/admin/", 200),
        ("/admin/projects/project/", 200),
        ("/admin/projects/project/add/", 200),
        ("/admin/projects/project/export/", 200),
        ("/admin/no-such-page/", 404),
        ("/admin/jsi18n/", 200),
        ("/admin/autocomplete/", 403),
        ("/accounts/", 200),
        ("/accounts/2fa/totp/activate/", 200),
        ("/accounts/no-such-page/", 404),
    ],
)
def test_no_cache_keeps_what_staff_sees(client, db, address, status):
    User.objects.create_superuser("gulnara", password="a-dry-sea-remembers-1960")
    client.post("/accounts/login/", {"login": "gulnara", "password": "a-dry-sea-remembers-1960"})
    response = client.get(address)
    assert response.status_code == status
    kept = set(response.headers["Cache-Control"].split(", "))
    assert {"no-store", "private"} <= kept
    assert "public" not in kept
    assert response.headers["X-Robots-Tag"] == "noindex"


def test_too_many_attempts_to_sign_in_are_told_when_to_go_on(client, db):
    for _ in range(31):
        response = client.post("/accounts/login/", {"login": "nobody", "password": "wrong"})
    assert (response.status_code, response.headers["Retry-After"]) == (429, "300")


def test_cookies_of_a_session_stay_with_the_portal(client, db):
    User.objects.create_user("gulnara", password="a-dry-sea-remembers-1960")
    client.get("/accounts/login/")
    client.post("/accounts/login/", {"login": "gulnara", "password": "a-dry-sea-remembers-1960"})
    cookies = {name: client.cookies[name] for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)}
    assert [(cookie["httponly"], cookie["samesite"], cookie["domain"]) for cookie in cookies.values()] == [
        (True, "Lax", ""),
        (True, "Lax", ""),
    ]
